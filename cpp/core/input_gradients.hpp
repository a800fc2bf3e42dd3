// The last step back, from the deltas of the first layer to the inputs as the user gave them: through its weights, an
// embedding, the scaling and the clip.
#pragma once

#include <cstddef>

#include "core/network.hpp"
#include "core/rows_pass.hpp"
#include "core/workspace.hpp"
#include "platform/aligned_buffer.hpp"

namespace fastmlp {

template <class T>
class InputGradients {
 public:
  // most_rows: of a call. Takes the weights as they are now.
  InputGradients(const Network<T>& network, std::ptrdiff_t most_rows, int threads)
      : network_(network),
        most_rows_(most_rows),
        ldt_(leading_dimension(first().n_in)),
        transposed_(checked_count(first().n_out, ldt_)),
        blocks_(checked_count(threads * most_rows, ldt_)),
        ld_(leading_dimension(network.n_inputs())),
        inputs_(is_embedded() ? checked_count(threads * most_rows, ld_) : 0) {
    kernels<T>().transpose(first().n_in, first().n_out, network.weights(first()), first().ld, transposed_.data(), ldt_);
  }

  // Of rows [begin, end) of the selection, whose deltas are in the workspace from row `at` on; out: contiguous rows,
  // `stride` elements apart.
  void write(const Workspace<T>& workspace, const Dataset& data, const Selection& selection, std::ptrdiff_t begin,
             std::ptrdiff_t end, std::ptrdiff_t at, T* sums, int thread, T* out, std::ptrdiff_t stride) const noexcept {
    T* first_block = blocks_.data() + thread * most_rows_ * ldt_;
    T* block = is_embedded() ? inputs_.data() + thread * most_rows_ * ld_ : first_block;
    const std::ptrdiff_t ld = is_embedded() ? ld_ : ldt_;
    const std::ptrdiff_t n_inputs = network_.n_inputs();
    const ProductCut cut = cut_of(network_);
    kernels<T>().backward({.rows = end - begin,
                           .n_in = first().n_in,
                           .n_out = first().n_out,
                           .delta_out = workspace.deltas(1, at),
                           .ld_out = workspace.ld(1),
                           .transposed = transposed_.data(),
                           .ldt = ldt_,
                           .activation = ActivationKind::identity,
                           .d = first_block,
                           .ld_in = ldt_,
                           .unscaled = true,
                           .terms = cut.terms,
                           .near_terms = cut.near_terms,
                           .by_blocks = cut.by_blocks,
                           .sums = sums});
    if (is_embedded()) leave_embedding(network_, workspace, at, end - begin, first_block, ldt_, block, ld);
    if (network_.input_scale() != nullptr) {
      for (std::ptrdiff_t r = 0; r < end - begin; ++r) {
        for (std::ptrdiff_t j = 0; j < n_inputs; ++j) {
          block[r * ld + j] *= static_cast<T>(network_.input_scale()[j]);
        }
      }
    }
    if (network_.input_limit() > 0.0) {
      kernels<T>().clip_backward(gathering(network_, data, selection, begin, end, block, ld));
    }
    for (std::ptrdiff_t r = 0; r < end - begin; ++r) copy_rows(block + r * ld, ld, 1, n_inputs, out + r * stride);
  }

 private:
  const Layer& first() const noexcept { return network_.layers().front(); }
  bool is_embedded() const noexcept { return network_.embedding().kind != EmbeddingKind::none; }

  const Network<T>& network_;
  std::ptrdiff_t most_rows_;
  std::ptrdiff_t ldt_;  // of W^T, and of a block, which has padding that the caller's array has not
  AlignedBuffer<T> transposed_;
  AlignedBuffer<T> blocks_;
  std::ptrdiff_t ld_;
  AlignedBuffer<T> inputs_;  // blocks before an embedding, else none
};

}  // namespace fastmlp
