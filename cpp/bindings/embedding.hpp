// An embedding at the entrance, from Python to a network and back: see _core.pyi.
#pragma once

#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <tuple>

#include "bindings/arrays.hpp"
#include "bindings/names.hpp"
#include "bindings/without_gil.hpp"
#include "core/evaluate.hpp"
#include "core/network.hpp"

namespace fastmlp {

// (kind, what an input becomes, its frequencies, deviation of the initial ones, how many inputs are embedded or 0: all)
using EmbeddingTuple = std::tuple<std::string, std::ptrdiff_t, std::ptrdiff_t, double, std::ptrdiff_t>;

inline EmbeddingSpec embedding_of(const std::optional<EmbeddingTuple>& embedding, std::ptrdiff_t n_inputs) {
  EmbeddingSpec entrance;
  if (embedding) {
    const auto& [name, width, frequencies, deviation, columns] = *embedding;
    entrance = {kind_of(kEmbeddingNames, name), width, frequencies, deviation, columns};
    const bool learns = entrance.kind == EmbeddingKind::periodic;
    require(width > (learns ? 1 : 0) && width < kMaxUnits && (frequencies > 0) == learns && frequencies < kMaxUnits &&
                columns >= 0 && columns <= (learns ? 0 : n_inputs),
            "this is no embedding.");
  }
  return entrance;
}

// A writable view on the network's memory, (n_inputs, parameters of an input); None where the embedding has none.
template <class T>
py::object embedding_view(const py::object& self) {
  auto& network = self.cast<Network<T>&>();
  if (!network.embedding().learns()) return py::none();
  const Layer& place = network.embedding().parameters;
  return py::array_t<T>({place.n_in, place.n_out},
                        {place.ld * static_cast<std::ptrdiff_t>(sizeof(T)), static_cast<std::ptrdiff_t>(sizeof(T))},
                        network.weights(place), self);
}

template <class T>
py::array_t<T> first_inputs(const Network<T>& network, const py::array& X, int threads) {
  const DataView inputs = data_view(X, network.n_inputs());
  py::array_t<T> out = new_matrix<T>(inputs.rows, network.layers().front().n_in);
  T* data = out.mutable_data();
  const ReadAccess access(network.access());
  without_gil([&] { evaluate_first_inputs(network, inputs, data, threads); });
  return out;
}

template <class T>
void set_bins(Network<T>& network, const py::array_t<double, py::array::c_style>& lower,
              const py::array_t<double, py::array::c_style>& upper) {
  const Embedding& embedding = network.embedding();
  require(embedding.kind == EmbeddingKind::piecewise_linear, "the network has no bins.");
  for (const auto* edges : {&lower, &upper}) {
    require(edges->ndim() == 2 && edges->shape(0) == embedding.columns && edges->shape(1) == embedding.width,
            "an edge for each bin of each input that has some.");
  }
  const WriteAccess access(network.access());
  network.set_bins(lower.data(), upper.data());
}

}  // namespace fastmlp
