// The losses, one entry each: value and delta of the last layer in one pass over a row of outputs.
//
// Cross-entropies start from the logits: log-sum-exp less the target's logits after softmax, max(z, 0) - z t +
// log(1 + exp(-|z|)) after sigmoid, so that nothing saturates. Sums along a row use the 16 virtual lanes; lanes beyond the
// row's end contribute zero and their delta is zero. Logarithms of the rows' sums are taken a vector of rows at a time.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/math-inl.hpp"

namespace fastmlp {
namespace {

// A vector's position in a row: its first column, and which of its lanes are columns of the row.
template <class T>
struct Columns {
  ptrdiff_t first;
  IntVec<T> valid;
};

// Calls f(columns, v) for the row's vectors, v the vector's place among the 16 virtual lanes.
template <class T, class F>
FASTMLP_INLINE void for_each_vector(ptrdiff_t n, F&& f) {
  for (ptrdiff_t j = 0; j < n; j += 16) {
#pragma GCC unroll 8
    for (int v = 0; v < Lanes16<T>::kVectors; ++v) {
      const ptrdiff_t first = j + v * kLanes<T>;
      const ptrdiff_t left = n - first > 16 ? 16 : n - first;
      f(Columns<T>{first, lane_numbers<T>() < static_cast<Int<T>>(left)}, v);
    }
  }
}

// Targets of one row: indicator of a label, or values.
template <class T>
struct RowTargets {
  const T* values;  // or null
  Int<T> label;
  bool label_is_value;  // a single output: the label is the target

  FASTMLP_INLINE RowTargets(const LossArguments<T>& p, ptrdiff_t row)
      : values(p.labels == nullptr ? p.targets + row * p.ldt : nullptr),
        label(p.labels == nullptr ? 0 : p.labels[row]),
        label_is_value(p.n_out == 1) {}

  FASTMLP_INLINE Vec<T> at(Columns<T> c) const {
    const Vec<T> zero{};
    if (values != nullptr) return c.valid ? load<T>(values + c.first) : zero;
    if (label_is_value) return c.valid ? broadcast<T>(static_cast<T>(label)) : zero;
    return lane_numbers<T>() == label - static_cast<Int<T>>(c.first) ? broadcast<T>(1) : zero;
  }
};

// Softmax of one row: e = exp(z - max z), and 1 / sum e.
template <class T>
struct RowSoftmax {
  T max;
  T sum;
};

template <class T>
FASTMLP_INLINE RowSoftmax<T> row_softmax(ptrdiff_t n, const T* z, T* e) {
  const Vec<T> lowest = broadcast<T>(static_cast<T>(-__builtin_inf()));
  Lanes16<T> lanes;
  for (auto& v : lanes.v) v = lowest;
  for_each_vector<T>(n, [&](Columns<T> c, int v) __attribute__((always_inline)) {
    const Vec<T> x = c.valid ? load<T>(z + c.first) : lowest;
    lanes.v[v] = x > lanes.v[v] ? x : lanes.v[v];
  });
  const T max = max_lanes<T>(lanes);
  lanes = {};
  for_each_vector<T>(n, [&](Columns<T> c, int v) __attribute__((always_inline)) {
    const Vec<T> y = c.valid ? exp<T>(load<T>(z + c.first) - max) : Vec<T>{};
    store<T>(e + c.first, y);
    lanes.v[v] = lanes.v[v] + y;
  });
  return {max, sum_lanes<T>(lanes)};
}

template <class T>
void softmax_rows(ptrdiff_t rows, ptrdiff_t n, T* z, ptrdiff_t ld) noexcept {
  for (ptrdiff_t r = 0; r < rows; ++r) {
    T* row = z + r * ld;
    const T inverse = T(1) / row_softmax<T>(n, row, row).sum;
    for (ptrdiff_t j = 0; j < n; j += kLanes<T>) store<T>(row + j, load<T>(row + j) * inverse);
  }
}

template <class T>
FASTMLP_INLINE void softmax_cross_entropy(const LossArguments<T>& p) {
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    const T* z = p.out + r * p.ld;
    T* d = p.d + r * p.ld;
    const RowTargets<T> targets(p, r);
    const RowSoftmax<T> softmax = row_softmax<T>(p.n_out, z, d);
    Lanes16<T> mass{};  // sum t: one, up to rounding, but the derivative should be exact for what was given
    Lanes16<T> score{};  // sum t (z - max)
    for_each_vector<T>(p.n_out, [&](Columns<T> c, int v) __attribute__((always_inline)) {
      const Vec<T> t = targets.at(c);
      mass.v[v] = mass.v[v] + t;
      const Vec<T> centred = c.valid ? load<T>(z + c.first) - softmax.max : Vec<T>{};
      score.v[v] = fma<T>(t, centred, score.v[v]);
    });
    p.row_mass[r] = sum_lanes<T>(mass);
    p.row_loss[r] = sum_lanes<T>(score);
    p.row_sum[r] = softmax.sum;
    const T factor = p.row_mass[r] / softmax.sum;
    for_each_vector<T>(p.n_out, [&](Columns<T> c, int) __attribute__((always_inline)) {
      store<T>(d + c.first, fma<T>(load<T>(d + c.first), broadcast<T>(factor), -targets.at(c)) * p.scale[r]);
    });
  }
  for (ptrdiff_t r = 0; r < p.rows; r += kLanes<T>) {
    const ptrdiff_t n = p.rows - r < kLanes<T> ? p.rows - r : kLanes<T>;
    Vec<T> sum = broadcast<T>(1);
    for (ptrdiff_t i = 0; i < n; ++i) sum[i] = p.row_sum[r + i];
    const Vec<T> log_sum = log<T>(sum);
    for (ptrdiff_t i = 0; i < n; ++i) {
      p.row_loss[r + i] = p.row_mass[r + i] * log_sum[i] - p.row_loss[r + i];
    }
  }
}

template <class T>
FASTMLP_INLINE void sigmoid_cross_entropy(const LossArguments<T>& p) {
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    const T* row = p.out + r * p.ld;
    T* d = p.d + r * p.ld;
    const RowTargets<T> targets(p, r);
    Lanes16<T> sum{};
    for_each_vector<T>(p.n_out, [&](Columns<T> c, int v) __attribute__((always_inline)) {
      const Vec<T> zero{};
      const Vec<T> z = load<T>(row + c.first);
      const Vec<T> t = targets.at(c);
      const Vec<T> e = exp<T>(-abs<T>(z));
      const Vec<T> loss = fma<T>(-z, t, (z > zero ? z : zero)) + log1p<T>(e);
      sum.v[v] = sum.v[v] + (c.valid ? loss : zero);
      const Vec<T> a = (z < zero ? e : broadcast<T>(1)) / (e + T(1));
      store<T>(d + c.first, c.valid ? (a - t) * p.scale[r] : zero);
    });
    p.row_loss[r] = sum_lanes<T>(sum);
  }
}

// weight * sum (a - t)^2, weight = 1 / n_out for mse and 1 / 2 for half_squared_error.
template <class T>
FASTMLP_INLINE void squared_error(const LossArguments<T>& p) {
  const T weight = p.kind == LossKind::mse ? T(1) / static_cast<T>(p.n_out) : T(0.5);
  const bool through_softmax = p.activation == ActivationKind::softmax;
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    const T* row = p.out + r * p.ld;
    T* d = p.d + r * p.ld;
    const RowTargets<T> targets(p, r);
    const T slope = T(2) * weight * p.scale[r];
    Lanes16<T> sum{};
    Lanes16<T> projection{};  // sum_j a_j dL/da_j, for softmax's Jacobian a_k (dL/da_k - projection)
    for_each_vector<T>(p.n_out, [&](Columns<T> c, int v) __attribute__((always_inline)) {
      const Vec<T> a = load<T>(row + c.first);
      const Vec<T> error = c.valid ? a - targets.at(c) : Vec<T>{};
      sum.v[v] = fma<T>(error, error, sum.v[v]);
      const Vec<T> gradient = error * slope;
      if (through_softmax) {
        projection.v[v] = fma<T>(c.valid ? a : Vec<T>{}, gradient, projection.v[v]);
        store<T>(d + c.first, gradient);
      } else {
        store<T>(d + c.first, gradient * load<T>(d + c.first));
      }
    });
    p.row_loss[r] = weight * sum_lanes<T>(sum);
    if (through_softmax) {
      const T shift = sum_lanes<T>(projection);
      for_each_vector<T>(p.n_out, [&](Columns<T> c, int) __attribute__((always_inline)) {
        const Vec<T> delta = load<T>(row + c.first) * (load<T>(d + c.first) - shift);
        store<T>(d + c.first, c.valid ? delta : Vec<T>{});
      });
    }
  }
}

template <class T>
void loss(const LossArguments<T>& p) noexcept {
  switch (p.kind) {
    case LossKind::softmax_cross_entropy: softmax_cross_entropy(p); break;
    case LossKind::sigmoid_cross_entropy: sigmoid_cross_entropy(p); break;
    case LossKind::mse:
    case LossKind::half_squared_error: squared_error(p); break;
  }
}

}  // namespace
}  // namespace fastmlp
