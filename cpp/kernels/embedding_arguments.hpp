// What kernels are told of embeddings at the entrance of a network: a part of the contract in kernel_table.hpp, which
// includes this one and whose conventions hold.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace fastmlp {

// Numbers in bins, column by column. A number has filled the first bins wholly, of the next one a share, and nothing of
// those behind. That next one is the last whose lower edge it is above by more than `least`, its share (x - lower) *
// inverse, at most 1; a number that is above none has filled 0 of the first. Bins ascend; those of a column that has
// fewer are behind the others and have an infinite lower edge, so that no number is above it.
template <class T>
struct BinsArguments {
  ptrdiff_t rows;
  ptrdiff_t columns;  // in bins
  ptrdiff_t others;   // behind them
  ptrdiff_t bins;
  const T* x;  // (rows, ldx)
  ptrdiff_t ldx;
  const T* lower;  // (columns, bins), without gaps
  const T* least;
  const T* inverse;  // of the bin's width, or 0 where it has none
  T* out;            // (rows, ld)
  ptrdiff_t ld;
};

// How far numbers have filled the bins of their columns, (columns, ld), a row of the batch in each column.
template <class T>
struct FilledBins {
  int32_t* whole;  // bins
  T* share;        // of the next one
  ptrdiff_t ld;
};

// What a first layer's sums begin with where its inputs are shares of bins, which are never written out: a[r] = bias +
// sum over the columns, in ascending order, of (share W[whole] + (0 + W[0] + ... + W[whole - 1])), each column with the
// rows of weights of its own bins, and one rounding for product and sum.
template <class T>
struct BinsForwardArguments {
  ptrdiff_t rows;
  ptrdiff_t columns;
  ptrdiff_t bins;
  FilledBins<T> filled;
  ptrdiff_t n_out;
  const T* weights;  // (columns bins, ldw)
  ptrdiff_t ldw;
  const T* bias;
  T* a;  // (rows, lda)
  ptrdiff_t lda;
  T* sums;  // (bins, kBinColumns): room for W[0] + ... + W[t - 1] of every t, needed for more than kFewBinRows rows
};
constexpr ptrdiff_t kBinColumns = 64;
constexpr ptrdiff_t kFewBinRows = 4;  // whose own sums take fewer additions than those of all bins

// Gradients g by the weights of one column's bins: g[t] = sum of share delta[r] over the rows r that have filled t bins
// wholly, and of delta[r] over those that have filled more. Rows are added in ascending order for each number of bins
// that are whole, and these sums from the last bin down.
template <class T>
struct BinsGradientArguments {
  ptrdiff_t batch;
  ptrdiff_t bins;
  FilledBins<T> filled;  // of this column
  ptrdiff_t n_columns;
  const T* delta;  // (batch, ldd), from the tile's first column on
  ptrdiff_t ldd;
  T* g;      // (bins, ldg)
  T* whole;  // (bins, ldg): room for the sums of delta
  ptrdiff_t ldg;
};

// Numbers as waves, column by column: w[k] = cos(2 pi (x f[k] + p[k])), and out[r][j width + u] = b[u] + sum over k of
// w[k] W[k][u] for u below width - 1, where x itself stands. A row of parameters holds f, p, W and b of one column. The
// cosines, and where not null the sines, lie by column and frequency, (n_inputs frequencies, ldw), a row of the batch in
// each column, and are written to these rows alone. In waves numbers, frequencies and phases below the root of
// Smallest::factor count as 0, and what is very large as a limit.
template <class T>
struct WavesArguments {
  ptrdiff_t rows;
  ptrdiff_t n_inputs;
  ptrdiff_t frequencies;
  ptrdiff_t width;
  const T* parameters;  // (n_inputs, ldp)
  ptrdiff_t ldp;
  const T* x;  // (rows, ldx)
  ptrdiff_t ldx;
  T* cosines;
  T* sines;
  ptrdiff_t ldw;
  T* out;  // (rows, ld)
  ptrdiff_t ld;
};

}  // namespace fastmlp
