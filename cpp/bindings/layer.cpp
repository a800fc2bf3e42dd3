// LayerSpec, and the formulas that come with it: see _core.pyi.
#include "bindings/register.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/names.hpp"
#include "core/layer.hpp"

namespace fastmlp {
namespace {

using FormulaStep = std::tuple<std::string, int, std::vector<int>>;  // operation, destination, sources
// instructions, how many make the value, constants, value, derivative
using FormulaTuple = std::tuple<std::vector<FormulaStep>, std::ptrdiff_t, std::vector<double>, int, int>;
using DrawTuple = std::tuple<std::string, double>;

// Copies a formula; what would read or write out of bounds is refused.
Formula formula_of(const FormulaTuple& from) {
  const auto& [steps, value_length, constants, value, derivative] = from;
  require(value_length >= 0 && static_cast<std::size_t>(value_length) <= steps.size(), "a part of a formula.");
  require(constants.size() <= std::size_t{INT16_MAX}, "a formula has too many constants.");
  bool is_set[kFormulaRegisters] = {true};
  const auto source = [&is_set, count = static_cast<int>(constants.size())](int place) {
    require(place >= -count && place < kFormulaRegisters, "a formula reads what it does not have.");
    require(place < 0 || is_set[place], "a formula reads a register before it is set.");
    return static_cast<std::int16_t>(place);
  };
  Formula formula;
  formula.value_length = value_length;
  formula.constants = constants;
  for (const auto& [operation, destination, sources] : steps) {
    require(destination >= 0 && destination < kFormulaRegisters && sources.size() <= 3,
            "a formula has such registers.");
    FormulaInstruction step{kind_of(kFormulaOperationNames, operation), static_cast<std::int16_t>(destination), {}};
    std::transform(sources.begin(), sources.end(), step.sources, source);
    if (std::ssize(formula.instructions) == value_length) formula.value = source(value);
    is_set[destination] = true;
    formula.instructions.push_back(step);
  }
  if (std::ssize(formula.instructions) == value_length) formula.value = source(value);
  formula.derivative = source(derivative);
  return formula;
}

LayerSpec make_layer(std::ptrdiff_t units, const std::string& activation,
                     const std::variant<double, FormulaTuple>& parameter, double l1, double l2, std::ptrdiff_t pieces,
                     bool normalizes, double dropout, double weight_rate_factor, double bias_rate_factor,
                     const std::optional<DrawTuple>& draw) {
  require(units > 0 && units < kMaxUnits, "a layer needs units.");
  require(pieces >= 1 && pieces < kMaxUnits / units, "a unit needs pieces.");
  require(dropout >= 0.0 && dropout < 1.0, "a dropout rate must be in [0, 1).");
  for (const double factor : {weight_rate_factor, bias_rate_factor}) {
    require(std::isfinite(factor) && factor >= 0.0, "a rate factor must be finite and at least 0.");
  }
  LayerSpec layer{.units = units,
                  .activation = kind_of(kActivationNames, activation),
                  .l1 = l1,
                  .l2 = l2,
                  .pieces = pieces,
                  .normalizes = normalizes,
                  .dropout = dropout,
                  .weight_rate_factor = weight_rate_factor,
                  .bias_rate_factor = bias_rate_factor};
  const auto* formula = std::get_if<FormulaTuple>(&parameter);
  require((formula != nullptr) == (layer.activation == ActivationKind::formula),
          "a formula belongs to its activation.");
  if (formula != nullptr) {
    layer.formula = formula_of(*formula);
  } else {
    layer.parameter = std::get<double>(parameter);
  }
  if (draw) {
    const auto& [distribution, size] = *draw;
    layer.draw = {kind_of(kDistributionNames, distribution), size};
  }
  return layer;
}

std::string text_of(const LayerSpec& layer) {
  return "<LayerSpec: " + std::to_string(layer.units) + " units, " + name_of(kActivationNames, layer.activation) + ">";
}

}  // namespace

void register_layers(py::module_& module) {
  py::class_<LayerSpec>(module, "LayerSpec")
      .def(py::init(&make_layer), py::kw_only(), py::arg("units"), py::arg("activation") = "identity",
           py::arg("parameter") = 0.0, py::arg("l1") = 0.0, py::arg("l2") = 0.0, py::arg("pieces") = 1,
           py::arg("normalizes") = false, py::arg("dropout") = 0.0, py::arg("weight_rate_factor") = 1.0,
           py::arg("bias_rate_factor") = 1.0, py::arg("draw") = py::none())
      .def("__repr__", &text_of);
}

}  // namespace fastmlp
