// Trainer32 and Trainer64, with what a run reports: see _core.pyi.
#include "bindings/register.hpp"

#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/names.hpp"
#include "bindings/trainer_handle.hpp"
#include "bindings/training_state.hpp"
#include "bindings/without_gil.hpp"
#include "core/optimizer.hpp"
#include "core/trainer.hpp"

namespace fastmlp {
namespace {

using Hyperparameters = std::map<std::string, double>;

OptimizerSettings optimizer_settings(const std::string& name, const Hyperparameters& values) {
  OptimizerSettings settings{.kind = kind_of(kOptimizerNames, name)};
  for (const auto& [setting, value] : required_settings(settings.kind)) {
    const auto found = values.find(setting);
    if (found == values.end()) throw py::value_error(std::string("the optimizer needs ") + setting + ".");
    settings.*value = found->second;
  }
  for (const auto& [setting, value] : kOptionalSettings) {
    if (const auto found = values.find(setting); found != values.end()) settings.*value = found->second;
  }
  return settings;
}

// (name, numbers, steps of warm-up)
using ScheduleTuple = std::tuple<std::string, std::vector<double>, std::int64_t>;

Schedule schedule_of(const ScheduleTuple& value) {
  const auto& [name, numbers, warmup] = value;
  Schedule schedule;
  require(numbers.size() <= std::size(schedule.numbers) && warmup >= 0, "this is no schedule.");
  schedule.kind = kind_of(kScheduleNames, name);
  std::copy(numbers.begin(), numbers.end(), schedule.numbers);
  schedule.warmup = warmup;
  const bool counts_steps = schedule.kind == ScheduleKind::step || schedule.kind == ScheduleKind::exponential;
  require(!counts_steps || schedule.numbers[1] >= 1.0, "a schedule needs a number of steps.");
  return schedule;
}

// What a trainer reads, of a network's user: an array or sparse rows, and targets for each of them.
template <class T>
Dataset samples_of(const Network<T>& net, const py::object& X, const py::array& targets,
                   const std::optional<py::array>& sample_weight) {
  if (!py::isinstance<py::tuple>(X) || py::len(X) != 3) {
    return dataset(dense_view(X, net.n_inputs()), targets, sample_weight, net.n_outputs());
  }
  require(net.input_scale() == nullptr, "sparse rows are not scaled.");
  const DataView inputs = sparse_view(py::reinterpret_borrow<py::tuple>(X), net.n_inputs());
  return dataset(inputs, targets, sample_weight, net.n_outputs());
}

template <class T>
std::unique_ptr<TrainerHandle<T>> make_trainer(const py::object& network, const py::object& X,
                                               const std::optional<py::array>& targets,
                                               const std::optional<py::array>& sample_weight, std::ptrdiff_t batch_size,
                                               bool shuffle, std::uint64_t seed, std::uint32_t first_epoch,
                                               const std::string& optimizer, const Hyperparameters& hyperparameters,
                                               const std::optional<ScheduleTuple>& schedule, std::int64_t total_steps) {
  auto& net = network.cast<Network<T>&>();
  // without samples, for steps from what comes later
  const Dataset data = targets ? samples_of(net, X, *targets, sample_weight)
                               : Dataset{.inputs = {nullptr, DataType::float32, batch_size, net.n_inputs()}};
  require(batch_size >= 1 && batch_size <= data.rows(), "batch_size must be from 1 to the number of rows.");
  const TrainerOptions options{
      batch_size,
      shuffle,
      seed,
      first_epoch,
      optimizer_settings(optimizer, hyperparameters),
      schedule ? schedule_of(*schedule) : Schedule{},
      total_steps,
  };
  auto handle = std::make_unique<TrainerHandle<T>>();
  handle->network = network;
  handle->inputs = targets ? X : py::none();
  handle->targets = py::cast(targets);
  handle->sample_weight = py::cast(sample_weight);
  without_gil([&] { handle->trainer = std::make_unique<Trainer<T>>(net, data, options); });
  return handle;
}

// One epoch over samples that need not outlive it.
template <class T>
RunReport run_on(TrainerHandle<T>& handle, const Dataset& data, std::uint32_t epoch, int threads) {
  if (handle.running) throw NetworkBusy{};
  const WriteAccess access(handle.get().access());
  const Flag running(handle.running);
  RunReport report = without_gil([&] {
    handle.trainer->take(data, epoch);
    return handle.trainer->run(handle.trainer->steps_per_epoch(), threads);
  });
  handle.inputs = handle.targets = handle.sample_weight = py::none();
  return report;
}

template <class T>
RunReport apply(TrainerHandle<T>& handle, const py::array_t<T, py::array::c_style>& gradients, int threads) {
  if (handle.running) throw NetworkBusy{};
  require(gradients.ndim() == 1 && gradients.size() == handle.get().parameter_count(),
          "this is another network's vector.");
  const WriteAccess access(handle.get().access());
  const Flag running(handle.running);
  const T* numbers = gradients.data();
  handle.inputs = py::none();
  return without_gil([&] { return handle.trainer->apply(numbers, threads); });
}

template <class T>
bool is_in_range(const DataView& values, std::ptrdiff_t columns) noexcept {
  const std::ptrdiff_t n = values.rows * columns;
  if (values.type == DataType::uint8) return true;
  if (values.type == DataType::float32) {
    return kernels<float>().first_nonfinite(n, static_cast<const float*>(values.data)) < 0;
  }
  constexpr double kLargest = std::numeric_limits<T>::max();
  const auto* numbers = static_cast<const double*>(values.data);
  return std::all_of(numbers, numbers + n, [](double x) { return std::abs(x) <= kLargest; });  // NaN is not
}

// Labels from 0 to n_classes - 1 as the core has them; null where some are not, or are no vector of integers.
template <class Label>
const std::int32_t* labels_in_range(const py::array& y, std::ptrdiff_t n_classes, std::vector<std::int32_t>& room) {
  const auto* labels = static_cast<const Label*>(y.data());
  const std::ptrdiff_t rows = y.shape(0);
  const bool are_right = std::all_of(labels, labels + rows, [=](Label k) { return k >= 0 && k < n_classes; });
  if (!are_right) return nullptr;
  if constexpr (std::is_same_v<Label, std::int32_t>) {
    return labels;
  } else {
    room.assign(labels, labels + rows);
    return room.data();
  }
}

// A vector is one column.
std::optional<DataView> plain_values(const py::object& y, std::ptrdiff_t columns) {
  if (columns != 1 || Py_TYPE(y.ptr()) != py::detail::npy_api::get().PyArray_Type_) return plain_view(y, columns);
  const auto array = py::reinterpret_borrow<py::array>(y);
  const auto type = core_type_of(array);
  if (array.ndim() != 1 || !is_contiguous(array) || !type) return plain_view(y, columns);
  return DataView{array.data(), *type, array.shape(0), 1};
}

// The first half of a step from the caller's own derivatives: the outputs. X is kept for the second one. Nothing where X
// is no ordinary array of finite values; the checks in Python then find the words.
template <class T>
std::optional<py::array_t<T>> forward(TrainerHandle<T>& handle, const py::object& X, std::uint64_t seed,
                                      std::uint32_t epoch, int threads) {
  if (handle.running) throw NetworkBusy{};
  const Network<T>& net = handle.get();
  const std::optional<DataView> inputs = plain_view(X, net.n_inputs());
  if (!inputs || !is_in_range<T>(*inputs, net.n_inputs())) return std::nullopt;
  require(inputs->rows <= handle.trainer->batch_size(), "more rows than the trainer's steps have.");
  const WriteAccess access(net.access());
  const Flag running(handle.running);
  py::array_t<T> out = new_matrix<T>(inputs->rows, net.n_outputs());
  T* data = out.mutable_data();
  handle.inputs = X;
  without_gil([&] { handle.trainer->forward(*inputs, seed, epoch, data, threads); });
  handle.rows = inputs->rows;  // X is the user's, who may give it another shape meanwhile
  return out;
}

// The second half; nothing where the derivatives are no such array.
template <class T>
std::optional<RunReport> run_from(TrainerHandle<T>& handle, const py::object& given, const std::string& at,
                                  int threads) {
  if (handle.running) throw NetworkBusy{};
  require(handle.rows > 0, "first come the outputs.");
  const std::ptrdiff_t columns = handle.get().n_outputs();
  const std::optional<DataView> view = plain_values(given, columns);
  if (!view || view->rows != handle.rows || !is_in_range<T>(*view, columns)) return std::nullopt;
  const LossKind kind = kind_of(kGivenNames, at);
  const WriteAccess access(handle.get().access());
  const Flag running(handle.running);
  handle.rows = 0;
  RunReport report = without_gil([&] { return handle.trainer->run_from(*view, kind, threads); });
  handle.inputs = py::none();
  return report;
}

// The samples of plain arrays that nothing is wrong with; for all others the checks of Python find the words. Labels
// where there are classes, else values.
template <class T>
std::optional<Dataset> plain_samples(TrainerHandle<T>& handle, const py::object& X, const py::object& y,
                                     std::ptrdiff_t n_classes) {
  const Network<T>& net = handle.get();
  const std::optional<DataView> inputs = plain_view(X, net.n_inputs());
  if (!inputs || !is_in_range<T>(*inputs, net.n_inputs())) return std::nullopt;
  Dataset data{.inputs = *inputs};
  if (n_classes == 0) {
    const std::optional<DataView> values = plain_values(y, net.n_outputs());
    const bool is_right = values && values->rows == inputs->rows && values->type != DataType::uint8;
    if (!is_right || !is_in_range<T>(*values, net.n_outputs())) return std::nullopt;
    data.targets = *values;
    return data;
  }
  if (Py_TYPE(y.ptr()) != py::detail::npy_api::get().PyArray_Type_) return std::nullopt;
  const auto labels = py::reinterpret_borrow<py::array>(y);
  if (labels.ndim() != 1 || labels.shape(0) != inputs->rows || !is_contiguous(labels)) return std::nullopt;
  if (py::isinstance<py::array_t<std::int64_t>>(labels)) {
    data.labels = labels_in_range<std::int64_t>(labels, n_classes, handle.labels);
  } else if (py::isinstance<py::array_t<std::int32_t>>(labels)) {
    data.labels = labels_in_range<std::int32_t>(labels, n_classes, handle.labels);
  }
  if (data.labels == nullptr) return std::nullopt;
  return data;
}

template <class T>
void register_trainer_of(py::module_& module, const char* name) {
  using Handle = TrainerHandle<T>;
  py::class_<Handle>(module, name)
      .def(py::init(&make_trainer<T>), py::kw_only(), py::arg("network"), py::arg("X").none(true),
           py::arg("targets").none(true), py::arg("sample_weight").none(true), py::arg("batch_size"),
           py::arg("shuffle"), py::arg("seed"), py::arg("first_epoch"), py::arg("optimizer"),
           py::arg("hyperparameters"), py::arg("schedule") = py::none(), py::arg("total_steps") = 0)
      .def("__enter__",
           [](py::object self) {
             auto& handle = self.cast<Handle&>();
             handle.get().access().begin_training();
             handle.entered = true;
             return self;
           })
      .def("__exit__",
           [](Handle& handle, const py::object&, const py::object&, const py::object&) {
             if (handle.running) throw NetworkBusy{};  // another thread is inside run
             handle.leave();
           })
      .def_property_readonly("steps_per_epoch", [](const Handle& handle) { return handle.trainer->steps_per_epoch(); })
      .def(
          "set_learning_rate",
          [](Handle& handle, double rate) {
            if (handle.running) throw NetworkBusy{};
            handle.trainer->set_learning_rate(rate);
          },
          py::arg("rate"))
      .def("state", &training_state<T>)
      .def("resume", &resume<T>, py::kw_only(), py::arg("place"), py::arg("slots"), py::arg("start"))
      .def("forward", &forward<T>, py::arg("X"), py::arg("seed"), py::arg("epoch"), py::arg("threads"))
      .def("run_from", &run_from<T>, py::arg("given"), py::arg("at"), py::arg("threads"))
      .def("apply", &apply<T>, py::kw_only(), py::arg("gradients"), py::arg("threads"))
      .def(
          "run_on",
          [](Handle& handle, const py::object& X, const py::array& targets,
             const std::optional<py::array>& sample_weight, std::uint32_t epoch, int threads) {
            return run_on(handle, samples_of(handle.get(), X, targets, sample_weight), epoch, threads);
          },
          py::kw_only(), py::arg("X"), py::arg("targets"), py::arg("sample_weight").none(true), py::arg("epoch"),
          py::arg("threads"))
      .def(
          "run_on_plain",
          [](Handle& handle, const py::object& X, const py::object& y, std::ptrdiff_t n_classes, std::uint32_t epoch,
             int threads) -> std::variant<std::monostate, double, RunReport> {
            if (handle.running) throw NetworkBusy{};  // the room for labels is in use
            const std::optional<Dataset> data = plain_samples(handle, X, y, n_classes);
            if (!data) return {};
            RunReport report = run_on(handle, *data, epoch, threads);
            if (report.diverged) return report;
            return report.epochs[0].loss;
          },
          py::arg("X"), py::arg("y"), py::arg("n_classes"), py::arg("epoch"), py::arg("threads"))
      .def(
          "run",
          [](Handle& handle, std::int64_t n_steps, int threads) {
            handle.check_can_run(n_steps);
            const Flag running(handle.running);
            return without_gil([&] { return handle.trainer->run(n_steps, threads); });
          },
          py::kw_only(), py::arg("n_steps"), py::arg("threads"));
}

}  // namespace

void register_trainers(py::module_& module) {
  py::class_<EpochRecord>(module, "EpochRecord")
      .def_readonly("loss", &EpochRecord::loss)
      .def_readonly("seconds", &EpochRecord::seconds);
  py::class_<RunReport>(module, "RunReport")
      .def_readonly("steps", &RunReport::steps)
      .def_readonly("seconds", &RunReport::seconds)
      .def_readonly("diverged", &RunReport::diverged)
      .def_readonly("last_loss", &RunReport::last_loss)
      .def_readonly("epochs", &RunReport::epochs);
  module.def(
      "learning_rate",
      [](const ScheduleTuple& schedule, double base, std::int64_t step, std::int64_t total) {
        require(step >= 0, "steps are counted from 0.");
        return learning_rate(schedule_of(schedule), base, step, total);
      },
      py::kw_only(), py::arg("schedule"), py::arg("base"), py::arg("step"), py::arg("total"));
  register_trainer_of<float>(module, "Trainer32");
  register_trainer_of<double>(module, "Trainer64");
}

}  // namespace fastmlp
