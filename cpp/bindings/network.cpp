// Network32 and Network64: see _core.pyi for what each method promises.
#include "bindings/register.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <tuple>
#include <variant>

#include "bindings/arrays.hpp"
#include "bindings/names.hpp"
#include "core/evaluate.hpp"
#include "core/network.hpp"
#include "core/optimizer.hpp"

namespace fastmlp {
namespace {

using FormulaStep = std::tuple<std::string, int, std::vector<int>>;  // operation, destination, sources
// instructions, how many make the value, constants, value, derivative
using FormulaTuple = std::tuple<std::vector<FormulaStep>, std::ptrdiff_t, std::vector<double>, int, int>;
using LayerTuple = std::tuple<std::ptrdiff_t, std::string, std::variant<double, FormulaTuple>, double, double>;
using Weights = std::optional<py::array>;
using DrawTuple = std::tuple<std::string, double>;

// Copies a formula; what would read or write out of bounds is refused.
Formula formula_of(const FormulaTuple& from) {
  const auto& [steps, value_length, constants, value, derivative] = from;
  require(value_length >= 0 && static_cast<std::size_t>(value_length) <= steps.size(), "a part of a formula.");
  require(constants.size() <= std::size_t{INT16_MAX}, "a formula has too many constants.");
  bool is_set[kFormulaRegisters] = {true};
  const auto source = [&is_set, count = static_cast<int>(constants.size())](int place) {
    require(place >= -count && place < kFormulaRegisters, "a formula reads what it does not have.");
    require(place < 0 || is_set[place], "a formula reads a register before it is set.");
    return static_cast<std::int16_t>(place);
  };
  Formula formula;
  formula.value_length = value_length;
  formula.constants = constants;
  for (const auto& [operation, destination, sources] : steps) {
    require(destination >= 0 && destination < kFormulaRegisters && sources.size() <= 3,
            "a formula has such registers.");
    FormulaInstruction step{kind_of(kFormulaOperationNames, operation), static_cast<std::int16_t>(destination), {}};
    std::transform(sources.begin(), sources.end(), step.sources, source);
    if (std::ssize(formula.instructions) == value_length) formula.value = source(value);
    is_set[destination] = true;
    formula.instructions.push_back(step);
  }
  if (std::ssize(formula.instructions) == value_length) formula.value = source(value);
  formula.derivative = source(derivative);
  return formula;
}

template <class T>
std::unique_ptr<Network<T>> make_network(std::ptrdiff_t n_inputs, const std::vector<LayerTuple>& layers,
                                         const std::string& loss, double loss_parameter,
                                         const std::vector<std::ptrdiff_t>& pieces) {
  constexpr std::ptrdiff_t kMaxUnits = std::ptrdiff_t{1} << 56;  // rounding up to a leading dimension cannot overflow
  require(n_inputs > 0 && n_inputs < kMaxUnits && !layers.empty(), "a network needs inputs and layers.");
  require(pieces.empty() || pieces.size() == layers.size(), "pieces are given for each layer or for none.");
  std::vector<LayerSpec> specs;
  for (const auto& [units, activation, parameter, l1, l2] : layers) {
    require(units > 0 && units < kMaxUnits, "a layer needs units.");
    const std::ptrdiff_t n_pieces = pieces.empty() ? 1 : pieces[specs.size()];
    require(n_pieces >= 1 && n_pieces < kMaxUnits / units, "a unit needs pieces.");
    const ActivationKind kind = kind_of(kActivationNames, activation);
    const auto* formula = std::get_if<FormulaTuple>(&parameter);
    require((formula != nullptr) == (kind == ActivationKind::formula), "a formula belongs to its activation.");
    const double number = formula != nullptr ? 0.0 : std::get<double>(parameter);
    specs.push_back({units, kind, number, l1, l2, n_pieces, formula != nullptr ? formula_of(*formula) : Formula{}});
  }
  return std::make_unique<Network<T>>(n_inputs, specs, kind_of(kLossNames, loss), loss_parameter);
}

template <class T>
void initialize(Network<T>& network, std::uint64_t seed, const std::vector<std::optional<DrawTuple>>& draws) {
  require(draws.empty() || draws.size() == network.layers().size(), "initialize needs a draw for each layer, or none.");
  std::vector<std::optional<Draw>> known(draws.size());
  for (std::size_t l = 0; l < draws.size(); ++l) {
    if (draws[l]) known[l] = {kind_of(kDistributionNames, std::get<0>(*draws[l])), std::get<1>(*draws[l])};
  }
  const WriteAccess access(network.access());
  const py::gil_scoped_release unlocked;
  network.initialize(seed, known);
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

template <class T>
py::array_t<T> forward(const Network<T>& network, const py::array& X, int threads) {
  const DataView inputs = data_view(X, network.n_inputs());
  py::array_t<T> out = new_matrix<T>(inputs.rows, network.n_outputs());
  T* data = out.mutable_data();
  const ReadAccess access(network.access());
  const py::gil_scoped_release unlocked;
  evaluate_outputs(network, inputs, data, threads);
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
  bool is_finite = false;
  {
    const py::gil_scoped_release unlocked;
    is_finite = evaluate_outputs(network, *inputs, data, threads);
  }
  if (!is_finite) return std::nullopt;
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
  bool is_finite = false;
  {
    const py::gil_scoped_release unlocked;
    is_finite = evaluate_classes(network, *inputs, data, threads);
  }
  if (!is_finite) return std::nullopt;
  return out;
}

template <class T>
std::vector<py::array_t<T>> activations(const Network<T>& network, const py::array& X, int threads) {
  const DataView inputs = data_view(X, network.n_inputs());
  std::vector<py::array_t<T>> out;
  std::vector<T*> places;
  for (const Layer& layer : network.layers()) {
    out.push_back(new_matrix<T>(inputs.rows, layer.units()));
    places.push_back(out.back().mutable_data());
  }
  const ReadAccess access(network.access());
  const py::gil_scoped_release unlocked;
  evaluate_activations(network, inputs, places, threads);
  return out;
}

template <class T>
double loss(const Network<T>& network, const py::array& X, const py::array& targets, const Weights& sample_weight,
            int threads) {
  const Dataset data = dataset(data_view(X, network.n_inputs()), targets, sample_weight, network.n_outputs());
  const ReadAccess access(network.access());
  const py::gil_scoped_release unlocked;
  return evaluate_loss(network, data, threads);
}

template <class T>
py::tuple gradients(Network<T>& network, const py::array& X, const py::array& targets, const Weights& sample_weight,
                    int threads) {
  const Dataset data = dataset(data_view(X, network.n_inputs()), targets, sample_weight, network.n_outputs());
  py::array_t<T> inputs = new_matrix<T>(data.rows(), network.n_inputs());
  T* inputs_data = inputs.mutable_data();
  AlignedBuffer<T> parameters(network.buffer_size());
  double value = 0.0;
  {
    const ReadAccess access(network.access());
    const py::gil_scoped_release unlocked;
    value = evaluate_gradients(network, data, parameters.data(), inputs_data, threads);
  }
  py::list weights;
  py::list biases;
  for (const Layer& layer : network.layers()) {
    py::array_t<T> w = new_matrix<T>(layer.n_in, layer.n_out);
    py::array_t<T> b(layer.n_out);
    const T* from = parameters.data() + layer.offset;
    for (std::ptrdiff_t i = 0; i < layer.n_in; ++i) {
      std::copy_n(from + i * layer.ld, layer.n_out, w.mutable_data() + i * layer.n_out);
    }
    std::copy_n(from + layer.n_in * layer.ld, layer.n_out, b.mutable_data());
    weights.append(std::move(w));
    biases.append(std::move(b));
  }
  return py::make_tuple(value, weights, biases, inputs);
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
  for (const Layer& layer : network.layers()) {
    for (std::ptrdiff_t i = 0; i <= layer.n_in; ++i) {
      const std::ptrdiff_t at = layer.offset + i * layer.ld;
      std::copy_n(from + at, layer.n_out, to + at);
    }
  }
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

template <class T>
void set_normalization(Network<T>& network, const std::vector<bool>& normalizes) {
  require(normalizes.size() == network.layers().size() && !normalizes[0],
          "one answer for each layer, no to the first.");
  const WriteAccess access(network.access());
  for (std::size_t l = 0; l < normalizes.size(); ++l) network.set_normalization(l, normalizes[l]);
}

template <class T>
void set_dropout(Network<T>& network, const std::vector<double>& rates) {
  require(rates.size() == network.layers().size(), "there must be one dropout rate for each layer.");
  for (const double rate : rates) require(rate >= 0.0 && rate < 1.0, "a dropout rate must be in [0, 1).");
  const WriteAccess access(network.access());
  for (std::size_t l = 0; l < rates.size(); ++l) network.set_dropout(l, rates[l]);
}

template <class T>
void set_rate_factors(Network<T>& network, const std::vector<std::tuple<double, double>>& factors) {
  require(factors.size() == network.layers().size(), "there must be a pair of rate factors for each layer.");
  for (const auto& [weights, bias] : factors) {
    require(std::isfinite(weights) && weights >= 0.0, "a rate factor must be finite and at least 0.");
    require(std::isfinite(bias) && bias >= 0.0, "a rate factor must be finite and at least 0.");
  }
  const WriteAccess access(network.access());
  for (std::size_t l = 0; l < factors.size(); ++l) {
    network.set_rate_factors(l, std::get<0>(factors[l]), std::get<1>(factors[l]));
  }
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
void register_network_of(py::module_& module, const char* name) {
  using N = Network<T>;
  const auto n = py::arg("sample_weight").none(true);
  py::class_<N>(module, name)
      .def(py::init(&make_network<T>), py::arg("n_inputs"), py::arg("layers"), py::arg("loss"),
           py::arg("loss_parameter") = 0.0, py::arg("pieces") = std::vector<std::ptrdiff_t>{})
      .def("initialize", &initialize<T>, py::arg("seed"), py::arg("draws") = py::list())
      .def("weights", &weights_view<T>, py::arg("layer"))
      .def("bias", &bias_view<T>, py::arg("layer"))
      .def("forward", &forward<T>, py::arg("X"), py::arg("threads"))
      .def("plain_outputs", &plain_outputs<T>, py::arg("X"), py::arg("threads"))
      .def("plain_classes", &plain_classes<T>, py::arg("X"), py::arg("threads"))
      .def("activations", &activations<T>, py::arg("X"), py::arg("threads"))
      .def("loss", &loss<T>, py::arg("X"), py::arg("targets"), n, py::arg("threads"))
      .def("gradients", &gradients<T>, py::arg("X"), py::arg("targets"), n, py::arg("threads"))
      .def("set_normalization", &set_normalization<T>, py::arg("normalizes"))
      .def("set_dropout", &set_dropout<T>, py::arg("rates"))
      .def("set_rate_factors", &set_rate_factors<T>, py::arg("factors"))
      .def("set_input_scaling", &set_input_scaling<T>, py::arg("shift").none(true), py::arg("scale").none(true),
           py::arg("limit") = 0.0)
      .def("begin_training", [](N& network) { network.access().begin_training(); })
      .def("end_training", [](N& network) { network.access().end_training(); })
      .def("optimizer_state", &optimizer_state<T>)
      .def("set_optimizer_state", &set_optimizer_state<T>, py::arg("state").none(true));
}

}  // namespace

void register_networks(py::module_& module) {
  register_network_of<float>(module, "Network32");
  register_network_of<double>(module, "Network64");
}

}  // namespace fastmlp
