// The Euclidean norm of all gradients, for clipping.
//
// Rows are summed alone (any thread may take any), then added in ascending order in double: the same bits for any
// number of threads.
#pragma once

#include <cmath>
#include <cstddef>

#include "core/network.hpp"
#include "core/targets.hpp"
#include "platform/team.hpp"

namespace fastmlp {

template <class T>
class GradientNorm {
 public:
  // Without `wanted` it takes no memory and must not be used.
  GradientNorm(const Network<T>& network, bool wanted) : network_(network) {
    std::ptrdiff_t rows = 0;
    for (const Layer& layer : network.layers()) rows += layer.n_in + 1;
    rows += network.embedding().parameters.n_in;
    if (wanted) squares_ = AlignedBuffer<double>(rows);
  }

  // This thread's share of the rows of gradients, a buffer of the parameters' layout.
  void add_rows(const T* gradients, int thread, int threads) const noexcept {
    std::ptrdiff_t first = 0;
    const auto add = [&](const Layer& layer, std::ptrdiff_t n_rows) {
      const Share share = share_of(n_rows, thread, threads);
      for (std::ptrdiff_t i = share.begin; i < share.end; ++i) {
        T sum_abs;
        T sum_squares;
        kernels<T>().row_norms(layer.n_out, gradients + layer.offset + i * layer.ld, &sum_abs, &sum_squares);
        squares_[first + i] = static_cast<double>(sum_squares);
      }
      first += n_rows;
    };
    for (const Layer& layer : network_.layers()) add(layer, layer.n_in + 1);
    add(network_.embedding().parameters, network_.embedding().parameters.n_in);
  }

  // The factor that brings the norm down to `most`, at most 1, once every thread's rows are there. PyTorch's form: 1e-6
  // is added to the norm. NaN stays NaN, so that a divergence is seen.
  double factor(double most) const noexcept {
    double sum = 0.0;
    for (std::ptrdiff_t i = 0; i < squares_.size(); ++i) sum += squares_[i];
    const double factor = most / (std::sqrt(sum) + 1e-6);
    return factor > 1.0 ? 1.0 : factor;
  }

 private:
  const Network<T>& network_;
  AlignedBuffer<double> squares_;
};

}  // namespace fastmlp
