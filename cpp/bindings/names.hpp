// The closed vocabulary between Python and C++: names of activations, losses, optimizers, schedules and distributions.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <string_view>
#include <utility>

#include "core/network.hpp"
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

template <class Table>
auto kind_of(const Table& table, std::string_view name) {
  for (const auto& [known, kind] : table) {
    if (known == name) return kind;
  }
  throw pybind11::value_error("the core does not know the name '" + std::string(name) + "'.");
}

template <class Table, class Kind>
std::string name_of(const Table& table, Kind kind) {
  for (const auto& [name, known] : table) {
    if (known == kind) return std::string(name);
  }
  return {};
}

}  // namespace fastmlp
