// See gradient_pass.hpp. The plan and the pass share what they know of units, which makes this a long file.
#include "core/gradient_pass.hpp"

#include <algorithm>

#include "core/entrance.hpp"
#include "core/optimizer.hpp"
#include "core/prefetch.hpp"
#include "core/product_plan.hpp"
#include "core/targets.hpp"
#include "platform/checks.hpp"

namespace fastmlp {
namespace {

// A unit of a large network has about 48 x 128 elements: it stays in a near cache until its epilogue. Where a run of 512
// columns of delta fits into the second-level cache it has 16 x 512, whose rows are long enough to be read ahead by the
// hardware (measured on 784-512-512-10: 2 to 5 % of the step). Small networks get units of 16 rows, to be shared evenly;
// 16 is also the block in which weights are transposed. Where lanes run along the inputs, 32: two vectors, since one
// leaves the multiplier waiting for its own results.
constexpr std::ptrdiff_t kFewColumns = 128;
constexpr std::ptrdiff_t kManyColumns = 512;
constexpr std::ptrdiff_t kPanelSize = 1 << 16;
constexpr std::ptrdiff_t kManyRows = 48;
constexpr std::ptrdiff_t kFewRows = 16;
constexpr std::ptrdiff_t kFewRowsInLanes = 32;
constexpr std::ptrdiff_t kEnoughUnits = 64;
constexpr std::ptrdiff_t kSmallRest = 4;  // rows, often only the bias, that are not worth a unit of their own

// Parameters that the second-level cache holds: of these another core's reading leaves copies, which cost time to own.
constexpr std::ptrdiff_t kMostOwnedEarly = 1 << 18;
// Terms of a sum during which the parameters and the optimizer's state of the unit can be asked for, a line in 50 ns,
// without standing in the way of what the products read. Measured on two threads: 4096-4096-4096 at 512 rows 2 to 3 %
// of the step less, 784-512-512-10 at 128 rows 3 % more.
constexpr std::ptrdiff_t kManyTerms = 512;
// Operands of a layer that stay in the second-level cache from one unit to the next.
constexpr std::ptrdiff_t kFewOperands = 1 << 17;

// Copying the left operand of a unit pays where so many columns are multiplied with it.
constexpr std::ptrdiff_t kFewPackedColumns = 256;

// What a row costs in the bins of an input, in rows of a product: two sums are loaded and stored for each delta. A
// step's update of the bins, which is not counted for other units either, is more of it, the smaller the batch is.
constexpr std::int64_t kRowsOfBins = 8;

// Inputs of an embedding in a unit: four of the usual width are transposed together, in vectors, if there are enough to
// be shared.
constexpr std::ptrdiff_t kSomeInputs = 4;
constexpr std::ptrdiff_t kManyInputs = 16;

std::ptrdiff_t count_of(std::ptrdiff_t n, std::ptrdiff_t part) noexcept { return (n + part - 1) / part; }

std::ptrdiff_t rounded_up(std::ptrdiff_t n, std::ptrdiff_t part) noexcept { return count_of(n, part) * part; }

// Whether lanes should run along the rows of parameters (n_rows, n_columns), which are a layer's inputs: 50 outputs fill
// 50 of 64 lanes, 784 inputs all. What is saved is multiplications that nobody needs, batch / lanes of them per element
// and vector; the price is about one of moving.
template <class T>
bool sums_transposed(std::ptrdiff_t n_rows, std::ptrdiff_t n_columns, std::ptrdiff_t batch) noexcept {
  const std::ptrdiff_t lanes = kernels<T>().lanes;
  const std::ptrdiff_t along_outputs = n_rows * rounded_up(n_columns, lanes);
  const std::ptrdiff_t along_inputs = rounded_up(n_rows, lanes) * n_columns;
  return (along_outputs - along_inputs) * batch > n_rows * n_columns * lanes;
}

// Columns of delta whose copy takes what the plan allows.
template <class T>
std::ptrdiff_t most_packed_columns(const Network<T>& network, std::ptrdiff_t batch) noexcept {
  constexpr auto kSize = static_cast<std::ptrdiff_t>(sizeof(T));
  const std::ptrdiff_t columns = product_cut(network.buffer_size() * kSize).packed_bytes / (batch * kSize);
  return std::min(columns / kFewColumns * kFewColumns, kManyColumns);
}

// Elements of the copies that a packed unit reads: of delta, which stays for the next unit, and of x.
std::ptrdiff_t copies_size(const GradientUnit& unit, std::ptrdiff_t batch) noexcept {
  return batch * (leading_dimension(unit.n_columns) + leading_dimension(unit.n_rows));
}

// Columns of a run where all runs have nearly equal ones, at most so many.
std::ptrdiff_t even_columns(std::ptrdiff_t columns, std::ptrdiff_t most) noexcept {
  return rounded_up(count_of(columns, count_of(columns, most)), leading_dimension(1));
}

}  // namespace

template <class T>
GradientPlan::GradientPlan(const Network<T>& network, std::ptrdiff_t batch, PlanFor purpose) {
  const bool has_long_rows = batch * kManyColumns <= kPanelSize;
  const std::ptrdiff_t packed_columns = most_packed_columns(network, batch);
  std::ptrdiff_t units = 0;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    units += count_of(network.terms(l) + 1, kManyRows) * count_of(network.layers()[l].n_out, kFewColumns);
  }
  const bool has_few_units = units < kEnoughUnits;
  const std::ptrdiff_t lanes = kernels<T>().lanes;
  std::int64_t cost = 0;
  for (std::size_t l = 0; l < network.layers().size(); ++l) {
    const Layer& layer = network.layers()[l];
    const bool is_training = purpose == PlanFor::training;
    const std::ptrdiff_t binned = l == 0 ? network.binned_inputs() : 0;
    const bool has_weights = !is_training || layer.weight_rate_factor != 0.0;
    for (std::ptrdiff_t row = 0; has_weights && row < binned; row += network.embedding().width) {
      for (std::ptrdiff_t column = 0; column < layer.n_out; column += kBinColumns) {
        const std::ptrdiff_t n_columns = std::min(kBinColumns, layer.n_out - column);
        units_.push_back({l, row, network.embedding().width, column, n_columns, false, true});
        cost_before_.push_back(cost);
        cost += kRowsOfBins * rounded_up(n_columns, lanes);
        scratch_size_ = std::max(scratch_size_, 2 * network.embedding().width * leading_dimension(n_columns));
      }
    }
    const std::ptrdiff_t first_row = has_weights ? binned : layer.n_in;
    const std::ptrdiff_t end_row = is_training && layer.bias_rate_factor == 0.0 ? layer.n_in : layer.n_in + 1;
    const bool is_transposed = sums_transposed<T>(end_row - first_row, layer.n_out, batch);
    const bool is_packed = packed_columns >= kFewPackedColumns && layer.n_out >= kFewPackedColumns && !is_transposed;
    const bool is_wide = layer.n_out > kFewColumns && has_long_rows && !is_packed;
    const std::ptrdiff_t most_columns = is_packed       ? even_columns(layer.n_out, packed_columns)
                                        : has_long_rows ? kManyColumns
                                                        : kFewColumns;
    const std::ptrdiff_t few_rows = is_transposed ? kFewRowsInLanes : kFewRows;
    const std::ptrdiff_t unit_rows = has_few_units || is_wide ? few_rows : kManyRows;
    for (std::ptrdiff_t column = 0; column < layer.n_out; column += most_columns) {
      const std::ptrdiff_t n_columns = std::min(most_columns, layer.n_out - column);
      for (std::ptrdiff_t row = first_row, n_rows = 0; row < end_row; row += n_rows) {
        const std::ptrdiff_t left = end_row - row;
        n_rows = left <= unit_rows + kSmallRest ? left : unit_rows;
        units_.push_back({l, row, n_rows, column, n_columns, is_transposed, false, is_packed});
        cost_before_.push_back(cost);
        cost += is_transposed ? rounded_up(n_rows, lanes) * n_columns : n_rows * rounded_up(n_columns, lanes);
        const std::ptrdiff_t size = n_rows * leading_dimension(n_columns);
        const std::ptrdiff_t transposed_size = is_transposed ? n_columns * leading_dimension(n_rows) : 0;
        const std::ptrdiff_t copies = is_packed ? copies_size(units_.back(), batch) : 0;
        scratch_size_ = std::max(scratch_size_, size + transposed_size + copies);
      }
    }
  }
  const Embedding& embedding = network.embedding();
  if (embedding.learns()) {
    const Layer& place = embedding.parameters;
    // an input has so many sums over the batch, and as much work besides
    const std::int64_t cost_of_input = 2 * rounded_up(place.n_out, lanes);
    const std::ptrdiff_t unit_rows = place.n_in >= kManyInputs ? kSomeInputs : 1;
    for (std::ptrdiff_t row = 0; row < place.n_in; row += unit_rows) {
      const std::ptrdiff_t n_rows = std::min(unit_rows, place.n_in - row);
      units_.push_back({kEntrance, row, n_rows, 0, place.n_out, false});
      cost_before_.push_back(cost);
      cost += n_rows * cost_of_input;
    }
    const std::ptrdiff_t room = checked_count(embedding.width, leading_dimension(batch));
    scratch_size_ = std::max(scratch_size_, unit_rows * (leading_dimension(place.n_out) + room));
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

namespace {

// Where one unit's epilogue writes.
template <class T>
struct UnitParameters {
  UnitParameters(Network<T>& network, const GradientUse<T>& use, const GradientUnit& unit) noexcept
      : layer(network.place(unit.layer)), at(layer.offset + unit.row * layer.ld + unit.column) {
    w = network.parameters() + at;
    for (int i = 0; i < 2; ++i) {
      slots[i] = use.slots[i] != nullptr ? use.slots[i] + at : nullptr;
      from[i] = use.from[i] != nullptr ? use.from[i] + at : nullptr;
    }
    const bool is_copied = unit.layer != kEntrance && unit.layer >= first_deltas(network);
    if (use.transposed != nullptr && is_copied) {
      transposed = use.transposed + layer.transposed_offset + unit.column * layer.ldt + unit.row;
    }
  }

  const Layer& layer;
  std::ptrdiff_t at;  // in buffers of the parameters' layout
  T* w;
  T* slots[2];
  const T* from[2];
  T* transposed = nullptr;
};

// And where its sums read.
template <class T>
struct UnitMemory : UnitParameters<T> {
  UnitMemory(Network<T>& network, const Workspace<T>& workspace, const GradientUse<T>& use,
             const GradientUnit& unit) noexcept
      : UnitParameters<T>(network, use, unit),
        x(workspace.activations(unit.layer, 0) + unit.row - (unit.layer == 0 ? network.binned_inputs() : 0)),
        ldx(workspace.ld(unit.layer)),
        delta(workspace.deltas(unit.layer + 1, 0) + unit.column),
        ldd(workspace.ld(unit.layer + 1)) {}

  const T* x;
  std::ptrdiff_t ldx;
  const T* delta;
  std::ptrdiff_t ldd;
};

// Whether a unit finds its deltas where the one before has copied them.
bool finds_deltas(const GradientUnit& unit, const GradientUnit& before) noexcept {
  return unit.is_packed && before.is_packed && unit.layer == before.layer && unit.column == before.column;
}

// Operands of the next unit that this one has not used; long rows that are copied need no asking for.
template <class T>
void add_next_operands(RegionList& list, const UnitMemory<T>& memory, const GradientUnit& unit,
                       const GradientUnit& next, std::ptrdiff_t batch) noexcept {
  const bool same_layer = next.layer == unit.layer;
  if (!same_layer || next.row != unit.row) list.add(memory.x, memory.ldx, batch, next.n_rows);
  const bool same_columns = same_layer && next.column == unit.column;
  if (!same_columns && !next.is_packed) list.add(memory.delta, memory.ldd, batch, next.n_columns);
}

// g = x^T delta of one unit, with zero padding.
template <class T>
void sum_unit(const GradientUnit& unit, const UnitMemory<T>& memory, std::ptrdiff_t batch, T* g, std::ptrdiff_t ldg,
              T* copies, bool delta_is_packed, const RegionList& to_read, const RegionList& to_write) noexcept {
  const Kernels<T>& kernel = kernels<T>();
  const bool across = unit.is_transposed;
  const std::ptrdiff_t n_rows = across ? unit.n_columns : unit.n_rows;
  const std::ptrdiff_t n_columns = across ? unit.n_rows : unit.n_columns;
  T* sums = across ? g + unit.n_rows * ldg : g;
  const std::ptrdiff_t ld_sums = leading_dimension(n_columns);
  kernel.gradient({.batch = batch,
                   .n_rows = n_rows,
                   .n_columns = n_columns,
                   .x = across ? memory.delta : memory.x,
                   .ldx = across ? memory.ldd : memory.ldx,
                   .delta = across ? memory.x : memory.delta,
                   .ldd = across ? memory.ldx : memory.ldd,
                   .g = sums,
                   .ldg = ld_sums,
                   .terms = product_plan().gradient_terms,
                   .packed = copies,
                   .delta_is_packed = delta_is_packed,
                   .to_read = to_read.all(),
                   .to_write = to_write.all()});
  if (!across) return;
  std::fill_n(g, unit.n_rows * ldg, T(0));  // for the padding: one call, where rows are short
  kernel.transpose(n_rows, n_columns, sums, ld_sums, g, ldg);
}

// The update of rows [begin, end) of a unit, at `factor` times the learning rate.
template <class T>
void update_rows(const UpdateArguments<T>& unit, std::ptrdiff_t begin, std::ptrdiff_t end, double factor) noexcept {
  if (begin == end) return;
  const OptimizerStep<T> step = with_rate_factor(unit.step, factor);
  const auto from = [begin](auto* first, std::ptrdiff_t ld) { return first != nullptr ? first + begin * ld : nullptr; };
  kernels<T>().update({.step = step,
                       .n_rows = end - begin,
                       .n_columns = unit.n_columns,
                       .penalized_rows = unit.penalized_rows - begin,
                       .has_penalty = unit.has_penalty,
                       .l1 = unit.l1,
                       .l2 = unit.l2,
                       .g = from(unit.g, unit.ldg),
                       .ldg = unit.ldg,
                       .w = from(unit.w, unit.ldw),
                       .slot0 = from(unit.slot0, unit.ldw),
                       .slot1 = from(unit.slot1, unit.ldw),
                       .from0 = from(unit.from0, unit.ldw),
                       .from1 = from(unit.from1, unit.ldw),
                       .ldw = unit.ldw,
                       .transposed = from(unit.transposed, 1),
                       .ldt = unit.ldt});
}

// The epilogue of a unit; l1 and l2 are the penalties whose gradient g does not hold yet.
template <class T>
void update_unit(const GradientUnit& unit, const UnitParameters<T>& memory, const OptimizerStep<T>& step, double l1,
                 double l2, T* g, std::ptrdiff_t ldg) noexcept {
  const Layer& layer = memory.layer;
  const UpdateArguments<T> update{.step = step,
                                  .n_rows = unit.n_rows,
                                  .n_columns = unit.n_columns,
                                  .penalized_rows = unit.layer == kEntrance ? 0 : layer.n_in - unit.row,
                                  .has_penalty = layer.has_penalty(),
                                  .l1 = static_cast<T>(l1),
                                  .l2 = static_cast<T>(l2),
                                  .g = g,
                                  .ldg = ldg,
                                  .w = memory.w,
                                  .slot0 = memory.slots[0],
                                  .slot1 = memory.slots[1],
                                  .from0 = memory.from[0],
                                  .from1 = memory.from[1],
                                  .ldw = layer.ld,
                                  .transposed = memory.transposed,
                                  .ldt = layer.ldt};
  if (!layer.has_rate_factors()) {
    kernels<T>().update(update);
    return;
  }
  const std::ptrdiff_t weights = std::min(unit.n_rows, layer.n_in - unit.row);
  update_rows(update, 0, weights, layer.weight_rate_factor);
  update_rows(update, weights, unit.n_rows, layer.bias_rate_factor);
}

// The whole of a unit of bins, of which the workspace says how far rows have filled them.
template <class T>
void pass_binned_unit(Network<T>& network, const Workspace<T>& workspace, std::ptrdiff_t batch,
                      const GradientUnit& unit, const GradientUse<T>& use) noexcept {
  const std::ptrdiff_t ldg = leading_dimension(unit.n_columns);
  FilledBins<T> filled = workspace.filled_bins(0);
  filled.whole += unit.row / unit.n_rows * filled.ld;
  filled.share += unit.row / unit.n_rows * filled.ld;
  kernels<T>().bins_gradient({.batch = batch,
                              .bins = unit.n_rows,
                              .filled = filled,
                              .n_columns = unit.n_columns,
                              .delta = workspace.deltas(unit.layer + 1, 0) + unit.column,
                              .ldd = workspace.ld(unit.layer + 1),
                              .g = use.scratch,
                              .whole = use.scratch + unit.n_rows * ldg,
                              .ldg = ldg});
  const UnitParameters<T> memory(network, use, unit);
  update_unit<T>(unit, memory, use.step, memory.layer.l1, memory.layer.l2, use.scratch, ldg);
}

bool is_product(const GradientUnit& unit) noexcept { return unit.layer != kEntrance && !unit.is_binned; }

// The whole of a unit of the embedding, whose waves are in the workspace.
template <class T>
void pass_entrance_unit(Network<T>& network, const Workspace<T>& workspace, std::ptrdiff_t batch,
                        const GradientUnit& unit, const GradientUse<T>& use) noexcept {
  const std::ptrdiff_t ldg = leading_dimension(unit.n_columns);
  std::fill_n(use.scratch, unit.n_rows * ldg, T(0));
  waves_gradient_of(network, workspace, 0, batch, unit.row, unit.n_rows, use.scratch + unit.n_rows * ldg, use.scratch,
                    ldg);
  update_unit<T>(unit, UnitParameters<T>(network, use, unit), use.step, 0.0, 0.0, use.scratch, ldg);
}

}  // namespace

template <class T>
void gradient_pass(Network<T>& network, const Workspace<T>& workspace, std::ptrdiff_t batch, const GradientPlan& plan,
                   GradientPlan::Range range, const GradientUse<T>& use, const Region& next_rows) noexcept {
  FASTMLP_ASSERT(batch <= workspace.rows());
  const bool owns_early = use.is_shared && network.buffer_size() <= kMostOwnedEarly;
  std::ptrdiff_t products = 0;
  for (std::size_t i = range.begin; i < range.end; ++i) products += is_product(plan[i]) ? 1 : 0;
  std::ptrdiff_t product = 0;
  for (std::size_t i = range.begin; i < range.end; ++i) {
    const GradientUnit& unit = plan[i];
    if (unit.layer == kEntrance) {
      pass_entrance_unit(network, workspace, batch, unit, use);
      continue;
    }
    if (unit.is_binned) {
      pass_binned_unit(network, workspace, batch, unit, use);
      continue;
    }
    const UnitMemory<T> memory(network, workspace, use, unit);
    const Layer& layer = memory.layer;

    RegionList to_read;
    if (i + 1 < range.end && is_product(plan[i + 1]) && batch * (layer.n_in + layer.n_out) > kFewOperands) {
      add_next_operands(to_read, UnitMemory<T>(network, workspace, use, plan[i + 1]), unit, plan[i + 1], batch);
    }
    to_read.add(part_of(next_rows, product++, products));
    if (!owns_early && batch >= kManyTerms) {
      to_read.add(memory.w, layer.ld, unit.n_rows, unit.n_columns);
      for (const T* slot : memory.from) {
        if (slot != nullptr) to_read.add(slot, layer.ld, unit.n_rows, unit.n_columns);
      }
    }
    RegionList to_write;
    if (owns_early) {
      to_write.add(memory.w, layer.ld, unit.n_rows, unit.n_columns);
      // The bias has no place in W^T: a byte beyond would be another thread's.
      const std::ptrdiff_t weights = std::min(unit.n_rows, layer.n_in - unit.row);
      if (memory.transposed != nullptr) to_write.add(memory.transposed, layer.ldt, unit.n_columns, weights);
    }
    const std::ptrdiff_t ldg = leading_dimension(unit.n_columns);
    T* copies = unit.is_packed ? use.scratch : nullptr;
    T* g = unit.is_packed ? copies + copies_size(unit, batch) : use.scratch;
    const bool delta_is_packed = i > range.begin && finds_deltas(unit, plan[i - 1]);
    sum_unit(unit, memory, batch, g, ldg, copies, delta_is_packed, to_read, to_write);
    update_unit<T>(unit, memory, use.step, layer.l1, layer.l2, g, ldg);
  }
}

template <class T>
void update_pass(Network<T>& network, const GradientPlan& plan, GradientPlan::Range range, const GradientUse<T>& use,
                 T* gradients) noexcept {
  for (std::size_t i = range.begin; i < range.end; ++i) {
    const UnitParameters<T> memory(network, use, plan[i]);
    update_unit<T>(plan[i], memory, use.step, 0.0, 0.0, gradients + memory.at, memory.layer.ld);
  }
}

template GradientPlan::GradientPlan(const Network<float>&, std::ptrdiff_t, PlanFor);
template GradientPlan::GradientPlan(const Network<double>&, std::ptrdiff_t, PlanFor);
template void gradient_pass(Network<float>&, const Workspace<float>&, std::ptrdiff_t, const GradientPlan&,
                            GradientPlan::Range, const GradientUse<float>&, const Region&) noexcept;
template void gradient_pass(Network<double>&, const Workspace<double>&, std::ptrdiff_t, const GradientPlan&,
                            GradientPlan::Range, const GradientUse<double>&, const Region&) noexcept;
template void update_pass(Network<float>&, const GradientPlan&, GradientPlan::Range, const GradientUse<float>&,
                          float*) noexcept;
template void update_pass(Network<double>&, const GradientPlan&, GradientPlan::Range, const GradientUse<double>&,
                          double*) noexcept;

}  // namespace fastmlp
