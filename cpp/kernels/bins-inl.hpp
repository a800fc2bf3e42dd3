// Numbers in bins at the entrance of a network: how far a number has filled those of its column, and what the first
// layer makes of that. Shares are 1 of the bins below a number and 0 of those above, so that their product with the
// weights is a sum of the first of them, which rows of a batch have in common, and one more product; likewise back.
//
// Lanes run along the units. In what says how far bins are filled there is no fma, so plain loops are the same bits on
// every target.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/vec-inl.hpp"

namespace fastmlp {
namespace {

template <class T>
struct Filled {
  ptrdiff_t whole;
  T share;
};

// Of column j. What is above a bin's edge is above those of the bins before it, by more than their `least`.
template <class T>
FASTMLP_INLINE Filled<T> filled_by(T x, const BinsArguments<T>& p, ptrdiff_t j) {
  const T* lower = p.lower + j * p.bins;
  const T* least = p.least + j * p.bins;
  Int<T> passed = 0;
  for (ptrdiff_t t = 0; t < p.bins; ++t) passed += x - lower[t] > least[t] ? 1 : 0;
  const ptrdiff_t t = passed > 0 ? passed - 1 : 0;
  const T above = x - lower[t];
  const T share = (above > least[t] ? above : T(0)) * p.inverse[j * p.bins + t];
  return {t, share < T(1) ? share : T(1)};
}

template <class T>
FASTMLP_INLINE void copy_others(const BinsArguments<T>& p, ptrdiff_t r, T* __restrict to) {
  const T* __restrict others = p.x + r * p.ldx + p.columns;
  for (ptrdiff_t j = 0; j < p.others; ++j) to[j] = others[j];
}

template <class T>
void bins(const BinsArguments<T>& p) noexcept {
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    T* to = p.out + r * p.ld;
    for (ptrdiff_t j = 0; j < p.columns; ++j, to += p.bins) {
      const Filled<T> filled = filled_by(p.x[r * p.ldx + j], p, j);
      for (ptrdiff_t t = 0; t < p.bins; ++t) to[t] = t < filled.whole ? T(1) : T(0);
      to[filled.whole] = filled.share;
    }
    copy_others(p, r, to);
  }
}

template <class T>
void fill_bins(const BinsArguments<T>& p, const FilledBins<T>& to) noexcept {
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    for (ptrdiff_t j = 0; j < p.columns; ++j) {
      const Filled<T> filled = filled_by(p.x[r * p.ldx + j], p, j);
      to.whole[j * to.ld + r] = static_cast<int32_t>(filled.whole);
      to.share[j * to.ld + r] = filled.share;
    }
    copy_others(p, r, p.out + r * p.ld);
  }
}

template <class T>
void bins_backward(const BinsArguments<T>& p, T* dx, ptrdiff_t ld) noexcept {
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    for (ptrdiff_t j = 0; j < p.columns; ++j) {
      const Filled<T> filled = filled_by(p.x[r * p.ldx + j], p, j);
      const ptrdiff_t i = j * p.bins + filled.whole;
      const bool is_inside = filled.share > T(0) && filled.share < T(1);
      dx[r * ld + j] = is_inside ? p.out[r * p.ld + i] * p.inverse[i] : T(0);
    }
    const T* others = p.out + r * p.ld + p.columns * p.bins;
    for (ptrdiff_t j = 0; j < p.others; ++j) dx[r * ld + p.columns + j] = others[j];
  }
}

// Calls f<V>(j) for V vectors of columns from j on, until all n are done: four at a time, then one by one.
template <class T, class F>
FASTMLP_INLINE void by_vectors(ptrdiff_t n, F f) {
  constexpr int kMost = 4;
  ptrdiff_t j = 0;
  for (; j + kMost * kLanes<T> <= n; j += kMost * kLanes<T>) f.template operator()<kMost>(j);
  for (; j < n; j += kLanes<T>) f.template operator()<1>(j);
}

// a += the part of column j in columns [column, column + n).
template <class T>
FASTMLP_INLINE void add_bins(const BinsForwardArguments<T>& p, ptrdiff_t j, ptrdiff_t column, ptrdiff_t n) {
  const T* w = p.weights + j * p.bins * p.ldw + column;
  const bool has_few_rows = p.rows <= kFewBinRows;
  if (!has_few_rows) {
    by_vectors<T>(n, [&]<int V>(ptrdiff_t c) __attribute__((always_inline)) {
      Vec<T> sum[V] = {};
      for (ptrdiff_t t = 0; t < p.bins; ++t) {
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) {
          store<T>(p.sums + t * kBinColumns + c + v * kLanes<T>, sum[v]);
          sum[v] = sum[v] + load<T>(w + t * p.ldw + c + v * kLanes<T>);
        }
      }
    });
  }
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    const ptrdiff_t whole = p.filled.whole[j * p.filled.ld + r];
    const Vec<T> share = broadcast<T>(p.filled.share[j * p.filled.ld + r]);
    const T* next = w + whole * p.ldw;
    const T* sums = p.sums + whole * kBinColumns;
    T* a = p.a + r * p.lda + column;
    by_vectors<T>(n, [&]<int V>(ptrdiff_t c) __attribute__((always_inline)) {
      Vec<T> sum[V] = {};
      if (has_few_rows) {
        for (ptrdiff_t t = 0; t < whole; ++t) {
#pragma GCC unroll 4
          for (int v = 0; v < V; ++v) sum[v] = sum[v] + load<T>(w + t * p.ldw + c + v * kLanes<T>);
        }
      } else {
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) sum[v] = load<T>(sums + c + v * kLanes<T>);
      }
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        const ptrdiff_t i = c + v * kLanes<T>;
        store<T>(a + i, load<T>(a + i) + fma<T>(share, load<T>(next + i), sum[v]));
      }
    });
  }
}

template <class T>
void bins_forward(const BinsForwardArguments<T>& arguments) noexcept {
  const BinsForwardArguments<T> p = arguments;  // stores could not be told from writes to the caller's
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    for (ptrdiff_t c = 0; c < p.n_out; c += kLanes<T>) store<T>(p.a + r * p.lda + c, load<T>(p.bias + c));
  }
  for (ptrdiff_t column = 0; column < p.n_out; column += kBinColumns) {
    const ptrdiff_t n = p.n_out - column < kBinColumns ? p.n_out - column : kBinColumns;
    for (ptrdiff_t j = 0; j < p.columns; ++j) add_bins(p, j, column, n);
  }
}

template <class T>
void bins_gradient(const BinsGradientArguments<T>& arguments) noexcept {
  const BinsGradientArguments<T> p = arguments;  // as above
  for (ptrdiff_t t = 0; t < p.bins; ++t) {
    for (ptrdiff_t c = 0; c < p.n_columns; c += kLanes<T>) {
      store<T>(p.g + t * p.ldg + c, Vec<T>{});
      store<T>(p.whole + t * p.ldg + c, Vec<T>{});
    }
  }
  for (ptrdiff_t r = 0; r < p.batch; ++r) {
    const ptrdiff_t at = p.filled.whole[r] * p.ldg;
    const Vec<T> share = broadcast<T>(p.filled.share[r]);
    const T* delta = p.delta + r * p.ldd;
    by_vectors<T>(p.n_columns, [&]<int V>(ptrdiff_t c) __attribute__((always_inline)) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        const ptrdiff_t i = c + v * kLanes<T>;
        const Vec<T> d = load<T>(delta + i);
        store<T>(p.whole + at + i, load<T>(p.whole + at + i) + d);
        store<T>(p.g + at + i, fma<T>(share, d, load<T>(p.g + at + i)));
      }
    });
  }
  by_vectors<T>(p.n_columns, [&]<int V>(ptrdiff_t c) __attribute__((always_inline)) {
    Vec<T> above[V] = {};
    for (ptrdiff_t t = p.bins - 1; t >= 0; --t) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        const ptrdiff_t i = t * p.ldg + c + v * kLanes<T>;
        store<T>(p.g + i, load<T>(p.g + i) + above[v]);
        above[v] = above[v] + load<T>(p.whole + i);
      }
    }
  });
}

}  // namespace
}  // namespace fastmlp
