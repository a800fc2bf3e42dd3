// The standard normal distribution, from the operations of math-inl.hpp: what gelu is made of.
//
// Method: P(-y) = exp(-y^2 / 2) Q(y) for y >= 0, where Q, a scaled complementary error function, is smooth and falls
// like 1 / y. (y + k) Q(y) is a polynomial in t = (y - k) / (y + k), which maps all y to [-1, 1) (Shepherd and
// Laframboise, Mathematics of Computation 36, 1981). The coefficients interpolate at Chebyshev's points of t, up to the
// y from which exp(-y^2 / 2) is 0; they were computed with 50 digits, and tests/core/test_activations.py bounds the
// error of what they are used for.
#pragma once

#include "kernels/math-inl.hpp"

namespace fastmlp {
namespace {

template <class T>
struct NormalTail;
template <>
struct NormalTail<float> {
  static constexpr float kMiddle = 3.5f;  // k
  static constexpr int kTerms = 12;
  static constexpr float kCoefficients[kTerms] = {
      0x1.7d241ap-1f,  -0x1.219152p-1f,  0x1.42fec4p-2f,  -0x1.db583cp-4f, 0x1.1d35c4p-6f,   0x1.a87298p-8f,
      -0x1.a1f878p-9f, -0x1.d4e744p-12f, 0x1.f106b4p-12f, 0x1.2f3eecp-14f, -0x1.154d5ap-14f, -0x1.606602p-16f,
  };
};
template <>
struct NormalTail<double> {
  static constexpr double kMiddle = 5.0;
  static constexpr int kTerms = 24;
  static constexpr double kCoefficients[kTerms] = {
      0x1.89d3abe1f95aep-1,   -0x1.54ad03f27ca18p-1, 0x1.fb31653876f89p-2,   -0x1.410ed5f875946p-2,
      0x1.51f6329f01ba3p-3,   -0x1.1b1c254ca42c5p-4, 0x1.54b4d4f48a95dp-6,   -0x1.88590e97fa725p-9,
      -0x1.a2503777d193ep-11, 0x1.1daf1ad402a68p-11, -0x1.f214934cc2997p-15, -0x1.a1700f97933d8p-15,
      0x1.17df18b48c12bp-16,  0x1.0b14870d680c8p-18, -0x1.73e13a7eebb7bp-19, -0x1.673ef5ca91651p-22,
      0x1.d4772f51512p-22,    0x1.592046569c07ep-25, -0x1.2d422be3e72a3p-24, -0x1.25f8b412cdb42p-27,
      0x1.72fe74371fc82p-27,  0x1.313b2a0d09987p-29, -0x1.3f1a1f1afa304p-30, -0x1.a397ed7719499p-32,
  };
};

template <class T>
struct Gaussian {
  Vec<T> cumulative;  // P(x)
  Vec<T> density;     // P'(x) = exp(-x^2 / 2) / sqrt(2 pi)
};

// For |x| <= 1e4.
template <class T>
FASTMLP_INLINE Gaussian<T> gaussian(Vec<T> x) {
  using N = NormalTail<T>;
  // below 2^-30 or 2^-60 the distribution is that of 0, and what squaring loses would be subnormal
  const Vec<T> y = without_tiny<T>(abs<T>(x), sizeof(T) == 4 ? T(0x1p-30) : T(0x1p-60));
  const Vec<T> square = y * y;
  const Vec<T> lost = fma<T>(y, y, -square);  // by rounding; exp would multiply it by up to 100 or 700
  const Vec<T> rounded = kept_exp<T>(square * T(-0.5));
  const Vec<T> e = fma<T>(rounded, lost * T(-0.5), rounded);
  const Vec<T> inverse = T(1) / (y + N::kMiddle);
  const Vec<T> t = fma<T>(inverse, broadcast<T>(T(-2) * N::kMiddle), broadcast<T>(1));
  Vec<T> q = broadcast<T>(N::kCoefficients[N::kTerms - 1]);
#pragma GCC unroll 24
  for (int k = N::kTerms - 2; k >= 0; --k) q = fma<T>(q, t, broadcast<T>(N::kCoefficients[k]));
  const Vec<T> tail = e * (q * inverse);
  return {x > T(0) ? T(1) - tail : tail, e * T(0.39894228040143267794)};
}

}  // namespace
}  // namespace fastmlp
