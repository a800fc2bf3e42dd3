// What is done to rows, each row alone: gather, forward, loss, deltas. Phase A of a training step, and all of an
// evaluation. Weights are only read, so any thread may take any rows; the caller decides which.
#pragma once

#include <cstddef>

#include "core/dataset.hpp"
#include "core/network.hpp"
#include "core/targets.hpp"
#include "core/workspace.hpp"
#include "platform/checks.hpp"

namespace fastmlp {

// Rows that go through all layers together: enough to fill register tiles and to reuse a panel of weights, few enough
// that their activations stay in the second-level cache.
inline constexpr std::ptrdiff_t kRowBlock = 96;

// Whether the last layer's activation belongs to the loss, which then starts from the logits.
inline bool loss_takes_logits(LossKind loss) noexcept {
  return loss == LossKind::softmax_cross_entropy || loss == LossKind::sigmoid_cross_entropy;
}

// Inputs of rows [begin, end) of the selection into the workspace, at the rows from `at` on.
template <class T>
void gather_inputs(const Workspace<T>& workspace, const Dataset& data, const Selection& selection, std::ptrdiff_t begin,
                   std::ptrdiff_t end, std::ptrdiff_t at) noexcept {
  FASTMLP_ASSERT(begin >= 0 && begin <= end && end <= selection.rows);
  FASTMLP_ASSERT(at + end - begin <= workspace.rows());
  const bool ordered = selection.order != nullptr;
  kernels<T>().gather({.source = data.inputs,
                       .index = ordered ? selection.order + selection.begin + begin : nullptr,
                       .first_row = selection.begin + begin,
                       .rows = end - begin,
                       .out = workspace.activations(0, at),
                       .ld = workspace.ld(0)});
}

// Targets and scales (weight / total weight) of the same rows.
template <class T>
void gather_targets(const Workspace<T>& workspace, const Dataset& data, const Selection& selection,
                    std::ptrdiff_t begin, std::ptrdiff_t end, std::ptrdiff_t at, double total) noexcept {
  const std::ptrdiff_t rows = end - begin;
  if (data.labels != nullptr) {
    for (std::ptrdiff_t r = 0; r < rows; ++r) *workspace.labels(at + r) = data.labels[selection[begin + r]];
  } else {
    const bool ordered = selection.order != nullptr;
    kernels<T>().gather({.source = data.targets,
                         .index = ordered ? selection.order + selection.begin + begin : nullptr,
                         .first_row = selection.begin + begin,
                         .rows = rows,
                         .out = workspace.targets(at),
                         .ld = workspace.ld_targets()});
  }
  for (std::ptrdiff_t r = 0; r < rows; ++r) {
    const double weight = data.weight(selection[begin + r]);
    *workspace.scale(at + r) = total > 0.0 ? static_cast<T>(weight / total) : T(0);
  }
}

// Activations of every layer for workspace rows [begin, end); for gradients, the derivatives too; for a loss that takes
// logits, the last layer stops there.
template <class T>
void forward_rows(const Network<T>& network, const Workspace<T>& workspace, std::ptrdiff_t begin, std::ptrdiff_t end,
                  Purpose purpose) noexcept {
  const auto& layers = network.layers();
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Layer& layer = layers[l];
    const bool is_last = l + 1 == layers.size();
    const bool as_logits = is_last && purpose != Purpose::inference && loss_takes_logits(network.loss());
    T* d = workspace.deltas(l + 1, begin);
    kernels<T>().forward({.rows = end - begin,
                          .n_in = layer.n_in,
                          .n_out = layer.n_out,
                          .x = workspace.activations(l, begin),
                          .ldx = workspace.ld(l),
                          .weights = network.weights(layer),
                          .ldw = layer.ld,
                          .activation = as_logits ? ActivationKind::identity : layer.activation,
                          .parameter = static_cast<T>(layer.parameter),
                          .a = workspace.activations(l + 1, begin),
                          .d = as_logits ? nullptr : d,
                          .lda = workspace.ld(l + 1),
                          .sums = workspace.sums(begin)});
    if (layer.activation == ActivationKind::softmax && !as_logits) {
      kernels<T>().softmax_rows(end - begin, layer.n_out, workspace.activations(l + 1, begin), workspace.ld(l + 1));
    }
  }
}

// Losses of workspace rows [begin, end), and their deltas of the last layer.
template <class T>
void loss_rows(const Network<T>& network, const Workspace<T>& workspace, bool has_labels, std::ptrdiff_t begin,
               std::ptrdiff_t end) noexcept {
  const std::size_t last = network.layers().size();
  kernels<T>().loss({.kind = network.loss(),
                     .activation = network.layers().back().activation,
                     .rows = end - begin,
                     .n_out = network.n_outputs(),
                     .out = workspace.activations(last, begin),
                     .d = workspace.deltas(last, begin),
                     .ld = workspace.ld(last),
                     .labels = has_labels ? workspace.labels(begin) : nullptr,
                     .targets = workspace.targets(begin),
                     .ldt = workspace.ld_targets(),
                     .scale = workspace.scale(begin),
                     .row_loss = workspace.row_loss(begin)});
}

// Deltas of all layers before the last, down to the first; transposed: the weights, as transpose_weights left them.
template <class T>
void backward_rows(const Network<T>& network, const T* transposed, const Workspace<T>& workspace, std::ptrdiff_t begin,
                   std::ptrdiff_t end) noexcept {
  const auto& layers = network.layers();
  for (std::size_t l = layers.size() - 1; l > 0; --l) {
    const Layer& layer = layers[l];
    kernels<T>().backward({.rows = end - begin,
                           .n_in = layer.n_in,
                           .n_out = layer.n_out,
                           .delta_out = workspace.deltas(l + 1, begin),
                           .ld_out = workspace.ld(l + 1),
                           .transposed = transposed + layer.transposed_offset,
                           .ldt = layer.ldt,
                           .d = workspace.deltas(l, begin),
                           .ld_in = workspace.ld(l),
                           .unscaled = false,
                           .sums = workspace.sums(begin)});
  }
}

// Calls f(begin, end) for [begin, end) in nearly equal blocks of at most kRowBlock rows.
template <class F>
void for_each_row_block(std::ptrdiff_t begin, std::ptrdiff_t end, F&& f) noexcept {
  const std::ptrdiff_t rows = end - begin;
  const std::ptrdiff_t blocks = (rows + kRowBlock - 1) / kRowBlock;
  for (std::ptrdiff_t b = 0; b < blocks; ++b) f(begin + rows * b / blocks, begin + rows * (b + 1) / blocks);
}

}  // namespace fastmlp
