// Samples as the user gave them: inputs, targets and weights, none of them copied or converted here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernel_table.hpp"
#include "platform/checks.hpp"

namespace fastmlp {

struct Dataset {
  DataView inputs{};                      // (rows, n_inputs)
  const std::int32_t* labels = nullptr;   // (rows), or null
  DataView targets{};                     // (rows, n_outputs), when labels is null
  const double* sample_weight = nullptr;  // (rows), or null: every row weighs 1

  std::ptrdiff_t rows() const noexcept { return inputs.rows; }
  double weight(std::ptrdiff_t row) const noexcept { return sample_weight != nullptr ? sample_weight[row] : 1.0; }
};

// Which samples a computation takes, in which order: order[begin + r], or begin + r without an order.
struct Selection {
  const std::ptrdiff_t* order;
  std::ptrdiff_t begin;
  std::ptrdiff_t rows;
  const std::ptrdiff_t* places = nullptr;  // of inputs taken by their places: where the ordered samples' are

  std::ptrdiff_t operator[](std::ptrdiff_t r) const noexcept { return order != nullptr ? order[begin + r] : begin + r; }
};

// The row of the inputs' array for each sample that a selection could begin with; null: their own numbers.
inline const std::ptrdiff_t* input_order(const DataView& inputs, const Selection& selection) noexcept {
  FASTMLP_ASSERT(inputs.places == nullptr || selection.order == nullptr || selection.places != nullptr);
  if (selection.places != nullptr) return selection.places;
  return selection.order != nullptr ? selection.order : inputs.places;
}

// Sum of the selected samples' weights, in ascending order of r.
inline double total_weight(const Dataset& data, const Selection& selection) noexcept {
  if (data.sample_weight == nullptr) return static_cast<double>(selection.rows);
  double total = 0.0;
  for (std::ptrdiff_t r = 0; r < selection.rows; ++r) total += data.weight(selection[r]);
  return total;
}

}  // namespace fastmlp
