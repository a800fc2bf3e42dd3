// The Python module fastmlp._core: registers what the other files of this folder bind, says how the core's few exceptions
// are called in Python, and refuses sub-interpreters, in which neither pybind11 nor NumPy works (pybind11 waits for ever).
#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>

#include "bindings/register.hpp"
#include "core/access.hpp"
#include "platform/aligned_buffer.hpp"

namespace py = pybind11;

namespace {

constexpr const char* kSubInterpreter =
    "fastmlp cannot be imported in a sub-interpreter: use the main one, or a process of its own.";

bool is_sub_interpreter() { return PyInterpreterState_Get() != PyInterpreterState_Main(); }

}  // namespace

PYBIND11_MODULE(_core_of_the_main_interpreter, module) {
  // from Python 3.13 on, PyInit__core is called in the main one
  if (is_sub_interpreter()) throw py::import_error(kSubInterpreter);
  module.doc() = "Compiled core of fastmlp; the contract is _core.pyi.";
  py::register_exception_translator([](std::exception_ptr exception) {
    try {
      if (exception) std::rethrow_exception(exception);
    } catch (const fastmlp::OutOfMemory& failure) {
      const std::string bytes =
          failure.bytes == SIZE_MAX ? "more bytes than an address can hold" : std::to_string(failure.bytes) + " bytes";
      PyErr_SetString(PyExc_MemoryError,
                      ("fastmlp could not get " + bytes + " of memory: use fewer units or a smaller batch.").c_str());
    } catch (const fastmlp::NetworkBusy&) {
      PyErr_SetString(
          PyExc_RuntimeError,
          "the network is in use by another thread, or by the call that this function is given to: a network that is "
          "being trained cannot be used, and one that is being used cannot be changed; wait for the other call or work "
          "on a copy.");
    }
  });
  fastmlp::register_runtime(module);
  fastmlp::register_guard(module);
  fastmlp::register_layers(module);
  fastmlp::register_networks(module);
  fastmlp::register_trainers(module);
  fastmlp::register_crew(module);
  fastmlp::register_testing(module);
}

extern "C" PYBIND11_EXPORT PyObject* PyInit__core() {
  if (!is_sub_interpreter()) return PyInit__core_of_the_main_interpreter();
  PyErr_SetString(PyExc_ImportError, kSubInterpreter);
  return nullptr;
}
