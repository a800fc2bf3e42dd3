// Formulas of activations and losses as Python has compiled them.
#pragma once

#include <pybind11/stl.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/names.hpp"
#include "core/layer.hpp"

namespace fastmlp {

using FormulaStep = std::tuple<std::string, int, std::vector<int>>;  // operation, destination, sources
// instructions, how many make the value, constants, value, derivative
using FormulaTuple = std::tuple<std::vector<FormulaStep>, std::ptrdiff_t, std::vector<double>, int, int>;

// Copies a formula whose first registers are given; what would read or write out of bounds is refused.
inline Formula formula_of(const FormulaTuple& from, int variables) {
  const auto& [steps, value_length, constants, value, derivative] = from;
  require(value_length >= 0 && static_cast<std::size_t>(value_length) <= steps.size(), "a part of a formula.");
  require(constants.size() <= std::size_t{INT16_MAX}, "a formula has too many constants.");
  bool is_set[kFormulaRegisters] = {};
  std::fill_n(is_set, variables, true);
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

}  // namespace fastmlp
