// Numbers as waves at the entrance of a network, with the layer that each column has for itself. Shares of bins are in
// bins-inl.hpp. Forward, back to the numbers, and gradients stand together, which makes it a long file.
//
// x f + p counts in turns, of which the nearest whole number to x f is subtracted with one rounding (fma), and then
// the nearest half turn; that leaves |s| <= 1/4, for which cosine and sine are polynomials in s^2 that interpolate at
// Chebyshev's points. One reduction serves both: the sine is the derivative. Errors, absolute, measured by
// tests/core/test_embeddings.py: 4 eps (1 + eps |x f|), so that a product of 10^7 turns is still right in float, where
// rounding it would leave nothing. Numbers beyond kMost count as that, frequencies and phases beyond 1024 turns as those:
// then the nearest half turn is always found.
//
// Lanes run along rows: a wave's numbers come from one column and one frequency. The last rows of a block are computed
// with those before them once more, or where there are fewer than lanes, beside zeros.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/math-inl.hpp"
#include "kernels/rows-inl.hpp"
#include "kernels/vec-inl.hpp"

namespace fastmlp {
namespace {

template <class T>
struct WaveConstants;
template <>
struct WaveConstants<float> {
  static constexpr float kLeast = 0x1p-30f;  // the root of Smallest::factor
  static constexpr float kMost = 0x1p33f;    // times kMostTurns less than 1 / eps^2
  // sin(2 pi s) / s and (cos(2 pi s) - 1) / s^2 in s^2, |s| <= 1/4; errors of sine and cosine 7e-9 and 9e-10
  static constexpr float kSine[] = {0x1.921fb52p+2f, -0x1.4abbc3p+5f, 0x1.4668fp+6f, -0x1.32531ep+6f, 0x1.3e142p+5f};
  static constexpr float kCosine[] = {-0x1.3bd3ccp+4f, 0x1.03c1eep+6f, -0x1.55d24ap+6f, 0x1.e16ebap+5f,
                                      -0x1.937d98p+4f};
};
template <>
struct WaveConstants<double> {
  static constexpr double kLeast = 0x1p-250;
  static constexpr double kMost = 0x1p92;
  // errors 5e-22 and 4e-23
  static constexpr double kSine[] = {0x1.921fb54442d18p+2,  -0x1.4abbce625be53p+5, 0x1.466bc6775aae2p+6,
                                     -0x1.32d2cce62bd57p+6, 0x1.50783487ec19ap+5,  -0x1.e3074fdc520eap+3,
                                     0x1.e8f4338e03a66p+1,  -0x1.6fad488852625p-1, 0x1.aabbe3815eb60p-4,
                                     -0x1.7ed4cd7222586p-7};
  static constexpr double kCosine[] = {
      -0x1.3bd3cc9be45dep+4, 0x1.03c1f081b5ac4p+6,  -0x1.55d3c7e3cbffap+6, 0x1.e1f506891baa0p+5,  -0x1.a6d1f2a2034dap+4,
      0x1.f9d38a361fa76p+2,  -0x1.b6e24e8c6095bp+0, 0x1.20c5eb4a9f2c7p-2,  -0x1.29f0b602f0d93p-5, 0x1.e25e8cc1590fdp-9};
};

constexpr float kMostTurns = 0x1p10f;

// A frequency or a phase as a factor of waves.
template <class T>
FASTMLP_INLINE Vec<T> factor_of_waves(T x) {
  x = number_without_tiny<T>(x, WaveConstants<T>::kLeast);
  x = x > T(kMostTurns) ? T(kMostTurns) : x;  // NaN passes
  return broadcast<T>(x < T(-kMostTurns) ? T(-kMostTurns) : x);
}

// Likewise a vector of numbers.
template <class T>
FASTMLP_INLINE Vec<T> numbers_of_waves(Vec<T> x) {
  using C = WaveConstants<T>;
  x = without_tiny<T>(x, C::kLeast);
  x = x > C::kMost ? broadcast<T>(C::kMost) : x;
  return x < -C::kMost ? broadcast<T>(-C::kMost) : x;
}

template <class T>
struct Wave {
  Vec<T> cosine;
  Vec<T> sine;
};

template <class T, int n>
FASTMLP_INLINE Vec<T> wave_series(const T (&c)[n], Vec<T> z) {
  Vec<T> y = broadcast<T>(c[n - 1]);
#pragma GCC unroll 16
  for (int k = n - 2; k >= 0; --k) y = fma<T>(y, z, broadcast<T>(c[k]));
  return y;
}

// What frequency and phase of one wave become: both change their sign where the frequency is negative, and the sine with
// them, so that x f has the sign of x.
template <class T>
struct WaveFactors {
  FASTMLP_INLINE WaveFactors(T frequency, T phase)
      : f(abs<T>(factor_of_waves<T>(frequency))),
        p(factor_of_waves<T>(frequency < T(0) ? -phase : phase)),
        sign(IntVec<T>{} + (frequency < T(0) ? Int<T>(1) << (8 * sizeof(T) - 1) : Int<T>(0))) {}

  Vec<T> f;
  Vec<T> p;
  IntVec<T> sign;
};

// A number with the sign of x whose sum with x f has no fraction, however large x f is.
template <class T>
FASTMLP_INLINE Vec<T> rounder_for(Vec<T> x) {
  const IntVec<T> sign = bits_of<T>(x) ^ bits_of<T>(abs<T>(x));
  return from_bits<T>(bits_of<T>(broadcast<T>(FloatFormat<T>::kRounder)) | sign);
}

// Cosine and sine of 2 pi (x f + p) of such numbers.
template <class T>
FASTMLP_INLINE Wave<T> wave_of(Vec<T> x, Vec<T> rounder, const WaveFactors<T>& factors) {
  using C = WaveConstants<T>;
  constexpr T kRounder = FloatFormat<T>::kRounder;
  constexpr int kSignBit = static_cast<int>(8 * sizeof(T)) - 1;
  const Vec<T> turns = fma<T>(x, factors.f, rounder) - rounder;
  const Vec<T> rest = fma<T>(x, factors.f, -turns) + factors.p;
  const Vec<T> shifted = fma<T>(rest, broadcast<T>(T(2)), broadcast<T>(kRounder));
  const Vec<T> halves = shifted - kRounder;
  const Vec<T> s = fma<T>(halves, broadcast<T>(T(-0.5)), rest);
  const Vec<T> z = fma<T>(s, s, broadcast<T>(Smallest<T>::factor));  // what is added is not seen, and keeps it normal
  const IntVec<T> sign = bits_of<T>(shifted) << kSignBit;
  const Vec<T> cosine = fma<T>(wave_series<T>(C::kCosine, z), z, broadcast<T>(T(1)));
  const Vec<T> sine = wave_series<T>(C::kSine, z) * s;
  return {from_bits<T>(bits_of<T>(cosine) ^ sign), from_bits<T>(bits_of<T>(sine) ^ sign ^ factors.sign)};
}

// Element `at` of n rows, and back to them. Not inlined: GCC would take the arithmetic around it apart, lane by lane.
template <class T>
__attribute__((noinline)) Vec<T> load_column(const T* from, ptrdiff_t ld, ptrdiff_t n) {
  T lanes[kLanes<T>] = {};
  for (ptrdiff_t i = 0; i < n; ++i) lanes[i] = from[i * ld];
  return load<T>(lanes);
}

template <class T>
FASTMLP_INLINE void store_column(T* to, ptrdiff_t ld, ptrdiff_t n, Vec<T> v) {
  T lanes[kLanes<T>];
  store<T>(lanes, v);
  for (ptrdiff_t i = 0; i < n; ++i) to[i * ld] = lanes[i];
}

// The first n lanes; the others are another thread's rows.
template <class T>
FASTMLP_INLINE Vec<T> load_some(const T* from, ptrdiff_t n) {
  T lanes[kLanes<T>] = {};
  for (ptrdiff_t i = 0; i < n; ++i) lanes[i] = from[i];
  return load<T>(lanes);
}

template <class T>
FASTMLP_INLINE void store_some(T* to, ptrdiff_t n, Vec<T> v) {
  T lanes[kLanes<T>];
  store<T>(lanes, v);
  for (ptrdiff_t i = 0; i < n; ++i) to[i] = lanes[i];
}

// Waves of column j for `vectors` vectors of rows, which share what a frequency costs; n: rows in each, all lanes where
// `whole`.
template <int vectors, bool whole, bool keeps_sines, class T>
FASTMLP_INLINE void waves_of_rows(const WavesArguments<T>& p, ptrdiff_t j, ptrdiff_t row, ptrdiff_t n) {
  Vec<T> x[vectors];
  Vec<T> rounders[vectors];
#pragma GCC unroll 4
  for (int v = 0; v < vectors; ++v) {
    x[v] = numbers_of_waves<T>(load_column(p.x + (row + v * kLanes<T>)*p.ldx + j, p.ldx, n));
    rounders[v] = rounder_for<T>(x[v]);
  }
  const ptrdiff_t count = p.frequencies;
  const ptrdiff_t ldw = p.ldw;
  const T* frequency = p.parameters + j * p.ldp;
  T* cosine = p.cosines + j * count * ldw + row;
  T* sine = keeps_sines ? p.sines + j * count * ldw + row : nullptr;
  for (ptrdiff_t k = 0; k < count; ++k, cosine += ldw) {
    const WaveFactors<T> factors(frequency[k], frequency[count + k]);
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      const Wave<T> wave = wave_of<T>(x[v], rounders[v], factors);
      if constexpr (whole) {
        store<T>(cosine + v * kLanes<T>, wave.cosine);
        if constexpr (keeps_sines) store<T>(sine + v * kLanes<T>, wave.sine);
      } else {
        store_some(cosine, n, wave.cosine);
        if constexpr (keeps_sines) store_some(sine, n, wave.sine);
      }
    }
    if constexpr (keeps_sines) sine += ldw;
  }
}

// The sums [begin, begin + units) of column j.
template <int units, int vectors, bool whole, class T>
FASTMLP_INLINE void sums_of_rows(const WavesArguments<T>& p, ptrdiff_t j, ptrdiff_t begin, ptrdiff_t row, ptrdiff_t n) {
  const ptrdiff_t n_sums = p.width - 1;
  const ptrdiff_t count = p.frequencies;
  const ptrdiff_t ldw = p.ldw;
  const T* weights = p.parameters + j * p.ldp + 2 * count + begin;
  const T* bias = weights + count * n_sums;
  const T* cosines = p.cosines + j * count * ldw + row;
  Vec<T> sums[vectors][units];
#pragma GCC unroll 4
  for (int v = 0; v < vectors; ++v) {
#pragma GCC unroll 4
    for (int u = 0; u < units; ++u) sums[v][u] = broadcast<T>(bias[u]);
  }
  for (ptrdiff_t k = 0; k < count; ++k, cosines += ldw, weights += n_sums) {
    Vec<T> w[units];
#pragma GCC unroll 4
    for (int u = 0; u < units; ++u) w[u] = broadcast<T>(weights[u]);
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      const Vec<T> cosine = whole ? load<T>(cosines + v * kLanes<T>) : load_some(cosines, n);
#pragma GCC unroll 4
      for (int u = 0; u < units; ++u) sums[v][u] = fma<T>(cosine, w[u], sums[v][u]);
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < vectors; ++v) {
    T* to = p.out + (row + v * kLanes<T>)*p.ld + j * p.width + begin;
#pragma GCC unroll 4
    for (int u = 0; u < units; ++u) store_column(to + u, p.ld, whole ? kLanes<T> : n, factor_of<T>(sums[v][u]));
  }
}

// All of some rows, column by column.
template <int vectors, bool whole, class T>
FASTMLP_INLINE void embed_in_waves(const WavesArguments<T>& p, ptrdiff_t row, ptrdiff_t n) {
  constexpr int kAtOnce = vectors < 2 ? vectors : 2;  // six sums, and what is added to them, stay in registers
  const ptrdiff_t n_inputs = p.n_inputs;
  const ptrdiff_t n_sums = p.width - 1;
  for (ptrdiff_t j = 0; j < n_inputs; ++j) {
    if (p.sines != nullptr) {
      waves_of_rows<vectors, whole, true>(p, j, row, n);
    } else {
      waves_of_rows<vectors, whole, false>(p, j, row, n);
    }
    for (int v = 0; v < vectors; v += kAtOnce) {
      const ptrdiff_t first = row + v * kLanes<T>;
      ptrdiff_t u = 0;
      for (; u + 3 <= n_sums; u += 3) sums_of_rows<3, kAtOnce, whole>(p, j, u, first, n);
      for (; u < n_sums; ++u) sums_of_rows<1, kAtOnce, whole>(p, j, u, first, n);
    }
  }
}

template <class T>
void waves(const WavesArguments<T>& p) noexcept {
  constexpr int kVectors = 4;
  constexpr ptrdiff_t kRows = kVectors * kLanes<T>;
  ptrdiff_t row = 0;
  for (; row + kRows <= p.rows; row += kRows) embed_in_waves<kVectors, true>(p, row, kLanes<T>);
  for (; row < p.rows; row += kLanes<T>) {
    if (p.rows < kLanes<T>) {
      embed_in_waves<1, false>(p, row, p.rows);
    } else {
      embed_in_waves<1, true>(p, row + kLanes<T> <= p.rows ? row : p.rows - kLanes<T>, kLanes<T>);
    }
  }
  const ptrdiff_t last = p.width - 1;
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    for (ptrdiff_t j = 0; j < p.n_inputs; ++j) p.out[r * p.ld + j * p.width + last] = p.x[r * p.ldx + j];
  }
}

constexpr double kMinusTwoPi = -6.283185307179586;

template <class T>
void waves_backward(const WavesArguments<T>& p, T* dx, ptrdiff_t ld) noexcept {
  const ptrdiff_t n_sums = p.width - 1;
  const ptrdiff_t n = p.rows < kLanes<T> ? p.rows : kLanes<T>;
  for (ptrdiff_t r = 0; r < p.rows; r += kLanes<T>) {
    const ptrdiff_t row = r + n <= p.rows ? r : p.rows - n;
    for (ptrdiff_t j = 0; j < p.n_inputs; ++j) {
      const T* parameters = p.parameters + j * p.ldp;
      const T* weights = parameters + 2 * p.frequencies;
      const T* g = p.out + row * p.ld + j * p.width;
      const Vec<T> x = numbers_of_waves<T>(load_column(p.x + row * p.ldx + j, p.ldx, n));
      Vec<T> sum{};
      for (ptrdiff_t k = 0; k < p.frequencies; ++k) {
        const T frequency = parameters[k];
        const WaveFactors<T> factors(frequency, parameters[p.frequencies + k]);
        Vec<T> slope{};
        for (ptrdiff_t u = 0; u < n_sums; ++u) {
          slope = fma<T>(load_column(g + u, p.ld, n), broadcast<T>(weights[k * n_sums + u]), slope);
        }
        slope = factor_of<T>(factor_of<T>(slope) * wave_of<T>(x, rounder_for<T>(x), factors).sine);
        sum = fma<T>(slope, factor_of_waves<T>(frequency), sum);
      }
      const Vec<T> through = load_column(g + n_sums, p.ld, n);
      store_column(dx + row * ld + j, ld, n, through + sum * static_cast<T>(kMinusTwoPi));
    }
  }
}

// Numbers of a batch, one a row, to be read 16 at a time: after the last row there are zeros, whatever lies behind it.
template <class T>
class PaddedRows {
 public:
  FASTMLP_INLINE PaddedRows(const T* numbers, ptrdiff_t rows) : numbers_(numbers), whole_(rows / 16 * 16) {
    for (ptrdiff_t r = whole_; r < rows; ++r) rest_[r - whole_] = numbers[r];
  }
  FASTMLP_INLINE const T* at(ptrdiff_t row) const { return row < whole_ ? numbers_ + row : rest_; }

 private:
  const T* numbers_;
  ptrdiff_t whole_;
  T rest_[16] = {};
};

// Gradients of one column by the weights of `units` sums from `begin` on and, where these are all its sums, by frequencies
// and phases. room: the column's gradients by sum and row, then its numbers, (width, ldw), with zeros after the last row
// up to a multiple of 16.
template <int units, bool are_all, class T>
FASTMLP_INLINE void gradient_of_sums(const WavesArguments<T>& p, ptrdiff_t j, const T* room, ptrdiff_t begin, T* g) {
  constexpr int kVectors = Lanes16<T>::kVectors;
  const ptrdiff_t n_sums = p.width - 1;
  const ptrdiff_t count = p.frequencies;
  const ptrdiff_t rows = p.rows;
  const ptrdiff_t ldw = p.ldw;
  const T* weights = p.parameters + j * p.ldp + 2 * count + begin;
  const T* first = room + begin * ldw;
  const T* x = room + n_sums * ldw;
  for (ptrdiff_t k = 0; k < count; ++k, weights += n_sums) {
    const ptrdiff_t wave = (j * count + k) * ldw;
    const PaddedRows<T> cosines(p.cosines + wave, rows);
    const PaddedRows<T> sines(p.sines + wave, rows);
    Vec<T> w[units];
#pragma GCC unroll 4
    for (int u = 0; u < units; ++u) w[u] = broadcast<T>(weights[u]);
    Lanes16<T> by_phase{};
    Lanes16<T> by_frequency{};
    Lanes16<T> by_weight[units] = {};
    for (ptrdiff_t r = 0; r < rows; r += 16) {
      const T* cosine = cosines.at(r);
      const T* sine = sines.at(r);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        const ptrdiff_t at = r + v * kLanes<T>;
        const Vec<T> c = load<T>(cosine + v * kLanes<T>);
        Vec<T> slope{};
#pragma GCC unroll 4
        for (int u = 0; u < units; ++u) {
          const Vec<T> d = load<T>(first + u * ldw + at);
          by_weight[u].v[v] = fma<T>(d, c, by_weight[u].v[v]);
          if constexpr (are_all) slope = fma<T>(d, w[u], slope);
        }
        if constexpr (are_all) {
          slope = factor_of<T>(factor_of<T>(slope) * load<T>(sine + v * kLanes<T>));
          by_phase.v[v] = by_phase.v[v] + slope;
          by_frequency.v[v] = fma<T>(slope, load<T>(x + at), by_frequency.v[v]);
        }
      }
    }
    for (int u = 0; u < units; ++u) g[2 * count + k * n_sums + begin + u] = sum_lanes<T>(by_weight[u]);
    if constexpr (are_all) {
      g[k] = sum_lanes<T>(by_frequency) * static_cast<T>(kMinusTwoPi);
      g[count + k] = sum_lanes<T>(by_phase) * static_cast<T>(kMinusTwoPi);
    }
  }
}

// Gradients of one column by frequencies and phases, of any number of sums: the same numbers as above.
template <class T>
FASTMLP_INLINE void gradient_of_waves(const WavesArguments<T>& p, ptrdiff_t j, const T* room, T* g) {
  const ptrdiff_t n_sums = p.width - 1;
  for (ptrdiff_t k = 0; k < p.frequencies; ++k) {
    const PaddedRows<T> sines(p.sines + (j * p.frequencies + k) * p.ldw, p.rows);
    const T* weights = p.parameters + j * p.ldp + 2 * p.frequencies + k * n_sums;
    Lanes16<T> by_phase{};
    Lanes16<T> by_frequency{};
    for (ptrdiff_t r = 0; r < p.rows; r += 16) {
      for (int v = 0; v < Lanes16<T>::kVectors; ++v) {
        const T* at = room + r + v * kLanes<T>;
        Vec<T> slope{};
        for (ptrdiff_t u = 0; u < n_sums; ++u) {
          slope = fma<T>(load<T>(at + u * p.ldw), broadcast<T>(weights[u]), slope);
        }
        slope = factor_of<T>(factor_of<T>(slope) * load<T>(sines.at(r) + v * kLanes<T>));
        by_phase.v[v] = by_phase.v[v] + slope;
        by_frequency.v[v] = fma<T>(slope, load<T>(at + n_sums * p.ldw), by_frequency.v[v]);
      }
    }
    g[k] = sum_lanes<T>(by_frequency) * static_cast<T>(kMinusTwoPi);
    g[p.frequencies + k] = sum_lanes<T>(by_phase) * static_cast<T>(kMinusTwoPi);
  }
}

template <class T>
void waves_gradient(const WavesArguments<T>& p, T* room, T* g, ptrdiff_t ldg) noexcept {
  const ptrdiff_t n_sums = p.width - 1;
  const ptrdiff_t columns = p.n_inputs * p.width;
  transpose<T>(p.rows, columns, p.out, p.ld, room, p.ldw);
  for (ptrdiff_t j = 0; j < p.n_inputs; ++j, room += p.width * p.ldw, g += ldg) {
    T* numbers = room + n_sums * p.ldw;
    for (ptrdiff_t r = 0; r < p.rows; ++r) numbers[r] = p.x[r * p.ldx + j];
    for (ptrdiff_t u = 0; u <= n_sums; ++u) {
      for (ptrdiff_t r = p.rows; r % 16 != 0; ++r) room[u * p.ldw + r] = T(0);
    }
    for (ptrdiff_t r = 0; r < p.rows; r += kLanes<T>) {
      store<T>(numbers + r, numbers_of_waves<T>(load<T>(numbers + r)));
    }
    if (n_sums == 3) {
      gradient_of_sums<3, true>(p, j, room, 0, g);
    } else {
      gradient_of_waves(p, j, room, g);
      for (ptrdiff_t u = 0; u < n_sums; ++u) gradient_of_sums<1, false>(p, j, room, u, g);
    }
    T* g_bias = g + p.frequencies * (2 + n_sums);
    for (ptrdiff_t u = 0; u < n_sums; ++u) {
      Lanes16<T> sum{};
      for (ptrdiff_t r = 0; r < p.rows; r += 16) {
#pragma GCC unroll 8
        for (int v = 0; v < Lanes16<T>::kVectors; ++v) {
          sum.v[v] = sum.v[v] + load<T>(room + u * p.ldw + r + v * kLanes<T>);
        }
      }
      g_bias[u] = sum_lanes<T>(sum);
    }
  }
}

}  // namespace
}  // namespace fastmlp
