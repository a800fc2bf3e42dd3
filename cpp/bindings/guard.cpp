// FitGuard with its sentences, and the Hold that it and networks give: see _core.pyi.
#include <stdexcept>

#include "bindings/hold.hpp"
#include "bindings/register.hpp"
#include "core/access.hpp"

namespace py = pybind11;

namespace fastmlp {
namespace {

constexpr const char* kInFit = "the network is in fit: fit and reset must wait until it ends, also in a callback.";

Hold hold(const py::object& self) {
  auto& guard = self.cast<FitGuard&>();
  if (!guard.take()) throw std::runtime_error(kInFit);
  return {self, [&guard] { guard.give_back(); }};
}

void check_idle(const FitGuard& guard) {
  if (guard.is_taken()) throw std::runtime_error(kInFit);
}

void check_access(const FitGuard& guard) {
  if (guard.is_taken_by_another_thread()) {
    throw std::runtime_error("the network is in fit in another thread: wait until it ends, or use a copy of it.");
  }
}

}  // namespace

void register_guard(py::module_& module) {
  py::class_<Hold>(module, "Hold")
      .def("__enter__", [](const Hold&) {})
      .def("__exit__", [](Hold& hold, const py::object&, const py::object&, const py::object&) { hold.end(); });
  py::class_<FitGuard>(module, "FitGuard")
      .def(py::init<>())
      .def("hold", &hold)
      .def("check_idle", &check_idle)
      .def("check_access", &check_access);
}

}  // namespace fastmlp
