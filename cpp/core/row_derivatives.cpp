// See row_derivatives.hpp.
#include "core/row_derivatives.hpp"

#include <algorithm>

#include "core/input_gradients.hpp"
#include "core/row_blocks.hpp"
#include "core/thread_guess.hpp"

namespace fastmlp {
namespace {

// W0, b0, W1, ..., the embedding, of one row: each weight's gradient is a product of its input and its delta. room: the
// thread's own, of entrance_room.
template <class T>
void write_row_gradients(const Network<T>& network, const Workspace<T>& workspace, std::ptrdiff_t row, T* room,
                         T* to) noexcept {
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const Layer& layer = network.layers()[l];
    const T* x = workspace.activations(l, row);  // the input of the bias is the 1 behind it
    if (l == 0 && network.binned_inputs() > 0) {
      expand_bins(network, workspace, row, 1, room, layer.n_in);
      room[layer.n_in] = T(1);
      x = room;
    }
    const T* delta = workspace.deltas(l + 1, row);
    for (std::ptrdiff_t i = 0; i <= layer.n_in; ++i, to += layer.n_out) {
      // + 0: the sum of a batch, which this is one term of, has no negative zero
      for (std::ptrdiff_t j = 0; j < layer.n_out; ++j) to[j] = x[i] * delta[j] + T(0);
    }
  }
  const Layer& entrance = network.embedding().parameters;
  for (std::ptrdiff_t i = 0; i < entrance.n_in; ++i, to += entrance.n_out) {
    T* g = room + network.embedding().width * workspace.ld_rows();
    waves_gradient_of(network, workspace, row, 1, i, 1, room, g, entrance.ld);
    std::copy_n(g, entrance.n_out, to);
  }
}

template <class T>
std::ptrdiff_t entrance_room(const Network<T>& network, const Workspace<T>& workspace) noexcept {
  const Embedding& embedding = network.embedding();
  if (embedding.learns()) return embedding.width * workspace.ld_rows() + embedding.parameters.ld;
  return network.binned_inputs() > 0 ? leading_dimension(network.layers().front().n_in + 1) : 0;
}

}  // namespace

template <class T>
void evaluate_jacobian(const Network<T>& network, const DataView& inputs, const DataView* vectors, T* out,
                       int thread_request) {
  const int threads = plan_threads_for_rows(network, inputs.rows, thread_request);
  const std::ptrdiff_t n_outputs = network.n_outputs();
  const std::ptrdiff_t n_inputs = network.n_inputs();
  const std::ptrdiff_t count = vectors != nullptr ? 1 : n_outputs;  // of passes back
  const TeamWatch watch(threads, static_cast<double>(count) * work_of(network, inputs.rows));
  const std::ptrdiff_t most = block_rows(network, inputs.rows, threads);
  const std::size_t depth = network.layers().size();
  const Workspace<T> workspace(network, threads * most, Purpose::gradients);
  // Derivatives of the activations, which a pass back multiplies into its deltas.
  const Workspace<T> kept(network, count > 1 ? threads * most : 1, Purpose::gradients);
  const Sums<T> sums(network, threads, inputs.rows);
  const InputGradients<T> gradients(network, most, threads);
  const AlignedBuffer<T> transposed(network.transposed_size());
  network.transpose_weights(transposed.data(), 0, 1);
  const Dataset data{.inputs = inputs, .targets = vectors != nullptr ? *vectors : DataView{}};
  const Selection all{nullptr, 0, inputs.rows};
  over_row_blocks(network, inputs.rows, threads,
                  [&](std::ptrdiff_t begin, std::ptrdiff_t end, std::ptrdiff_t at, int thread) noexcept {
                    const std::ptrdiff_t last = at + end - begin;
                    T* room = sums.of(thread);
                    const auto copy = [&](const Workspace<T>& from, const Workspace<T>& to) {
                      for (std::size_t l = 1; l <= depth; ++l) {
                        std::copy_n(from.deltas(l, at), (last - at) * from.ld(l), to.deltas(l, at));
                      }
                    };
                    gather_inputs(network, workspace, data, all, begin, end, at);
                    forward_rows(network, workspace, at, last, Purpose::given_gradients, room);
                    if (count > 1) copy(workspace, kept);
                    if (vectors != nullptr) gather_targets(workspace, data, all, begin, end, at, 0.0);
                    for (std::ptrdiff_t k = 0; k < count; ++k) {
                      if (k > 0) copy(kept, workspace);
                      for (std::ptrdiff_t r = at; vectors == nullptr && r < last; ++r) {
                        std::fill_n(workspace.targets(r), n_outputs, T(0));
                        workspace.targets(r)[k] = T(1);
                      }
                      loss_rows(network, workspace, LossKind::given_slopes, false, at, last);
                      backward_rows(network, transposed.data(), workspace, at, last, room);
                      gradients.write(workspace, data, all, begin, end, at, room, thread,
                                      out + (begin * count + k) * n_inputs, count * n_inputs);
                    }
                  });
}

template <class T>
void evaluate_row_gradients(const Network<T>& network, const Dataset& data, T* out, int thread_request) {
  const int threads = plan_threads_for_rows(network, data.rows(), thread_request);
  const TeamWatch watch(threads, kPasses * work_of(network, data.rows()));
  const Workspace<T> workspace(network, threads * block_rows(network, data.rows(), threads), Purpose::gradients);
  const Sums<T> sums(network, threads, data.rows());
  const AlignedBuffer<T> transposed(network.transposed_size());
  network.transpose_weights(transposed.data(), 0, 1);
  const Selection all{nullptr, 0, data.rows()};
  const std::ptrdiff_t parameters = network.parameter_count();
  const std::ptrdiff_t room_size = entrance_room(network, workspace);
  const AlignedBuffer<T> room(checked_count(threads, room_size));
  over_row_blocks(network, data.rows(), threads,
                  [&](std::ptrdiff_t begin, std::ptrdiff_t end, std::ptrdiff_t at, int thread) noexcept {
                    const std::ptrdiff_t last = at + end - begin;
                    gather_inputs(network, workspace, data, all, begin, end, at);
                    gather_targets(workspace, data, all, begin, end, at, 1.0);
                    forward_rows(network, workspace, at, last, Purpose::gradients, sums.of(thread));
                    loss_rows(network, workspace, network.loss(), data.labels != nullptr, at, last);
                    backward_rows(network, transposed.data(), workspace, at, last, sums.of(thread));
                    for (std::ptrdiff_t r = at; r < last; ++r) {
                      write_row_gradients(network, workspace, r, room.data() + thread * room_size,
                                          out + (begin + r - at) * parameters);
                    }
                  });
}

#define FASTMLP_INSTANTIATE(T)                                                                   \
  template void evaluate_jacobian(const Network<T>&, const DataView&, const DataView*, T*, int); \
  template void evaluate_row_gradients(const Network<T>&, const Dataset&, T*, int);
FASTMLP_INSTANTIATE(float)
FASTMLP_INSTANTIATE(double)
#undef FASTMLP_INSTANTIATE

}  // namespace fastmlp
