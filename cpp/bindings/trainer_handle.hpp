// A trainer as Python holds it: trainer.cpp makes it and runs it, crew.cpp lets others run it.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

#include "bindings/arrays.hpp"
#include "core/access.hpp"
#include "core/network.hpp"
#include "core/trainer.hpp"

namespace fastmlp {

// Sets a flag for a scope; the GIL is held at both ends.
class Flag {
 public:
  explicit Flag(bool& flag) : flag_(flag) { flag_ = true; }
  ~Flag() { flag_ = false; }
  Flag(const Flag&) = delete;
  Flag& operator=(const Flag&) = delete;

 private:
  bool& flag_;
};

// A trainer, what it reads kept alive, and the network's exclusive use between __enter__ and __exit__.
template <class T>
struct TrainerHandle {
  py::object network;
  py::object inputs;
  py::object targets;
  py::object sample_weight;
  std::unique_ptr<Trainer<T>> trainer;
  std::vector<std::int32_t> labels;  // of a batch whose labels came in another type
  std::ptrdiff_t rows = 0;           // that forward has gone through and run_from is to end; 0: none
  bool entered = false;
  bool running = false;

  void check_can_run(std::int64_t n_steps) const {
    require(n_steps >= 0, "the number of steps must not be negative.");
    if (!entered) throw std::runtime_error("a trainer runs inside its with statement only.");
    require(!inputs.is_none(), "a trainer of batches has none of its own.");
    if (!get().access().trained_by_this_thread()) throw NetworkBusy{};
  }

  Network<T>& get() const { return network.cast<Network<T>&>(); }
  void leave() {
    if (entered) get().access().end_training();
    entered = false;
  }
  ~TrainerHandle() { leave(); }
};

}  // namespace fastmlp
