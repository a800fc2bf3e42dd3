// The way of rows through the embedding of a network's numbers, forward and back. Rows are independent; gradients of its
// parameters are summed over the batch in gradient_pass.cpp.
#pragma once

#include <algorithm>
#include <cstddef>

#include "core/network.hpp"
#include "core/targets.hpp"
#include "core/workspace.hpp"

namespace fastmlp {

// The last layer that deltas go back to: 0 is what leaves an embedding that learns.
template <class T>
std::size_t first_deltas(const Network<T>& network) noexcept {
  return network.embedding().learns() ? 0 : 1;
}

template <class T>
BinsArguments<T> bins_of(const Network<T>& network, const Workspace<T>& workspace, std::ptrdiff_t row,
                         std::ptrdiff_t rows) noexcept {
  return {.rows = rows,
          .columns = network.embedding().columns,
          .others = network.n_inputs() - network.embedding().columns,
          .bins = network.embedding().width,
          .x = workspace.numbers(row),
          .ldx = workspace.ld_numbers(),
          .lower = network.bins().lower.data(),
          .least = network.bins().least.data(),
          .inverse = network.bins().inverse.data(),
          .out = workspace.activations(0, row),
          .ld = workspace.ld(0)};
}

// The inputs of the first layer for `rows` workspace rows from `row` on, shares of bins written out; to (rows, ld).
template <class T>
void expand_bins(const Network<T>& network, const Workspace<T>& workspace, std::ptrdiff_t row, std::ptrdiff_t rows,
                 T* to, std::ptrdiff_t ld) noexcept {
  BinsArguments<T> bins = bins_of(network, workspace, row, rows);
  bins.out = to;
  bins.ld = ld;
  kernels<T>().bins(bins);
}

template <class T>
WavesArguments<T> waves_of(const Network<T>& network, const Workspace<T>& workspace, std::ptrdiff_t row,
                           std::ptrdiff_t rows) noexcept {
  const Embedding& embedding = network.embedding();
  return {.rows = rows,
          .n_inputs = network.n_inputs(),
          .frequencies = embedding.frequencies,
          .width = embedding.width,
          .parameters = network.weights(embedding.parameters),
          .ldp = embedding.parameters.ld,
          .x = workspace.numbers(row),
          .ldx = workspace.ld_numbers(),
          .cosines = workspace.cosines(row),
          .sines = workspace.sines(row),
          .ldw = workspace.ld_rows(),
          .out = workspace.activations(0, row),
          .ld = workspace.ld(0)};
}

// Makes inputs of the first layer, or what its bins are filled with, from the numbers of workspace rows [begin, end).
template <class T>
void embed_rows(const Network<T>& network, const Workspace<T>& workspace, std::ptrdiff_t begin,
                std::ptrdiff_t end) noexcept {
  switch (network.embedding().kind) {
    case EmbeddingKind::none: return;
    case EmbeddingKind::piecewise_linear: {
      const BinsArguments<T> bins = bins_of(network, workspace, begin, end - begin);
      if (network.binned_inputs() > 0) {
        kernels<T>().fill_bins(bins, workspace.filled_bins(begin));
      } else {
        kernels<T>().bins(bins);
      }
      return;
    }
    case EmbeddingKind::periodic: kernels<T>().waves(waves_of(network, workspace, begin, end - begin)); break;
  }
  // the derivative of the identity, for the way back
  T* d = workspace.deltas(0, begin);
  if (d != nullptr) std::fill_n(d, (end - begin) * workspace.ld(0), T(1));
}

// Gradients by the numbers of `rows` workspace rows from `row` on, from those by what they became, (rows, ld_out); to
// (rows, ld).
template <class T>
void leave_embedding(const Network<T>& network, const Workspace<T>& workspace, std::ptrdiff_t row, std::ptrdiff_t rows,
                     T* gradients, std::ptrdiff_t ld_out, T* to, std::ptrdiff_t ld) noexcept {
  if (network.embedding().kind == EmbeddingKind::piecewise_linear) {
    BinsArguments<T> bins = bins_of(network, workspace, row, rows);
    bins.out = gradients;
    bins.ld = ld_out;
    kernels<T>().bins_backward(bins, to, ld);
  } else {
    WavesArguments<T> waves = waves_of(network, workspace, row, rows);
    waves.out = gradients;
    waves.ld = ld_out;
    kernels<T>().waves_backward(waves, to, ld);
  }
}

// Gradients g (inputs, ldg) by the parameters of inputs [first, first + inputs), from `rows` workspace rows from `row` on
// and their deltas; room: (inputs * width, ld_rows).
template <class T>
void waves_gradient_of(const Network<T>& network, const Workspace<T>& workspace, std::ptrdiff_t row,
                       std::ptrdiff_t rows, std::ptrdiff_t first, std::ptrdiff_t inputs, T* room, T* g,
                       std::ptrdiff_t ldg) noexcept {
  const Embedding& embedding = network.embedding();
  WavesArguments<T> waves = waves_of(network, workspace, row, rows);
  waves.n_inputs = inputs;
  waves.parameters += first * waves.ldp;
  waves.x += first;
  waves.cosines += first * embedding.frequencies * waves.ldw;
  waves.sines += first * embedding.frequencies * waves.ldw;
  waves.out = workspace.deltas(0, row) + first * embedding.width;
  kernels<T>().waves_gradient(waves, room, g, ldg);
}

}  // namespace fastmlp
