// Transposition in registers, of a block as wide as a vector: for the transposed weights and for rows that become
// lanes.
#pragma once

#include "kernels/vec-inl.hpp"

namespace fastmlp {
namespace {

// Lanes of two vectors side by side, chosen by their number. GCC's own builtin gives its instructions at once; clang has
// none that takes numbers in a vector, and finds them in the loop.
template <class T>
FASTMLP_INLINE Vec<T> shuffle(Vec<T> first, Vec<T> second, IntVec<T> lanes) {
#ifdef __clang__
  Vec<T> r;
  for (int i = 0; i < kLanes<T>; ++i) r[i] = lanes[i] < kLanes<T> ? first[lanes[i]] : second[lanes[i] - kLanes<T>];
  return r;
#else
  return __builtin_shuffle(first, second, lanes);
#endif
}

// Exchanges the off-diagonal halves of every pair of vectors that lie `half` apart: one of log2(kLanes) steps of a
// transposition in registers.
template <class T, int half>
FASTMLP_INLINE void exchange_halves(Vec<T> (&v)[kLanes<T>]) {
  IntVec<T> low;
  IntVec<T> high;
  for (int i = 0; i < kLanes<T>; ++i) {
    low[i] = (i & half) == 0 ? i : i - half + kLanes<T>;
    high[i] = (i & half) == 0 ? i + half : i + kLanes<T>;
  }
#pragma GCC unroll 16
  for (int i = 0; i < kLanes<T>; ++i) {
    if ((i & half) != 0) continue;
    const Vec<T> first = v[i];
    const Vec<T> second = v[i + half];
    v[i] = shuffle<T>(first, second, low);
    v[i + half] = shuffle<T>(first, second, high);
  }
}

// A block of kLanes x kLanes.
template <class T>
FASTMLP_INLINE void transpose_block(const T* w, ptrdiff_t ldw, T* transposed, ptrdiff_t ldt) {
  Vec<T> v[kLanes<T>];
#pragma GCC unroll 16
  for (int i = 0; i < kLanes<T>; ++i) v[i] = load<T>(w + i * ldw);
  exchange_halves<T, 1>(v);
  if constexpr (kLanes<T> > 2) exchange_halves<T, 2>(v);
  if constexpr (kLanes<T> > 4) exchange_halves<T, 4>(v);
  if constexpr (kLanes<T> > 8) exchange_halves<T, 8>(v);
#pragma GCC unroll 16
  for (int i = 0; i < kLanes<T>; ++i) store<T>(transposed + i * ldt, v[i]);
}

}  // namespace
}  // namespace fastmlp
