// See evaluate.hpp.
#include "core/evaluate.hpp"

#include <algorithm>
#include <atomic>

#include "core/columns_pass.hpp"
#include "core/kept_workspace.hpp"
#include "core/profile.hpp"
#include "core/row_blocks.hpp"
#include "core/thread_guess.hpp"
#include "platform/team.hpp"

namespace fastmlp {
namespace {

// Of outputs. Padding is looked at as well: it may be NaN beside finite outputs where a hidden unit is infinite, and the
// caller, told so, then looks closer.
template <class T>
bool has_nonfinite(const Workspace<T>& workspace, std::size_t l, std::ptrdiff_t row, std::ptrdiff_t rows) noexcept {
  return kernels<T>().first_nonfinite(rows * workspace.ld(l), workspace.activations(l, row)) >= 0;
}

// Of inputs as they were gathered, whose padding is finite.
template <class T>
bool has_nonfinite_inputs(const Workspace<T>& workspace, std::ptrdiff_t row, std::ptrdiff_t rows) noexcept {
  return kernels<T>().first_nonfinite(rows * workspace.ld_numbers(), workspace.numbers(row)) >= 0;
}

}  // namespace

namespace {

// Calls take(workspace, at, end, begin, sums) for each block of rows on some thread, whose inputs are in workspace rows
// [at, end); begin is the first of these rows among all.
template <class T, class F>
void over_gathered_blocks(const Network<T>& network, const DataView& inputs, int thread_request, F&& take) {
  const int threads = plan_threads_for_rows(network, inputs.rows, thread_request);
  const TeamWatch watch(threads, work_of(network, inputs.rows));
  const EvaluationWorkspace<T> own(network, threads * block_rows(network, inputs.rows, threads));
  const Workspace<T>& workspace = own.get();
  const Sums<T> sums(network, threads, inputs.rows);
  const Dataset data{.inputs = inputs};
  over_row_blocks(network, inputs.rows, threads,
                  [&](std::ptrdiff_t begin, std::ptrdiff_t end, std::ptrdiff_t at, int thread) noexcept {
                    gather_inputs(network, workspace, data, {nullptr, 0, inputs.rows}, begin, end, at);
                    take(workspace, at, at + end - begin, begin, sums.of(thread));
                  });
}

}  // namespace

template <class T>
void evaluate_activations(const Network<T>& network, const DataView& inputs, const std::vector<T*>& out,
                          int thread_request) {
  over_gathered_blocks(network, inputs, thread_request,
                       [&](const Workspace<T>& workspace, std::ptrdiff_t at, std::ptrdiff_t end, std::ptrdiff_t begin,
                           T* sums) noexcept {
                         forward_rows(network, workspace, at, end, Purpose::inference, sums);
                         for (std::size_t l = 0; l < out.size(); ++l) {
                           if (out[l] == nullptr) continue;
                           const std::ptrdiff_t units = network.layers()[l].units;
                           copy_rows(workspace.activations(l + 1, at), workspace.ld(l + 1), end - at, units,
                                     out[l] + begin * units);
                         }
                       });
}

template <class T>
void evaluate_first_inputs(const Network<T>& network, const DataView& inputs, T* out, int thread_request) {
  const std::ptrdiff_t columns = network.layers().front().n_in;
  over_gathered_blocks(
      network, inputs, thread_request,
      [&](const Workspace<T>& workspace, std::ptrdiff_t at, std::ptrdiff_t end, std::ptrdiff_t begin, T*) noexcept {
        if (network.embedding().kind == EmbeddingKind::piecewise_linear) {
          expand_bins(network, workspace, at, end - at, out + begin * columns, columns);
        } else {
          copy_rows(workspace.activations(0, at), workspace.ld(0), end - at, columns, out + begin * columns);
        }
      });
}

template <class T>
void evaluate_pre_activations(const Network<T>& network, const DataView& inputs, const std::vector<T*>& out,
                              int thread_request) {
  over_gathered_blocks(network, inputs, thread_request,
                       [&](const Workspace<T>& workspace, std::ptrdiff_t at, std::ptrdiff_t end, std::ptrdiff_t begin,
                           T* sums) noexcept {
                         for (std::size_t l = 0; l < out.size(); ++l) {
                           const std::ptrdiff_t columns = network.layers()[l].n_out;
                           if (is_entered(network, l, nullptr)) {
                             enter_layer(network, workspace, l, at, end, Purpose::inference, nullptr);
                           }
                           // the product alone, and once more for the layer above
                           forward_product(network, workspace, l, at, end, Share{0, columns}, ActivationKind::identity,
                                           Purpose::inference, sums);
                           copy_rows(workspace.activations(l + 1, at), workspace.ld(l + 1), end - at, columns,
                                     out[l] + begin * columns);
                           forward_layer(network, workspace, l, at, end, Share{0, columns}, Purpose::inference, sums);
                         }
                       });
}

namespace {

// Calls take(workspace, at, begin, rows) when workspace rows [at, at + rows) hold the outputs of the input rows from
// begin on, on some thread. Returns whether all inputs are finite in T; when one is not, what is left may be undone.
template <class T, class F>
bool over_outputs(const Network<T>& network, const DataView& inputs, int thread_request, const DropoutDraw* draw,
                  F&& take) {
  const int threads = plan_threads(network, inputs.rows, thread_request);
  const TeamWatch watch(threads, work_of(network, inputs.rows));
  const bool by_columns = is_by_columns(network, inputs.rows, threads);
  const EvaluationWorkspace<T> own(network,
                                   by_columns ? inputs.rows : threads * block_rows(network, inputs.rows, threads));
  const Workspace<T>& workspace = own.get();
  const Sums<T> sums(network, threads, inputs.rows);
  const Dataset data{.inputs = inputs};
  const Selection all{nullptr, 0, inputs.rows};
  std::atomic<bool> is_finite{true};
  const auto gather = [&](std::ptrdiff_t begin, std::ptrdiff_t end, std::ptrdiff_t at) noexcept {
    gather_inputs(network, workspace, data, all, begin, end, at);
    if (has_nonfinite_inputs(workspace, at, end - begin)) is_finite.store(false, std::memory_order_relaxed);
  };
  if (by_columns) {
    Barrier barrier;
    barrier.measure(barrier_time());
    run_team(threads, [&](int thread, int team) noexcept {
      const Share share = share_of(inputs.rows, thread, team);
      gather(share.begin, share.end, share.begin);
      barrier.arrive_and_wait(team);
      forward_columns(network, workspace, inputs.rows, Purpose::inference, sums.of(thread), thread, team, barrier,
                      draw);
      take(workspace, share.begin, share.begin, share.end - share.begin);
    });
  } else {
    over_row_blocks(network, inputs.rows, threads,
                    [&](std::ptrdiff_t begin, std::ptrdiff_t end, std::ptrdiff_t at, int thread) noexcept {
                      if (!is_finite.load(std::memory_order_relaxed)) return;
                      gather(begin, end, at);
                      // which rows they are among all decides what is dropped of them
                      DropoutDraw rows_draw = draw != nullptr ? *draw : DropoutDraw{};
                      rows_draw.position += begin - at;
                      forward_rows(network, workspace, at, at + end - begin, Purpose::inference, sums.of(thread),
                                   draw != nullptr ? &rows_draw : nullptr);
                      take(workspace, at, begin, end - begin);
                    });
  }
  return is_finite.load();
}

}  // namespace

template <class T>
bool evaluate_outputs(const Network<T>& network, const DataView& inputs, T* outputs, int thread_request,
                      const DropoutDraw* draw) {
  const std::size_t depth = network.layers().size();
  const std::ptrdiff_t units = network.n_outputs();
  return over_outputs(
      network, inputs, thread_request, draw,
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
      network, inputs, thread_request, nullptr,
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
  const Sums<T> sums(network, threads, data.rows());
  const AlignedBuffer<T> losses(data.rows());
  const Penalty<T> penalty(network);
  const Selection all{nullptr, 0, data.rows()};
  const double total = run_alone([&] { return total_weight(data, all); });
  over_row_blocks(network, data.rows(), threads,
                  [&](std::ptrdiff_t begin, std::ptrdiff_t end, std::ptrdiff_t at, int thread) noexcept {
                    gather_inputs(network, workspace, data, all, begin, end, at);
                    gather_targets(workspace, data, all, begin, end, at, total);
                    forward_rows(network, workspace, at, at + end - begin, Purpose::loss, sums.of(thread));
                    loss_rows(network, workspace, network.loss(), data.labels != nullptr, at, at + end - begin);
                    std::copy(workspace.row_loss(at), workspace.row_loss(at + end - begin), losses.data() + begin);
                  });
  return mean_loss(data, total, losses.data(), penalty);
}

#define FASTMLP_INSTANTIATE(T)                                                                             \
  template void evaluate_activations(const Network<T>&, const DataView&, const std::vector<T*>&, int);     \
  template void evaluate_first_inputs(const Network<T>&, const DataView&, T*, int);                        \
  template void evaluate_pre_activations(const Network<T>&, const DataView&, const std::vector<T*>&, int); \
  template bool evaluate_outputs(const Network<T>&, const DataView&, T*, int, const DropoutDraw*);         \
  template bool evaluate_classes(const Network<T>&, const DataView&, std::ptrdiff_t*, int);                \
  template double evaluate_loss(const Network<T>&, const Dataset&, int);
FASTMLP_INSTANTIATE(float)
FASTMLP_INSTANTIATE(double)
#undef FASTMLP_INSTANTIATE

}  // namespace fastmlp
