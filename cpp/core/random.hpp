// Random numbers by counting: which number stands for what. The generator is in kernels/random-inl.hpp.
//
// A number is a function of (seed, stream, part, index) and of nothing else, so initial weights and shuffles do not
// depend on threads, on order, or on what was drawn before.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/targets.hpp"

namespace fastmlp {

// What a number is for. A new use gets a new stream, so that old results stay as they are.
enum class Stream : std::uint32_t { weights = 0, shuffle = 1, dropout = 2, embedding = 3 };

// The sequence of 64-bit numbers of one stream and part (a layer, an epoch), read from its start.
class Sequence {
 public:
  Sequence(std::uint64_t seed, Stream stream, std::uint32_t part) noexcept
      : seed_(seed), stream_(static_cast<std::uint32_t>(stream)), part_(part) {}

  std::uint64_t next() noexcept {
    if (used_ == kDrawn) draw();
    return numbers_[used_++];
  }

 private:
  static constexpr int kDrawn = 64;  // at a time: a few vectors of counters on any target

  void draw() noexcept {
    active_target().random({.seed = seed_,
                            .stream = stream_,
                            .part = part_,
                            .first_pair = first_pair_,
                            .pairs = kDrawn / 2,
                            .numbers = numbers_});
    first_pair_ += kDrawn / 2;
    used_ = 0;
  }

  std::uint64_t seed_;
  std::uint32_t stream_;
  std::uint32_t part_;
  std::uint64_t first_pair_ = 0;
  std::uint64_t numbers_[kDrawn];
  int used_ = kDrawn;
};

// In [0, 1), from the 53 highest bits.
inline double unit_interval(std::uint64_t bits) noexcept { return static_cast<double>(bits >> 11) * 0x1p-53; }

// Numbers of the standard normal distribution, by the polar method (Marsaglia and Bray, SIAM Review 6, 1964) out of a
// Sequence. The logarithm is the kernels', the square root is correctly rounded: the same bits everywhere.
class NormalSequence {
 public:
  explicit NormalSequence(const Sequence& uniform) noexcept : uniform_(uniform) {}

  double next() noexcept {
    if (used_ == 2 * kPairs) draw();
    return numbers_[used_++];
  }

 private:
  static constexpr int kPairs = 32;  // at a time: a few vectors of logarithms on any target

  // A point (x, y) in the unit disk at distance r from its middle, moved to the distance sqrt(-4 log r).
  void draw() noexcept {
    double squares[kPairs];
    double logs[kPairs];
    for (int i = 0; i < kPairs;) {
      const double x = 2.0 * unit_interval(uniform_.next()) - 1.0;
      const double y = 2.0 * unit_interval(uniform_.next()) - 1.0;
      const double square = x * x + y * y;
      if (square >= 1.0 || square == 0.0) continue;
      numbers_[2 * i] = x;
      numbers_[2 * i + 1] = y;
      squares[i++] = square;
    }
    kernels<double>().log(kPairs, squares, logs);
    for (int i = 0; i < kPairs; ++i) {
      const double factor = std::sqrt(-2.0 * logs[i] / squares[i]);
      numbers_[2 * i] *= factor;
      numbers_[2 * i + 1] *= factor;
    }
    used_ = 0;
  }

  Sequence uniform_;
  double numbers_[2 * kPairs];
  int used_ = 2 * kPairs;
};

// In [0, n), by the high half of a product; off from uniform by less than n / 2^64.
inline std::ptrdiff_t below(std::uint64_t bits, std::ptrdiff_t n) noexcept {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::ptrdiff_t>((static_cast<Wide>(bits) * static_cast<Wide>(n)) >> 64);
}

// Fills order[0:n] with a uniformly random permutation of 0 .. n - 1 (Fisher and Yates, from the end).
inline void shuffled_order(std::ptrdiff_t* order, std::ptrdiff_t n, Sequence sequence) noexcept {
  for (std::ptrdiff_t i = 0; i < n; ++i) order[i] = i;
  for (std::ptrdiff_t left = n; left > 1; --left) std::swap(order[left - 1], order[below(sequence.next(), left)]);
}

}  // namespace fastmlp
