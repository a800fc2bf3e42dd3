// Asks for the next batch's rows while the gradients of this one are computed.
//
// A shuffled row of input data lies anywhere in memory: 3 KB of MNIST from DRAM cost as much as a sixth of the step's
// arithmetic (measured) when the gathering has to wait for them. Whole rows are fetched into the second-level cache of
// the thread that will gather them, a few after each unit of phase B.
#pragma once

#include <cstddef>

#include "core/dataset.hpp"
#include "platform/aligned_buffer.hpp"
#include "platform/team.hpp"

namespace fastmlp {

inline std::ptrdiff_t size_of(DataType type) noexcept {
  return type == DataType::uint8 ? 1 : type == DataType::float32 ? 4 : 8;
}

class RowPrefetch {
 public:
  // The rows of `next` that `thread` will gather.
  RowPrefetch(const DataView& inputs, const Selection& next, int thread, int threads) noexcept
      : inputs_(inputs), next_(next), share_(share_of(next.rows, thread, threads)) {}

  // Part k of n equal parts of the rows. Always inlined: GCC 12 takes a function that only prefetches for one without
  // effect and drops its calls.
  __attribute__((always_inline)) void part(std::size_t k, std::size_t n) const noexcept {
    const std::ptrdiff_t rows = share_.end - share_.begin;
    const std::ptrdiff_t row_bytes = inputs_.columns * size_of(inputs_.type);
    const auto first = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(rows) * k / n);
    const auto last = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(rows) * (k + 1) / n);
    for (std::ptrdiff_t r = first; r < last; ++r) {
      const char* row = static_cast<const char*>(inputs_.data) + next_[share_.begin + r] * row_bytes;
      for (std::ptrdiff_t byte = 0; byte < row_bytes; byte += static_cast<std::ptrdiff_t>(kCacheLine)) {
        __builtin_prefetch(row + byte, 0, 2);
      }
    }
  }

 private:
  const DataView& inputs_;
  Selection next_;
  Share share_;
};

}  // namespace fastmlp
