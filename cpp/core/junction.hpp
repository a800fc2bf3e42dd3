// What lies between two layers besides the activation, on the way forward and back: maxout pooling, layer normalization,
// dropout, in this order. Rows are independent.
//
// Without the first two the activation's derivative, times the dropout mask, waits where delta will be, and the backward
// product multiplies by it. With one of them (Network::has_junction) that product goes to a place of its own, the
// workspace's incoming, is taken back through the junction there and then meets the derivative.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/network.hpp"
#include "core/random.hpp"
#include "core/targets.hpp"
#include "core/workspace.hpp"

namespace fastmlp {

// As in PyTorch: a row of equal values becomes zero, not NaN.
inline constexpr double kNormalizationEpsilon = 1e-5;

// Where the random numbers of a training step's dropout begin: a mask depends on the seed, the epoch, the sample's place
// in it, the layer and the unit, and on nothing else.
struct DropoutDraw {
  std::uint64_t seed;
  std::uint32_t epoch;
  std::ptrdiff_t position;  // in the epoch, of workspace row 0
};

template <class T>
bool takes_dropout(const Network<T>& network, std::size_t l, const DropoutDraw* draw) noexcept {
  return draw != nullptr && network.layers()[l].dropout > 0.0;
}

// Multiplies columns of a, and where not null of d, by the mask on inputs of layer l for workspace rows [begin, end).
template <class T>
void drop(const Layer& layer, std::size_t l, std::ptrdiff_t begin, std::ptrdiff_t end, const DropoutDraw& draw, T* a,
          T* d, std::ptrdiff_t ld) noexcept {
  constexpr int kStreamBits = 8;  // the layers' streams of dropout have the same low bits
  kernels<T>().dropout(
      {.rows = end - begin,
       .columns = layer.n_in,
       .a = a,
       .d = d,
       .ld = ld,
       .threshold = static_cast<std::uint32_t>(layer.dropout * 0x1p32),
       .scale = static_cast<T>(1.0 / (1.0 - layer.dropout)),
       .seed = draw.seed,
       .stream = static_cast<std::uint32_t>(Stream::dropout) + (static_cast<std::uint32_t>(l) << kStreamBits),
       .part = draw.epoch,
       .first_row = static_cast<std::uint64_t>(draw.position + begin)});
}

template <class T>
JunctionArguments<T> junction_of(const Network<T>& network, const Workspace<T>& workspace, std::size_t l,
                                 std::ptrdiff_t begin, std::ptrdiff_t end) noexcept {
  return {.rows = end - begin,
          .units = network.layers()[l].n_in,
          .pieces = l > 0 ? network.layers()[l - 1].pieces : 1,
          .epsilon = static_cast<T>(kNormalizationEpsilon),
          .a = workspace.activations(l, begin),
          .d = workspace.deltas(l, begin),
          .ld = workspace.ld(l),
          .g = nullptr,
          .inverse_deviation = workspace.inverse_deviations(l, begin)};
}

template <class T>
bool is_entered(const Network<T>& network, std::size_t l, const DropoutDraw* draw) noexcept {
  return network.has_junction(l) || takes_dropout(network, l, draw);
}

// Makes inputs of layer l from what the layer before left; draw: that of a training step, else null.
template <class T>
void enter_layer(const Network<T>& network, const Workspace<T>& workspace, std::size_t l, std::ptrdiff_t begin,
                 std::ptrdiff_t end, Purpose purpose, const DropoutDraw* draw) noexcept {
  const Layer& layer = network.layers()[l];
  T* a = workspace.activations(l, begin);
  T* d = workspace.deltas(l, begin);
  if (network.has_junction(l)) {
    const JunctionArguments<T> junction = junction_of(network, workspace, l, begin, end);
    if (junction.pieces > 1) kernels<T>().pool(junction);
    if (layer.normalizes) kernels<T>().normalize(junction);
    T* kept = workspace.normalized(l, begin);
    if (kept != a && is_for_gradients(purpose)) std::copy_n(a, (end - begin) * workspace.ld(l), kept);
    d = nullptr;  // the mask is applied on the way back
  }
  if (takes_dropout(network, l, draw)) drop(layer, l, begin, end, *draw, a, d, workspace.ld(l));
}

// Deltas of layer l - 1 from the gradients by the inputs of layer l, where a junction lies between.
template <class T>
void leave_layer(const Network<T>& network, const Workspace<T>& workspace, std::size_t l, std::ptrdiff_t begin,
                 std::ptrdiff_t end, const DropoutDraw* draw) noexcept {
  const Layer& layer = network.layers()[l];
  JunctionArguments<T> junction = junction_of(network, workspace, l, begin, end);
  junction.g = workspace.incoming(l, begin);
  if (takes_dropout(network, l, draw)) {
    drop(layer, l, begin, end, *draw, junction.g, static_cast<T*>(nullptr), workspace.ld(l));
  }
  if (layer.normalizes) {
    junction.a = workspace.normalized(l, begin);
    kernels<T>().normalize_backward(junction);
  }
  kernels<T>().spread(junction);
}

}  // namespace fastmlp
