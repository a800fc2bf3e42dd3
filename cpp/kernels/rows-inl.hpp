// Moving rows and looking at them: the gathering of input data (the single place where a user's values become T, and
// are scaled; to clip them as well is left to clip-inl.hpp), dropout, the transposed copy of weights, norms for the
// penalties, the search for values that are not finite.
#pragma once

#include "kernels/clip-inl.hpp"
#include "kernels/kernel_table.hpp"
#include "kernels/math-inl.hpp"
#include "kernels/random-inl.hpp"
#include "kernels/special-inl.hpp"
#include "kernels/transpose-inl.hpp"

namespace fastmlp {
namespace {

template <class T, class Source>
FASTMLP_INLINE void gather_scaled_rows(const GatherArguments<T>& p) {
  using Wide = typename WiderOf<T, Source>::type;
  const ptrdiff_t columns = p.source.columns;
  const Source* source = static_cast<const Source*>(p.source.data);
  const double* shift = p.shift;  // read through p they would be fetched lane by lane
  const double* scale = p.scale;
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    const Source* __restrict from = source + (p.index != nullptr ? p.index[r] : p.first_row + r) * columns;
    T* __restrict to = p.out + r * p.ld;
    for (ptrdiff_t j = 0; j < columns; ++j) {
      const Wide difference = input<Wide, T>(from[j]) - static_cast<Wide>(shift[j]);
      const Wide z = difference * static_cast<Wide>(scale[j]);
      to[j] = static_cast<T>(number_without_tiny<Wide>(z, Smallest<T>::kept));
    }
  }
}

template <class T, class Source>
FASTMLP_INLINE void gather_rows(const GatherArguments<T>& p) {
  if (p.scale != nullptr) {
    gather_scaled_rows<T, Source>(p);
    return;
  }
  const ptrdiff_t columns = p.source.columns;
  const Source* source = static_cast<const Source*>(p.source.data);
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    const Source* __restrict from = source + (p.index != nullptr ? p.index[r] : p.first_row + r) * columns;
    T* __restrict to = p.out + r * p.ld;
    for (ptrdiff_t j = 0; j < columns; ++j) to[j] = input<T, T>(from[j]);
  }
}

template <class T>
__attribute__((noinline)) void gather_sparse(const GatherArguments<T>& p) {
  with_source_type(p.source.type, [&p]<class Source>() {
    const Source* values = static_cast<const Source*>(p.source.data);
    for (ptrdiff_t r = 0; r < p.rows; ++r) {
      const ptrdiff_t row = p.index != nullptr ? p.index[r] : p.first_row + r;
      T* __restrict to = p.out + r * p.ld;
      for (ptrdiff_t j = 0; j < p.source.columns; ++j) to[j] = T(0);
      for (int64_t k = p.source.row_starts[row]; k < p.source.row_starts[row + 1]; ++k) {
        to[p.source.value_columns[k]] = input<T, T>(values[k]);
      }
    }
  });
}

template <class T>
void gather(const GatherArguments<T>& p) noexcept {
  if (p.source.row_starts != nullptr) {
    gather_sparse<T>(p);
    return;
  }
  if (p.limit > 0.0) {
    gather_clipped<T>(p);
    return;
  }
  switch (p.source.type) {
    case DataType::uint8: gather_rows<T, uint8_t>(p); break;
    case DataType::float32: gather_rows<T, float>(p); break;
    case DataType::float64: gather_rows<T, double>(p); break;
  }
}

template <class T>
void dropout(const DropoutArguments<T>& p) noexcept {
  constexpr ptrdiff_t kColumns = 64;  // at a time: whole vectors of counters on every target
  const auto blocks = static_cast<uint64_t>((p.columns + 3) / 4);
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    const uint64_t first = (p.first_row + static_cast<uint64_t>(r)) * blocks;
    for (ptrdiff_t begin = 0; begin < p.columns; begin += kColumns) {
      const ptrdiff_t n = p.columns - begin < kColumns ? p.columns - begin : kColumns;
      uint64_t numbers[kColumns / 2];
      random({.seed = p.seed,
              .stream = p.stream,
              .part = p.part,
              .first_pair = first + static_cast<uint64_t>(begin / 4),
              .pairs = kColumns / 4,
              .numbers = numbers});
      uint32_t words[kColumns];
      __builtin_memcpy(words, numbers, sizeof words);  // little-endian: low words first
      T* __restrict a = p.a + r * p.ld + begin;
      for (ptrdiff_t j = 0; j < n; ++j) a[j] = words[j] >= p.threshold ? a[j] * p.scale : T(0);
      if (p.d == nullptr) continue;
      T* __restrict d = p.d + r * p.ld + begin;
      for (ptrdiff_t j = 0; j < n; ++j) d[j] = words[j] >= p.threshold ? d[j] * p.scale : T(0);
    }
  }
}

template <class T>
void transpose(ptrdiff_t n_rows, ptrdiff_t n_columns, const T* w, ptrdiff_t ldw, T* transposed,
               ptrdiff_t ldt) noexcept {
  const ptrdiff_t whole_rows = n_rows / kLanes<T> * kLanes<T>;
  const ptrdiff_t whole_columns = n_columns / kLanes<T> * kLanes<T>;
  for (ptrdiff_t i = 0; i < whole_rows; i += kLanes<T>) {
    for (ptrdiff_t j = 0; j < whole_columns; j += kLanes<T>) {
      transpose_block<T>(w + i * ldw + j, ldw, transposed + j * ldt + i, ldt);
    }
  }
  for (ptrdiff_t i = 0; i < n_rows; ++i) {
    for (ptrdiff_t j = i < whole_rows ? whole_columns : 0; j < n_columns; ++j) {
      transposed[j * ldt + i] = w[i * ldw + j];
    }
  }
}

template <class T>
void row_norms(ptrdiff_t n, const T* w, T* sum_abs, T* sum_squares) noexcept {
  Lanes16<T> magnitudes{};
  Lanes16<T> squares{};
  for (ptrdiff_t j = 0; j < n; j += 16) {  // padding is zero
    for (int v = 0; v < Lanes16<T>::kVectors; ++v) {
      const Vec<T> x = factor_of<T>(load<T>(w + j + v * kLanes<T>));
      magnitudes.v[v] = magnitudes.v[v] + abs<T>(x);
      squares.v[v] = fma<T>(x, x, squares.v[v]);
    }
  }
  *sum_abs = sum_lanes<T>(magnitudes);
  *sum_squares = sum_lanes<T>(squares);
}

template <class T>
ptrdiff_t first_nonfinite(ptrdiff_t n, const T* x) noexcept {
  constexpr ptrdiff_t kBlock = 64 * kLanes<T>;  // long enough to hide the test, short enough to search again
  const ptrdiff_t whole = n / kLanes<T> * kLanes<T>;
  ptrdiff_t i = 0;
  for (ptrdiff_t size = 0; i < whole; i += size) {
    size = whole - i < kBlock ? whole - i : kBlock;
    // zero, or NaN for NaN and infinity; two sums, for the additions of one wait for each other
    Vec<T> differences{};
    Vec<T> others{};
    ptrdiff_t j = 0;
    for (; j + 2 * kLanes<T> <= size; j += 2 * kLanes<T>) {
      const Vec<T> v = load<T>(x + i + j);
      const Vec<T> w = load<T>(x + i + j + kLanes<T>);
      differences = differences + (v - v);
      others = others + (w - w);
    }
    if (j < size) others = others + (load<T>(x + i + j) - load<T>(x + i + j));
    differences = differences + others;
    bool finite = true;
    for (int lane = 0; lane < kLanes<T>; ++lane) finite = finite && differences[lane] == T(0);
    if (!finite) break;
  }
  for (; i < n; ++i) {
    if (!(x[i] - x[i] == T(0))) return i;
  }
  return -1;
}

// y = f(x) for n elements, the last ones through a padded copy.
template <class T, class F>
FASTMLP_INLINE void map(ptrdiff_t n, const T* x, T* y, F f) {
  ptrdiff_t i = 0;
  for (; i + kLanes<T> <= n; i += kLanes<T>) store<T>(y + i, f(load<T>(x + i)));
  if (i < n) {
    T rest[kLanes<T>] = {};
    for (ptrdiff_t j = i; j < n; ++j) rest[j - i] = x[j];
    store<T>(rest, f(load<T>(rest)));
    for (ptrdiff_t j = i; j < n; ++j) y[j] = rest[j - i];
  }
}

template <class T>
void map_exp(ptrdiff_t n, const T* x, T* y) noexcept {
  map<T>(n, x, y, [](Vec<T> v) { return exp<T>(v); });
}
template <class T>
void map_log(ptrdiff_t n, const T* x, T* y) noexcept {
  map<T>(n, x, y, [](Vec<T> v) { return log<T>(v); });
}
template <class T>
void map_tanh(ptrdiff_t n, const T* x, T* y) noexcept {
  map<T>(n, x, y, [](Vec<T> v) { return tanh<T>(v); });
}
template <class T>
void map_sigmoid(ptrdiff_t n, const T* x, T* y) noexcept {
  map<T>(n, x, y, [](Vec<T> v) { return sigmoid<T>(v); });
}
template <class T>
void map_square_root(ptrdiff_t n, const T* x, T* y) noexcept {
  map<T>(n, x, y, [](Vec<T> v) { return square_root<T>(v); });
}
template <class T>
void map_error_function(ptrdiff_t n, const T* x, T* y) noexcept {
  map<T>(n, x, y, [](Vec<T> v) { return error_function<T>(v); });
}
template <class T>
void map_sine(ptrdiff_t n, const T* x, T* y) noexcept {
  map<T>(n, x, y, [](Vec<T> v) { return sine<T>(v); });
}
template <class T>
void map_cosine(ptrdiff_t n, const T* x, T* y) noexcept {
  map<T>(n, x, y, [](Vec<T> v) { return cosine<T>(v); });
}

}  // namespace
}  // namespace fastmlp
