// Work of the core without the GIL: the one way in which the bindings let go of it.
//
// A daemon thread may be at work when the interpreter ends. Before 3.14, Python then ends the thread where it asks for
// the GIL, by unwinding its stack: the process would end at the first destructor ("terminate called without an active
// exception"), and others would give back Python objects without the GIL. So the unwinding is stopped where it begins,
// and the thread sleeps until the process is gone, which is what Python 3.14 does itself.
#pragma once

#include <pybind11/pybind11.h>

#include <type_traits>

#include "platform/threads.hpp"

namespace fastmlp {

class GilRelease {
 public:
  GilRelease() : state_(PyEval_SaveThread()) {}
  ~GilRelease() {
    call_without_unwinding([](void* state) { PyEval_RestoreThread(static_cast<PyThreadState*>(state)); }, state_);
  }
  GilRelease(const GilRelease&) = delete;
  GilRelease& operator=(const GilRelease&) = delete;

 private:
  PyThreadState* state_;
};

// Tells Python, once, that the system would not start the threads of a team (runtime.cpp).
void tell_of_refused_threads();

// What work() returns.
template <class F>
auto without_gil(F&& work) {
  const auto unlocked = [&] {
    const GilRelease released;
    return work();
  };
  if constexpr (std::is_void_v<decltype(work())>) {
    unlocked();
    tell_of_refused_threads();
  } else {
    auto result = unlocked();
    tell_of_refused_threads();
    return result;
  }
}

}  // namespace fastmlp
