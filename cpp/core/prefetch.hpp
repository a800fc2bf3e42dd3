// The next batch's rows, to be asked for while the gradients of this one are computed.
//
// A shuffled row of input data lies anywhere in memory: for MNIST a fifth of the step was spent waiting for rows of 3
// KB (measured). The gradient kernel asks for them a few cache lines at a time, since more at once than the core can
// have under way (some tens) makes it wait again. Each thread asks for the rows that it will gather itself.
#pragma once

#include <cstddef>

#include "core/dataset.hpp"
#include "platform/aligned_buffer.hpp"
#include "platform/team.hpp"

namespace fastmlp {

inline std::ptrdiff_t size_of(DataType type) noexcept {
  return type == DataType::uint8 ? 1 : type == DataType::float32 ? 4 : 8;
}

// The queue of the rows of `next` that `thread` will gather, to be emptied in `occasions` bursts; rows: room for their
// addresses.
inline FetchQueue fetch_queue(const DataView& inputs, const Selection& next, int thread, int threads,
                              std::ptrdiff_t occasions, const char** rows) noexcept {
  const Share share = share_of(next.rows, thread, threads);
  const std::ptrdiff_t row_bytes = inputs.columns * size_of(inputs.type);
  for (std::ptrdiff_t r = share.begin; r < share.end; ++r) {
    rows[r] = static_cast<const char*>(inputs.data) + next[r] * row_bytes;
  }
  constexpr auto kLine = static_cast<std::ptrdiff_t>(kCacheLine);
  const std::ptrdiff_t lines = (share.end - share.begin) * ((row_bytes + kLine - 1) / kLine);
  const std::ptrdiff_t burst = occasions > 0 ? (lines + occasions - 1) / occasions : 0;
  return {rows + share.begin, rows + share.end, 0, row_bytes, burst};
}

}  // namespace fastmlp
