// The losses, one entry each: value and delta of the last layer in one pass over a row of outputs, and softmax itself.
//
// Cross-entropies start from the logits: log-sum-exp less the target's logits after softmax, max(z, 0) - z t +
// log(1 + exp(-|z|)) after sigmoid, so that nothing saturates. A loss that is a sum over outputs is an entry of
// loss_of_output. How lanes lie over rows is in layout-inl.hpp.
#pragma once

#include "kernels/formula-inl.hpp"
#include "kernels/kernel_table.hpp"
#include "kernels/layout-inl.hpp"
#include "kernels/math-inl.hpp"

namespace fastmlp {
namespace {

// d = exp(z - max z); returns max and sum d.
template <class T>
struct RowSoftmax {
  Vec<T> max;
  Vec<T> sum;
};

template <class T, class Layout>
FASTMLP_INLINE RowSoftmax<T> row_softmax(Layout& row) {
  using Place = typename Layout::Place;
  typename Layout::Max max;
  row.each([&](const Place& p) __attribute__((always_inline)) { max.add(p, row.out(p)); });
  const Vec<T> highest = max.total();
  typename Layout::Sum sum;
  row.each([&](const Place& p) __attribute__((always_inline)) {
    const Vec<T> e = kept_exp<T>(row.out(p) - highest);
    row.set_d(p, e);
    sum.add(p, e);
  });
  return {highest, sum.total()};
}

template <class T>
void softmax_rows(ptrdiff_t rows, ptrdiff_t n, T* z, ptrdiff_t ld) noexcept {
  const OutputRows<T> view{n, z, z, ld, nullptr, nullptr, 0};
  over_rows<T>(view, rows, false, [](auto& row) __attribute__((always_inline)) {
    const Vec<T> inverse = T(1) / row_softmax<T>(row).sum;
    row.each([&](const auto& p) __attribute__((always_inline)) { row.set_d(p, row.d(p) * inverse); });
  });
}

// Targets t' = (1 - e) t + e / n, with label smoothing e over n answers; e = 0 leaves them as they are.
template <class T>
struct Smoothing {
  T kept;
  T added;
  FASTMLP_INLINE Smoothing(T e, T answers) : kept(T(1) - e), added(e / answers) {}
  FASTMLP_INLINE Vec<T> operator()(Vec<T> t) const { return t * kept + added; }
};

// log sum exp z - sum t z, weighted by sum t: one, up to rounding, but the derivative is exact for what was given.
template <class T, class Layout>
FASTMLP_INLINE void softmax_cross_entropy(const LossArguments<T>& a, Layout& row) {
  const Smoothing<T> smooth(a.parameter, static_cast<T>(a.n_out));
  const RowSoftmax<T> softmax = row_softmax<T>(row);
  typename Layout::Sum mass;
  typename Layout::Sum score;  // sum t (z - max)
  row.each([&](const auto& p) __attribute__((always_inline)) {
    const Vec<T> t = smooth(row.target(p));
    mass.add(p, t);
    score.add_product(p, t, row.out(p) - softmax.max);
  });
  const Vec<T> total = mass.total();
  row.store_row_value(a.row_loss, total * log<T>(softmax.sum) - score.total());
  const Vec<T> factor = total / softmax.sum;
  const Vec<T> scale = row.load_row_value(a.scale);
  row.each([&](const auto& p) __attribute__((always_inline)) {
    row.set_delta(p, fma<T>(row.d(p), factor, -smooth(row.target(p))) * scale);
  });
}

template <class T, class Layout>
FASTMLP_INLINE void sigmoid_cross_entropy(const LossArguments<T>& a, Layout& row) {
  const Vec<T> scale = row.load_row_value(a.scale);
  const Smoothing<T> smooth(a.parameter, T(2));  // each output has two answers
  const Vec<T> zero{};
  typename Layout::Sum sum;
  row.each([&](const auto& p) __attribute__((always_inline)) {
    const Vec<T> z = row.out(p);
    const Vec<T> t = smooth(row.target(p));
    const Vec<T> e = kept_exp<T>(-abs<T>(z));
    const Vec<T> probability = (z < zero ? e : broadcast<T>(1)) / (e + T(1));
    sum.add(p, fma<T>(-z, t, z > zero ? z : zero) + log1p<T>(e));
    row.set_delta(p, (probability - t) * scale);
  });
  row.store_row_value(a.row_loss, sum.total());
}

// weight * sum (a - t)^2, weight = 1 / n_out for mse and 1 / 2 for half_squared_error.
template <class T, class Layout>
FASTMLP_INLINE void squared_error(const LossArguments<T>& a, Layout& row) {
  const T weight = a.kind == LossKind::mse ? T(1) / static_cast<T>(a.n_out) : T(0.5);
  const Vec<T> slope = row.load_row_value(a.scale) * (T(2) * weight);
  typename Layout::Sum sum;
  if (a.activation == ActivationKind::softmax) {
    // Softmax's Jacobian: delta_k = a_k (g_k - sum_j a_j g_j), g = dL/da.
    typename Layout::Sum projection;
    row.each([&](const auto& p) __attribute__((always_inline)) {
      const Vec<T> error = factor_of<T>(row.out(p) - row.target(p));
      sum.add_product(p, error, error);
      projection.add_product(p, factor_of<T>(row.out(p)), factor_of<T>(error * slope));
    });
    const Vec<T> shift = projection.total();
    row.each([&](const auto& p) __attribute__((always_inline)) {
      const Vec<T> error = factor_of<T>(row.out(p) - row.target(p));
      row.set_delta(p, factor_of<T>(row.out(p)) * factor_of<T>(error * slope - shift));
    });
  } else {
    row.each([&](const auto& p) __attribute__((always_inline)) {
      const Vec<T> error = factor_of<T>(row.out(p) - row.target(p));
      sum.add_product(p, error, error);
      row.set_delta(p, factor_of<T>(error * slope) * factor_of<T>(row.d(p)));
    });
  }
  row.store_row_value(a.row_loss, sum.total() * weight);
}

// What one output adds to the loss of its row, and the derivative of that by the output.
template <class T>
struct OutputLoss {
  Vec<T> value;
  Vec<T> slope;
};

// The losses that treat each output alone. A NaN gives a value of NaN, which ends the training.
template <LossKind kind, class T>
FASTMLP_INLINE OutputLoss<T> loss_of_output(Vec<T> out, Vec<T> target, T parameter) {
  const Vec<T> zero{};
  const Vec<T> one = broadcast<T>(1);
  if constexpr (kind == LossKind::poisson) {  // out: log of the rate
    const Vec<T> rate = exp<T>(out);
    return {fma<T>(-target, out, rate), factor_of<T>(rate - target)};
  } else if constexpr (kind == LossKind::hinge || kind == LossKind::perceptron) {
    const Vec<T> side = target > zero ? one : -one;
    if constexpr (kind == LossKind::hinge) {
      const Vec<T> short_of_margin = fma<T>(-side, out, one);
      return {short_of_margin <= zero ? zero : short_of_margin, short_of_margin > zero ? -side : zero};
    } else {
      // on the boundary a sample counts as wrong, so that weights of zero learn
      const Vec<T> wrong_by = -side * out;
      return {wrong_by < zero ? zero : wrong_by, wrong_by >= zero ? -side : zero};
    }
  } else {
    const Vec<T> error = factor_of<T>(out - target);
    if constexpr (kind == LossKind::huber) {
      const Vec<T> delta = broadcast<T>(parameter);
      const Vec<T> clipped = error > delta ? delta : (error < -delta ? -delta : error);
      return {clipped * fma<T>(clipped, broadcast<T>(T(-0.5)), error), clipped};
    } else {  // mae and quantile: straight lines that meet at 0, where the slope is taken as 0
      const Vec<T> above = kind == LossKind::mae ? one : broadcast<T>(T(1) - parameter);
      const Vec<T> below = kind == LossKind::mae ? -one : broadcast<T>(-parameter);
      const Vec<T> slope = error > zero ? above : (error < zero ? below : zero);
      return {error * slope, slope};
    }
  }
}

template <LossKind kind, class T, class Layout>
FASTMLP_INLINE void loss_by_output(const LossArguments<T>& a, Layout& row) {
  constexpr bool is_sum = kind == LossKind::hinge || kind == LossKind::perceptron;
  const T weight = is_sum ? T(1) : T(1) / static_cast<T>(a.n_out);
  const Vec<T> factor = row.load_row_value(a.scale) * weight;
  typename Layout::Sum sum;
  if (a.activation == ActivationKind::softmax) {
    typename Layout::Sum projection;  // as for squared errors
    row.each([&](const auto& p) __attribute__((always_inline)) {
      const OutputLoss<T> y = loss_of_output<kind, T>(row.out(p), row.target(p), a.parameter);
      sum.add(p, y.value);
      projection.add_product(p, factor_of<T>(row.out(p)), factor_of<T>(y.slope * factor));
    });
    const Vec<T> shift = projection.total();
    row.each([&](const auto& p) __attribute__((always_inline)) {
      const Vec<T> slope = loss_of_output<kind, T>(row.out(p), row.target(p), a.parameter).slope;
      row.set_delta(p, factor_of<T>(row.out(p)) * factor_of<T>(slope * factor - shift));
    });
  } else {
    row.each([&](const auto& p) __attribute__((always_inline)) {
      const OutputLoss<T> y = loss_of_output<kind, T>(row.out(p), row.target(p), a.parameter);
      sum.add(p, y.value);
      const Vec<T> slope = factor_of<T>(y.slope * factor);
      row.set_delta(p, kind == LossKind::perceptron ? slope : slope * factor_of<T>(row.d(p)));
    });
  }
  row.store_row_value(a.row_loss, sum.total() * weight);
}

// A loss that the user wrote as a formula of an output and its target. Places of a row are taken up together, as many as
// a block has vectors; where outputs go across rows these are all columns.
template <class T, class Layout>
FASTMLP_INLINE void loss_by_formula(const LossArguments<T>& a, Layout& row) {
  const FormulaProgram<T>& program = *a.formula;
  const T weight = T(1) / static_cast<T>(a.n_out);
  const Vec<T> factor = row.load_row_value(a.scale) * weight;
  alignas(64) T outputs[kFormulaVectors * kLanes<T>];
  alignas(64) T values[kFormulaVectors * kLanes<T>];
  typename Layout::Place places[kFormulaVectors];
  FormulaBlock<T> block;
  block.z = outputs;
  // Calls take(place, value, slope) for each place of the row.
  const auto each_loss = [&](auto take) __attribute__((always_inline)) {
    ptrdiff_t count = 0;
    const auto take_block = [&]() {
      run_formula(program, 0, program.value_length, block, count);
      const Operand<T> value = operand(program, block, program.value);
      for (ptrdiff_t v = 0; v < count; ++v) store<T>(values + v * kLanes<T>, value[v]);
      run_formula(program, program.value_length, program.length, block, count);
      const Operand<T> slope = operand(program, block, program.derivative);
      for (ptrdiff_t v = 0; v < count; ++v) {
        take(places[v], kept_of<T>(load<T>(values + v * kLanes<T>)), factor_of<T>(slope[v]));
      }
      count = 0;
    };
    row.each([&](const auto& p) __attribute__((always_inline)) {
      store<T>(outputs + count * kLanes<T>, row.out(p));
      store<T>(block[1] + count * kLanes<T>, row.target(p));
      places[count] = p;
      if (++count == kFormulaVectors) take_block();
    });
    if (count > 0) take_block();
  };
  typename Layout::Sum sum;
  if (a.activation == ActivationKind::softmax) {
    typename Layout::Sum projection;  // as for squared errors
    each_loss([&](const auto& p, Vec<T> value, Vec<T> slope) {
      sum.add(p, value);
      projection.add_product(p, factor_of<T>(row.out(p)), factor_of<T>(slope * factor));
    });
    const Vec<T> shift = projection.total();
    each_loss([&](const auto& p, Vec<T>, Vec<T> slope) {
      row.set_delta(p, factor_of<T>(row.out(p)) * factor_of<T>(slope * factor - shift));
    });
  } else {
    each_loss([&](const auto& p, Vec<T> value, Vec<T> slope) {
      sum.add(p, value);
      row.set_delta(p, factor_of<T>(slope * factor) * factor_of<T>(row.d(p)));
    });
  }
  row.store_row_value(a.row_loss, sum.total() * weight);
}

// Delta from the derivatives of a loss by the outputs, which came in the place of targets.
template <class T, class Layout>
FASTMLP_INLINE void given_slopes(const LossArguments<T>& a, Layout& row) {
  if (a.activation == ActivationKind::softmax) {
    typename Layout::Sum projection;  // as for squared errors
    row.each([&](const auto& p) __attribute__((always_inline)) {
      projection.add_product(p, factor_of<T>(row.out(p)), factor_of<T>(row.target(p)));
    });
    const Vec<T> shift = projection.total();
    row.each([&](const auto& p) __attribute__((always_inline)) {
      row.set_delta(p, factor_of<T>(row.out(p)) * factor_of<T>(factor_of<T>(row.target(p)) - shift));
    });
  } else {
    row.each([&](const auto& p) __attribute__((always_inline)) {
      row.set_delta(p, factor_of<T>(row.target(p)) * factor_of<T>(row.d(p)));
    });
  }
  row.store_row_value(a.row_loss, Vec<T>{});
}

template <class T, class Layout>
FASTMLP_INLINE void given_deltas(const LossArguments<T>& a, Layout& row) {
  row.each([&](const auto& p) __attribute__((always_inline)) { row.set_delta(p, row.target(p)); });
  row.store_row_value(a.row_loss, Vec<T>{});
}

template <class T>
void loss(const LossArguments<T>& a) noexcept {
  const OutputRows<T> view{a.n_out, a.out, a.d, a.ld, a.labels, a.targets, a.ldt};
  const bool reads_d = a.activation != ActivationKind::softmax && a.kind != LossKind::sigmoid_cross_entropy &&
                       a.kind != LossKind::perceptron && a.kind != LossKind::given_deltas;
  over_rows<T>(view, a.rows, reads_d, [&](auto& row) __attribute__((always_inline)) {
    switch (a.kind) {
      case LossKind::softmax_cross_entropy: softmax_cross_entropy(a, row); break;
      case LossKind::sigmoid_cross_entropy: sigmoid_cross_entropy(a, row); break;
      case LossKind::mse:
      case LossKind::half_squared_error: squared_error(a, row); break;
      case LossKind::mae: loss_by_output<LossKind::mae>(a, row); break;
      case LossKind::huber: loss_by_output<LossKind::huber>(a, row); break;
      case LossKind::poisson: loss_by_output<LossKind::poisson>(a, row); break;
      case LossKind::quantile: loss_by_output<LossKind::quantile>(a, row); break;
      case LossKind::hinge: loss_by_output<LossKind::hinge>(a, row); break;
      case LossKind::perceptron: loss_by_output<LossKind::perceptron>(a, row); break;
      case LossKind::formula: loss_by_formula(a, row); break;
      case LossKind::given_deltas: given_deltas(a, row); break;
      case LossKind::given_slopes: given_slopes(a, row); break;
    }
  });
}

}  // namespace
}  // namespace fastmlp
