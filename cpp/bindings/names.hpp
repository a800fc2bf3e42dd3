// The closed vocabulary between Python and C++: names of activations, losses, optimizers, schedules, distributions and a
// formula's operations.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <string_view>
#include <utility>

#include "core/embedding.hpp"
#include "core/layer.hpp"
#include "core/schedule.hpp"
#include "kernels/kernel_table.hpp"

namespace fastmlp {

inline constexpr std::pair<std::string_view, ActivationKind> kActivationNames[] = {
    {"identity", ActivationKind::identity},
    {"sigmoid", ActivationKind::sigmoid},
    {"tanh", ActivationKind::tanh},
    {"relu", ActivationKind::relu},
    {"leaky_relu", ActivationKind::leaky_relu},
    {"softmax", ActivationKind::softmax},
    {"step", ActivationKind::step},
    {"sign", ActivationKind::sign},
    {"elu", ActivationKind::elu},
    {"selu", ActivationKind::selu},
    {"softplus", ActivationKind::softplus},
    {"gelu", ActivationKind::gelu},
    {"gelu_tanh", ActivationKind::gelu_tanh},
    {"silu", ActivationKind::silu},
    {"mish", ActivationKind::mish},
    {"hard_tanh", ActivationKind::hard_tanh},
    {"softsign", ActivationKind::softsign},
    {"formula", ActivationKind::formula},
};

// Where the derivatives are taken that a caller gives.
inline constexpr std::pair<std::string_view, LossKind> kGivenNames[] = {
    {"outputs", LossKind::given_slopes},
    {"pre_activations", LossKind::given_deltas},
};

inline constexpr std::pair<std::string_view, FormulaOperation> kFormulaOperationNames[] = {
    {"add", FormulaOperation::add},
    {"subtract", FormulaOperation::subtract},
    {"multiply", FormulaOperation::multiply},
    {"divide", FormulaOperation::divide},
    {"multiply_add", FormulaOperation::multiply_add},
    {"multiply_subtract", FormulaOperation::multiply_subtract},
    {"subtract_product", FormulaOperation::subtract_product},
    {"maximum", FormulaOperation::maximum},
    {"minimum", FormulaOperation::minimum},
    {"absolute", FormulaOperation::absolute},
    {"negate", FormulaOperation::negate},
    {"sign", FormulaOperation::sign},
    {"less", FormulaOperation::less},
    {"less_equal", FormulaOperation::less_equal},
    {"select", FormulaOperation::select},
    {"exp", FormulaOperation::exp},
    {"log", FormulaOperation::log},
    {"sqrt", FormulaOperation::sqrt},
    {"tanh", FormulaOperation::tanh},
    {"sigmoid", FormulaOperation::sigmoid},
    {"softplus", FormulaOperation::softplus},
    {"erf", FormulaOperation::erf},
    {"sin", FormulaOperation::sin},
    {"cos", FormulaOperation::cos},
};

inline constexpr std::pair<std::string_view, LossKind> kLossNames[] = {
    {"softmax_cross_entropy", LossKind::softmax_cross_entropy},
    {"sigmoid_cross_entropy", LossKind::sigmoid_cross_entropy},
    {"mse", LossKind::mse},
    {"half_squared_error", LossKind::half_squared_error},
    {"mae", LossKind::mae},
    {"huber", LossKind::huber},
    {"poisson", LossKind::poisson},
    {"quantile", LossKind::quantile},
    {"hinge", LossKind::hinge},
    {"perceptron", LossKind::perceptron},
    {"formula", LossKind::formula},
};

inline constexpr std::pair<std::string_view, OptimizerKind> kOptimizerNames[] = {
    {"sgd", OptimizerKind::sgd},         {"adam", OptimizerKind::adam},       {"adamw", OptimizerKind::adamw},
    {"rmsprop", OptimizerKind::rmsprop}, {"adagrad", OptimizerKind::adagrad}, {"rprop", OptimizerKind::rprop},
};

inline constexpr std::pair<std::string_view, ScheduleKind> kScheduleNames[] = {
    {"constant", ScheduleKind::constant},       {"step", ScheduleKind::step},
    {"exponential", ScheduleKind::exponential}, {"inverse_scaling", ScheduleKind::inverse_scaling},
    {"cosine", ScheduleKind::cosine},           {"one_cycle", ScheduleKind::one_cycle},
    {"coslog4", ScheduleKind::coslog4},
};

inline constexpr std::pair<std::string_view, Distribution> kDistributionNames[] = {
    {"uniform", Distribution::uniform},
    {"normal", Distribution::normal},
    {"constant", Distribution::constant},
};

inline constexpr std::pair<std::string_view, EmbeddingKind> kEmbeddingNames[] = {
    {"piecewise_linear", EmbeddingKind::piecewise_linear},
    {"periodic", EmbeddingKind::periodic},
};

template <class Names>
auto kind_of(const Names& names, std::string_view name) {
  for (const auto& [known, kind] : names) {
    if (known == name) return kind;
  }
  throw pybind11::value_error("the core does not know the name '" + std::string(name) + "'.");
}

template <class Names, class Kind>
std::string name_of(const Names& names, Kind kind) {
  for (const auto& [name, known] : names) {
    if (known == kind) return std::string(name);
  }
  return {};
}

}  // namespace fastmlp
