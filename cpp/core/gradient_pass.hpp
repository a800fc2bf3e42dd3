// Weight gradients in tiles, each with its epilogue: the second half of a training step.
//
// A unit is a strip of rows of one layer's (n_in + 1, n_out) parameters by a run of columns. It sums x^T delta over the
// batch in ascending order, alone, or of one input's bins what their kernel says, then applies the optimizer while the
// tile is in the first-level cache. Units touch disjoint parameters, so any thread may take any unit: the split over
// threads decides speed only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/network.hpp"
#include "core/workspace.hpp"

namespace fastmlp {

struct GradientUnit {
  std::size_t layer;
  std::ptrdiff_t row;
  std::ptrdiff_t n_rows;
  std::ptrdiff_t column;
  std::ptrdiff_t n_columns;
  bool is_transposed;  // summed as delta^T x, so that lanes run along the inputs, and transposed before the optimizer
  bool is_binned = false;  // the bins of one input, whose shares are not in the workspace
  bool is_packed = false;  // summed from copies of its operands, which are far
};

// Which parameters have units: all of them, or for training those that are not frozen.
enum class PlanFor { gradients, training };

class GradientPlan {
 public:
  template <class T>
  GradientPlan(const Network<T>& network, std::ptrdiff_t batch, PlanFor purpose);

  // Units [begin, end) of one thread, of nearly equal cost.
  struct Range {
    std::size_t begin;
    std::size_t end;
  };
  Range range_of(int thread, int threads) const noexcept;
  const GradientUnit& operator[](std::size_t i) const noexcept { return units_[i]; }

  // Elements of T that a thread needs as scratch for one unit.
  std::ptrdiff_t scratch_size() const noexcept { return scratch_size_; }

 private:
  std::size_t first_unit_at(std::int64_t cost) const noexcept;

  std::vector<GradientUnit> units_;
  std::vector<std::int64_t> cost_before_;  // of the units before each, and of all
  std::ptrdiff_t scratch_size_ = 0;
};

// What becomes of the gradients: the optimizer's step, its slots in the parameters' shape (or null), what they held
// before (themselves, or other buffers), the transposed weights to keep up to date (or null), and a thread's own
// scratch.
template <class T>
struct GradientUse {
  OptimizerStep<T> step;
  T* slots[2];
  const T* from[2];
  T* transposed;
  T* scratch;
  bool is_shared;  // other threads read the same parameters
};

// The use that leaves the gradients in a buffer of the parameters' layout, with penalties and single elements clipped.
template <class T>
GradientUse<T> to_buffer(const GradientUse<T>& use, T* gradients) noexcept {
  GradientUse<T> to{OptimizerStep<T>{}, {gradients, nullptr}, {gradients, nullptr}, nullptr,
                    use.scratch,        use.is_shared};
  to.step.kind = OptimizerKind::gradient_only;
  to.step.clip_value = use.step.clip_value;
  return to;
}

// Gradients and updates of the units in range for a batch in workspace rows [0, batch). Meanwhile the memory that is
// needed next is asked for, and next_rows.
template <class T>
void gradient_pass(Network<T>& network, const Workspace<T>& workspace, std::ptrdiff_t batch, const GradientPlan& plan,
                   GradientPlan::Range range, const GradientUse<T>& use, const Region& next_rows) noexcept;

// The updates alone, from gradients in such a buffer, which it may change.
template <class T>
void update_pass(Network<T>& network, const GradientPlan& plan, GradientPlan::Range range, const GradientUse<T>& use,
                 T* gradients) noexcept;

}  // namespace fastmlp
