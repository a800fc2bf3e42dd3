// The activations: a and da/dz from z, one entry each. Adding one: an entry here (and in derivative_fades, if its
// derivative is never small), an enumerator in kernel_table.hpp, a name in bindings/names.hpp, an object in
// activations.py, an entry in the reference.
//
// The derivative is taken where the pre-activation is at hand, in the forward pass, and kept where delta will be: the
// backward pass then only multiplies, whatever the activation (docs/decisions/0003-derivative-in-the-forward-pass.md).
#pragma once

#include "kernels/gaussian-inl.hpp"
#include "kernels/kernel_table.hpp"
#include "kernels/math-inl.hpp"

namespace fastmlp {
namespace {

template <class T>
struct Activated {
  Vec<T> a;
  Vec<T> d;
};

// Where exp(-|z|) is 0. Outside nothing changes any more but z itself, and infinity times 0,
// which would be NaN, does not come up.
template <class T>
FASTMLP_INLINE Vec<T> within_range_of_exp(Vec<T> z) {
  constexpr T kFar = T(1) - FloatFormat<T>::kExpLow;
  z = z < -kFar ? broadcast<T>(-kFar) : z;
  return z > kFar ? broadcast<T>(kFar) : z;
}

// 1 / (1 + exp(-z)), and 1 minus that without cancellation.
template <class T>
struct Logistic {
  Vec<T> value;
  Vec<T> complement;
};

template <class T>
FASTMLP_INLINE Logistic<T> logistic(Vec<T> z) {
  const Vec<T> e = exp<T>(-abs<T>(z));
  const Vec<T> larger = T(1) / (e + T(1));
  const Vec<T> smaller = e * larger;
  const auto is_negative = z < T(0);
  return {is_negative ? smaller : larger, is_negative ? larger : smaller};
}

// a = z gate(z) and its derivative gate + z slope, of a gate between 0 and 1; `near` is z within the range of exp.
template <class T>
FASTMLP_INLINE Activated<T> gated(Vec<T> z, Vec<T> near, Vec<T> gate, Vec<T> slope) {
  return {(z > T(0) ? z : near) * gate, fma<T>(near, slope, gate)};
}

// z where z > 0, alpha (exp(z) - 1) elsewhere, all times scale.
template <class T>
FASTMLP_INLINE Activated<T> exponential_unit(Vec<T> z, T scale, T alpha) {
  constexpr T kFlat = T(-2) * FloatFormat<T>::kTanhOne;
  const T height = scale * alpha;
  Vec<T> below = z < kFlat ? broadcast<T>(kFlat) : z;
  below = below > T(0) ? Vec<T>{} : below;
  const Vec<T> lower = expm1<T>(below) * height;
  return {z > T(0) ? z * scale : lower, z > T(0) ? broadcast<T>(scale) : lower + height};
}

// With e = exp(z): tanh(log(1 + e)) = n / (n + 2), n = e (e + 2); for z > 0 both are divided by e^2, which may overflow.
template <class T>
FASTMLP_INLINE Activated<T> mish(Vec<T> z) {
  const Vec<T> near = within_range_of_exp<T>(z);
  const Vec<T> e = exp<T>(-abs<T>(near));
  const Vec<T> factor = factor_of<T>(e);
  const Vec<T> square = factor * factor;
  const auto is_negative = near < T(0);
  const Vec<T> numerator =
      is_negative ? fma<T>(e, broadcast<T>(2), square) : fma<T>(e, broadcast<T>(2), broadcast<T>(1));
  const Vec<T> inverse = T(1) / (numerator + (is_negative ? broadcast<T>(2) : square * T(2)));
  const Vec<T> slope = (is_negative ? e : square) * (e + T(1)) * (T(2) * inverse) * (T(2) * inverse);
  return gated<T>(z, near, numerator * inverse, slope);
}

// The gate is (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)), 2u = sqrt(8 / pi) (z + 0.044715 z^3).
template <class T>
FASTMLP_INLINE Activated<T> gelu_tanh(Vec<T> z) {
  constexpr double kLinear = 1.5957691216057307117598;
  constexpr double kCubic = kLinear * 0.044715;
  const Vec<T> near = within_range_of_exp<T>(z);
  const Vec<T> square = near * near;
  const Vec<T> linear = broadcast<T>(static_cast<T>(kLinear));
  const Logistic<T> gate = logistic<T>(near * fma<T>(square, broadcast<T>(static_cast<T>(kCubic)), linear));
  const Vec<T> inner_slope = fma<T>(square, broadcast<T>(static_cast<T>(3 * kCubic)), linear);
  return gated<T>(z, near, gate.value, gate.value * gate.complement * inner_slope);
}

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
  } else if constexpr (kind == ActivationKind::step) {
    return {z >= zero ? one : (z < zero ? zero : z), zero};
  } else if constexpr (kind == ActivationKind::sign) {
    return {z > zero ? one : (z < zero ? -one : z + zero), zero};  // of -0: 0
  } else if constexpr (kind == ActivationKind::elu) {
    return exponential_unit<T>(z, T(1), parameter);
  } else if constexpr (kind == ActivationKind::selu) {
    // such that mean 0 and variance 1 are a fixed point (Klambauer et al. 2017, equation 14)
    return exponential_unit<T>(z, static_cast<T>(1.0507009873554804934), static_cast<T>(1.6732632423543772848));
  } else if constexpr (kind == ActivationKind::softplus) {
    const Vec<T> e = exp<T>(-abs<T>(z));
    return {(z > zero ? z : zero) + log1p<T>(e), (z < zero ? e : one) / (e + one)};
  } else if constexpr (kind == ActivationKind::gelu) {
    const Vec<T> near = within_range_of_exp<T>(z);
    const Gaussian<T> normal = gaussian<T>(near);
    return gated<T>(z, near, normal.cumulative, normal.density);
  } else if constexpr (kind == ActivationKind::gelu_tanh) {
    return gelu_tanh<T>(z);
  } else if constexpr (kind == ActivationKind::silu) {
    const Vec<T> near = within_range_of_exp<T>(z);
    const Logistic<T> gate = logistic<T>(near);
    return gated<T>(z, near, gate.value, gate.value * gate.complement);
  } else if constexpr (kind == ActivationKind::mish) {
    return mish<T>(z);
  } else if constexpr (kind == ActivationKind::hard_tanh) {
    const Vec<T> a = z < -one ? -one : z;
    return {a > one ? one : a, abs<T>(z) < one ? one : zero};
  } else if constexpr (kind == ActivationKind::softsign) {
    const Vec<T> far = broadcast<T>(T(1) / Smallest<T>::factor);  // a has long been 1 there
    Vec<T> y = z > far ? far : z;
    y = y < -far ? -far : y;
    const Vec<T> inverse = one / (abs<T>(y) + one);
    return {y / (abs<T>(y) + one), abs<T>(y) >= far ? zero : inverse * inverse};
  } else {
    return {z, one};  // identity; softmax is a matter of the whole row
  }
}

// Whether the derivative has a tail, in which it becomes as small as exp does: those of the others are 0 or far from it.
constexpr bool derivative_fades(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::identity:
    case ActivationKind::softmax:
    case ActivationKind::tanh:
    case ActivationKind::relu:
    case ActivationKind::leaky_relu:
    case ActivationKind::step:
    case ActivationKind::sign:
    case ActivationKind::elu:
    case ActivationKind::selu:
    case ActivationKind::hard_tanh: return false;
    default: return true;
  }
}

// The same without what is tiny.
template <ActivationKind kind, class T>
FASTMLP_INLINE Activated<T> activate_from(T smallest, Vec<T> z, T parameter) {
  const Activated<T> y = activate<kind, T>(z, parameter);
  const Vec<T> d = derivative_fades(kind) ? without_tiny<T>(y.d, smallest) : y.d;
  if constexpr (kind == ActivationKind::relu) {
    return {z <= smallest ? Vec<T>{} : z, d};  // NaN passes
  } else {
    return {without_tiny<T>(y.a, smallest), d};
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
    case ActivationKind::step: f.template operator()<ActivationKind::step>(); break;
    case ActivationKind::sign: f.template operator()<ActivationKind::sign>(); break;
    case ActivationKind::elu: f.template operator()<ActivationKind::elu>(); break;
    case ActivationKind::selu: f.template operator()<ActivationKind::selu>(); break;
    case ActivationKind::softplus: f.template operator()<ActivationKind::softplus>(); break;
    case ActivationKind::gelu: f.template operator()<ActivationKind::gelu>(); break;
    case ActivationKind::gelu_tanh: f.template operator()<ActivationKind::gelu_tanh>(); break;
    case ActivationKind::silu: f.template operator()<ActivationKind::silu>(); break;
    case ActivationKind::mish: f.template operator()<ActivationKind::mish>(); break;
    case ActivationKind::hard_tanh: f.template operator()<ActivationKind::hard_tanh>(); break;
    case ActivationKind::softsign: f.template operator()<ActivationKind::softsign>(); break;
    case ActivationKind::formula: f.template operator()<ActivationKind::formula>(); break;
    case ActivationKind::identity:
    case ActivationKind::softmax: f.template operator()<ActivationKind::identity>(); break;
  }
}

// The activations that run on the accumulators of a tile: those of most networks that need no registers beside z. The
// others read z back from the first-level cache, so that they are compiled once and not into every tile shape.
constexpr bool fits_in_tile(ActivationKind kind) {
  return kind == ActivationKind::identity || kind == ActivationKind::softmax || kind == ActivationKind::relu ||
         kind == ActivationKind::leaky_relu;
}

// a (in: z) and d of a block of rows x vectors, without what is tiny.
template <class T>
__attribute__((noinline)) void activate_block(ActivationKind activation, T* a, T* d, ptrdiff_t ld, ptrdiff_t rows,
                                              ptrdiff_t vectors, T parameter, T smallest) {
  with_activation(activation, [&]<ActivationKind kind>() __attribute__((always_inline)) {
    for (ptrdiff_t r = 0; r < rows; ++r) {
      for (ptrdiff_t v = 0; v < vectors; ++v) {
        const ptrdiff_t at = r * ld + v * kLanes<T>;
        const Activated<T> y = activate_from<kind, T>(smallest, load<T>(a + at), parameter);
        store<T>(a + at, y.a);
        if (d != nullptr) store<T>(d + at, y.d);
      }
    }
  });
}

}  // namespace
}  // namespace fastmlp
