// exp, log, log1p, expm1, tanh and the logistic function, from + - * / fma and bit moves only, so that every target and every
// C library gives the same bits.
//
// Errors over the whole range, in units in the last place (measured by tests/core/test_math.py, which holds the
// bounds): exp 1.25, log 1, tanh 2.5, sigmoid 2.5. Special values as in C: exp(-inf) = 0, log(0) = -inf, log(x < 0) =
// NaN, NaN in NaN out; but no result is subnormal (docs/numerics.md): exp and sigmoid are 0 where it would be.
//
// Method: exp reduces to |r| <= ln 2 / 2 by r = x - n ln 2 and sums Taylor's series; log reduces to m in [sqrt 1/2,
// sqrt 2) and sums the series of atanh, in the arrangement of Tang (ACM TOMS 16, 1990); tanh x = t / (t + 2), t =
// exp(2x) - 1.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/vec-inl.hpp"

namespace fastmlp {
namespace {

template <class T>
struct FloatFormat;
template <>
struct FloatFormat<float> {
  static constexpr int kMantissaBits = 23;
  static constexpr int32_t kBias = 127;
  static constexpr float kRounder = 0x1.8p23f;  // adding it leaves the nearest integer in the low mantissa bits
  static constexpr float kLog2E = 0x1.715476p0f;
  static constexpr float kLn2High = 0x1.62e430p-1f;  // ln 2 rounded, and what that leaves
  static constexpr float kLn2Low = -0x1.05c610p-29f;
  static constexpr float kExpLow = -87.3f;  // exp is 0 below, where it would be subnormal, and infinite above the other
  static constexpr float kExpKept = -69.3f;  // it is less than Smallest::kept below
  static constexpr float kExpHigh = 89.0f;
  static constexpr int kExpTerms = 7;       // r^8 / 8! < 2^-27
  static constexpr int kLogTerms = 5;       // s^12 / 6.5 < 2^-32
  static constexpr float kTanhOne = 10.0f;  // tanh rounds to 1 from here on
  static constexpr int32_t kSqrtHalfBits = 0x3f3504f3;
  static constexpr int32_t kInverseRootBits = 0x5f3759df;  // minimizes the error of the guess
  static constexpr int kInverseRootSteps = 2;
  static constexpr float kMinNormal = 0x1p-126f;
  static constexpr float kSubnormalScale = 0x1p23f;
};
template <>
struct FloatFormat<double> {
  static constexpr int kMantissaBits = 52;
  static constexpr int64_t kBias = 1023;
  static constexpr double kRounder = 0x1.8p52;
  static constexpr double kLog2E = 0x1.71547652b82fep0;
  static constexpr double kLn2High = 0x1.62e42fefa39efp-1;
  static constexpr double kLn2Low = 0x1.abc9e3b39803fp-56;
  static constexpr double kExpLow = -708.3;
  static constexpr double kExpKept = -554.5;
  static constexpr double kExpHigh = 710.0;
  static constexpr int kExpTerms = 13;  // r^14 / 14! < 2^-57
  static constexpr int kLogTerms = 10;  // s^22 / 11.5 < 2^-59
  static constexpr double kTanhOne = 20.0;
  static constexpr int64_t kSqrtHalfBits = 0x3fe6a09e667f3bcd;
  static constexpr int64_t kInverseRootBits = 0x5fe6eb50c7b537a9;
  static constexpr int kInverseRootSteps = 3;
  static constexpr double kMinNormal = 0x1p-1022;
  static constexpr double kSubnormalScale = 0x1p52;
};

// 1 / k!, exact where that is possible and rounded once elsewhere.
template <class T>
constexpr T inverse_factorial(int k) {
  double factorial = 1.0;
  for (int i = 2; i <= k; ++i) factorial *= i;
  return static_cast<T>(1.0 / factorial);
}

// 2^n for n within the exponents of normal numbers.
template <class T>
FASTMLP_INLINE Vec<T> power_of_two(IntVec<T> n) {
  return from_bits<T>((n + FloatFormat<T>::kBias) << FloatFormat<T>::kMantissaBits);
}

// x = n ln 2 + r with |r| <= ln 2 / 2.
template <class T>
FASTMLP_INLINE void reduce_by_ln2(Vec<T> x, IntVec<T>* n, Vec<T>* r) {
  using F = FloatFormat<T>;
  const Vec<T> rounder = broadcast<T>(F::kRounder);
  const Vec<T> shifted = fma<T>(x, broadcast<T>(F::kLog2E), rounder);
  const Vec<T> multiple = shifted - rounder;
  *n = bits_of<T>(shifted) - bits_of<T>(rounder);
  *r = fma<T>(-multiple, broadcast<T>(F::kLn2High), x);
  *r = fma<T>(-multiple, broadcast<T>(F::kLn2Low), *r);
}

// (exp(r) - 1 - r) / r^2 for |r| <= ln 2 / 2.
template <class T>
FASTMLP_INLINE Vec<T> exp_tail(Vec<T> r) {
  Vec<T> p = broadcast<T>(inverse_factorial<T>(FloatFormat<T>::kExpTerms));
#pragma GCC unroll 16
  for (int k = FloatFormat<T>::kExpTerms - 1; k >= 2; --k) p = fma<T>(p, r, broadcast<T>(inverse_factorial<T>(k)));
  return p;
}

// exp(x), and 0 for x < lowest, which is at least kExpLow.
template <class T>
FASTMLP_INLINE Vec<T> exp_from(T lowest, Vec<T> x) {
  using F = FloatFormat<T>;
  const auto is_zero = x < lowest;
  x = is_zero ? broadcast<T>(lowest) : x;  // written so that NaN passes
  x = x > F::kExpHigh ? broadcast<T>(F::kExpHigh) : x;
  IntVec<T> n;
  Vec<T> r;
  reduce_by_ln2<T>(x, &n, &r);
  const Vec<T> p = fma<T>(exp_tail<T>(r) * r, r, r) + T(1);
  // In two factors: 2^n alone may be infinite while the product is not.
  const IntVec<T> half = n >> 1;
  return is_zero ? Vec<T>{} : p * power_of_two<T>(half) * power_of_two<T>(n - half);
}

template <class T>
FASTMLP_INLINE Vec<T> exp(Vec<T> x) {
  return exp_from<T>(FloatFormat<T>::kExpLow, x);
}

// exp(x) for what is multiplied with ordinary numbers and shall stay normal.
template <class T>
FASTMLP_INLINE Vec<T> kept_exp(Vec<T> x) {
  return exp_from<T>(FloatFormat<T>::kExpKept, x);
}

template <class T>
FASTMLP_INLINE Vec<T> log(Vec<T> x) {
  using F = FloatFormat<T>;
  const auto is_subnormal = x < F::kMinNormal;
  const Vec<T> scaled = is_subnormal ? x * F::kSubnormalScale : x;
  const IntVec<T> offset = minus_of_bits<T>(bits_of<T>(scaled), IntVec<T>{} + F::kSqrtHalfBits);
  IntVec<T> exponent = offset >> F::kMantissaBits;
  const IntVec<T> mantissa = offset - (exponent << F::kMantissaBits);
  exponent = is_subnormal ? exponent - F::kMantissaBits : exponent;
  const Vec<T> f = from_bits<T>(mantissa + F::kSqrtHalfBits) - T(1);
  // log(1 + f) = 2 atanh(s), s = f / (2 + f), written as f - (f^2/2 - s (f^2/2 + R)) so that f enters exactly.
  const Vec<T> s = f / (f + T(2));
  const Vec<T> z = s * s;
  Vec<T> series = broadcast<T>(static_cast<T>(2.0 / (2 * F::kLogTerms + 1)));
#pragma GCC unroll 16
  for (int k = F::kLogTerms - 1; k >= 1; --k) {
    series = fma<T>(series, z, broadcast<T>(static_cast<T>(2.0 / (2 * k + 1))));
  }
  const Vec<T> half_square = f * f * T(0.5);
  const Vec<T> e = __builtin_convertvector(exponent, Vec<T>);
  const Vec<T> low = fma<T>(e, broadcast<T>(F::kLn2Low), s * (half_square + series * z));
  Vec<T> y = fma<T>(e, broadcast<T>(F::kLn2High), f - (half_square - low));
  const Vec<T> infinity = broadcast<T>(static_cast<T>(__builtin_inf()));
  y = x == infinity ? infinity : y;
  y = x == T(0) ? -infinity : y;
  return x >= T(0) ? y : broadcast<T>(static_cast<T>(__builtin_nan("")));
}

// log(1 + x) for x in [0, 1]; the second term restores what 1 + x rounds away.
template <class T>
FASTMLP_INLINE Vec<T> log1p(Vec<T> x) {
  const Vec<T> u = x + T(1);
  return log<T>(u) + (x - (u - T(1))) / u;
}

// exp(x) - 1 for |x| <= 2 kTanhOne; from -2 kTanhOne down it rounds to -1.
template <class T>
FASTMLP_INLINE Vec<T> expm1(Vec<T> x) {
  IntVec<T> n;
  Vec<T> r;
  reduce_by_ln2<T>(x, &n, &r);
  const Vec<T> scale = power_of_two<T>(n);
  return fma<T>(fma<T>(exp_tail<T>(r) * r, r, r), scale, scale - T(1));
}

template <class T>
FASTMLP_INLINE Vec<T> tanh(Vec<T> x) {
  using F = FloatFormat<T>;
  const IntVec<T> sign = bits_of<T>(x) ^ bits_of<T>(abs<T>(x));
  Vec<T> y = abs<T>(x);
  y = y > F::kTanhOne ? broadcast<T>(F::kTanhOne) : y;
  const Vec<T> t = expm1<T>(y + y);
  return from_bits<T>(bits_of<T>(t / (t + T(2))) | sign);
}

// Square root of x >= 0, by Newton's method for 1 / sqrt(x) from a guess in the exponent's bits (error below 3.5 %,
// which each step squares and multiplies by 1.5), then one step for the root itself. Where divisions stand beside it
// this takes half the time of the divider's square root. Below Smallest::under_root x counts as that number.
template <class T>
FASTMLP_INLINE Vec<T> square_root(Vec<T> x) {
  using F = FloatFormat<T>;
  x = x < Smallest<T>::under_root ? broadcast<T>(Smallest<T>::under_root) : x;
  const Vec<T> half_x = x * T(0.5);
  const IntVec<T> guess = F::kInverseRootBits - (bits_of<T>(x) >> 1);
  Vec<T> y = from_bits<T>(guess);
#pragma GCC unroll 3
  for (int step = 0; step < F::kInverseRootSteps; ++step) {
    y = y * fma<T>(half_x * y, -y, broadcast<T>(T(1.5)));
  }
  const Vec<T> root = x * y;
  const Vec<T> infinity = broadcast<T>(static_cast<T>(__builtin_inf()));
  return x == infinity ? infinity : fma<T>(fma<T>(-root, root, x), y * T(0.5), root);
}

// 1 / (1 + exp(-x)), from exp(-|x|) so that neither side overflows.
template <class T>
FASTMLP_INLINE Vec<T> sigmoid(Vec<T> x) {
  const Vec<T> e = exp<T>(-abs<T>(x));
  return (x < T(0) ? e : broadcast<T>(1)) / (e + T(1));
}

}  // namespace
}  // namespace fastmlp
