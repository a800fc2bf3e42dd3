// The gathering of input data that are clipped after scaling, and the way of gradients back through the clip. Kept
// apart from the gathering in rows-inl.hpp, so that data without a clip pass through loops without its code.
//
// The clip is c(z) = z / sqrt(s), its derivative 1 / (s sqrt(s)), s = 1 + (z / limit)^2 (docs/math.md). Root and
// division are the machine's own, which are correctly rounded everywhere, and no fma is in it: so plain loops over any
// type of source give the same bits on every target.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/vec-inl.hpp"

namespace fastmlp {
namespace {

// The type in which a source's values are scaled.
template <class T, class Source>
struct WiderOf {
  using type = T;
};
template <>
struct WiderOf<float, double> {
  using type = double;
};

// A value as a number of type To, for a network of T: 0 where it is too small. A float of a double network is if it is
// subnormal.
template <class To, class T, class Source>
FASTMLP_INLINE To input(Source x) {
  if constexpr (sizeof(Source) == 1) {
    return static_cast<To>(x);
  } else {
    constexpr bool is_wider = sizeof(T) > sizeof(Source);
    constexpr Source kSmallest = is_wider ? Source(0x1p-126) : static_cast<Source>(Smallest<T>::kept);
    return static_cast<To>(number_without_tiny<Source>(x, kSmallest));
  }
}

FASTMLP_INLINE float exact_square_root(float x) { return __builtin_sqrtf(x); }
FASTMLP_INLINE double exact_square_root(double x) { return __builtin_sqrt(x); }

// Calls f(element of out, x, z, s), x being the input in T and z the scaled input, for all elements of the rows.
template <class T, class Source, class F>
FASTMLP_INLINE void for_each_clipped(const GatherArguments<T>& p, F&& f) {
  using Wide = typename WiderOf<T, Source>::type;
  constexpr double kFar = 0x1p26;  // limits from 0: the clip is at its limit there, in double as well
  const Wide far = static_cast<Wide>(p.limit * kFar);
  const Wide inverse_limit = static_cast<Wide>(1.0 / p.limit);
  const ptrdiff_t columns = p.source.columns;
  const Source* source = static_cast<const Source*>(p.source.data);
  const double* shift = p.shift;
  const double* scale = p.scale;
  for (ptrdiff_t r = 0; r < p.rows; ++r) {
    const Source* __restrict from = source + (p.index != nullptr ? p.index[r] : p.first_row + r) * columns;
    T* __restrict to = p.out + r * p.ld;
    for (ptrdiff_t j = 0; j < columns; ++j) {
      const Wide difference = input<Wide, T>(from[j]) - static_cast<Wide>(shift[j]);
      Wide z = number_without_tiny<Wide>(difference * static_cast<Wide>(scale[j]), Smallest<T>::kept);
      z = z < -far ? -far : z;  // or its square could be infinite
      z = z > far ? far : z;
      const Wide in_limits = number_without_tiny<Wide>(z * inverse_limit, Smallest<T>::factor);
      f(to[j], static_cast<T>(from[j]), z, in_limits * in_limits + Wide(1));
    }
  }
}

// Calls f with the type of the source's values.
template <class F>
FASTMLP_INLINE void with_source_type(DataType type, F&& f) {
  switch (type) {
    case DataType::uint8: f.template operator()<uint8_t>(); break;
    case DataType::float32: f.template operator()<float>(); break;
    case DataType::float64: f.template operator()<double>(); break;
  }
}

template <class T>
__attribute__((noinline)) void gather_clipped(const GatherArguments<T>& p) {
  with_source_type(p.source.type, [&p]<class Source>() {
    for_each_clipped<T, Source>(p, [](T& out, T x, auto z, auto s) {
      out = static_cast<T>(z / exact_square_root(s)) + (x - x);  // 0, or NaN: what is not finite is to be seen
    });
  });
}

template <class T>
void clip_backward(const GatherArguments<T>& p) noexcept {
  with_source_type(p.source.type, [&p]<class Source>() {
    for_each_clipped<T, Source>(p,
                                [](T& out, T, auto, auto s) { out *= static_cast<T>(1 / (s * exact_square_root(s))); });
  });
}

}  // namespace
}  // namespace fastmlp
