// The optimizers, one entry each: how a gradient moves a weight. They run as the epilogue of a gradient tile, while it
// is in the first-level cache, so that no pass over the parameters is left for later.
//
// Formulas are PyTorch's (docs/math.md). Padding stays zero: a zero gradient with zero state moves nothing.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/math-inl.hpp"
#include "kernels/rows-inl.hpp"
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

// beta2 v + (1 - beta2) g^2, which also fades
template <class T>
FASTMLP_INLINE Vec<T> second_moment(const OptimizerStep<T>& s, Vec<T> g, Vec<T> v) {
  const Vec<T> factor = without_tiny<T>(g, Smallest<T>::squared);
  v = fma<T>(broadcast<T>(s.beta2), v, factor * s.one_minus_beta2 * factor);
  return v < Smallest<T>::kept ? Vec<T>{} : v;  // no negative number, and NaN passes
}

// Each rule: how many slots it keeps, and one step of a vector. The loop around it is straight-line code, because GCC
// makes one instruction of a lane-wise fma only where no branch comes between (a test looks for scalar ones).
template <class T>
struct GradientOnly {
  static constexpr int kSlots = 1;
  static constexpr bool kMovesWeights = false;
  static FASTMLP_INLINE void move(const OptimizerStep<T>&, Vec<T> g, Parameters<T>& p) { p.slot0 = g; }
};

template <class T>
struct Sgd {
  static constexpr int kSlots = 0;
  static constexpr bool kMovesWeights = true;
  static FASTMLP_INLINE void move(const OptimizerStep<T>& s, Vec<T> g, Parameters<T>& p) {
    p.w = fma<T>(broadcast<T>(s.descent), g, p.w);
  }
};

template <class T>
struct Momentum {
  static constexpr int kSlots = 1;
  static constexpr bool kMovesWeights = true;
  static FASTMLP_INLINE void move(const OptimizerStep<T>& s, Vec<T> g, Parameters<T>& p) {
    const Vec<T> momentum = broadcast<T>(s.momentum);
    p.slot0 = kept_of<T>(fma<T>(momentum, p.slot0, g));
    p.w = fma<T>(broadcast<T>(s.descent), p.slot0, p.w);
  }
};

template <class T>
struct Nesterov {
  static constexpr int kSlots = 1;
  static constexpr bool kMovesWeights = true;
  static FASTMLP_INLINE void move(const OptimizerStep<T>& s, Vec<T> g, Parameters<T>& p) {
    const Vec<T> momentum = broadcast<T>(s.momentum);
    p.slot0 = kept_of<T>(fma<T>(momentum, p.slot0, g));
    p.w = fma<T>(broadcast<T>(s.descent), fma<T>(momentum, p.slot0, g), p.w);
  }
};

template <class T>
struct Adam {
  static constexpr int kSlots = 2;
  static constexpr bool kMovesWeights = true;
  static FASTMLP_INLINE void move(const OptimizerStep<T>& s, Vec<T> g, Parameters<T>& p) {
    p.slot0 = kept_of<T>(fma<T>(broadcast<T>(s.beta1), p.slot0, g * s.one_minus_beta1));
    p.slot1 = second_moment<T>(s, g, p.slot1);
    const Vec<T> root = fma<T>(square_root<T>(p.slot1), broadcast<T>(s.correction2), broadcast<T>(s.epsilon));
    p.w = fma<T>(broadcast<T>(s.descent), p.slot0 / root, p.w);
  }
};

// Slots: the second moment.
template <class T>
struct RmsProp {
  static constexpr int kSlots = 1;
  static constexpr bool kMovesWeights = true;
  static FASTMLP_INLINE void move(const OptimizerStep<T>& s, Vec<T> g, Parameters<T>& p) {
    p.slot0 = second_moment<T>(s, g, p.slot0);
    p.w = fma<T>(broadcast<T>(s.descent), g / (square_root<T>(p.slot0) + s.epsilon), p.w);
  }
};

// Slots: the second moment, and the velocity of normalized gradients.
template <class T>
struct RmsPropMomentum {
  static constexpr int kSlots = 2;
  static constexpr bool kMovesWeights = true;
  static FASTMLP_INLINE void move(const OptimizerStep<T>& s, Vec<T> g, Parameters<T>& p) {
    p.slot0 = second_moment<T>(s, g, p.slot0);
    p.slot1 = kept_of<T>(fma<T>(broadcast<T>(s.momentum), p.slot1, g / (square_root<T>(p.slot0) + s.epsilon)));
    p.w = fma<T>(broadcast<T>(s.descent), p.slot1, p.w);
  }
};

// Slots: the sum of squares.
template <class T>
struct Adagrad {
  static constexpr int kSlots = 1;
  static constexpr bool kMovesWeights = true;
  static FASTMLP_INLINE void move(const OptimizerStep<T>& s, Vec<T> g, Parameters<T>& p) {
    const Vec<T> factor = without_tiny<T>(g, Smallest<T>::squared);
    p.slot0 = fma<T>(factor, factor, p.slot0);
    p.w = fma<T>(broadcast<T>(s.descent), g / (square_root<T>(p.slot0) + s.epsilon), p.w);
  }
};

// Slots: the sign of the last gradient, and the size of the step, 0 before the first gradient that is not zero, so that
// padding stays zero. After a change of sign the parameter rests and the sign is forgotten.
template <class T>
struct Rprop {
  static constexpr int kSlots = 2;
  static constexpr bool kMovesWeights = true;
  static FASTMLP_INLINE void move(const OptimizerStep<T>& s, Vec<T> g, Parameters<T>& p) {
    const Vec<T> zero{};
    const Vec<T> one = broadcast<T>(1);
    Vec<T> sign = (g > zero ? one : zero) - (g < zero ? one : zero);
    const Vec<T> agreement = sign * p.slot0;
    const Vec<T> least = broadcast<T>(s.min_step);
    const Vec<T> most = broadcast<T>(s.max_step);
    Vec<T> size = p.slot1 == zero ? broadcast<T>(s.first_step) : p.slot1;
    size = size * (agreement > zero ? broadcast<T>(s.eta_plus) : agreement < zero ? broadcast<T>(s.eta_minus) : one);
    size = size < least ? least : size;
    size = size > most ? most : size;
    p.slot1 = sign == zero ? p.slot1 : size;
    sign = agreement < zero ? zero : sign;
    p.slot0 = sign;
    p.w = p.w - (g != g ? g : sign * size);  // NaN passes, so that the divergence is seen
  }
};

template <class T>
ptrdiff_t weight_rows(const UpdateArguments<T>& p) {
  return p.penalized_rows < p.n_rows ? p.penalized_rows : p.n_rows;
}

// g + l1 sign(w) + l2 w over the tile's rows of weights; the sign of zero is zero, and a tiny w counts as it.
template <class T>
void add_penalties(const UpdateArguments<T>& p) {
  const ptrdiff_t rows = weight_rows(p);
  const Vec<T> zero{};
  const Vec<T> one = broadcast<T>(1);
  for (ptrdiff_t i = 0; i < rows; ++i) {
    for (ptrdiff_t j = 0; j < p.n_columns; j += kLanes<T>) {
      T* g = p.g + i * p.ldg + j;
      const Vec<T> w = factor_of<T>(load<T>(p.w + i * p.ldw + j));
      const Vec<T> sign = (w > zero ? one : zero) - (w < zero ? one : zero);
      store<T>(g, fma<T>(broadcast<T>(p.l1), sign, fma<T>(broadcast<T>(p.l2), w, load<T>(g))));
    }
  }
}

// Each element of g into [-clip_value, clip_value]; written so that NaN passes.
template <class T>
void clip_values(const UpdateArguments<T>& p) {
  const Vec<T> most = broadcast<T>(p.step.clip_value);
  for (ptrdiff_t i = 0; i < p.n_rows; ++i) {
    for (ptrdiff_t j = 0; j < p.n_columns; j += kLanes<T>) {
      T* at = p.g + i * p.ldg + j;
      const Vec<T> g = load<T>(at);
      store<T>(at, g > most ? most : g < -most ? -most : g);
    }
  }
}

template <class T>
void scale(const UpdateArguments<T>& p) {
  for (ptrdiff_t i = 0; i < p.n_rows; ++i) {
    for (ptrdiff_t j = 0; j < p.n_columns; j += kLanes<T>) {
      T* g = p.g + i * p.ldg + j;
      store<T>(g, load<T>(g) * p.step.scale);
    }
  }
}

// w = f(w) for vectors of weights; the bias is left as it is.
template <class T, class F>
FASTMLP_INLINE void each_weight(const UpdateArguments<T>& p, F&& f) {
  const ptrdiff_t rows = weight_rows(p);
  for (ptrdiff_t i = 0; i < rows; ++i) {
    for (ptrdiff_t j = 0; j < p.n_columns; j += kLanes<T>) {
      T* w = p.w + i * p.ldw + j;
      store<T>(w, f(load<T>(w)));
    }
  }
}

template <class Rule, class T>
void move_tile(const UpdateArguments<T>& p) {
  const OptimizerStep<T> step = p.step;
  for (ptrdiff_t i = 0; i < p.n_rows; ++i) {
    const T* g = p.g + i * p.ldg;
    T* w = p.w + i * p.ldw;
    T* slot0 = Rule::kSlots > 0 ? p.slot0 + i * p.ldw : nullptr;
    T* slot1 = Rule::kSlots > 1 ? p.slot1 + i * p.ldw : nullptr;
    const T* from0 = Rule::kSlots > 0 ? p.from0 + i * p.ldw : nullptr;
    const T* from1 = Rule::kSlots > 1 ? p.from1 + i * p.ldw : nullptr;
    for (ptrdiff_t j = 0; j < p.n_columns; j += kLanes<T>) {
      Parameters<T> parameters{load<T>(w + j), {}, {}};
      if constexpr (Rule::kSlots > 0) parameters.slot0 = load<T>(from0 + j);
      if constexpr (Rule::kSlots > 1) parameters.slot1 = load<T>(from1 + j);
      Rule::move(step, load<T>(g + j), parameters);
      if constexpr (Rule::kSlots > 0) store<T>(slot0 + j, parameters.slot0);
      if constexpr (Rule::kSlots > 1) store<T>(slot1 + j, parameters.slot1);
      if constexpr (Rule::kMovesWeights) store<T>(w + j, parameters.w);
    }
  }
}

template <class T>
void update(const UpdateArguments<T>& p) noexcept {
  const bool decays = p.step.kind == OptimizerKind::adamw;
  if (p.l1 != T(0) || p.l2 != T(0)) add_penalties(p);
  if (p.step.clip_value != T(0)) clip_values(p);
  if (p.step.scale != T(1)) scale(p);
  if (decays) {
    const T left = T(1) - p.step.decay;
    each_weight(p, [left](Vec<T> w) __attribute__((always_inline)) { return w * left; });
  }
  switch (p.step.kind) {
    case OptimizerKind::gradient_only: move_tile<GradientOnly<T>>(p); return;
    case OptimizerKind::sgd:
      if (p.step.nesterov) {
        move_tile<Nesterov<T>>(p);
      } else if (p.slot0 != nullptr) {
        move_tile<Momentum<T>>(p);
      } else {
        move_tile<Sgd<T>>(p);
      }
      break;
    case OptimizerKind::adamw:
    case OptimizerKind::adam: move_tile<Adam<T>>(p); break;
    case OptimizerKind::rmsprop:
      if (p.slot1 != nullptr) {
        move_tile<RmsPropMomentum<T>>(p);
      } else {
        move_tile<RmsProp<T>>(p);
      }
      break;
    case OptimizerKind::adagrad: move_tile<Adagrad<T>>(p); break;
    case OptimizerKind::rprop: move_tile<Rprop<T>>(p); break;
  }
  if (decays || p.has_penalty) {  // they may have faded
    each_weight(p, [](Vec<T> w) __attribute__((always_inline)) { return factor_of<T>(w); });
  }
  if (p.transposed != nullptr) {  // the bias has no place in W^T
    transpose<T>(weight_rows(p), p.n_columns, p.w, p.ldw, p.transposed, p.ldt);
  }
}

}  // namespace
}  // namespace fastmlp
