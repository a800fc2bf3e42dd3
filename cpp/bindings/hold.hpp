// What a with statement holds of a network: had before the statement is entered, given back once.
//
// Ctrl-C may come between any two instructions of Python. A hold that nobody has entered yet lies on the interpreter's
// stack alone, which gives it back as it unwinds; what a method has taken would stay taken.
#pragma once

#include <pybind11/pybind11.h>

#include <functional>
#include <utility>

namespace fastmlp {

class Hold {
 public:
  // `owner` lives as long.
  Hold(pybind11::object owner, std::function<void()> give_back)
      : owner_(std::move(owner)), give_back_(std::move(give_back)) {}
  Hold(Hold&& other) noexcept : owner_(std::move(other.owner_)), give_back_(std::exchange(other.give_back_, nullptr)) {}
  ~Hold() { end(); }

  void end() {
    if (give_back_) give_back_();
    give_back_ = nullptr;
  }

 private:
  pybind11::object owner_;
  std::function<void()> give_back_;
};

}  // namespace fastmlp
