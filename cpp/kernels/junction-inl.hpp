// What lies between two layers besides the activation: maxout pooling and layer normalization, forward and backward.
//
// Sums over the units of a row go through the 16 virtual lanes, as everywhere. Dropout, which needs random numbers, is
// in rows-inl.hpp.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/math-inl.hpp"
#include "kernels/vec-inl.hpp"

namespace fastmlp {
namespace {

template <class T>
void pool(const JunctionArguments<T>& p) noexcept {
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    T* a = p.a + r * p.ld;
    T* d = p.d != nullptr ? p.d + r * p.ld : nullptr;
    for (ptrdiff_t j = 0; j < p.units; ++j) {
      ptrdiff_t taken = 0;
      T highest = a[j];
      for (ptrdiff_t piece = 1; piece < p.pieces; ++piece) {
        const T z = a[piece * p.units + j];
        taken = z > highest ? piece : taken;
        highest = z > highest || z != z ? z : highest;  // NaN passes
      }
      a[j] = highest;
      if (d == nullptr) continue;
      for (ptrdiff_t piece = 0; piece < p.pieces; ++piece) d[piece * p.units + j] = piece == taken ? T(1) : T(0);
    }
    a[p.units] = T(1);
  }
}

// Sum over the units of a row of f(first column of a vector), lanes beyond the row left out.
template <class T, class F>
FASTMLP_INLINE T sum_over_units(ptrdiff_t units, F&& f) {
  Lanes16<T> lanes{};
  for (ptrdiff_t j = 0; j < units; j += 16) {
    for (int v = 0; v < Lanes16<T>::kVectors; ++v) {
      const ptrdiff_t first = j + v * kLanes<T>;
      const ptrdiff_t left = units - first > 16 ? 16 : units - first;
      const Vec<T> x = f(first);
      lanes.v[v] = lanes.v[v] + (lane_numbers<T>() < static_cast<Int<T>>(left) ? x : Vec<T>{});
    }
  }
  return sum_lanes<T>(lanes);
}

template <class T>
void normalize(const JunctionArguments<T>& p) noexcept {
  const T count = static_cast<T>(p.units);
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    T* a = p.a + r * p.ld;
    const T mean = sum_over_units<T>(p.units, [&](ptrdiff_t j) { return load<T>(a + j); }) / count;
    const T variance = sum_over_units<T>(p.units,
                                         [&](ptrdiff_t j) {
                                           const Vec<T> x = factor_of<T>(load<T>(a + j) - mean);
                                           return x * x;
                                         }) /
                       count;
    const T inverse = T(1) / square_root<T>(broadcast<T>(variance + p.epsilon))[0];
    for (ptrdiff_t j = 0; j < p.units; ++j) a[j] = number_without_tiny<T>((a[j] - mean) * inverse, Smallest<T>::factor);
    p.inverse_deviation[r] = inverse;
  }
}

template <class T>
void normalize_backward(const JunctionArguments<T>& p) noexcept {
  const T count = static_cast<T>(p.units);
  const auto factor = [](const T* at) __attribute__((always_inline)) { return factor_of<T>(load<T>(at)); };
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    const T* a = p.a + r * p.ld;
    T* g = p.g + r * p.ld;
    const T mean = sum_over_units<T>(p.units, [&](ptrdiff_t j) { return load<T>(g + j); }) / count;
    const T slope = sum_over_units<T>(p.units, [&](ptrdiff_t j) { return factor(g + j) * load<T>(a + j); }) / count;
    for (ptrdiff_t j = 0; j < p.units; ++j) g[j] = (g[j] - mean - a[j] * slope) * p.inverse_deviation[r];
  }
}

template <class T>
void spread(const JunctionArguments<T>& p) noexcept {
  const ptrdiff_t columns = p.units * p.pieces;
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    const T* g = p.g + r * p.ld;
    T* d = p.d + r * p.ld;
    for (ptrdiff_t piece = 0; piece < p.pieces; ++piece) {
      for (ptrdiff_t j = 0; j < p.units; ++j) {
        const T product = d[piece * p.units + j] * number_without_tiny<T>(g[j], Smallest<T>::factor);
        d[piece * p.units + j] = number_without_tiny<T>(product, Smallest<T>::factor);
      }
    }
    for (ptrdiff_t j = columns; j < (columns + 15) / 16 * 16; ++j) d[j] = T(0);
  }
}

}  // namespace
}  // namespace fastmlp
