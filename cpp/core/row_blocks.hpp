// Rows of an evaluation over threads, in blocks that go through all layers together, each thread in memory of its own.
#pragma once

#include <algorithm>
#include <cstddef>

#include "core/dataset.hpp"
#include "core/network.hpp"
#include "core/penalty.hpp"
#include "core/rows_pass.hpp"
#include "platform/aligned_buffer.hpp"
#include "platform/team.hpp"

namespace fastmlp {

// Multiply-adds of a forward pass.
template <class T>
double work_of(const Network<T>& network, std::ptrdiff_t rows) noexcept {
  return static_cast<double>(network.multiply_adds()) * static_cast<double>(rows);
}
inline constexpr double kPasses = 4.0;  // forward, back by deltas and by inputs, gradients

// Each thread's room for unfinished sums.
template <class T>
class Sums {
 public:
  // rows: of all threads
  Sums(const Network<T>& network, int threads, std::ptrdiff_t rows)
      : per_thread_(sums_size(network, rows)),
        memory_(per_thread_ > 0 ? AlignedBuffer<T>(checked_count(threads, per_thread_)) : AlignedBuffer<T>()) {}
  T* of(int thread) const noexcept { return memory_.data() + thread * per_thread_; }

 private:
  std::ptrdiff_t per_thread_;
  AlignedBuffer<T> memory_;
};

// Rows of a block, of which a workspace holds one per thread.
template <class T>
std::ptrdiff_t block_rows(const Network<T>& network, std::ptrdiff_t rows, int threads) noexcept {
  return std::min(row_block(network), (rows + threads - 1) / threads);
}

// Calls f(begin, end, at, thread) for each block of rows on some thread; at: the thread's own rows of a workspace.
template <class T, class F>
void over_row_blocks(const Network<T>& network, std::ptrdiff_t rows, int threads, F&& f) {
  const std::ptrdiff_t own_rows = block_rows(network, rows, threads);
  run_team(threads, [&](int thread, int team) noexcept {
    const Share share = share_of(rows, thread, team);
    // the team may be smaller than planned, but a thread's rows are not more
    for_each_row_block(share.begin, share.end, own_rows,
                       [&](std::ptrdiff_t begin, std::ptrdiff_t end) { f(begin, end, thread * own_rows, thread); });
  });
}

// Weighted sum of the rows' losses over the total weight, in ascending order of rows, and the penalty.
template <class T>
double mean_loss(const Dataset& data, double total, const T* losses, const Penalty<T>& penalty) noexcept {
  return run_alone([&] {
    double sum = 0.0;
    for (std::ptrdiff_t r = 0; r < data.rows(); ++r) sum += data.weight(r) * static_cast<double>(losses[r]);
    penalty.add_rows(0, 1);
    return (total > 0.0 ? sum / total : 0.0) + penalty.total();
  });
}

}  // namespace fastmlp
