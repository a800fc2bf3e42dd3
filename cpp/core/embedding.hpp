// What stands at the entrance of a network that embeds its numbers: inputs become several, column by column, before the
// first layer sees them (docs/math.md). What is done to rows is in entrance.hpp, the arithmetic in the kernels.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/layer.hpp"

namespace fastmlp {

// piecewise_linear: the shares of bins that a number fills; periodic: sums of cosines, and the number itself.
enum class EmbeddingKind : int { none, piecewise_linear, periodic };

struct EmbeddingSpec {
  EmbeddingKind kind = EmbeddingKind::none;
  std::ptrdiff_t width = 1;        // what an input becomes: bins, or sums and the number itself
  std::ptrdiff_t frequencies = 0;  // of an input
  double deviation = 0.0;          // of initial frequencies
  std::ptrdiff_t columns = 0;      // the inputs that are embedded, before those that stay as they are; 0: all
};

struct Embedding : EmbeddingSpec {
  // Where its parameters lie, as if it was a layer: a row for each input holds frequencies, phases, the weights
  // (frequencies, width - 1) and the bias (width - 1). There is no row of biases.
  Layer parameters = {};

  bool learns() const noexcept { return kind == EmbeddingKind::periodic; }
};

// The place of its parameters among those of the layers.
inline constexpr std::size_t kEntrance = SIZE_MAX;

}  // namespace fastmlp
