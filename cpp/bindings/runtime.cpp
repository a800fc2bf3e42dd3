// Targets, threads and the build: see _core.pyi.
#include "bindings/register.hpp"

#include <pybind11/stl.h>

#include <cstdlib>
#include <map>
#include <string>

#include "bindings/arrays.hpp"
#include "bindings/without_gil.hpp"
#include "core/product_plan.hpp"
#include "core/targets.hpp"
#include "platform/available_processors.hpp"
#include "platform/team.hpp"

namespace fastmlp {
namespace {

std::vector<std::string> target_names() {
  std::vector<std::string> names;
  for (const KernelTable* table : available_targets()) names.emplace_back(table->target);
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void choose_target_from_environment() {
  const char* wanted = std::getenv("FASTMLP_TARGET");
  const std::string name = wanted != nullptr ? wanted : "";
  if (choose_target(name)) return;
  if (name.empty()) {
    throw py::import_error("this CPU runs none of the targets of this build (" + joined(built_targets()) +
                           "): build fastmlp from source on it.");
  }
  throw py::import_error("FASTMLP_TARGET='" + name +
                         "' is not a target of this build; available on this CPU: " + joined(target_names()) + ".");
}

std::ptrdiff_t first_nonfinite_of(const py::array& X) {
  require(is_contiguous(X), "the core takes contiguous, aligned arrays.");
  const DataType type = data_type_of(X);
  const std::ptrdiff_t n = X.size();
  const void* data = X.data();
  return without_gil([&]() -> std::ptrdiff_t {
    if (type == DataType::float32) return kernels<float>().first_nonfinite(n, static_cast<const float*>(data));
    if (type == DataType::float64) return kernels<double>().first_nonfinite(n, static_cast<const double*>(data));
    return -1;
  });
}

// The library's own exp, whose bits do not depend on the machine; in a team of one, for its floating-point mode.
template <class T>
py::array_t<T> exp_of(const py::array_t<T>& X) {
  require(is_contiguous(X), "the core takes contiguous, aligned arrays.");
  py::array_t<T> out(std::vector<py::ssize_t>(X.shape(), X.shape() + X.ndim()));
  const std::ptrdiff_t n = X.size();
  const T* from = X.data();
  T* to = out.mutable_data();
  without_gil([&] { run_team(1, [&](int, int) noexcept { kernels<T>().exp(n, from, to); }); });
  return out;
}

std::map<std::string, std::string> build_info() {
  return {
      {"version", FASTMLP_VERSION},        {"compiler", FASTMLP_COMPILER},       {"build_type", FASTMLP_BUILD_TYPE},
      {"openmp", std::to_string(_OPENMP)}, {"targets", joined(built_targets())},
  };
}

std::map<std::string, std::string> processor_info() {
  const Processor& processor = this_processor();
  const auto size = [](std::ptrdiff_t bytes) { return std::to_string(bytes >> 10) + " KiB"; };
  return {
      {"processor",
       processor.vendor + " family " + std::to_string(processor.family) + " model " + std::to_string(processor.model)},
      {"caches", size(processor.first_cache) + ", " + size(processor.second_cache) + " a core, " +
                     size(processor.third_cache) + " shared"},
      {"products", description_of(product_plan())},
  };
}

// What Python does with it; never given back, since the interpreter may be gone before this library is.
PyObject* told_of_refused_threads = nullptr;

}  // namespace

void tell_of_refused_threads() {
  if (const int left = take_refusal_of_threads(); left > 0 && told_of_refused_threads != nullptr) {
    py::reinterpret_borrow<py::object>(told_of_refused_threads)(left);
  }
}

void register_runtime(py::module_& module) {
  choose_target_from_environment();
  module.def("first_nonfinite", &first_nonfinite_of, py::arg("X"));
  module.def("exp", &exp_of<float>, py::arg("X").noconvert());
  module.def("exp", &exp_of<double>, py::arg("X").noconvert());
  module.def("available_targets", &target_names);
  module.def("active_target", [] { return std::string(active_target().target); });
  module.def("max_threads", [] { return thread_limit(0); });
  module.def("available_processors", &available_processors);
  module.def(
      "when_threads_are_refused",
      [](const py::object& tell) { told_of_refused_threads = py::object(tell).release().ptr(); }, py::arg("tell"));
  module.def("build_info", &build_info);
  module.def("processor_info", &processor_info);
}

}  // namespace fastmlp
