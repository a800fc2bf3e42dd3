// The state of a training between two runs, as Python keeps it in a checkpoint, and back.
//
// Arrays of the parameters' shape go without the gaps of their leading dimension: W0, b0, W1, ..., as the network's own
// parameters do. Which of them there are, the optimizer's slots say, and whether an epoch is under way.
#pragma once

#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/trainer_handle.hpp"

namespace fastmlp {

// steps of the optimizer, steps of the training, samples of the epoch; sum of its losses, of its weights, its seconds
using PlaceTuple = std::tuple<std::int64_t, std::int64_t, std::ptrdiff_t, double, double, double>;

// Calls copy(numbers with gaps, numbers without, how many) for each row of parameters.
template <class T, class Padded, class Packed, class F>
void for_each_row(const Network<T>& network, Padded* padded, Packed* packed, F&& copy) {
  network.for_each_row([&](std::ptrdiff_t offset, std::ptrdiff_t columns) {
    copy(padded + offset, packed, columns);
    packed += columns;
  });
}

template <class T>
py::array_t<T> packed(const Network<T>& network, const T* padded) {
  py::array_t<T> out(network.parameter_count());
  for_each_row(network, padded, out.mutable_data(),
               [](const T* from, T* to, std::ptrdiff_t n) { std::copy_n(from, n, to); });
  return out;
}

// (place, slots, what the epoch began with: parameters and slots, or nothing between epochs)
template <class T>
py::tuple training_state(TrainerHandle<T>& handle) {
  if (handle.running) throw NetworkBusy{};
  const Network<T>& network = handle.get();
  const ReadAccess access(network.access());
  Trainer<T>& trainer = *handle.trainer;
  const TrainingPlace place = trainer.training_place();
  py::list slots;
  py::list start;
  // before its first step a trainer has no slots
  for (int i = 0; place.made > 0 && i < trainer.slots(); ++i) slots.append(packed(network, trainer.slot(i)));
  for (int i = 0; place.position > 0 && i <= trainer.slots(); ++i) {
    start.append(packed(network, trainer.epoch_start(i)));
  }
  return py::make_tuple(
      PlaceTuple{place.steps, place.made, place.position, place.epoch_loss, place.epoch_weight, place.epoch_seconds},
      slots, start);
}

// Takes what training_state gave of a trainer of the same network, samples and settings.
template <class T>
void resume(TrainerHandle<T>& handle, const PlaceTuple& place, const std::vector<py::array_t<T>>& slots,
            const std::vector<py::array_t<T>>& start) {
  if (handle.running) throw NetworkBusy{};
  const Network<T>& network = handle.get();
  Trainer<T>& trainer = *handle.trainer;
  constexpr std::int64_t kMaxSteps = std::int64_t{1} << 62;  // counting on from here cannot overflow
  const auto [steps, made, position, loss, weight, seconds] = place;
  const std::int64_t of_this_epoch = position / trainer.batch_size();
  require(made > 0 && made <= steps && steps < kMaxSteps && trainer.training_place().made == 0 && position >= 0 &&
              position < trainer.rows() && position % trainer.batch_size() == 0 && of_this_epoch <= made &&
              std::isfinite(loss) && std::isfinite(weight) && std::isfinite(seconds),
          "this is no place of such a training.");
  const auto count = static_cast<std::size_t>(trainer.slots());
  require(slots.size() == count && start.size() == (position > 0 ? count + 1 : 0), "this training state lacks arrays.");
  for (const auto* arrays : {&slots, &start}) {
    for (const auto& array : *arrays) {
      require(array.ndim() == 1 && array.size() == network.parameter_count() && is_contiguous(array),
              "this training state belongs to another network.");
    }
  }
  const WriteAccess access(network.access());
  trainer.resume({steps, made, position, loss, weight, seconds});
  const auto take = [&](const py::array_t<T>& array, T* to) {
    for_each_row(network, to, array.data(),
                 [](T* into, const T* from, std::ptrdiff_t n) { std::copy_n(from, n, into); });
  };
  for (int i = 0; i < trainer.slots(); ++i) take(slots[static_cast<std::size_t>(i)], trainer.slot(i));
  for (std::size_t i = 0; i < start.size(); ++i) take(start[i], trainer.epoch_start(static_cast<int>(i)));
}

}  // namespace fastmlp
