// The functions that only formulas ask for: the error function, sine and cosine, log(1 + exp(x)), and a square root
// that is right from zero on. Made as those of math-inl.hpp are, from + - * / fma and bit moves.
//
// Errors in units in the last place (measured by tests/core/test_math.py, which holds the bounds): error_function 1.25,
// sine and cosine 1.75 for |x| <= 10^4. Far beyond (seen from 10^6 on in float) the multiple of pi / 2 is not known,
// and a result is just some number between -1 and 1; that of an infinity is NaN.
//
// Method: erf is x plus x times a polynomial in x^2 below 1, and above 1 - exp(-x^2) times a polynomial in (x - 2) /
// (x + 2); both interpolate at Chebyshev's points. Sine and cosine subtract the nearest multiple of pi / 2, held in
// three parts (Cody and Waite, 1980), and sum Taylor's series.
#pragma once

#include "kernels/math-inl.hpp"

namespace fastmlp {
namespace {

template <class T>
struct SpecialConstants;
template <>
struct SpecialConstants<float> {
  // erf(x) / x - 1 in x^2, |x| <= 1; error 2e-9
  static constexpr float kNear[] = {0x1.06eba8p-3f, -0x1.81273ep-2f,  0x1.ce2d10p-4f, -0x1.b7fabap-6f,
                                    0x1.541270p-8f, -0x1.a45088p-11f, 0x1.4a5690p-14f};
  // exp(x^2) erfc(x) in (x - 2) / (x + 2), 1 <= x <= 4; error 3e-9 of erf
  static constexpr float kFar[] = {0x1.058672p-2f, -0x1.b5703ep-2f, 0x1.eeea7ep-3f,  -0x1.437446p-4f,
                                   0x1.e9359ep-9f, 0x1.be5ff8p-8f,  -0x1.b75728p-11f};
  static constexpr float kErfOne = 4.0f;  // erf rounds to 1 from here on
  static constexpr float kTwoByPi = 0x1.45f306p-1f;
  static constexpr float kHalfPi[] = {0x1.921fb6p+0f, -0x1.777a5cp-25f, -0x1.ee59dap-50f};
  static constexpr int kSineTerms = 5;    // r^10 / 11! < 2^-28
  static constexpr int kCosineTerms = 5;  // r^12 / 12! < 2^-32
};
template <>
struct SpecialConstants<double> {
  // error 2e-19
  static constexpr double kNear[] = {0x1.06eba8214db69p-3,   -0x1.812746b0379e6p-2,  0x1.ce2f21a042b30p-4,
                                     -0x1.b82ce31284e00p-6,  0x1.565bcd0dbaa38p-8,   -0x1.c02db3dac435fp-11,
                                     0x1.f9a321d5b8e1ep-14,  -0x1.f4d1e3183f7aep-17, 0x1.b9df224ca4b97p-20,
                                     -0x1.5f1ecb6f0764cp-23, 0x1.f7b4bf3b13964p-27,  -0x1.389d4f2641625p-30,
                                     0x1.05ffd737fb32ep-34};
  // 1 <= x <= 6; error 1e-17 of erf
  static constexpr double kFar[] = {0x1.058671b52c776p-2,   -0x1.b57034efd3f69p-2,  0x1.eeea7dc8a7932p-3,
                                    -0x1.437f0b68c2dc0p-4,  0x1.e9471595c0b9dp-9,   0x1.ca95ed5c92a4bp-8,
                                    -0x1.bc25a2a5685b8p-11, -0x1.016b61e9c90a9p-10, 0x1.6d5bf00483674p-15,
                                    0x1.6dac8e32716eep-13,  0x1.ce18d5b499621p-16,  -0x1.cfd845cfda3f9p-16,
                                    -0x1.d8072f8b2af1ep-17, 0x1.e89749bb276c3p-20,  0x1.06de90fce20e3p-18};
  static constexpr double kErfOne = 6.0;
  static constexpr double kTwoByPi = 0x1.45f306dc9c883p-1;
  static constexpr double kHalfPi[] = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110};
  static constexpr int kSineTerms = 9;    // r^18 / 19! < 2^-62
  static constexpr int kCosineTerms = 8;  // r^18 / 18! < 2^-58
};

// c[0] + c[1] x + c[2] x^2 + ...
template <class T, int n>
FASTMLP_INLINE Vec<T> polynomial(const T (&c)[n], Vec<T> x) {
  Vec<T> p = broadcast<T>(c[n - 1]);
#pragma GCC unroll 16
  for (int k = n - 2; k >= 0; --k) p = fma<T>(p, x, broadcast<T>(c[k]));
  return p;
}

template <class T>
FASTMLP_INLINE Vec<T> error_function(Vec<T> x) {
  using C = SpecialConstants<T>;
  Vec<T> y = abs<T>(x);
  y = y > C::kErfOne ? broadcast<T>(C::kErfOne) : y;  // NaN passes
  const Vec<T> visible = factor_of<T>(y);             // the square of less adds nothing to 1
  const Vec<T> square = visible * visible;
  const Vec<T> near = fma<T>(y, polynomial<T>(C::kNear, square), y);
  const Vec<T> far = fma<T>(-exp<T>(-square), polynomial<T>(C::kFar, (y - T(2)) / (y + T(2))), broadcast<T>(1));
  const IntVec<T> sign = bits_of<T>(x) ^ bits_of<T>(abs<T>(x));
  return from_bits<T>(bits_of<T>(y < T(1) ? near : far) | sign);
}

// sin(x + quarters pi / 2), for quarters 0 and 1.
template <class T>
FASTMLP_INLINE Vec<T> wave(Vec<T> x, int quarters) {
  using C = SpecialConstants<T>;
  const Vec<T> rounder = broadcast<T>(FloatFormat<T>::kRounder);
  const Vec<T> shifted = fma<T>(x, broadcast<T>(C::kTwoByPi), rounder);
  const Vec<T> multiple = shifted - rounder;
  const IntVec<T> steps = minus_of_bits<T>(bits_of<T>(shifted), bits_of<T>(rounder));
  const IntVec<T> quarter = minus_of_bits<T>(steps, IntVec<T>{} - static_cast<Int<T>>(quarters));
  Vec<T> r = fma<T>(-multiple, broadcast<T>(C::kHalfPi[0]), x);  // exact: what is left has no more digits than x
  r = fma<T>(-multiple, broadcast<T>(C::kHalfPi[1]), r);
  r = fma<T>(-multiple, broadcast<T>(C::kHalfPi[2]), r);
  // |r| <= pi / 4, but for an x so large that its multiple of pi / 2 is not known
  r = r > T(0.79) ? broadcast<T>(T(0.79)) : r;
  r = r < T(-0.79) ? broadcast<T>(T(-0.79)) : r;
  const Vec<T> visible = factor_of<T>(r);  // the square of less adds nothing to 1
  const Vec<T> z = visible * visible;
  Vec<T> sine = broadcast<T>(inverse_factorial<T>(2 * C::kSineTerms - 1) * T(C::kSineTerms % 2 == 0 ? -1 : 1));
#pragma GCC unroll 16
  for (int k = C::kSineTerms - 1; k >= 2; --k) {
    sine = fma<T>(sine, z, broadcast<T>(inverse_factorial<T>(2 * k - 1) * T(k % 2 == 0 ? -1 : 1)));
  }
  Vec<T> cosine = broadcast<T>(inverse_factorial<T>(2 * C::kCosineTerms) * T(C::kCosineTerms % 2 == 0 ? 1 : -1));
#pragma GCC unroll 16
  for (int k = C::kCosineTerms - 1; k >= 1; --k) {
    cosine = fma<T>(cosine, z, broadcast<T>(inverse_factorial<T>(2 * k) * T(k % 2 == 0 ? 1 : -1)));
  }
  const IntVec<T> is_even = (quarter & 1) == 0;
  const Vec<T> y = is_even ? fma<T>(sine * z, r, r) : fma<T>(cosine, z, broadcast<T>(1));
  return (quarter & 2) == 0 ? y : -y;
}

template <class T>
FASTMLP_INLINE Vec<T> sine(Vec<T> x) {
  return x == T(0) ? x : wave<T>(x, 0);  // keeps the sign of zero
}

template <class T>
FASTMLP_INLINE Vec<T> cosine(Vec<T> x) {
  return wave<T>(x, 1);
}

// log(1 + exp(x)), from exp(-|x|) so that it does not overflow.
template <class T>
FASTMLP_INLINE Vec<T> softplus(Vec<T> x) {
  return (x > T(0) ? x : Vec<T>{}) + log1p<T>(exp<T>(-abs<T>(x)));
}

// The square root with its special values: of zero zero, of negative numbers NaN, and of small ones by scaling.
template <class T>
FASTMLP_INLINE Vec<T> full_square_root(Vec<T> x) {
  constexpr T kUp = sizeof(T) == 4 ? T(0x1p72) : T(0x1p200);  // makes the smallest number large enough
  constexpr T kDown = sizeof(T) == 4 ? T(0x1p-36) : T(0x1p-100);
  const auto is_small = x < Smallest<T>::under_root;
  const Vec<T> root = square_root<T>(is_small ? x * kUp : x);
  const Vec<T> y = is_small ? root * kDown : root;
  return x > T(0) ? y : x == T(0) ? x : broadcast<T>(static_cast<T>(__builtin_nan("")));
}

}  // namespace
}  // namespace fastmlp
