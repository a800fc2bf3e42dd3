// What is done to few rows by many threads: each thread takes a share of every layer's columns, and the team meets
// after each layer. The same numbers as rows_pass.hpp computes, in another order; columns_pass takes the place of
// rows_pass in a training step.
//
// With a row or two per thread the products would be bound by the reading of all weights in every thread; so each reads
// its own columns only.
#pragma once

#include <algorithm>
#include <cstddef>

#include "core/rows_pass.hpp"
#include "platform/barrier.hpp"
#include "platform/team.hpp"

namespace fastmlp {

// Rows per thread below which columns are shared instead. Measured on two threads: a register tile has six rows, and a
// thread should fill two; where weights exceed its second-level cache, columns win up to 32 (784-512-512-10 at 32 rows:
// 648 us a step by columns, 705 by rows) and lose time in barriers above.
inline constexpr std::ptrdiff_t kFewRowsPerThread = 8;
inline constexpr std::ptrdiff_t kFewRowsOfManyWeights = 32;
inline constexpr std::ptrdiff_t kManyWeights = 1 << 18;
inline constexpr std::ptrdiff_t kColumnGroup = 16;  // columns that stay together: no two threads write to one vector

// Where layers are narrow, the busiest thread may have no fewer multiplications by columns than by rows.
template <class T>
bool is_by_columns(const Network<T>& network, std::ptrdiff_t rows, int threads) noexcept {
  const std::ptrdiff_t few = network.buffer_size() > kManyWeights ? kFewRowsOfManyWeights : kFewRowsPerThread;
  if (threads == 1 || rows >= few * threads) return false;
  const auto share = [threads](std::ptrdiff_t n) { return (n + threads - 1) / threads; };
  std::ptrdiff_t by_rows = 0;
  std::ptrdiff_t by_columns = 0;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const std::ptrdiff_t groups = (network.layers()[l].n_out + kColumnGroup - 1) / kColumnGroup;
    by_rows += share(rows) * network.terms(l) * groups;
    by_columns += rows * network.terms(l) * share(groups);
  }
  return by_columns <= by_rows + by_rows / 4;
}

// A thread's share of n columns, in whole groups.
inline Share columns_of(std::ptrdiff_t n, int thread, int threads) noexcept {
  const Share groups = share_of((n + kColumnGroup - 1) / kColumnGroup, thread, threads);
  return {std::min(groups.begin * kColumnGroup, n), std::min(groups.end * kColumnGroup, n)};
}

// Activations of every layer for workspace rows [0, rows), when all inputs are there. Afterwards all rows are.
template <class T>
void forward_columns(const Network<T>& network, const Workspace<T>& workspace, std::ptrdiff_t rows, Purpose purpose,
                     T* sums, int thread, int threads, Barrier& barrier, const DropoutDraw* draw = nullptr) noexcept {
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    if (is_entered(network, l, draw)) {
      const Share share = share_of(rows, thread, threads);
      enter_layer(network, workspace, l, share.begin, share.end, purpose, draw);
      barrier.arrive_and_wait(threads);
    }
    const Share columns = columns_of(network.layers()[l].n_out, thread, threads);
    if (columns.begin < columns.end) {
      for_each_row_block(0, rows, row_block(network), [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
        forward_layer(network, workspace, l, begin, end, columns, purpose, sums);
      });
    }
    barrier.arrive_and_wait(threads);
    if (!takes_softmax(network, l, purpose)) continue;
    const Share share = share_of(rows, thread, threads);
    softmax_layer(network, workspace, l, share.begin, share.end);
    barrier.arrive_and_wait(threads);
  }
}

// Deltas of all layers before the last for workspace rows [0, rows), when all of the last are there. The caller's next
// barrier ends the first layer's.
template <class T>
void backward_columns(const Network<T>& network, const T* transposed, const Workspace<T>& workspace,
                      std::ptrdiff_t rows, T* sums, int thread, int threads, Barrier& barrier,
                      const DropoutDraw* draw = nullptr) noexcept {
  const std::size_t first = first_deltas(network);
  for (std::size_t l = network.layers().size() - 1; l + 1 > first; --l) {
    const Share columns = columns_of(network.layers()[l].n_in, thread, threads);
    if (columns.begin < columns.end) {
      for_each_row_block(0, rows, row_block(network), [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
        backward_layer(network, transposed, workspace, l, begin, end, columns, sums);
      });
    }
    if (network.has_junction(l)) {
      barrier.arrive_and_wait(threads);
      const Share share = share_of(rows, thread, threads);
      leave_layer(network, workspace, l, share.begin, share.end, draw);
    }
    if (l > first) barrier.arrive_and_wait(threads);
  }
}

// From inputs to the deltas of all layers, or half of that, for all rows of a batch. The caller's next barrier ends it.
template <class T>
void columns_pass(const TrainingBatch<T>& batch, T* sums, int thread, int threads, Barrier& barrier) noexcept {
  const auto& [network, transposed, workspace, data, rows, weight, loss, way, draw] = batch;
  const Share share = share_of(rows.rows, thread, threads);
  if (way != Way::back) {
    gather_inputs(network, workspace, data, rows, share.begin, share.end, share.begin);
    barrier.arrive_and_wait(threads);
    forward_columns(network, workspace, rows.rows, purpose_of(loss), sums, thread, threads, barrier, &draw);
  }
  if (way == Way::there) return;
  gather_targets(workspace, data, rows, share.begin, share.end, share.begin, weight);
  loss_rows(network, workspace, loss, data.labels != nullptr, share.begin, share.end);
  if (network.layers().size() == first_deltas(network)) return;
  barrier.arrive_and_wait(threads);
  backward_columns(network, transposed, workspace, rows.rows, sums, thread, threads, barrier, &draw);
}

}  // namespace fastmlp
