// See gradient_pass.hpp.
#include "core/gradient_pass.hpp"

#include <algorithm>

#include "core/targets.hpp"
#include "platform/checks.hpp"

namespace fastmlp {
namespace {

// A unit of 48 x 128 floats is 24 KB: it stays in the first-level cache until its epilogue, and 48 rows use a panel of
// delta eight times while it is there. Small networks get units of 16 rows, to be shared evenly; 16 is also the block
// in which weights are transposed.
constexpr std::ptrdiff_t kMaxColumns = 128;
constexpr std::ptrdiff_t kManyRows = 48;
constexpr std::ptrdiff_t kFewRows = 16;
constexpr std::ptrdiff_t kEnoughUnits = 64;

std::ptrdiff_t count_of(std::ptrdiff_t n, std::ptrdiff_t part) noexcept { return (n + part - 1) / part; }

}  // namespace

template <class T>
GradientPlan::GradientPlan(const Network<T>& network) {
  std::ptrdiff_t units = 0;
  for (const Layer& layer : network.layers()) {
    units += count_of(layer.n_in + 1, kManyRows) * count_of(layer.n_out, kMaxColumns);
  }
  const std::ptrdiff_t unit_rows = units >= kEnoughUnits ? kManyRows : kFewRows;
  std::int64_t cost = 0;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const Layer& layer = network.layers()[l];
    for (std::ptrdiff_t row = 0; row <= layer.n_in; row += unit_rows) {
      for (std::ptrdiff_t column = 0; column < layer.n_out; column += kMaxColumns) {
        const GradientUnit unit{l, row, std::min(unit_rows, layer.n_in + 1 - row), column,
                                std::min(kMaxColumns, layer.n_out - column)};
        units_.push_back(unit);
        cost_before_.push_back(cost);
        cost += unit.n_rows * unit.n_columns;
        scratch_size_ = std::max(scratch_size_, unit.n_rows * leading_dimension(unit.n_columns));
      }
    }
  }
  cost_before_.push_back(cost);
}

std::size_t GradientPlan::first_unit_at(std::int64_t cost) const noexcept {
  const auto place = std::lower_bound(cost_before_.begin(), cost_before_.end() - 1, cost);
  return static_cast<std::size_t>(place - cost_before_.begin());
}

GradientPlan::Range GradientPlan::range_of(int thread, int threads) const noexcept {
  const std::int64_t total = cost_before_.back();
  const std::size_t end = thread + 1 == threads ? units_.size() : first_unit_at(total * (thread + 1) / threads);
  return {first_unit_at(total * thread / threads), end};
}

template <class T>
std::ptrdiff_t GradientPlan::bursts_of(Range range, std::ptrdiff_t batch) const noexcept {
  const Kernels<T>& kernel = kernels<T>();
  std::ptrdiff_t tiles = 0;
  for (std::size_t i = range.begin; i < range.end; ++i) {
    tiles += count_of(units_[i].n_rows, kernel.tile_rows) * count_of(units_[i].n_columns, kernel.tile_columns);
  }
  return tiles * count_of(batch, kernel.fetch_interval);
}

template <class T>
void gradient_pass(const Network<T>& network, const Workspace<T>& workspace, std::ptrdiff_t batch,
                   const GradientPlan& plan, GradientPlan::Range range, const GradientUse<T>& use,
                   FetchQueue& fetch) noexcept {
  FASTMLP_ASSERT(batch <= workspace.rows());
  for (std::size_t i = range.begin; i < range.end; ++i) {
    const GradientUnit& unit = plan[i];
    const Layer& layer = network.layers()[unit.layer];
    const std::ptrdiff_t ldg = leading_dimension(unit.n_columns);
    kernels<T>().gradient({.batch = batch,
                           .n_rows = unit.n_rows,
                           .n_columns = unit.n_columns,
                           .x = workspace.activations(unit.layer, 0) + unit.row,
                           .ldx = workspace.ld(unit.layer),
                           .delta = workspace.deltas(unit.layer + 1, 0) + unit.column,
                           .ldd = workspace.ld(unit.layer + 1),
                           .g = use.scratch,
                           .ldg = ldg,
                           .fetch = &fetch});
    const std::ptrdiff_t at = layer.offset + unit.row * layer.ld + unit.column;
    const auto tile_of = [at](T* matrix) { return matrix != nullptr ? matrix + at : nullptr; };
    const bool has_transposed = use.transposed != nullptr && unit.layer > 0;
    kernels<T>().update(
        {.step = use.step,
         .n_rows = unit.n_rows,
         .n_columns = unit.n_columns,
         .penalized_rows = layer.n_in - unit.row,
         .l1 = static_cast<T>(layer.l1),
         .l2 = static_cast<T>(layer.l2),
         .g = use.scratch,
         .ldg = ldg,
         .w = network.parameters() + at,
         .slot0 = tile_of(use.slots[0]),
         .slot1 = tile_of(use.slots[1]),
         .ldw = layer.ld,
         .transposed =
             has_transposed ? use.transposed + layer.transposed_offset + unit.column * layer.ldt + unit.row : nullptr,
         .ldt = layer.ldt});
  }
}

template GradientPlan::GradientPlan(const Network<float>&);
template GradientPlan::GradientPlan(const Network<double>&);
template std::ptrdiff_t GradientPlan::bursts_of<float>(Range, std::ptrdiff_t) const noexcept;
template std::ptrdiff_t GradientPlan::bursts_of<double>(Range, std::ptrdiff_t) const noexcept;
template void gradient_pass(const Network<float>&, const Workspace<float>&, std::ptrdiff_t, const GradientPlan&,
                            GradientPlan::Range, const GradientUse<float>&, FetchQueue&) noexcept;
template void gradient_pass(const Network<double>&, const Workspace<double>&, std::ptrdiff_t, const GradientPlan&,
                            GradientPlan::Range, const GradientUse<double>&, FetchQueue&) noexcept;

}  // namespace fastmlp
