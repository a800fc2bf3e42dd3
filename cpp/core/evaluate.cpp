// See evaluate.hpp.
#include "core/evaluate.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "core/columns_pass.hpp"
#include "core/gradient_pass.hpp"
#include "core/penalty.hpp"
#include "core/profile.hpp"
#include "core/rows_pass.hpp"
#include "core/thread_guess.hpp"
#include "core/workspace.hpp"
#include "platform/team.hpp"

namespace fastmlp {
namespace {

template <class T>
void copy_rows(const T* from, std::ptrdiff_t ld, std::ptrdiff_t rows, std::ptrdiff_t columns, T* to) noexcept {
  for (std::ptrdiff_t r = 0; r < rows; ++r) {
    std::memcpy(to + r * columns, from + r * ld, static_cast<std::size_t>(columns) * sizeof(T));
  }
}

// Gradients by inputs before their scaling, from those after it.
template <class T>
void scale_columns(T* block, std::ptrdiff_t ld, std::ptrdiff_t rows, std::ptrdiff_t columns,
                   const double* scale) noexcept {
  for (std::ptrdiff_t r = 0; r < rows; ++r) {
    for (std::ptrdiff_t j = 0; j < columns; ++j) block[r * ld + j] *= static_cast<T>(scale[j]);
  }
}

// Multiply-adds of a forward pass.
template <class T>
double work_of(const Network<T>& network, std::ptrdiff_t rows) noexcept {
  return static_cast<double>(network.buffer_size()) * static_cast<double>(rows);
}
constexpr double kPasses = 4.0;  // forward, back by deltas and by inputs, gradients

// Each thread's room for unfinished sums.
template <class T>
class Sums {
 public:
  Sums(const Network<T>& network, int threads)
      : per_thread_(sums_size(network)), memory_(checked_count(threads, per_thread_)) {}
  T* of(int thread) const noexcept { return memory_.data() + thread * per_thread_; }

 private:
  std::ptrdiff_t per_thread_;
  AlignedBuffer<T> memory_;
};

// Rows of a block, of which a workspace holds one per thread.
template <class T>
std::ptrdiff_t block_rows(const Network<T>& network, std::ptrdiff_t rows, int threads) noexcept {
  return std::min(row_block(network), (rows + threads - 1) / threads);
}

// Calls f(begin, end, at, thread) for each block of rows on some thread; at: the thread's own rows of a workspace.
template <class T, class F>
void over_row_blocks(const Network<T>& network, std::ptrdiff_t rows, int threads, F&& f) {
  const std::ptrdiff_t own_rows = block_rows(network, rows, threads);
  run_team(threads, [&](int thread, int team) noexcept {
    const Share share = share_of(rows, thread, team);
    // the team may be smaller than planned, but a thread's rows are not more
    for_each_row_block(share.begin, share.end, own_rows,
                       [&](std::ptrdiff_t begin, std::ptrdiff_t end) { f(begin, end, thread * own_rows, thread); });
  });
}

// Padding is looked at as well. That of inputs is finite; that of outputs may be NaN beside finite outputs where a
// hidden unit is infinite, and the caller, told so, then looks closer.
template <class T>
bool has_nonfinite(const Workspace<T>& workspace, std::size_t l, std::ptrdiff_t row, std::ptrdiff_t rows) noexcept {
  return kernels<T>().first_nonfinite(rows * workspace.ld(l), workspace.activations(l, row)) >= 0;
}

// Weighted sum of the rows' losses over the total weight, in ascending order of rows, and the penalty.
template <class T>
double mean_loss(const Dataset& data, double total, const T* losses, const Penalty<T>& penalty) noexcept {
  return run_alone([&] {
    double sum = 0.0;
    for (std::ptrdiff_t r = 0; r < data.rows(); ++r) sum += data.weight(r) * static_cast<double>(losses[r]);
    penalty.add_rows(0, 1);
    return (total > 0.0 ? sum / total : 0.0) + penalty.total();
  });
}

}  // namespace

template <class T>
void evaluate_activations(const Network<T>& network, const DataView& inputs, const std::vector<T*>& out,
                          int thread_request) {
  const std::size_t depth = network.layers().size();
  const int threads = plan_threads_for_rows(network, inputs.rows, thread_request);
  const TeamWatch watch(threads, work_of(network, inputs.rows));
  const Workspace<T> workspace(network, threads * block_rows(network, inputs.rows, threads), Purpose::inference);
  const Sums<T> sums(network, threads);
  const Dataset data{.inputs = inputs};
  const Selection all{nullptr, 0, inputs.rows};
  over_row_blocks(network, inputs.rows, threads,
                  [&](std::ptrdiff_t begin, std::ptrdiff_t end, std::ptrdiff_t at, int thread) noexcept {
                    gather_inputs(network, workspace, data, all, begin, end, at);
                    forward_rows(network, workspace, at, at + end - begin, Purpose::inference, sums.of(thread));
                    for (std::size_t l = 0; l < depth; ++l) {
                      if (out[l] == nullptr) continue;
                      const std::ptrdiff_t units = network.layers()[l].units;
                      copy_rows(workspace.activations(l + 1, at), workspace.ld(l + 1), end - begin, units,
                                out[l] + begin * units);
                    }
                  });
}

namespace {

// Calls take(workspace, at, begin, rows) when workspace rows [at, at + rows) hold the outputs of the input rows from
// begin on, on some thread. Returns whether all inputs are finite in T; when one is not, what is left may be undone.
template <class T, class F>
bool over_outputs(const Network<T>& network, const DataView& inputs, int thread_request, F&& take) {
  const int threads = plan_threads(network, inputs.rows, thread_request);
  const TeamWatch watch(threads, work_of(network, inputs.rows));
  const bool by_columns = is_by_columns(network, inputs.rows, threads);
  const Workspace<T> workspace(network, by_columns ? inputs.rows : threads * block_rows(network, inputs.rows, threads),
                               Purpose::inference);
  const Sums<T> sums(network, threads);
  const Dataset data{.inputs = inputs};
  const Selection all{nullptr, 0, inputs.rows};
  std::atomic<bool> is_finite{true};
  const auto gather = [&](std::ptrdiff_t begin, std::ptrdiff_t end, std::ptrdiff_t at) noexcept {
    gather_inputs(network, workspace, data, all, begin, end, at);
    if (has_nonfinite(workspace, 0, at, end - begin)) is_finite.store(false, std::memory_order_relaxed);
  };
  if (by_columns) {
    Barrier barrier;
    barrier.measure(barrier_time());
    run_team(threads, [&](int thread, int team) noexcept {
      const Share share = share_of(inputs.rows, thread, team);
      gather(share.begin, share.end, share.begin);
      barrier.arrive_and_wait(team);
      forward_columns(network, workspace, inputs.rows, Purpose::inference, sums.of(thread), thread, team, barrier);
      take(workspace, share.begin, share.begin, share.end - share.begin);
    });
  } else {
    over_row_blocks(network, inputs.rows, threads,
                    [&](std::ptrdiff_t begin, std::ptrdiff_t end, std::ptrdiff_t at, int thread) noexcept {
                      if (!is_finite.load(std::memory_order_relaxed)) return;
                      gather(begin, end, at);
                      forward_rows(network, workspace, at, at + end - begin, Purpose::inference, sums.of(thread));
                      take(workspace, at, begin, end - begin);
                    });
  }
  return is_finite.load();
}

}  // namespace

template <class T>
bool evaluate_outputs(const Network<T>& network, const DataView& inputs, T* outputs, int thread_request) {
  const std::size_t depth = network.layers().size();
  const std::ptrdiff_t units = network.n_outputs();
  return over_outputs(
      network, inputs, thread_request,
      [&](const Workspace<T>& workspace, std::ptrdiff_t at, std::ptrdiff_t begin, std::ptrdiff_t rows) noexcept {
        copy_rows(workspace.activations(depth, at), workspace.ld(depth), rows, units, outputs + begin * units);
      });
}

template <class T>
bool evaluate_classes(const Network<T>& network, const DataView& inputs, std::ptrdiff_t* classes, int thread_request) {
  const std::size_t depth = network.layers().size();
  const std::ptrdiff_t units = network.n_outputs();
  std::atomic<bool> is_finite{true};
  const bool has_finite_inputs = over_outputs(
      network, inputs, thread_request,
      [&](const Workspace<T>& workspace, std::ptrdiff_t at, std::ptrdiff_t begin, std::ptrdiff_t rows) noexcept {
        if (has_nonfinite(workspace, depth, at, rows)) is_finite.store(false, std::memory_order_relaxed);
        for (std::ptrdiff_t r = 0; r < rows; ++r) {
          const T* row = workspace.activations(depth, at + r);
          classes[begin + r] = std::max_element(row, row + units) - row;
        }
      });
  return has_finite_inputs && is_finite.load();
}

template <class T>
double evaluate_loss(const Network<T>& network, const Dataset& data, int thread_request) {
  const int threads = plan_threads_for_rows(network, data.rows(), thread_request);
  const TeamWatch watch(threads, kPasses * work_of(network, data.rows()));
  const Workspace<T> workspace(network, threads * block_rows(network, data.rows(), threads), Purpose::loss);
  const Sums<T> sums(network, threads);
  const AlignedBuffer<T> losses(data.rows());
  const Penalty<T> penalty(network);
  const Selection all{nullptr, 0, data.rows()};
  const double total = run_alone([&] { return total_weight(data, all); });
  over_row_blocks(network, data.rows(), threads,
                  [&](std::ptrdiff_t begin, std::ptrdiff_t end, std::ptrdiff_t at, int thread) noexcept {
                    gather_inputs(network, workspace, data, all, begin, end, at);
                    gather_targets(workspace, data, all, begin, end, at, total);
                    forward_rows(network, workspace, at, at + end - begin, Purpose::loss, sums.of(thread));
                    loss_rows(network, workspace, data.labels != nullptr, at, at + end - begin);
                    std::copy(workspace.row_loss(at), workspace.row_loss(at + end - begin), losses.data() + begin);
                  });
  return mean_loss(data, total, losses.data(), penalty);
}

template <class T>
double evaluate_gradients(Network<T>& network, const Dataset& data, T* parameters, T* inputs, int thread_request) {
  const int threads = plan_threads_for_rows(network, data.rows(), thread_request);
  const TeamWatch watch(threads, kPasses * work_of(network, data.rows()));
  const Workspace<T> workspace(network, data.rows(), Purpose::gradients);
  const GradientPlan plan(network, data.rows(), PlanFor::gradients);
  const Sums<T> sums(network, threads);
  const AlignedBuffer<T> scratch(checked_count(threads, plan.scratch_size()));
  const Layer& first = network.layers().front();
  const std::ptrdiff_t ldt = leading_dimension(first.n_in);
  const AlignedBuffer<T> first_transposed(checked_count(first.n_out, ldt));
  const AlignedBuffer<T> transposed(network.transposed_size());
  // A full block of input gradients with padding per thread; the caller's array has none.
  const std::ptrdiff_t ld_inputs = leading_dimension(first.n_in);
  const std::ptrdiff_t most = row_block(network);
  const AlignedBuffer<T> input_blocks(checked_count(threads * most, ld_inputs));
  const Penalty<T> penalty(network);

  network.transpose_weights(transposed.data(), 0, 1);
  kernels<T>().transpose(first.n_in, first.n_out, network.weights(first), first.ld, first_transposed.data(), ldt);
  const Selection all{nullptr, 0, data.rows()};
  const double total = run_alone([&] { return total_weight(data, all); });
  OptimizerStep<T> gradient_only{};
  run_team(threads, [&](int thread, int team) noexcept {
    const Share share = share_of(data.rows(), thread, team);
    for_each_row_block(share.begin, share.end, most, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
      gather_inputs(network, workspace, data, all, begin, end, begin);
      gather_targets(workspace, data, all, begin, end, begin, total);
      T* room = sums.of(thread);
      forward_rows(network, workspace, begin, end, Purpose::gradients, room);
      loss_rows(network, workspace, data.labels != nullptr, begin, end);
      backward_rows(network, transposed.data(), workspace, begin, end, room);
      T* block = input_blocks.data() + thread * most * ld_inputs;
      kernels<T>().backward({.rows = end - begin,
                             .n_in = first.n_in,
                             .n_out = first.n_out,
                             .delta_out = workspace.deltas(1, begin),
                             .ld_out = workspace.ld(1),
                             .transposed = first_transposed.data(),
                             .ldt = ldt,
                             .activation = ActivationKind::identity,
                             .d = block,
                             .ld_in = ld_inputs,
                             .unscaled = true,
                             .terms = product_plan().terms,
                             .sums = room});
      if (network.input_scale() != nullptr) {
        scale_columns(block, ld_inputs, end - begin, first.n_in, network.input_scale());
      }
      if (network.input_limit() > 0.0) {
        kernels<T>().clip_backward(gathering(network, data, all, begin, end, block, ld_inputs));
      }
      copy_rows(block, ld_inputs, end - begin, first.n_in, inputs + begin * first.n_in);
    });
  });
  run_team(threads, [&](int thread, int team) noexcept {
    const GradientUse<T> use{
        gradient_only, {parameters, nullptr}, nullptr, scratch.data() + thread * plan.scratch_size(), false};
    gradient_pass(network, workspace, data.rows(), plan, plan.range_of(thread, team), use, Region{});
  });
  return mean_loss(data, total, workspace.row_loss(0), penalty);
}

#define FASTMLP_INSTANTIATE(T)                                                                         \
  template void evaluate_activations(const Network<T>&, const DataView&, const std::vector<T*>&, int); \
  template bool evaluate_outputs(const Network<T>&, const DataView&, T*, int);                         \
  template bool evaluate_classes(const Network<T>&, const DataView&, std::ptrdiff_t*, int);            \
  template double evaluate_loss(const Network<T>&, const Dataset&, int);                               \
  template double evaluate_gradients(Network<T>&, const Dataset&, T*, T*, int);
FASTMLP_INSTANTIATE(float)
FASTMLP_INSTANTIATE(double)
#undef FASTMLP_INSTANTIATE

}  // namespace fastmlp
