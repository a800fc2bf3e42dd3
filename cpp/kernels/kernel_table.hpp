// The contract between the core and the arithmetic: what each kernel computes, on plain pointers, sizes and strides.
//
// Conventions of every kernel
// - T is float or double. Matrices are row-major; ld is the distance between rows, a multiple of 16 elements, and rows
//   are readable and writable up to the next multiple of 16 (the padding). Padding of weights and deltas is zero.
// - An activation matrix of n columns holds 1 in column n: the bias is then the last row of the weights (n_in + 1,
//   n_out) and its gradient one more row of the product.
// - Same bits on every target (docs/numerics.md): an element of a product is one accumulator, fused multiply-adds in
//   ascending order of the summed index; sums along a row use 16 virtual lanes and a fixed tree.
// - What is smaller in magnitude than the limits of Smallest counts as 0 where they say so: then no operation of a
//   training step meets a subnormal number (docs/numerics.md).
// - Kernels are noexcept, allocate nothing, know no threads: the caller passes its own rows or tiles.
//
// Included by code compiled for every target, so: declarations of plain data only, no function bodies, no std types.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/embedding_arguments.hpp"

namespace fastmlp {

enum class ActivationKind : int {
  identity,
  sigmoid,
  tanh,
  relu,
  leaky_relu,
  softmax,
  step,
  sign,
  elu,
  selu,
  softplus,
  gelu,
  gelu_tanh,
  silu,
  mish,
  hard_tanh,
  softsign,
  formula,
};
enum class LossKind : int {
  softmax_cross_entropy,
  sigmoid_cross_entropy,
  mse,
  half_squared_error,
  mae,
  huber,
  poisson,
  quantile,
  hinge,
  perceptron,
  formula,
  // No loss: in the place of targets come its derivatives, as the caller has them,
  given_deltas,  // by the last layer's pre-activations
  given_slopes,  // by its outputs
};
enum class OptimizerKind : int { gradient_only, sgd, adam, adamw, rmsprop, adagrad, rprop };
enum class DataType : int { uint8, float32, float64 };

// Limits that are far below what matters and far above the smallest normal number, 2^-126 or 2^-1022: that of numbers
// that are multiplied with each other (deltas, hidden activations and their derivatives, weights that a penalty or decay
// makes smaller), so that their products are normal; that of numbers that are kept (inputs, exponentials, the
// optimizer's state) and are multiplied with ordinary ones; that of gradients that are squared, the root of the second;
// and that of what the root of Adam is taken of, for which the last step of Newton's method stays exact.
template <class T>
struct Smallest;
template <>
struct Smallest<float> {
  static constexpr float factor = 0x1p-60f;
  static constexpr float kept = 0x1p-100f;
  static constexpr float squared = 0x1p-50f;
  static constexpr float under_root = 0x1p-78f;
};
template <>
struct Smallest<double> {
  static constexpr double factor = 0x1p-500;
  static constexpr double kept = 0x1p-800;
  static constexpr double squared = 0x1p-400;
  static constexpr double under_root = 0x1p-900;
};

// What an instruction of a formula does with its sources a, b, c. less and less_equal leave a mask, which select reads.
enum class FormulaOperation : int {
  add,
  subtract,
  multiply,
  divide,
  multiply_add,       // a b + c, rounded once
  multiply_subtract,  // a b - c
  subtract_product,   // c - a b
  maximum,
  minimum,
  absolute,
  negate,
  sign,
  less,
  less_equal,
  select,  // b where a, else c
  exp,
  log,
  sqrt,
  tanh,
  sigmoid,
  softplus,
  erf,
  sin,
  cos
};

// Sources are registers, or below 0 constants: -1 is the first. Those that the operation does not have are 0.
struct FormulaInstruction {
  FormulaOperation operation;
  int16_t destination;
  int16_t sources[3];
};

constexpr int kFormulaRegisters = 32;
constexpr int kFormulaCopies = 16;  // of a constant, one after the other: at least a vector of them

// An activation or a loss of the user's own. Register 0 starts as z, or as an output and register 1 as its target; the
// instructions before value_length make the value, those after it the derivative by register 0.
template <class T>
struct FormulaProgram {
  const FormulaInstruction* instructions;
  ptrdiff_t value_length;
  ptrdiff_t length;
  const T* constants;  // (constants, kFormulaCopies)
  int16_t value;       // a source, when the first part has run
  int16_t derivative;  // likewise, when all has
};

// Rows of input data as the user gave them: contiguous, converted to T only where they are gathered. Of sparse rows
// (row_starts not null) the data are what is not zero: of row r the values [row_starts[r], row_starts[r + 1]), each with
// its column. Rows taken by their places in a larger array (places not null) are told to kernels as an index.
struct DataView {
  const void* data;  // (rows, columns), or (row_starts[rows])
  DataType type;
  ptrdiff_t rows;
  ptrdiff_t columns;
  const int64_t* row_starts = nullptr;     // (rows + 1)
  const int32_t* value_columns = nullptr;  // (row_starts[rows])
  const ptrdiff_t* places = nullptr;       // (rows), in an array of as many rows as it takes
};

// out[r][0:columns] = T(source[index[r]][0:columns]) for r in [0, rows); index null: source rows first_row + r. With
// shift and scale: T((x - shift) * scale), computed in the wider of T and the source's type, so that a column whose mean
// is far from zero keeps its digits. With a limit as well: the smooth clip of that, z / sqrt(1 + (z / limit)^2), of any
// z, and NaN where x is not finite in T. Values below Smallest::kept, before and after scaling, count as 0. Padding of out
// is left as it is. Sparse rows are neither scaled nor clipped.
template <class T>
struct GatherArguments {
  DataView source;
  const ptrdiff_t* index;
  ptrdiff_t first_row;
  ptrdiff_t rows;
  T* out;  // (rows, ld)
  ptrdiff_t ld;
  const double* shift;  // (columns), or null
  const double* scale;  // (columns)
  double limit;         // 0: no clip
};

// Inverted dropout (docs/math.md) of columns [0, columns): element j of row r becomes scale times itself if word j of
// row first_row + r of the random numbers is at least `threshold`, else zero; in a, and where not null in d. A row of
// words is the counters (first_row + r) blocks .. + blocks of the sequence (seed, stream, part), four words each.
template <class T>
struct DropoutArguments {
  ptrdiff_t rows;
  ptrdiff_t columns;
  T* a;  // (rows, ld)
  T* d;  // (rows, ld)
  ptrdiff_t ld;
  uint32_t threshold;
  T scale;
  uint64_t seed;
  uint32_t stream;
  uint32_t part;
  uint64_t first_row;
};

// What lies between two layers besides the activation (docs/math.md): maxout pooling, layer normalization. Rows are
// independent.
template <class T>
struct JunctionArguments {
  ptrdiff_t rows;
  ptrdiff_t units;   // after pooling
  ptrdiff_t pieces;  // before it there are units * pieces columns, piece after piece
  T epsilon;         // of the normalization
  T* a;              // (rows, ld)
  T* d;              // (rows, ld), or null
  ptrdiff_t ld;
  T* g;                  // (rows, ld), gradients by what leaves the junction
  T* inverse_deviation;  // (rows)
};

// z = x W + b, or x W + a where it continues; a = activation(z), and where these are a layer's last columns, column n_out
// of a is set to 1. With derivative: d = activation'(z) as well. Both become 0 where they are below `smallest`. A part of
// a layer's columns ends at its last or at a multiple of 16.
// Softmax is left to softmax_rows: here it means identity.
template <class T>
struct ForwardArguments {
  ptrdiff_t rows;
  ptrdiff_t n_in;
  ptrdiff_t n_out;
  const T* x;  // (rows, ldx)
  ptrdiff_t ldx;
  const T* weights;  // (n_in + 1, ldw), the bias is row n_in
  ptrdiff_t ldw;
  ActivationKind activation;
  T parameter;                       // leaky_relu: slope, elu: alpha
  T smallest;                        // Smallest::factor where the next layer reads a, else 0
  const FormulaProgram<T>* formula;  // of the activation of this name, else null
  T* a;                              // (rows, lda)
  T* d;                              // (rows, lda), or null
  ptrdiff_t lda;
  ptrdiff_t terms;       // of a sum to add at a time
  ptrdiff_t near_terms;  // of these at a time where by_blocks
  bool by_blocks;        // so many terms of all sums, then the next ones; else all terms of a panel of columns
  T* sums;               // room for unfinished sums, if needed: of rows x tile_columns, by_blocks n_out and its padding
  bool has_last_column;
  bool continues = false;  // sums begin with what a holds, in the place of the bias; then n_in may be 0
};

// delta_in = (delta_out W^T) * d, written over d, where d is activation'(z) without what is tiny: the product counts as 0
// below Smallest::factor, and so does delta_in where d may be small. With unscaled: the product alone, as it is.
template <class T>
struct BackwardArguments {
  ptrdiff_t rows;
  ptrdiff_t n_in;
  ptrdiff_t n_out;
  const T* delta_out;  // (rows, ld_out)
  ptrdiff_t ld_out;
  const T* transposed;  // W^T (n_out, ldt)
  ptrdiff_t ldt;
  ActivationKind activation;  // whose derivative d holds
  T* d;                       // (rows, ld_in)
  ptrdiff_t ld_in;
  bool unscaled;
  ptrdiff_t terms;  // of a sum to add at a time
  ptrdiff_t near_terms;
  bool by_blocks;
  T* sums;  // as in the forward product, of n_in
};

// Rows of memory that will be used soon. Lines are counted from a row's first byte: those to be written start with one.
struct Region {
  const char* const* addresses;  // of each row; null: rows lie stride bytes apart from first
  const char* first;
  ptrdiff_t stride;
  ptrdiff_t rows;
  ptrdiff_t row_bytes;
};

struct Regions {
  const Region* first;
  ptrdiff_t count;
};

// g[i][j] = sum over r of x[r][i] delta[r][j], for i in [0, n_rows), j in [0, n_columns): a tile of dW. Meanwhile:
//   to_read   what will be read soon is asked for
//   to_write  what this thread alone will write next, but other cores have read, is made its own
template <class T>
struct GradientArguments {
  ptrdiff_t batch;
  ptrdiff_t n_rows;
  ptrdiff_t n_columns;
  const T* x;  // (batch, ldx), from the tile's first row on
  ptrdiff_t ldx;
  const T* delta;  // (batch, ldd), from the tile's first column on
  ptrdiff_t ldd;
  T* g;  // (n_rows, ldg)
  ptrdiff_t ldg;
  ptrdiff_t terms;  // of a sum to add at a time
  // Room for a copy of delta in panels, then of x, so that both are read in order, or null: they are read as they are.
  T* packed;
  bool delta_is_packed;  // by the call before
  Regions to_read;
  Regions to_write;
};

// The constants of one optimizer step; zero where the kind has no use for them.
template <class T>
struct OptimizerStep {
  OptimizerKind kind;
  bool nesterov;
  T momentum;
  T descent;  // minus the learning rate; adam: divided by 1 - beta1^t
  T beta1;
  T one_minus_beta1;
  T beta2;  // of the second moment: rmsprop's alpha
  T one_minus_beta2;
  T correction2;  // 1 / sqrt(1 - beta2^t)
  T epsilon;
  T decay;       // adamw: the part of a weight that is taken, learning rate * weight decay
  T first_step;  // rprop
  T eta_minus;
  T eta_plus;
  T min_step;
  T max_step;
  T clip_value;  // the largest magnitude of an element of the gradient, 0: none
  T scale = 1;   // factor of all gradients
};

// Applies the optimizer to a tile: g, to which the penalties' gradient is added and which is clipped and scaled in
// place, moves w and the slots, of which what is tiny becomes zero (of w where a penalty or decay acts); the new w also
// goes to its transposed copy. gradient_only writes g to slot0 and leaves w.
template <class T>
struct UpdateArguments {
  const OptimizerStep<T>& step;
  ptrdiff_t n_rows;
  ptrdiff_t n_columns;
  ptrdiff_t penalized_rows;  // the tile's rows before this one are weights, the others bias
  bool has_penalty;          // of its weights, whose gradient g may hold already: then l1 and l2 are 0
  T l1;
  T l2;
  T* g;  // (n_rows, ldg)
  ptrdiff_t ldg;
  T* w;      // (n_rows, ldw)
  T* slot0;  // (n_rows, ldw), or null where the optimizer has none
  T* slot1;  // (n_rows, ldw): likewise
  // What the slots held before: the slots themselves, or buffers of the same shape that stay as they are.
  const T* from0;
  const T* from1;
  ptrdiff_t ldw;
  T* transposed;  // (n_columns, ldt) or null
  ptrdiff_t ldt;
};

// Loss of each row, and delta = d(scale * loss)/dz of the last layer.
//   cross-entropies, perceptron: out holds the pre-activations z, d is written only
//   given deltas:                d becomes the targets, out is not read
//   others:                      out holds a; d holds activation'(z) and becomes delta; after softmax d is written only
template <class T>
struct LossArguments {
  LossKind kind;
  T parameter;                       // cross-entropies: label smoothing, huber: delta, quantile: q
  const FormulaProgram<T>* formula;  // of the loss of this name, else null
  ActivationKind activation;
  ptrdiff_t rows;
  ptrdiff_t n_out;
  const T* out;  // (rows, ld)
  T* d;          // (rows, ld)
  ptrdiff_t ld;
  const int32_t* labels;  // (rows), or null. n_out = 1: the target itself; else the class
  const T* targets;       // (rows, ldt), when labels is null
  ptrdiff_t ldt;
  const T* scale;  // (rows)
  T* row_loss;     // (rows)
};

// Numbers 2 first_pair and on of a sequence: block first_pair + i of Philox4x32-10 with key `seed` and counter
// (first_pair + i, part, stream) gives two of them, low words first.
struct RandomArguments {
  uint64_t seed;
  uint32_t stream;
  uint32_t part;
  uint64_t first_pair;
  ptrdiff_t pairs;
  uint64_t* numbers;  // (2 pairs)
};

// The kernels of one target for one T.
template <class T>
struct Kernels {
  void (*gather)(const GatherArguments<T>&) noexcept;
  // out[r][j] *= the derivative of the clip at the z of that element; there is a limit.
  void (*clip_backward)(const GatherArguments<T>&) noexcept;
  // out[r][j bins + t] = the share of bin t of column j that x[r][j] has filled; the columns behind follow as they are.
  void (*bins)(const BinsArguments<T>&) noexcept;
  // The same without shares: they are left as FilledBins, and out has the columns behind alone.
  void (*fill_bins)(const BinsArguments<T>&, const FilledBins<T>& filled) noexcept;
  void (*bins_forward)(const BinsForwardArguments<T>&) noexcept;
  void (*bins_gradient)(const BinsGradientArguments<T>&) noexcept;
  // dx (rows, ld) from gradients by what `bins` leaves, which are in out.
  void (*bins_backward)(const BinsArguments<T>&, T* dx, ptrdiff_t ld) noexcept;
  void (*waves)(const WavesArguments<T>&) noexcept;
  // dx likewise; cosines and sines are made anew.
  void (*waves_backward)(const WavesArguments<T>&, T* dx, ptrdiff_t ld) noexcept;
  // g (n_inputs, ldg) by the parameters from gradients in out, summed over the rows in 16 virtual lanes: row r goes to
  // lane r % 16. room: (n_inputs width, ldw).
  void (*waves_gradient)(const WavesArguments<T>&, T* room, T* g, ptrdiff_t ldg) noexcept;
  void (*forward)(const ForwardArguments<T>&) noexcept;
  // a[j] = max over pieces p of a[p units + j], a[units] = 1; where d is not null, d = 1 where the maximum was taken
  // (the first of equal ones), else 0.
  void (*pool)(const JunctionArguments<T>&) noexcept;
  // a = (a - mean) / sqrt(variance + epsilon) over the units of a row; keeps the inverse of that root.
  void (*normalize)(const JunctionArguments<T>&) noexcept;
  // g by the values before normalize, from g by those after it, which are in a.
  void (*normalize_backward)(const JunctionArguments<T>&) noexcept;
  // d[p units + j] *= g[j]; padding of d becomes zero.
  void (*spread)(const JunctionArguments<T>&) noexcept;
  void (*dropout)(const DropoutArguments<T>&) noexcept;
  void (*softmax_rows)(ptrdiff_t rows, ptrdiff_t n, T* z, ptrdiff_t ld) noexcept;
  void (*loss)(const LossArguments<T>&) noexcept;
  void (*backward)(const BackwardArguments<T>&) noexcept;
  void (*gradient)(const GradientArguments<T>&) noexcept;
  void (*update)(const UpdateArguments<T>&) noexcept;
  // transposed[j][i] = w[i][j]
  void (*transpose)(ptrdiff_t n_rows, ptrdiff_t n_columns, const T* w, ptrdiff_t ldw, T* transposed,
                    ptrdiff_t ldt) noexcept;
  // *sum_abs = sum |w|, *sum_squares = sum w^2 over one row
  void (*row_norms)(ptrdiff_t n, const T* w, T* sum_abs, T* sum_squares) noexcept;
  // Index of the first NaN or infinity, or -1.
  ptrdiff_t (*first_nonfinite)(ptrdiff_t n, const T* x) noexcept;
  // Elementwise functions, for the tests of their error in ULP.
  void (*exp)(ptrdiff_t n, const T* x, T* y) noexcept;
  void (*log)(ptrdiff_t n, const T* x, T* y) noexcept;
  void (*tanh)(ptrdiff_t n, const T* x, T* y) noexcept;
  void (*sigmoid)(ptrdiff_t n, const T* x, T* y) noexcept;
  void (*square_root)(ptrdiff_t n, const T* x, T* y) noexcept;
  void (*error_function)(ptrdiff_t n, const T* x, T* y) noexcept;
  void (*sine)(ptrdiff_t n, const T* x, T* y) noexcept;
  void (*cosine)(ptrdiff_t n, const T* x, T* y) noexcept;
  ptrdiff_t lanes;         // of a vector
  ptrdiff_t tile_columns;  // of the widest register tile
};

struct KernelTable {
  const char* target;
  void (*random)(const RandomArguments&) noexcept;
  Kernels<float> float32;
  Kernels<double> float64;
};

}  // namespace fastmlp
