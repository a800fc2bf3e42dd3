// Numbers in bins at the entrance of a network: what share of each a number has filled. There is no fma in it, so plain
// loops are the same bits on every target.
#pragma once

#include "kernels/kernel_table.hpp"

namespace fastmlp {
namespace {

template <class T>
void bins(const BinsArguments<T>& p) noexcept {
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    for (ptrdiff_t j = 0; j < p.columns; ++j) {
      const T x = p.x[r * p.ldx + j];
      const T* __restrict lower = p.lower + j * p.bins;
      const T* __restrict least = p.least + j * p.bins;
      const T* __restrict inverse = p.inverse + j * p.bins;
      T* __restrict to = p.out + r * p.ld + j * p.bins;
      for (ptrdiff_t t = 0; t < p.bins; ++t) {
        const T above = x - lower[t];
        const T share = (above > least[t] ? above : T(0)) * inverse[t];
        to[t] = share < T(1) ? share : T(1);
      }
    }
    const T* __restrict others = p.x + r * p.ldx + p.columns;
    T* __restrict to = p.out + r * p.ld + p.columns * p.bins;
    for (ptrdiff_t j = 0; j < p.others; ++j) to[j] = others[j];
  }
}

template <class T>
void bins_backward(const BinsArguments<T>& p, T* dx, ptrdiff_t ld) noexcept {
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    for (ptrdiff_t j = 0; j < p.columns; ++j) {
      const T x = p.x[r * p.ldx + j];
      T sum = T(0);
      for (ptrdiff_t t = 0; t < p.bins; ++t) {
        const ptrdiff_t i = j * p.bins + t;
        const T above = x - p.lower[i];
        const bool is_inside = above > p.least[i] && above * p.inverse[i] < T(1);
        if (is_inside) sum += p.out[r * p.ld + i] * p.inverse[i];
      }
      dx[r * ld + j] = sum;
    }
    const T* others = p.out + r * p.ld + p.columns * p.bins;
    for (ptrdiff_t j = 0; j < p.others; ++j) dx[r * ld + p.columns + j] = others[j];
  }
}

}  // namespace
}  // namespace fastmlp
