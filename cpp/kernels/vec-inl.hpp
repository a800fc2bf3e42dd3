// Vectors of the target's own width, as GNU vector extensions: one type for every instruction set.
//
// The target file sets FASTMLP_VECTOR_BYTES (wider than the registers spills, measured) and includes this first. "-inl"
// means: compiled once per target, everything in an unnamed namespace, so that no function compiled for one CPU can be
// called on another (a test looks for leaked symbols).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernel_table.hpp"

#define FASTMLP_INLINE inline __attribute__((always_inline))

// An instruction, or as many calls as there are lanes: those stand in one place (copies of them were half a target).
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define FASTMLP_FMA FASTMLP_INLINE
#else
#define FASTMLP_FMA __attribute__((noinline))
#endif

namespace fastmlp {
namespace {

constexpr int kVectorBytes = FASTMLP_VECTOR_BYTES;

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float type __attribute__((vector_size(kVectorBytes)));
  typedef int32_t mask __attribute__((vector_size(kVectorBytes)));
  typedef uint32_t bits __attribute__((vector_size(kVectorBytes)));
  using integer = int32_t;
};
template <>
struct VectorOf<double> {
  typedef double type __attribute__((vector_size(kVectorBytes)));
  typedef int64_t mask __attribute__((vector_size(kVectorBytes)));
  typedef uint64_t bits __attribute__((vector_size(kVectorBytes)));
  using integer = int64_t;
};

template <class T>
using Vec = typename VectorOf<T>::type;
// Integers of the lanes' width: what a comparison yields (all ones or zero), and the bits of a vector.
template <class T>
using IntVec = typename VectorOf<T>::mask;
template <class T>
using Int = typename VectorOf<T>::integer;

template <class T>
constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));

template <class T>
FASTMLP_INLINE Vec<T> load(const T* p) {
  Vec<T> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

template <class T>
FASTMLP_INLINE void store(T* p, Vec<T> v) {
  __builtin_memcpy(p, &v, sizeof v);
}

template <class T>
FASTMLP_INLINE Vec<T> broadcast(T x) {
  return x - Vec<T>{};  // x - 0 keeps the sign of zero, which 0 + x would not
}

// a b + c with one rounding, lane by lane: GCC makes one instruction of the loop where the target has it, and calls the
// correctly rounded software fma where it has not (x86-64-v2). What could keep the loop in scalar form is switched off
// in CMakeLists.txt, and a test looks for scalar ones.
template <class T>
FASTMLP_FMA Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) {
  Vec<T> r;
  for (int i = 0; i < kLanes<T>; ++i) {
    if constexpr (sizeof(T) == 4) {
      r[i] = __builtin_fmaf(a[i], b[i], c[i]);
    } else {
      r[i] = __builtin_fma(a[i], b[i], c[i]);
    }
  }
  return r;
}

template <class T>
FASTMLP_INLINE IntVec<T> bits_of(Vec<T> v) {
  return reinterpret_cast<IntVec<T>>(v);
}

template <class T>
FASTMLP_INLINE Vec<T> from_bits(IntVec<T> v) {
  return reinterpret_cast<Vec<T>>(v);
}

// a - b of bits that stand for no number that fits: modulo 2^32 or 2^64.
template <class T>
FASTMLP_INLINE IntVec<T> minus_of_bits(IntVec<T> a, IntVec<T> b) {
  using Bits = typename VectorOf<T>::bits;
  return reinterpret_cast<IntVec<T>>(reinterpret_cast<Bits>(a) - reinterpret_cast<Bits>(b));
}

template <class T>
FASTMLP_INLINE Vec<T> abs(Vec<T> v) {
  return from_bits<T>(bits_of<T>(v) & static_cast<Int<T>>(sizeof(T) == 4 ? INT32_MAX : INT64_MAX));
}

// v, and 0 where its magnitude is below `smallest`, which is positive or 0; NaN passes. Compared as integers, since a
// comparison of subnormal numbers is an operation on them.
template <class T>
FASTMLP_INLINE Vec<T> without_tiny(Vec<T> v, T smallest) {
  return bits_of<T>(abs<T>(v)) >= __builtin_bit_cast(Int<T>, smallest) ? v : Vec<T>{};
}

// A number that is multiplied with others of its kind.
template <class T>
FASTMLP_INLINE Vec<T> factor_of(Vec<T> x) {
  return without_tiny<T>(x, Smallest<T>::factor);
}

// What a rule keeps for the next step: a moment that fades, as those of units that have died do, ends at 0.
template <class T>
FASTMLP_INLINE Vec<T> kept_of(Vec<T> x) {
  return without_tiny<T>(x, Smallest<T>::kept);
}

// The first of these for one number, in loops that the compiler makes vectors of.
template <class T>
FASTMLP_INLINE T number_without_tiny(T x, T smallest) {
  const Int<T> magnitude = __builtin_bit_cast(Int<T>, x) & static_cast<Int<T>>(sizeof(T) == 4 ? INT32_MAX : INT64_MAX);
  return magnitude >= __builtin_bit_cast(Int<T>, smallest) ? x : T(0);
}

// 0, 1, 2, ... in the lanes.
template <class T>
FASTMLP_INLINE IntVec<T> lane_numbers() {
  IntVec<T> v;
  for (int i = 0; i < kLanes<T>; ++i) v[i] = i;
  return v;
}

// Sixteen virtual lanes, on every target: the unit of all sums along a row, so that their order is the same everywhere.
template <class T>
struct Lanes16 {
  static constexpr int kVectors = 16 / kLanes<T>;
  Vec<T> v[kVectors];
};

// Sum of 16 lanes by halving: lane i takes lane i + 8, then i + 4, i + 2, i + 1.
template <class T>
FASTMLP_INLINE T sum_lanes(const Lanes16<T>& lanes) {
  T t[16];
  for (int i = 0; i < Lanes16<T>::kVectors; ++i) store<T>(t + i * kLanes<T>, lanes.v[i]);
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) t[i] += t[i + half];
  }
  return t[0];
}

template <class T>
FASTMLP_INLINE T max_lanes(const Lanes16<T>& lanes) {
  T t[16];
  for (int i = 0; i < Lanes16<T>::kVectors; ++i) store<T>(t + i * kLanes<T>, lanes.v[i]);
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) t[i] = t[i] > t[i + half] ? t[i] : t[i + half];
  }
  return t[0];
}

}  // namespace
}  // namespace fastmlp
