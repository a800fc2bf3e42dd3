// Asking the memory for what comes next, from within the products, which leave it idle: reads ahead of their use, and
// lines that this core shall own before it writes them. Which memory that is, the core says (core/prefetch.hpp).
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/vec-inl.hpp"

namespace fastmlp {
namespace {

constexpr ptrdiff_t kCacheLine = 64;
// Terms of a sum between two bursts of a fetch queue, longer where a term takes fewer cycles. Measured with 32
// registers: 16 costs 2 % more than 32, 64 gains nothing.
constexpr ptrdiff_t kFetchInterval = FASTMLP_VECTOR_REGISTERS >= 32 ? 32 : 64;
// With few rows a panel is used about as fast as it can be read, and asking for more lines at once than this stands in
// the way of what is needed now (one row on 784-512-512-10: 69 us instead of 36), unless the matrix is so large that it
// comes from beyond the caches (2048-2048-2048: 1.05 ms instead of 1.31).
constexpr ptrdiff_t kLongestBurst = 24;
constexpr ptrdiff_t kFarMatrix = ptrdiff_t{1} << 23;  // bytes

// What is asked for a few cache lines at a time.
struct FetchQueue {
  const Region* region;  // the next one
  const Region* end;
  ptrdiff_t row;    // the next row of that region
  ptrdiff_t byte;   // the next byte of that row
  ptrdiff_t burst;  // lines to ask for at a time
};

FASTMLP_INLINE ptrdiff_t lines_of(const Region& region) {
  return region.rows * ((region.row_bytes + kCacheLine - 1) / kCacheLine);
}

// To be emptied in that many bursts.
FASTMLP_INLINE FetchQueue queue_of(const Regions& regions, ptrdiff_t bursts) {
  ptrdiff_t lines = 0;
  for (ptrdiff_t i = 0; i < regions.count; ++i) lines += lines_of(regions.first[i]);
  const ptrdiff_t burst = lines > 0 ? (lines + bursts - 1) / bursts : 0;
  return {regions.first, regions.first + regions.count, 0, 0, burst};
}

// Calls ask(address) for the next burst of lines. The queue's place is kept in registers meanwhile: with 16 of them a
// line took as long as three terms of a tile's sum (2.5 % of a step of 784-512-512-10).
template <class Ask>
FASTMLP_INLINE void next_burst(FetchQueue& queue, Ask ask) {
  ptrdiff_t left = queue.burst;
  while (left > 0 && queue.region != queue.end) {
    const Region region = *queue.region;
    const auto start_of = [&region](ptrdiff_t row) __attribute__((always_inline)) {
      return region.addresses != nullptr ? region.addresses[row] : region.first + row * region.stride;
    };
    const char* start = start_of(queue.row);
    ptrdiff_t row = queue.row;
    ptrdiff_t byte = queue.byte;
    while (left > 0 && row < region.rows) {
      ask(start + byte);
      --left;
      byte += kCacheLine;
      if (byte < region.row_bytes) continue;
      byte = 0;
      if (++row < region.rows) start = start_of(row);
    }
    queue.byte = byte;
    queue.row = row;
    if (row < region.rows) return;
    queue.row = 0;
    ++queue.region;
  }
}

FASTMLP_INLINE void fetch_burst(FetchQueue& queue) {
  next_burst(queue, [](const char* line) { __builtin_prefetch(line, 0, 2); });
}

// Writes into each line what is there already, so that the core becomes its only owner while the sums run. Measured
// where another core had read the line: 10 ns a line when the optimizer writes it at once; a prefetch for writing does
// nothing, since the line is there.
FASTMLP_INLINE void own_burst(FetchQueue& queue) {
  next_burst(queue, [](const char* line) {
    volatile char* byte = const_cast<char*>(line);
    *byte = *byte;
  });
}

}  // namespace
}  // namespace fastmlp
