// Activations and losses that the user wrote as a formula: a program of few instructions, run over a block of vectors at a time.
//
// What an instruction costs to look up is paid once for a block, whose registers stay in the first-level cache; so a
// formula takes about the time of the functions in it. Formulas are read, differentiated and turned into instructions
// in python/fastmlp/_formula/, and bounds are checked where they enter the core: here they hold.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/special-inl.hpp"

namespace fastmlp {
namespace {

// Vectors of a block: all of the largest register tile.
constexpr ptrdiff_t kFormulaVectors = FASTMLP_VECTOR_REGISTERS >= 32 ? 24 : 12;

// A source: the vectors of a register, or a constant, whose step is 0.
template <class T>
struct Operand {
  const T* first;
  ptrdiff_t step;

  FASTMLP_INLINE Vec<T> operator[](ptrdiff_t v) const { return load<T>(first + v * step); }
};

// The registers; the first one, which starts as z or an output, is the caller's.
template <class T>
struct FormulaBlock {
  T* z;
  alignas(64) T others[kFormulaRegisters - 1][kFormulaVectors * kLanes<T>];

  FASTMLP_INLINE T* operator[](int16_t number) { return number == 0 ? z : others[number - 1]; }
};

template <class T>
FASTMLP_INLINE Operand<T> operand(const FormulaProgram<T>& program, FormulaBlock<T>& block, int16_t source) {
  if (source >= 0) return {block[source], kLanes<T>};
  return {program.constants + -(source + 1) * kFormulaCopies, 0};
}

template <class T, class F>
FASTMLP_INLINE void each_vector(T* out, ptrdiff_t vectors, F&& f) {
  for (ptrdiff_t v = 0; v < vectors; ++v) store<T>(out + v * kLanes<T>, f(v));
}

// A mask as a register holds it: the bits of a comparison.
template <class T>
FASTMLP_INLINE Vec<T> as_mask(IntVec<T> mask) {
  return from_bits<T>(mask);
}

#define FASTMLP_EACH(expression) \
  each_vector<T>(out, vectors, [&](ptrdiff_t v) __attribute__((always_inline)) -> Vec<T> { return expression; })

// Runs instructions [first, last) on the block. A result may take the place of a source: a vector is read before it is
// written.
template <class T>
void run_formula(const FormulaProgram<T>& program, ptrdiff_t first, ptrdiff_t last, FormulaBlock<T>& block,
                 ptrdiff_t vectors) noexcept {
  using Op = FormulaOperation;
  for (ptrdiff_t i = first; i < last; ++i) {
    const FormulaInstruction& step = program.instructions[i];
    T* out = block[step.destination];
    const Operand<T> a = operand(program, block, step.sources[0]);
    const Operand<T> b = operand(program, block, step.sources[1]);
    const Operand<T> c = operand(program, block, step.sources[2]);
    switch (step.operation) {
      case Op::add: FASTMLP_EACH(a[v] + b[v]); break;
      case Op::subtract: FASTMLP_EACH(a[v] - b[v]); break;
      case Op::multiply: FASTMLP_EACH(a[v] * b[v]); break;
      case Op::divide: FASTMLP_EACH(a[v] / b[v]); break;
      case Op::multiply_add: FASTMLP_EACH(fma<T>(a[v], b[v], c[v])); break;
      case Op::multiply_subtract: FASTMLP_EACH(fma<T>(a[v], b[v], -c[v])); break;
      case Op::subtract_product: FASTMLP_EACH(fma<T>(-a[v], b[v], c[v])); break;
      // NaN passes, from either side
      case Op::maximum: FASTMLP_EACH(((a[v] > b[v]) | (a[v] != a[v])) ? a[v] : b[v]); break;
      case Op::minimum: FASTMLP_EACH(((a[v] < b[v]) | (a[v] != a[v])) ? a[v] : b[v]); break;
      case Op::absolute: FASTMLP_EACH(abs<T>(a[v])); break;
      case Op::negate: FASTMLP_EACH(-a[v]); break;
      case Op::sign: FASTMLP_EACH(a[v] > T(0) ? broadcast<T>(1) : a[v] < T(0) ? broadcast<T>(-1) : a[v]); break;
      case Op::less: FASTMLP_EACH(as_mask<T>(a[v] < b[v])); break;
      case Op::less_equal: FASTMLP_EACH(as_mask<T>(a[v] <= b[v])); break;
      case Op::select: FASTMLP_EACH(bits_of<T>(a[v]) != 0 ? b[v] : c[v]); break;
      case Op::exp: FASTMLP_EACH(exp<T>(a[v])); break;
      case Op::log: FASTMLP_EACH(log<T>(a[v])); break;
      case Op::sqrt: FASTMLP_EACH(full_square_root<T>(a[v])); break;
      case Op::tanh: FASTMLP_EACH(tanh<T>(a[v])); break;
      case Op::sigmoid: FASTMLP_EACH(sigmoid<T>(a[v])); break;
      case Op::softplus: FASTMLP_EACH(softplus<T>(a[v])); break;
      case Op::erf: FASTMLP_EACH(error_function<T>(a[v])); break;
      case Op::sin: FASTMLP_EACH(sine<T>(a[v])); break;
      case Op::cos: FASTMLP_EACH(cosine<T>(a[v])); break;
    }
  }
}

#undef FASTMLP_EACH

// A block to a tile's rows, without what is tiny; beyond `columns` columns, which is padding, zero: a formula need not
// be finite at 0.
template <class T>
FASTMLP_INLINE void write_block(Operand<T> from, T* to, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t vectors,
                                ptrdiff_t columns, T smallest) {
  for (ptrdiff_t r = 0; r < rows; ++r) {
    for (ptrdiff_t v = 0; v < vectors; ++v) {
      store<T>(to + r * ld + v * kLanes<T>, without_tiny<T>(from[r * vectors + v], smallest));
    }
  }
  if (columns >= vectors * kLanes<T>) return;
  const ptrdiff_t last = (vectors - 1) * kLanes<T>;
  const IntVec<T> valid = lane_numbers<T>() < static_cast<Int<T>>(columns - last);
  for (ptrdiff_t r = 0; r < rows; ++r) {
    T* place = to + r * ld + last;
    store<T>(place, valid ? load<T>(place) : Vec<T>{});
  }
}

// a and d of a block of rows x vectors, of which `columns` columns are the layer's, from z without gaps, which is
// written over. Without d only the value is computed.
template <class T>
void formula_block(const FormulaProgram<T>& program, T* z, T* a, T* d, ptrdiff_t ld, ptrdiff_t rows, ptrdiff_t vectors,
                   ptrdiff_t columns, T smallest) noexcept {
  FormulaBlock<T> block;
  block.z = z;
  run_formula(program, 0, program.value_length, block, rows * vectors);
  write_block(operand(program, block, program.value), a, ld, rows, vectors, columns, smallest);
  if (d == nullptr) return;
  run_formula(program, program.value_length, program.length, block, rows * vectors);
  write_block(operand(program, block, program.derivative), d, ld, rows, vectors, columns, smallest);
}

}  // namespace
}  // namespace fastmlp
