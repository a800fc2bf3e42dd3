// Network32 and Network64: see _core.pyi for what each method promises.
#include "bindings/register.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/embedding.hpp"
#include "bindings/formula.hpp"
#include "bindings/hold.hpp"
#include "bindings/names.hpp"
#include "bindings/without_gil.hpp"
#include "core/evaluate.hpp"
#include "core/gradients.hpp"
#include "core/network.hpp"
#include "core/optimizer.hpp"
#include "core/row_derivatives.hpp"

namespace fastmlp {
namespace {

using Weights = std::optional<py::array>;
using Seed = std::optional<std::uint64_t>;

template <class T>
std::unique_ptr<Network<T>> make_network(std::ptrdiff_t n_inputs, const std::vector<LayerSpec>& layers,
                                         const std::string& loss, double loss_parameter,
                                         const std::optional<FormulaTuple>& loss_formula,
                                         const std::optional<EmbeddingTuple>& embedding) {
  require(n_inputs > 0 && n_inputs < kMaxUnits && !layers.empty(), "a network needs inputs and layers.");
  require(!layers.front().normalizes, "the inputs of the first layer are not normalized.");
  const LossKind kind = kind_of(kLossNames, loss);
  require((kind == LossKind::formula) == loss_formula.has_value(), "a formula belongs to its loss.");
  const std::optional<Formula> formula = loss_formula ? std::optional(formula_of(*loss_formula, 2)) : std::nullopt;
  return std::make_unique<Network<T>>(n_inputs, layers, kind, loss_parameter, formula,
                                      embedding_of(embedding, n_inputs));
}

template <class T>
void initialize(Network<T>& network, std::uint64_t seed) {
  const WriteAccess access(network.access());
  without_gil([&] { network.initialize(seed); });
}

template <class T>
const Layer& layer_at(const Network<T>& network, std::size_t l) {
  if (l >= network.layers().size()) throw py::index_error("the network has fewer layers.");
  return network.layers()[l];
}

// A writable view on the network's memory; `self` keeps the network alive.
template <class T>
py::array_t<T> weights_view(const py::object& self, std::size_t l) {
  auto& network = self.cast<Network<T>&>();
  const Layer& layer = layer_at(network, l);
  return py::array_t<T>({layer.n_in, layer.n_out},
                        {layer.ld * static_cast<std::ptrdiff_t>(sizeof(T)), static_cast<std::ptrdiff_t>(sizeof(T))},
                        network.weights(layer), self);
}

template <class T>
py::array_t<T> bias_view(const py::object& self, std::size_t l) {
  auto& network = self.cast<Network<T>&>();
  const Layer& layer = layer_at(network, l);
  return py::array_t<T>({layer.n_out}, {static_cast<std::ptrdiff_t>(sizeof(T))}, network.bias(layer), self);
}

// The draw of a step of its own: sample r of a call is row r of an epoch 0 of that seed.
std::optional<DropoutDraw> draw_of(const Seed& dropout) {
  if (!dropout) return std::nullopt;
  return DropoutDraw{*dropout, 0, 0};
}

template <class T>
py::array_t<T> forward(const Network<T>& network, const py::object& X, const Seed& dropout, int threads) {
  const DataView inputs = dense_view(X, network.n_inputs());
  py::array_t<T> out = new_matrix<T>(inputs.rows, network.n_outputs());
  T* data = out.mutable_data();
  const std::optional<DropoutDraw> draw = draw_of(dropout);
  const ReadAccess access(network.access());
  without_gil([&] { evaluate_outputs(network, inputs, data, threads, draw ? &*draw : nullptr); });
  return out;
}

// Outputs of an ordinary array of finite values; None where something is not as it should be, which the checks in
// Python then explain.
template <class T>
std::optional<py::array_t<T>> plain_outputs(const Network<T>& network, const py::object& X, int threads) {
  const auto inputs = plain_view(X, network.n_inputs());
  if (!inputs) return std::nullopt;
  py::array_t<T> out = new_matrix<T>(inputs->rows, network.n_outputs());
  T* data = out.mutable_data();
  const ReadAccess access(network.access());
  if (!without_gil([&] { return evaluate_outputs(network, *inputs, data, threads); })) return std::nullopt;
  return out;
}

// Likewise, the index of each row's largest output; the outputs must be finite, too.
template <class T>
std::optional<py::array_t<std::ptrdiff_t>> plain_classes(const Network<T>& network, const py::object& X, int threads) {
  const auto inputs = plain_view(X, network.n_inputs());
  if (!inputs) return std::nullopt;
  py::array_t<std::ptrdiff_t> out(inputs->rows);
  std::ptrdiff_t* data = out.mutable_data();
  const ReadAccess access(network.access());
  if (!without_gil([&] { return evaluate_classes(network, *inputs, data, threads); })) return std::nullopt;
  return out;
}

// A matrix for each layer, of `rows` rows and as many columns as columns_of says.
template <class T, class F>
std::pair<std::vector<py::array_t<T>>, std::vector<T*>> matrices(const Network<T>& network, std::ptrdiff_t rows,
                                                                 F&& columns_of) {
  std::vector<py::array_t<T>> out;
  std::vector<T*> places;
  for (const Layer& layer : network.layers()) {
    out.push_back(new_matrix<T>(rows, columns_of(layer)));
    places.push_back(out.back().mutable_data());
  }
  return {std::move(out), std::move(places)};
}

std::ptrdiff_t units_of(const Layer& layer) { return layer.units; }
std::ptrdiff_t columns_of(const Layer& layer) { return layer.n_out; }

template <class T>
std::vector<py::array_t<T>> activations(const Network<T>& network, const py::array& X, int threads) {
  const DataView inputs = data_view(X, network.n_inputs());
  auto [out, places] = matrices(network, inputs.rows, units_of);
  const ReadAccess access(network.access());
  without_gil([&, &places = places] { evaluate_activations(network, inputs, places, threads); });
  return std::move(out);
}

template <class T>
std::vector<py::array_t<T>> pre_activations(const Network<T>& network, const py::array& X, int threads) {
  const DataView inputs = data_view(X, network.n_inputs());
  auto [out, places] = matrices(network, inputs.rows, columns_of);
  const ReadAccess access(network.access());
  without_gil([&, &places = places] { evaluate_pre_activations(network, inputs, places, threads); });
  return std::move(out);
}

template <class T>
py::array_t<T> jacobian(const Network<T>& network, const py::array& X, const std::optional<py::array>& vectors,
                        int threads) {
  const DataView inputs = data_view(X, network.n_inputs());
  const std::optional<DataView> views =
      vectors ? std::optional(data_view(*vectors, network.n_outputs())) : std::nullopt;
  require(!views || views->rows == inputs.rows, "a vector for each row.");
  py::array_t<T> out = views ? new_matrix<T>(inputs.rows, network.n_inputs())
                             : py::array_t<T>({inputs.rows, network.n_outputs(), network.n_inputs()});
  T* data = out.mutable_data();
  const ReadAccess access(network.access());
  without_gil([&] { evaluate_jacobian(network, inputs, views ? &*views : nullptr, data, threads); });
  return out;
}

template <class T>
py::array_t<T> row_gradients(const Network<T>& network, const py::array& X, const py::array& targets, int threads) {
  const Dataset data = dataset(data_view(X, network.n_inputs()), targets, std::nullopt, network.n_outputs());
  py::array_t<T> out = new_matrix<T>(data.rows(), network.parameter_count());
  T* place = out.mutable_data();
  const ReadAccess access(network.access());
  without_gil([&] { evaluate_row_gradients(network, data, place, threads); });
  return out;
}

template <class T>
double loss(const Network<T>& network, const py::object& X, const py::array& targets, const Weights& sample_weight,
            int threads) {
  const Dataset data = dataset(dense_view(X, network.n_inputs()), targets, sample_weight, network.n_outputs());
  const ReadAccess access(network.access());
  return without_gil([&] { return evaluate_loss(network, data, threads); });
}

// Room for the gradients of a network, and what becomes of it.
template <class T>
struct GradientArrays {
  GradientArrays(const Network<T>& network, std::ptrdiff_t rows, bool with_deltas)
      : parameters(network.buffer_size()), inputs(new_matrix<T>(rows, network.n_inputs())) {
    inputs_place = inputs.mutable_data();
    if (!with_deltas) return;
    std::tie(deltas, delta_places) = matrices(network, rows, columns_of);
    ends = new_matrix<T>(rows, network.n_outputs());
    ends_place = ends.mutable_data();
  }
  GradientResults<T> results() const { return {parameters.data(), inputs_place, delta_places, ends_place}; }

  AlignedBuffer<T> parameters;
  py::array_t<T> inputs;
  T* inputs_place;
  std::vector<py::array_t<T>> deltas;
  std::vector<T*> delta_places;
  py::array_t<T> ends;
  T* ends_place = nullptr;
};

// (loss, weights, biases, inputs), where they were wanted deltas and what the loss starts from, and of an embedding that
// learns its gradient
template <class T>
py::tuple gradient_tuple(const Network<T>& network, double loss, const GradientArrays<T>& arrays) {
  py::list weights;
  py::list biases;
  for (const Layer& layer : network.layers()) {
    py::array_t<T> w = new_matrix<T>(layer.n_in, layer.n_out);
    py::array_t<T> b(layer.n_out);
    const T* from = arrays.parameters.data() + layer.offset;
    for (std::ptrdiff_t i = 0; i < layer.n_in; ++i) {
      std::copy_n(from + i * layer.ld, layer.n_out, w.mutable_data() + i * layer.n_out);
    }
    std::copy_n(from + layer.n_in * layer.ld, layer.n_out, b.mutable_data());
    weights.append(std::move(w));
    biases.append(std::move(b));
  }
  py::list found;
  found.append(loss);
  for (const py::object& part : {py::object(weights), py::object(biases), py::object(arrays.inputs)}) {
    found.append(part);
  }
  if (!arrays.deltas.empty()) {
    found.append(arrays.deltas);
    found.append(arrays.ends);
  }
  if (network.embedding().learns()) {
    const Layer& place = network.embedding().parameters;
    py::array_t<T> g = new_matrix<T>(place.n_in, place.n_out);
    for (std::ptrdiff_t i = 0; i < place.n_in; ++i) {
      const T* from = arrays.parameters.data() + place.offset + i * place.ld;
      std::copy_n(from, place.n_out, g.mutable_data() + i * place.n_out);
    }
    found.append(std::move(g));
  }
  return py::tuple(std::move(found));
}

template <class T>
py::tuple gradients(Network<T>& network, const py::array& X, const py::array& targets, const Weights& sample_weight,
                    bool with_deltas, int threads) {
  const Dataset data = dataset(data_view(X, network.n_inputs()), targets, sample_weight, network.n_outputs());
  const GradientArrays<T> arrays(network, data.rows(), with_deltas);
  double loss = 0.0;
  {
    const ReadAccess access(network.access());
    loss = without_gil(
        [&] { return GradientEvaluation<T>(network, data.inputs, std::nullopt, threads).run(data, arrays.results()); });
  }
  return gradient_tuple(network, loss, arrays);
}

// A pass forward that waits for the derivatives at its end. Inside its with statement the network is read, so that nobody
// trains it in between.
template <class T>
struct GradientsHandle {
  GradientsHandle(const py::object& of, const py::array& X, const Seed& dropout, int threads) : network(of), inputs(X) {
    const DataView view = data_view(X, get().n_inputs());
    without_gil([&] { evaluation.emplace(get(), view, draw_of(dropout), threads); });
  }
  Network<T>& get() const { return network.cast<Network<T>&>(); }

  py::object network;
  py::object inputs;  // kept alive
  std::optional<GradientEvaluation<T>> evaluation;
  std::optional<ReadAccess> access;
  bool has_outputs = false;
};

template <class T>
py::array_t<T> outputs_of(GradientsHandle<T>& handle) {
  require(handle.access.has_value(), "a pass goes forward inside its with statement only.");
  py::array_t<T> out = new_matrix<T>(handle.evaluation->rows(), handle.get().n_outputs());
  T* data = out.mutable_data();
  handle.has_outputs = true;
  without_gil([&] { handle.evaluation->forward(data); });
  return out;
}

template <class T>
py::tuple finish(GradientsHandle<T>& handle, const py::array& given, const std::string& at) {
  require(handle.access && handle.has_outputs, "first come the outputs.");
  const DataView view = data_view(given, handle.get().n_outputs());
  require(view.rows == handle.evaluation->rows(), "derivatives for each row.");
  const LossKind kind = kind_of(kGivenNames, at);
  handle.has_outputs = false;  // they are taken by deltas
  const GradientArrays<T> arrays(handle.get(), view.rows, true);
  without_gil([&] { handle.evaluation->finish(view, kind, arrays.results()); });
  return gradient_tuple(handle.get(), 0.0, arrays);
}

// tau of another network's parameters and 1 - tau of these.
template <class T>
void soft_update(const py::object& self, const py::object& other, double tau) {
  auto& network = self.cast<Network<T>&>();
  const auto& source = other.cast<const Network<T>&>();
  require(network.buffer_size() == source.buffer_size(), "this is another network.");
  const WriteAccess access(network.access());
  if (&network == &source) return;
  const ReadAccess reading(source.access());
  without_gil([&] { network.move_towards(source, static_cast<T>(tau)); });
}

template <class T>
py::object optimizer_state(const Network<T>& network) {
  const ReadAccess access(network.access());
  const OptimizerState<T>& state = network.optimizer();
  if (state.kind == OptimizerKind::gradient_only) return py::none();
  py::list slots;
  for (const auto& slot : state.slots) {
    if (slot) slots.append(py::array_t<T>(slot.size(), slot.data()));
  }
  return py::make_tuple(name_of(kOptimizerNames, state.kind), state.steps, slots);
}

// Copies a buffer of the parameters' shape without its padding: anything but zero there would enter the penalties.
template <class T>
void copy_without_padding(const Network<T>& network, const T* from, T* to) {
  network.for_each_row([&](std::ptrdiff_t at, std::ptrdiff_t columns) { std::copy_n(from + at, columns, to + at); });
}

template <class T>
void set_optimizer_state(Network<T>& network, const py::object& value) {
  OptimizerState<T> state;
  if (!value.is_none()) {
    const auto [name, steps, slots] = value.cast<std::tuple<std::string, std::int64_t, std::vector<py::array_t<T>>>>();
    constexpr std::int64_t kMaxSteps = std::int64_t{1} << 62;  // counting on from here cannot overflow
    require(steps >= 0 && steps < kMaxSteps && slots.size() <= 2, "this is no optimizer state.");
    state.kind = kind_of(kOptimizerNames, name);
    require(static_cast<int>(slots.size()) >= fewest_slots(state.kind), "this optimizer state lacks slots.");
    state.steps = steps;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      require(slots[i].ndim() == 1 && slots[i].size() == network.buffer_size() && is_contiguous(slots[i]),
              "this optimizer state belongs to another network.");
      state.slots[i] = AlignedBuffer<T>(network.buffer_size());
      copy_without_padding(network, slots[i].data(), state.slots[i].data());
    }
  }
  const WriteAccess access(network.access());
  network.optimizer() = std::move(state);
}

// All parameters at one go: whoever is interrupted has written either none of them or all.
template <class T>
void write(Network<T>& network, const py::array_t<T, py::array::c_style>& parameters) {
  require(parameters.ndim() == 1 && parameters.size() == network.parameter_count(),
          "this is another network's vector.");
  const WriteAccess access(network.access());
  const T* from = parameters.data();
  network.for_each_row([&](std::ptrdiff_t at, std::ptrdiff_t columns) {
    std::copy_n(from, columns, network.parameters() + at);
    from += columns;
  });
}

template <class T>
Hold hold_reading(const py::object& self) {
  AccessControl& access = self.cast<Network<T>&>().access();
  access.begin_reading();
  return {self, [&access] { access.end_reading(); }};
}

template <class T>
Hold hold_training(const py::object& self) {
  AccessControl& access = self.cast<Network<T>&>().access();
  access.begin_training();
  return {self, [&access] { access.end_training(); }};
}

using Column = std::optional<py::array_t<double, py::array::c_style>>;

template <class T>
void set_input_scaling(Network<T>& network, const Column& shift, const Column& scale, double limit) {
  require(shift.has_value() == scale.has_value(), "shift and scale come together.");
  require(limit == 0.0 || (scale && limit >= 1e-30 && limit <= 1e30), "a limit is for scaled inputs, and of float.");
  for (const Column& column : {shift, scale}) {
    require(!column || (column->ndim() == 1 && column->size() == network.n_inputs()), "a number for each input.");
  }
  const WriteAccess access(network.access());
  network.set_input_scaling(shift ? shift->data() : nullptr, scale ? scale->data() : nullptr, limit);
}

template <class T>
void set_loss_parameter(Network<T>& network, double parameter) {
  const WriteAccess access(network.access());
  network.set_loss_parameter(parameter);
}

template <class T>
void register_gradients_of(py::module_& module, const char* name) {
  using Handle = GradientsHandle<T>;
  py::class_<Handle>(module, name)
      .def(py::init<const py::object&, const py::array&, const Seed&, int>(), py::kw_only(), py::arg("network"),
           py::arg("X"), py::arg("dropout").none(true), py::arg("threads"))
      .def("__enter__",
           [](const py::object& self) {
             auto& handle = self.cast<Handle&>();
             handle.access.emplace(handle.get().access());
             return self;
           })
      .def("__exit__",
           [](Handle& handle, const py::object&, const py::object&, const py::object&) { handle.access.reset(); })
      .def("outputs", &outputs_of<T>)
      .def("finish", &finish<T>, py::kw_only(), py::arg("given"), py::arg("at"));
}

template <class T>
void register_network_of(py::module_& module, const char* name) {
  using N = Network<T>;
  const auto by_name = py::kw_only();
  const auto X = py::arg("X");
  const auto targets = py::arg("targets");
  const auto weight = py::arg("sample_weight").none(true);
  const auto threads = py::arg("threads");
  py::class_<N>(module, name)
      .def(py::init(&make_network<T>), by_name, py::arg("n_inputs"), py::arg("layers"), py::arg("loss"),
           py::arg("loss_parameter") = 0.0, py::arg("loss_formula") = py::none(), py::arg("embedding") = py::none())
      .def("initialize", &initialize<T>, by_name, py::arg("seed"))
      .def("weights", &weights_view<T>, py::arg("layer"))
      .def("bias", &bias_view<T>, py::arg("layer"))
      .def("embedding", &embedding_view<T>)
      .def("first_inputs", &first_inputs<T>, by_name, X, threads)
      .def("set_bins", &set_bins<T>, by_name, py::arg("lower"), py::arg("upper"))
      .def("forward", &forward<T>, by_name, X, py::arg("dropout") = py::none(), threads)
      // by position too, for what is called once a row: pybind11 makes a string of each name in each call
      .def("plain_outputs", &plain_outputs<T>, X, threads)
      .def("plain_classes", &plain_classes<T>, X, threads)
      .def("activations", &activations<T>, by_name, X, threads)
      .def("pre_activations", &pre_activations<T>, by_name, X, threads)
      .def("jacobian", &jacobian<T>, by_name, X, py::arg("vectors").none(true), threads)
      .def("row_gradients", &row_gradients<T>, by_name, X, targets, threads)
      .def("soft_update", &soft_update<T>, by_name, py::arg("other"), py::arg("tau"))
      .def("loss", &loss<T>, by_name, X, targets, weight, threads)
      .def("gradients", &gradients<T>, by_name, X, targets, weight, py::arg("with_deltas") = false, threads)
      .def("set_loss_parameter", &set_loss_parameter<T>, by_name, py::arg("parameter"))
      .def("set_input_scaling", &set_input_scaling<T>, by_name, py::arg("shift").none(true),
           py::arg("scale").none(true), py::arg("limit") = 0.0)
      .def("write", &write<T>, by_name, py::arg("parameters"))
      .def("hold_training", &hold_training<T>)
      .def("hold_reading", &hold_reading<T>)
      .def("optimizer_state", &optimizer_state<T>)
      .def("set_optimizer_state", &set_optimizer_state<T>, py::arg("state").none(true));
}

}  // namespace

void register_networks(py::module_& module) {
  register_network_of<float>(module, "Network32");
  register_network_of<double>(module, "Network64");
  register_gradients_of<float>(module, "Gradients32");
  register_gradients_of<double>(module, "Gradients64");
}

}  // namespace fastmlp
