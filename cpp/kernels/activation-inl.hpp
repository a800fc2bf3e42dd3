// The activations: a and da/dz from z, one entry each. Adding one: an entry here, an enumerator in kernel_table.hpp, a
// name in bindings/names.hpp, an object in activations.py, an entry in the reference.
//
// The derivative is taken where the pre-activation is at hand, in the forward pass, and kept where delta will be: the
// backward pass then only multiplies, whatever the activation (docs/decisions/0003-derivative-in-the-forward-pass.md).
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/math-inl.hpp"

namespace fastmlp {
namespace {

template <class T>
struct Activated {
  Vec<T> a;
  Vec<T> d;
};

template <ActivationKind kind, class T>
FASTMLP_INLINE Activated<T> activate(Vec<T> z, T parameter) {
  const Vec<T> zero{};
  const Vec<T> one = broadcast<T>(1);
  if constexpr (kind == ActivationKind::sigmoid) {
    const Vec<T> a = sigmoid<T>(z);
    return {a, fma<T>(-a, a, a)};
  } else if constexpr (kind == ActivationKind::tanh) {
    const Vec<T> a = tanh<T>(z);
    return {a, fma<T>(-a, a, one)};
  } else if constexpr (kind == ActivationKind::relu) {
    return {z <= zero ? zero : z, z > zero ? one : zero};  // NaN passes
  } else if constexpr (kind == ActivationKind::leaky_relu) {
    return {z > zero ? z : z * parameter, z > zero ? one : broadcast<T>(parameter)};
  } else {
    return {z, one};  // identity; softmax is a matter of the whole row
  }
}

// Calls f with the activation as a compile-time constant.
template <class F>
FASTMLP_INLINE void with_activation(ActivationKind kind, F&& f) {
  switch (kind) {
    case ActivationKind::sigmoid: f.template operator()<ActivationKind::sigmoid>(); break;
    case ActivationKind::tanh: f.template operator()<ActivationKind::tanh>(); break;
    case ActivationKind::relu: f.template operator()<ActivationKind::relu>(); break;
    case ActivationKind::leaky_relu: f.template operator()<ActivationKind::leaky_relu>(); break;
    case ActivationKind::formula: f.template operator()<ActivationKind::formula>(); break;
    case ActivationKind::identity:
    case ActivationKind::softmax: f.template operator()<ActivationKind::identity>(); break;
  }
}

// The activations that need no registers beside z: they run on the accumulators of a tile. The others read z back from
// the first-level cache, so that exp is compiled once and not into every tile shape.
constexpr bool fits_in_tile(ActivationKind kind) {
  return kind == ActivationKind::identity || kind == ActivationKind::softmax || kind == ActivationKind::relu ||
         kind == ActivationKind::leaky_relu;
}

// a (in: z) and d of a block of rows x vectors.
template <ActivationKind kind, class T>
void activate_block(T* a, T* d, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t vectors, T parameter) {
  for (ptrdiff_t r = 0; r < rows; ++r) {
    for (ptrdiff_t v = 0; v < vectors; ++v) {
      const ptrdiff_t at = r * ld + v * kLanes<T>;
      const Activated<T> y = activate<kind, T>(load<T>(a + at), parameter);
      store<T>(a + at, y.a);
      if (d != nullptr) store<T>(d + at, y.d);
    }
  }
}

}  // namespace
}  // namespace fastmlp
