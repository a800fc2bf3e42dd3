// Random numbers by counting: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011).
//
// A number is a function of (seed, stream, part, index) and of nothing else, so initial weights and shuffles do not
// depend on threads, on order, or on what was drawn before. Known-answer vectors of the paper:
// tests/core/test_random.py.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace fastmlp {

using Block = std::array<std::uint32_t, 4>;

inline Block philox4x32(Block counter, std::uint32_t key0, std::uint32_t key1) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key0, static_cast<std::uint32_t>(product1),
               static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key1, static_cast<std::uint32_t>(product0)};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return counter;
}

// What a number is for. A new use gets a new stream, so that old results stay as they are.
enum class Stream : std::uint32_t { weights = 0, shuffle = 1 };

// The sequence of 64-bit numbers of one stream and part (a layer, an epoch).
class Sequence {
 public:
  Sequence(std::uint64_t seed, Stream stream, std::uint32_t part) noexcept
      : seed_(seed), stream_(static_cast<std::uint32_t>(stream)), part_(part) {}

  // Numbers 2i and 2i + 1.
  std::array<std::uint64_t, 2> pair(std::uint64_t i) const noexcept {
    const Block b = philox4x32({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i >> 32), part_, stream_},
                               static_cast<std::uint32_t>(seed_), static_cast<std::uint32_t>(seed_ >> 32));
    return {(std::uint64_t{b[1]} << 32) | b[0], (std::uint64_t{b[3]} << 32) | b[2]};
  }

 private:
  std::uint64_t seed_;
  std::uint32_t stream_;
  std::uint32_t part_;
};

// In [0, 1), from the 53 highest bits.
inline double unit_interval(std::uint64_t bits) noexcept { return static_cast<double>(bits >> 11) * 0x1p-53; }

// In [0, n), by the high half of a product; off from uniform by less than n / 2^64.
inline std::ptrdiff_t below(std::uint64_t bits, std::ptrdiff_t n) noexcept {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::ptrdiff_t>((static_cast<Wide>(bits) * static_cast<Wide>(n)) >> 64);
}

// Fills order[0:n] with a uniformly random permutation of 0 .. n - 1 (Fisher and Yates, from the end).
inline void shuffled_order(std::ptrdiff_t* order, std::ptrdiff_t n, const Sequence& sequence) noexcept {
  for (std::ptrdiff_t i = 0; i < n; ++i) order[i] = i;
  std::array<std::uint64_t, 2> numbers{};
  for (std::ptrdiff_t drawn = 0; drawn < n - 1; ++drawn) {
    if (drawn % 2 == 0) numbers = sequence.pair(static_cast<std::uint64_t>(drawn / 2));
    const std::ptrdiff_t left = n - drawn;
    std::swap(order[left - 1], order[below(numbers[static_cast<std::size_t>(drawn % 2)], left)]);
  }
}

}  // namespace fastmlp
