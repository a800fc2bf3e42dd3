// What a layer is told, and where its numbers lie in a network.
//
// A specification is complete: nothing about a layer is set later. What is in it was checked in the bindings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "kernels/kernel_table.hpp"

namespace fastmlp {

// An odd multiple of 16: network.hpp says why.
inline std::ptrdiff_t leading_dimension(std::ptrdiff_t columns) noexcept { return (((columns + 15) / 16) | 1) * 16; }

struct Formula {
  std::vector<FormulaInstruction> instructions;
  std::ptrdiff_t value_length = 0;
  std::vector<double> constants;
  std::int16_t value = 0;  // a source, as in FormulaProgram; likewise
  std::int16_t derivative = 0;
};

// How initial weights are drawn: evenly between -size and size, normally with standard deviation size, all equal to it.
enum class Distribution : int { uniform, normal, constant };

struct Draw {
  Distribution distribution;
  double size;
};

struct LayerSpec {
  std::ptrdiff_t units = 0;
  ActivationKind activation = ActivationKind::identity;
  double parameter = 0.0;  // of the activation
  Formula formula = {};    // where the activation is one
  double l1 = 0.0;
  double l2 = 0.0;
  std::ptrdiff_t pieces = 1;  // of maxout: of each unit's so many columns the largest leaves the layer
  bool normalizes = false;    // its inputs, over the units; not the first layer
  double dropout = 0.0;       // the rate at which its inputs are dropped in training, in [0, 1)
  // Factors on the optimizer's learning rate, at least 0: what has factor 0 is frozen.
  double weight_rate_factor = 1.0;
  double bias_rate_factor = 1.0;
  std::optional<Draw> draw = {};  // none: as usual for its activation

  bool has_penalty() const noexcept { return l1 != 0.0 || l2 != 0.0; }
  bool has_rate_factors() const noexcept { return weight_rate_factor != 1.0 || bias_rate_factor != 1.0; }
};

struct Layer : LayerSpec {
  std::ptrdiff_t n_in = 0;
  std::ptrdiff_t n_out = 0;              // columns of its weights: units * pieces
  std::ptrdiff_t ld = 0;                 // of the weights
  std::ptrdiff_t ldt = 0;                // of the transposed weights
  std::ptrdiff_t offset = 0;             // in the parameters, state and gradient buffers
  std::ptrdiff_t transposed_offset = 0;  // in the buffer of transposed weights; the first layer has none
  bool has_junction = false;             // normalization, or maxout before it
};

}  // namespace fastmlp
