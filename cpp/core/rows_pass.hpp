// What is done to rows, each row alone: gather, forward, loss, deltas. rows_pass is the first half of a training step;
// its parts are all of an evaluation. Weights are only read, so any thread may take any rows; the caller decides which.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "core/dataset.hpp"
#include "core/entrance.hpp"
#include "core/junction.hpp"
#include "core/network.hpp"
#include "core/product_plan.hpp"
#include "core/targets.hpp"
#include "core/workspace.hpp"
#include "platform/checks.hpp"
#include "platform/team.hpp"

namespace fastmlp {

// Whether the loss starts from the last layer's pre-activations: its activation belongs to the loss, or does not enter.
inline bool loss_takes_logits(LossKind loss) noexcept {
  return loss == LossKind::softmax_cross_entropy || loss == LossKind::sigmoid_cross_entropy ||
         loss == LossKind::perceptron;
}

// What a training step or gradients with this loss want of the last layer.
inline Purpose purpose_of(LossKind loss) noexcept {
  return loss == LossKind::given_deltas || loss == LossKind::given_slopes ? Purpose::given_gradients
                                                                          : Purpose::gradients;
}

// Inputs of rows [begin, end) of the selection, for a kernel that gathers them into out.
template <class T>
GatherArguments<T> gathering(const Network<T>& network, const Dataset& data, const Selection& selection,
                             std::ptrdiff_t begin, std::ptrdiff_t end, T* out, std::ptrdiff_t ld) noexcept {
  FASTMLP_ASSERT(begin >= 0 && begin <= end && end <= selection.rows);
  FASTMLP_ASSERT(data.inputs.row_starts == nullptr || network.input_scale() == nullptr);
  const std::ptrdiff_t* order = input_order(data.inputs, selection);
  return {.source = data.inputs,
          .index = order != nullptr ? order + selection.begin + begin : nullptr,
          .first_row = selection.begin + begin,
          .rows = end - begin,
          .out = out,
          .ld = ld,
          .shift = network.input_shift(),
          .scale = network.input_scale(),
          .limit = network.input_limit()};
}

// Likewise, into the workspace, at the rows from `at` on; there they are embedded.
template <class T>
void gather_inputs(const Network<T>& network, const Workspace<T>& workspace, const Dataset& data,
                   const Selection& selection, std::ptrdiff_t begin, std::ptrdiff_t end, std::ptrdiff_t at) noexcept {
  FASTMLP_ASSERT(at + end - begin <= workspace.rows());
  kernels<T>().gather(gathering(network, data, selection, begin, end, workspace.numbers(at), workspace.ld_numbers()));
  embed_rows(network, workspace, at, at + end - begin);
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
                         .ld = workspace.ld_targets(),
                         .shift = nullptr,
                         .scale = nullptr,
                         .limit = 0.0});
  }
  for (std::ptrdiff_t r = 0; r < rows; ++r) {
    const double weight = data.weight(selection[begin + r]);
    *workspace.scale(at + r) = total > 0.0 ? static_cast<T>(weight / total) : T(0);
  }
}

template <class T>
ProductCut cut_of(const Network<T>& network) noexcept {
  return product_cut(network.buffer_size() * static_cast<std::ptrdiff_t>(sizeof(T)));
}

// The most rows that go through all layers together.
template <class T>
std::ptrdiff_t row_block(const Network<T>& network) noexcept {
  return cut_of(network).rows;
}

// Columns of the unfinished sums of a product with so many: those of one panel, or all of them.
template <class T>
std::ptrdiff_t columns_of_sums(const Kernels<T>& kernel, bool by_blocks, std::ptrdiff_t columns) noexcept {
  return by_blocks ? std::max(leading_dimension(columns), kernel.tile_columns) : kernel.tile_columns;
}
template <class T>
std::ptrdiff_t columns_of_sums(const ProductCut& cut, std::ptrdiff_t columns) noexcept {
  return columns_of_sums<T>(kernels<T>(), cut.by_blocks, columns);
}

// Room for unfinished sums that a thread needs for its blocks, of no more than so many rows; none where all layers are
// narrow and without bins.
template <class T>
std::ptrdiff_t sums_size(const Network<T>& network, std::ptrdiff_t rows) noexcept {
  const ProductCut cut = cut_of(network);
  const std::ptrdiff_t binned = network.binned_inputs();
  const std::ptrdiff_t most_rows = std::min(cut.rows, rows);
  const std::ptrdiff_t most_terms = std::min(cut.terms, cut.near_terms);
  std::ptrdiff_t of_products = 0;
  for (const Layer& layer : network.layers()) {
    const std::ptrdiff_t n_in = layer.n_in - (&layer == &network.layers().front() ? binned : 0);
    if (n_in > most_terms) of_products = std::max(of_products, most_rows * columns_of_sums<T>(cut, layer.n_out));
    if (layer.n_out > most_terms) of_products = std::max(of_products, most_rows * columns_of_sums<T>(cut, layer.n_in));
  }
  const std::ptrdiff_t of_bins = binned > 0 && rows > kFewBinRows ? network.embedding().width * kBinColumns : 0;
  return std::max(of_products, of_bins);
}

// Whether layer l ends at its logits, for a loss that starts from them.
template <class T>
bool ends_at_logits(const Network<T>& network, std::size_t l, Purpose purpose) noexcept {
  const bool has_loss = purpose == Purpose::loss || purpose == Purpose::gradients;
  return l + 1 == network.layers().size() && has_loss && loss_takes_logits(network.loss());
}

// activation(x W + b) of layer l for workspace rows [begin, end) and a share of its columns; for gradients, the
// derivatives too, but for those of logits. sums: the thread's own room of sums_size.
template <class T>
void forward_product(const Network<T>& network, const Workspace<T>& workspace, std::size_t l, std::ptrdiff_t begin,
                     std::ptrdiff_t end, Share columns, ActivationKind activation, Purpose purpose, T* sums) noexcept {
  const Layer& layer = network.layers()[l];
  const bool as_logits = ends_at_logits(network, l, purpose);
  T* d = workspace.deltas(l + 1, begin);
  T* a = workspace.activations(l + 1, begin) + columns.begin;
  const T* weights = network.weights(layer) + columns.begin;
  const std::ptrdiff_t binned = l == 0 ? network.binned_inputs() : 0;
  const ProductCut cut = cut_of(network);
  if (binned > 0) {
    kernels<T>().bins_forward({.rows = end - begin,
                               .columns = network.embedding().columns,
                               .bins = network.embedding().width,
                               .filled = workspace.filled_bins(begin),
                               .n_out = columns.end - columns.begin,
                               .weights = weights,
                               .ldw = layer.ld,
                               .bias = network.bias(layer) + columns.begin,
                               .a = a,
                               .lda = workspace.ld(l + 1),
                               .sums = sums});
  }
  kernels<T>().forward({.rows = end - begin,
                        .n_in = layer.n_in - binned,
                        .n_out = columns.end - columns.begin,
                        .x = workspace.activations(l, begin),
                        .ldx = workspace.ld(l),
                        .weights = weights + binned * layer.ld,
                        .ldw = layer.ld,
                        .activation = activation,
                        .parameter = static_cast<T>(layer.parameter),
                        .smallest = l + 1 < network.layers().size() ? Smallest<T>::factor : T(0),
                        .formula = network.formula(l),
                        .a = a,
                        .d = as_logits || d == nullptr ? nullptr : d + columns.begin,
                        .lda = workspace.ld(l + 1),
                        .terms = cut.terms,
                        .near_terms = cut.near_terms,
                        .by_blocks = cut.by_blocks,
                        .sums = sums,
                        .has_last_column = columns.end == layer.n_out,
                        .continues = binned > 0});
}

// The activations of a layer, likewise. Softmax is left for when all columns are there.
template <class T>
void forward_layer(const Network<T>& network, const Workspace<T>& workspace, std::size_t l, std::ptrdiff_t begin,
                   std::ptrdiff_t end, Share columns, Purpose purpose, T* sums) noexcept {
  const bool as_logits = ends_at_logits(network, l, purpose);
  const ActivationKind activation = as_logits ? ActivationKind::identity : network.layers()[l].activation;
  forward_product(network, workspace, l, begin, end, columns, activation, purpose, sums);
}

template <class T>
bool takes_softmax(const Network<T>& network, std::size_t l, Purpose purpose) noexcept {
  return network.layers()[l].activation == ActivationKind::softmax && !ends_at_logits(network, l, purpose);
}

template <class T>
void softmax_layer(const Network<T>& network, const Workspace<T>& workspace, std::size_t l, std::ptrdiff_t begin,
                   std::ptrdiff_t end) noexcept {
  kernels<T>().softmax_rows(end - begin, network.layers()[l].n_out, workspace.activations(l + 1, begin),
                            workspace.ld(l + 1));
}

// Activations of every layer for workspace rows [begin, end); draw: that of a training step, else null.
template <class T>
void forward_rows(const Network<T>& network, const Workspace<T>& workspace, std::ptrdiff_t begin, std::ptrdiff_t end,
                  Purpose purpose, T* sums, const DropoutDraw* draw = nullptr) noexcept {
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    if (is_entered(network, l, draw)) enter_layer(network, workspace, l, begin, end, purpose, draw);
    forward_layer(network, workspace, l, begin, end, Share{0, network.layers()[l].n_out}, purpose, sums);
    if (takes_softmax(network, l, purpose)) softmax_layer(network, workspace, l, begin, end);
  }
}

// Losses of workspace rows [begin, end), and their deltas of the last layer. kind: the network's loss, or a given one.
template <class T>
void loss_rows(const Network<T>& network, const Workspace<T>& workspace, LossKind kind, bool has_labels,
               std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  const std::size_t last = network.layers().size();
  kernels<T>().loss({.kind = kind,
                     .parameter = static_cast<T>(network.loss_parameter()),
                     .formula = network.loss_formula(),
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

// Deltas of layer l - 1 from those of layer l, for a share of its columns; transposed: the weights, as
// transpose_weights left them.
template <class T>
void backward_layer(const Network<T>& network, const T* transposed, const Workspace<T>& workspace, std::size_t l,
                    std::ptrdiff_t begin, std::ptrdiff_t end, Share columns, T* sums) noexcept {
  const Layer& layer = network.layers()[l];
  const bool has_junction = network.has_junction(l);
  const ProductCut cut = cut_of(network);
  T* d = has_junction ? workspace.incoming(l, begin) : workspace.deltas(l, begin);
  kernels<T>().backward({.rows = end - begin,
                         .n_in = columns.end - columns.begin,
                         .n_out = layer.n_out,
                         .delta_out = workspace.deltas(l + 1, begin),
                         .ld_out = workspace.ld(l + 1),
                         .transposed = transposed + layer.transposed_offset + columns.begin,
                         .ldt = layer.ldt,
                         .activation = l > 0 ? network.layers()[l - 1].activation : ActivationKind::identity,
                         .d = d + columns.begin,
                         .ld_in = workspace.ld(l),
                         .unscaled = has_junction,
                         .terms = cut.terms,
                         .near_terms = cut.near_terms,
                         .by_blocks = cut.by_blocks,
                         .sums = sums});
}

// Deltas of all layers before the last, down to the first or to an embedding that learns; draw: the forward pass's.
template <class T>
void backward_rows(const Network<T>& network, const T* transposed, const Workspace<T>& workspace, std::ptrdiff_t begin,
                   std::ptrdiff_t end, T* sums, const DropoutDraw* draw = nullptr) noexcept {
  for (std::size_t l = network.layers().size() - 1; l + 1 > first_deltas(network); --l) {
    backward_layer(network, transposed, workspace, l, begin, end, Share{0, network.layers()[l].n_in}, sums);
    if (network.has_junction(l)) leave_layer(network, workspace, l, begin, end, draw);
  }
}

// Rows of a workspace to contiguous ones of the caller's.
template <class T>
void copy_rows(const T* from, std::ptrdiff_t ld, std::ptrdiff_t rows, std::ptrdiff_t columns, T* to) noexcept {
  for (std::ptrdiff_t r = 0; r < rows; ++r) {
    std::memcpy(to + r * columns, from + r * ld, static_cast<std::size_t>(columns) * sizeof(T));
  }
}

// Calls f(begin, end) for [begin, end) in nearly equal blocks of at most `most` rows.
template <class F>
void for_each_row_block(std::ptrdiff_t begin, std::ptrdiff_t end, std::ptrdiff_t most, F&& f) noexcept {
  const std::ptrdiff_t rows = end - begin;
  const std::ptrdiff_t blocks = (rows + most - 1) / most;
  for (std::ptrdiff_t b = 0; b < blocks; ++b) f(begin + rows * b / blocks, begin + rows * (b + 1) / blocks);
}

// Which way a pass goes: forward to the outputs, back from them to the deltas of all layers, or both.
enum class Way { there, back, both };

// A batch of a training, in the workspace rows from 0 on.
template <class T>
struct TrainingBatch {
  const Network<T>& network;
  const T* transposed;  // the weights', for the way back
  const Workspace<T>& workspace;
  const Dataset& data;
  Selection rows;
  double weight;  // sum of the rows' weights
  LossKind loss;
  Way way;
  DropoutDraw draw;
};

// From inputs to the deltas of all layers, or half of that, for a thread's share of the rows of a batch.
template <class T>
void rows_pass(const TrainingBatch<T>& b, T* sums, int thread, int threads) noexcept {
  const Share share = share_of(b.rows.rows, thread, threads);
  const std::ptrdiff_t most = row_block(b.network);
  for_each_row_block(share.begin, share.end, most, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    if (b.way != Way::back) {
      gather_inputs(b.network, b.workspace, b.data, b.rows, begin, end, begin);
      forward_rows(b.network, b.workspace, begin, end, purpose_of(b.loss), sums, &b.draw);
    }
    if (b.way == Way::there) return;
    gather_targets(b.workspace, b.data, b.rows, begin, end, begin, b.weight);
    loss_rows(b.network, b.workspace, b.loss, b.data.labels != nullptr, begin, end);
    backward_rows(b.network, b.transposed, b.workspace, begin, end, sums, &b.draw);
  });
}

}  // namespace fastmlp
