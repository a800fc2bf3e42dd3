// The C library's fma and fmaf, which the kernels call where a target has no such instruction (x86-64-v2): those of
// mingw-w64 round twice, and another hash came out. The linker takes these in their place.
//
// What the first rounding loses is kept in the last bit ("rounding to odd"): of the two neighbours of an inexact sum
// the one with an odd last bit is taken, and a second rounding, of two bits or more, is right. S. Boldo and G.
// Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd", IEEE
// Transactions on Computers 57(4), 2008: fmaf is their first use of it, the fast way of fma their algorithm 5.
#include <bit>
#include <cmath>
#include <cstdint>

namespace {

template <class T>
struct Pair {
  T high;
  T low;
};

// The sum and what its rounding loses, which is a number of the type (D. E. Knuth); NaN beside infinities.
template <class T>
Pair<T> exact_sum(T a, T b) noexcept {
  const T sum = a + b;
  const T added = sum - a;
  return {sum, (a - (sum - added)) + (b - added)};
}

// The same for a product, from halves of 26 bits (T. J. Dekker), where nothing overflows and nothing is subnormal.
Pair<double> exact_product(double a, double b) noexcept {
  const auto upper_half = [](double x) {
    const double scaled = 134217729.0 * x;  // 2^27 + 1
    return scaled - (scaled - x);
  };
  const double product = a * b;
  const double a1 = upper_half(a);
  const double b1 = upper_half(b);
  const double a2 = a - a1;
  const double b2 = b - b1;
  return {product, a2 * b2 - (((product - a1 * b1) - a2 * b1) - a1 * b2)};
}

template <class Bits, class T>
T odd_sum(T a, T b) noexcept {
  const auto [sum, lost] = exact_sum(a, b);
  const Bits bits = std::bit_cast<Bits>(sum);
  if ((bits & 1) != 0 || !(lost < 0 || lost > 0)) return sum;
  return std::bit_cast<T>((lost > 0) == (sum > 0) ? bits + 1 : bits - 1);
}

// Far from the ends of double's range, so that no step of the fast way leaves it.
bool is_ordinary(double x) noexcept {
  const double size = std::fabs(x);
  return size > 0x1p-300 && size < 0x1p300;
}

}  // namespace

extern "C" {

float fmaf(float a, float b, float c) {
  const double product = static_cast<double>(a) * b;  // exact
  return static_cast<float>(odd_sum<std::uint64_t>(product, static_cast<double>(c)));
}

double fma(double a, double b, double c) {
  if (a == 0.0 || b == 0.0 || c == 0.0) return a * b + c;  // one of the two is exact
  if (is_ordinary(a) && is_ordinary(b) && is_ordinary(c)) {
    const auto [product, product_low] = exact_product(a, b);
    const auto [low_sum, lowest] = exact_sum(c, product_low);
    const auto [sum, sum_low] = exact_sum(product, low_sum);
    return sum + odd_sum<std::uint64_t>(lowest, sum_low);
  }
  const auto product = static_cast<__float128>(a) * b;  // exact, and so is the first sum but for its last bit
  return static_cast<double>(odd_sum<unsigned __int128>(product, static_cast<__float128>(c)));
}

}  // extern "C"
