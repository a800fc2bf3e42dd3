// The optimizers, one entry each: how a gradient moves a weight. They run as the epilogue of a gradient tile, while it is
// in the first-level cache, so that no pass over the parameters is left for later.
//
// Formulas are PyTorch's (docs/math.md). Padding stays zero: a zero gradient with zero state moves nothing.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/vec-inl.hpp"

namespace fastmlp {
namespace {

// One vector of parameters and its state.
template <class T>
struct Parameters {
  Vec<T> w;
  Vec<T> slot0;
  Vec<T> slot1;
};

template <OptimizerKind kind>
constexpr int kSlots = kind == OptimizerKind::adam ? 2 : 1;

template <OptimizerKind kind, class T>
FASTMLP_INLINE void move(const OptimizerStep<T>& s, Vec<T> g, Parameters<T>& p) {
  if constexpr (kind == OptimizerKind::sgd) {
    p.slot0 = fma<T>(broadcast<T>(s.momentum), p.slot0, g);
    const Vec<T> direction = s.nesterov ? fma<T>(broadcast<T>(s.momentum), p.slot0, g) : p.slot0;
    p.w = fma<T>(broadcast<T>(-s.learning_rate), direction, p.w);
  } else if constexpr (kind == OptimizerKind::adam) {
    p.slot0 = fma<T>(broadcast<T>(s.beta1), p.slot0, g * s.one_minus_beta1);
    p.slot1 = fma<T>(broadcast<T>(s.beta2), p.slot1, g * s.one_minus_beta2 * g);
    const Vec<T> root = fma<T>(sqrt<T>(p.slot1), broadcast<T>(s.correction2), broadcast<T>(s.epsilon));
    p.w = fma<T>(broadcast<T>(-s.learning_rate), p.slot0 / root, p.w);
  } else {
    p.slot0 = g;
  }
}

// g + l1 sign(w) + l2 w; the sign of zero is zero.
template <class T>
FASTMLP_INLINE Vec<T> penalized(Vec<T> g, Vec<T> w, T l1, T l2) {
  const Vec<T> zero{};
  const Vec<T> sign = (w > zero ? broadcast<T>(1) : zero) - (w < zero ? broadcast<T>(1) : zero);
  return fma<T>(broadcast<T>(l1), sign, fma<T>(broadcast<T>(l2), w, g));
}

template <OptimizerKind kind, class T>
void update_tile(const UpdateArguments<T>& p) {
  const bool has_penalty = p.l1 != T(0) || p.l2 != T(0);
  const bool has_slot0 = p.slot0 != nullptr;  // sgd without momentum keeps no velocity
  for (ptrdiff_t i = 0; i < p.n_rows; ++i) {
    const bool penalize = has_penalty && i < p.penalized_rows;
    for (ptrdiff_t j = 0; j < p.n_columns; j += kLanes<T>) {
      const ptrdiff_t at = i * p.ldw + j;
      Parameters<T> parameters{load<T>(p.w + at), {}, {}};
      if (has_slot0) parameters.slot0 = load<T>(p.slot0 + at);
      if constexpr (kSlots<kind> == 2) parameters.slot1 = load<T>(p.slot1 + at);
      Vec<T> g = load<T>(p.g + i * p.ldg + j);
      if (penalize) g = penalized<T>(g, parameters.w, p.l1, p.l2);
      move<kind, T>(p.step, g, parameters);
      if (has_slot0) store<T>(p.slot0 + at, parameters.slot0);
      if constexpr (kSlots<kind> == 2) store<T>(p.slot1 + at, parameters.slot1);
      if constexpr (kind != OptimizerKind::gradient_only) {
        store<T>(p.w + at, parameters.w);
        if (p.transposed != nullptr && i < p.penalized_rows) {  // the bias has no place in W^T
          const ptrdiff_t n = p.n_columns - j < kLanes<T> ? p.n_columns - j : kLanes<T>;
          for (ptrdiff_t lane = 0; lane < n; ++lane) p.transposed[(j + lane) * p.ldt + i] = parameters.w[lane];
        }
      }
    }
  }
}

template <class T>
void update(const UpdateArguments<T>& p) noexcept {
  switch (p.step.kind) {
    case OptimizerKind::gradient_only: update_tile<OptimizerKind::gradient_only>(p); break;
    case OptimizerKind::sgd: update_tile<OptimizerKind::sgd>(p); break;
    case OptimizerKind::adam: update_tile<OptimizerKind::adam>(p); break;
  }
}

}  // namespace
}  // namespace fastmlp
