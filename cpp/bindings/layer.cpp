// LayerSpec: see _core.pyi.
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
#include "bindings/formula.hpp"
#include "bindings/names.hpp"
#include "core/layer.hpp"

namespace fastmlp {
namespace {

using DrawTuple = std::tuple<std::string, double>;

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
    layer.formula = formula_of(*formula, 1);
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
