// The value of the penalties: per layer l1 sum |W| + (l2 / 2) sum W^2, the bias left out. Their gradient is added in
// the optimizer's kernel.
//
// Rows of weights are summed alone (any thread may take any), then added in ascending order by one thread.
#pragma once

#include <cstddef>
#include <vector>

#include "core/network.hpp"
#include "core/targets.hpp"
#include "platform/team.hpp"

namespace fastmlp {

template <class T>
class Penalty {
 public:
  explicit Penalty(const Network<T>& network) : network_(network) {
    std::ptrdiff_t rows = 0;
    for (const Layer& layer : network.layers()) rows += layer.has_penalty() ? layer.n_in : 0;
    rows_ = AlignedBuffer<double>(rows);
  }

  // This thread's share of the rows.
  void add_rows(int thread, int threads) const noexcept {
    std::ptrdiff_t first = 0;
    for (const Layer& layer : network_.layers()) {
      if (!layer.has_penalty()) continue;
      const Share share = share_of(layer.n_in, thread, threads);
      for (std::ptrdiff_t i = share.begin; i < share.end; ++i) {
        T sum_abs;
        T sum_squares;
        kernels<T>().row_norms(layer.n_out, network_.weights(layer) + i * layer.ld, &sum_abs, &sum_squares);
        rows_[first + i] = layer.l1 * static_cast<double>(sum_abs) + 0.5 * layer.l2 * static_cast<double>(sum_squares);
      }
      first += layer.n_in;
    }
  }

  // The whole, once every thread's rows are there.
  double total() const noexcept {
    double sum = 0.0;
    for (std::ptrdiff_t i = 0; i < rows_.size(); ++i) sum += rows_[i];
    return sum;
  }

 private:
  const Network<T>& network_;
  AlignedBuffer<double> rows_;
};

}  // namespace fastmlp
