// What will be used soon, to be asked for while the gradients are computed.
//
// A shuffled row of input data lies anywhere in memory: for MNIST a fifth of the step was spent waiting for rows of 3
// KB (measured). The gradient kernel asks for cache lines a few at a time, since more at once than the core can have
// under way (some tens) makes it wait again.
#pragma once

#include <cstddef>

#include "core/dataset.hpp"
#include "platform/aligned_buffer.hpp"
#include "platform/team.hpp"

namespace fastmlp {

inline std::ptrdiff_t size_of(DataType type) noexcept {
  return type == DataType::uint8 ? 1 : type == DataType::float32 ? 4 : 8;
}

// Data that stay in the second-level cache need not be asked for.
inline constexpr std::ptrdiff_t kNearBytes = 1 << 18;

// The rows of `next` that `thread` will gather; addresses: room for one per row.
inline Region rows_to_gather(const DataView& inputs, const Selection& next, int thread, int threads,
                             const char** addresses) noexcept {
  if (inputs.row_starts != nullptr) return {};  // a row is short, and its columns are elsewhere
  const std::ptrdiff_t row_bytes = inputs.columns * size_of(inputs.type);
  if (inputs.rows * row_bytes <= kNearBytes) return {};
  const Share share = share_of(next.rows, thread, threads);
  const std::ptrdiff_t* order = input_order(inputs, next);
  for (std::ptrdiff_t r = share.begin; r < share.end; ++r) {
    const std::ptrdiff_t row = order != nullptr ? order[next.begin + r] : next.begin + r;
    addresses[r] = static_cast<const char*>(inputs.data) + row * row_bytes;
  }
  return {.addresses = addresses + share.begin,
          .first = nullptr,
          .stride = 0,
          .rows = share.end - share.begin,
          .row_bytes = row_bytes};
}

// Part i of n nearly equal parts of a region of addresses.
inline Region part_of(const Region& region, std::ptrdiff_t i, std::ptrdiff_t n) noexcept {
  if (region.rows == 0) return region;
  Region part = region;
  const std::ptrdiff_t begin = region.rows * i / n;
  part.rows = region.rows * (i + 1) / n - begin;
  part.addresses += begin;
  return part;
}

// Regions in the order in which they will be needed.
class RegionList {
 public:
  template <class T>
  void add(const T* first, std::ptrdiff_t ld, std::ptrdiff_t rows, std::ptrdiff_t columns) noexcept {
    constexpr auto kSize = static_cast<std::ptrdiff_t>(sizeof(T));
    add({.addresses = nullptr,
         .first = reinterpret_cast<const char*>(first),
         .stride = ld * kSize,
         .rows = rows,
         .row_bytes = columns * kSize});
  }
  void add(const Region& region) noexcept {
    if (region.rows > 0 && region.row_bytes > 0) regions_[count_++] = region;
  }
  Regions all() const noexcept { return {regions_, count_}; }

 private:
  Region regions_[6];  // most: two operands of a unit, the rows to gather, the parameters and two slots of state
  int count_ = 0;
};

}  // namespace fastmlp
