// See gradients.hpp.
#include "core/gradients.hpp"

#include "core/thread_guess.hpp"

namespace fastmlp {

template <class T>
GradientEvaluation<T>::GradientEvaluation(Network<T>& network, const DataView& inputs,
                                          const std::optional<DropoutDraw>& draw, int thread_request)
    : network_(network),
      inputs_(inputs),
      draw_(draw),
      threads_(plan_threads_for_rows(network, inputs.rows, thread_request)),
      workspace_(network, inputs.rows, Purpose::gradients),
      plan_(network, inputs.rows, PlanFor::gradients),
      sums_(network, threads_, inputs.rows),
      scratch_(checked_count(threads_, plan_.scratch_size())),
      transposed_(network.transposed_size()) {}

template <class T>
double GradientEvaluation<T>::run(const Dataset& data, const GradientResults<T>& results) {
  const Selection all{nullptr, 0, data.rows()};
  const double total = run_alone([&] { return total_weight(data, all); });
  back(data, network_.loss(), Way::both, total, results);
  return mean_loss(data, total, workspace_.row_loss(0), Penalty<T>(network_));
}

template <class T>
void GradientEvaluation<T>::forward(T* outputs) {
  const TeamWatch watch(threads_, work_of(network_, rows()));
  const DropoutDraw* draw = draw_ ? &*draw_ : nullptr;
  const Dataset data{.inputs = inputs_};
  const std::size_t last = network_.layers().size();
  run_team(threads_, [&](int thread, int team) noexcept {
    const Share share = share_of(rows(), thread, team);
    for_each_row_block(share.begin, share.end, row_block(network_), [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
      gather_inputs(network_, workspace_, data, {nullptr, 0, rows()}, begin, end, begin);
      forward_rows(network_, workspace_, begin, end, Purpose::given_gradients, sums_.of(thread), draw);
      copy_rows(workspace_.activations(last, begin), workspace_.ld(last), end - begin, network_.n_outputs(),
                outputs + begin * network_.n_outputs());
    });
  });
}

template <class T>
void GradientEvaluation<T>::finish(const DataView& given, LossKind kind, const GradientResults<T>& results) {
  back({.inputs = inputs_, .targets = given}, kind, Way::back, static_cast<double>(rows()), results);
}

template <class T>
void GradientEvaluation<T>::back(const Dataset& data, LossKind kind, Way way, double total,
                                 const GradientResults<T>& results) {
  const TeamWatch watch(threads_, kPasses * work_of(network_, rows()));
  const DropoutDraw* draw = draw_ ? &*draw_ : nullptr;
  const Selection all{nullptr, 0, rows()};
  const std::ptrdiff_t most = row_block(network_);
  const InputGradients<T> inputs(network_, most, threads_);
  network_.transpose_weights(transposed_.data(), 0, 1);
  run_team(threads_, [&](int thread, int team) noexcept {
    const Share share = share_of(rows(), thread, team);
    T* room = sums_.of(thread);
    for_each_row_block(share.begin, share.end, most, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
      if (way != Way::back) {
        gather_inputs(network_, workspace_, data, all, begin, end, begin);
        forward_rows(network_, workspace_, begin, end, purpose_of(kind), room, draw);
      }
      gather_targets(workspace_, data, all, begin, end, begin, total);
      loss_rows(network_, workspace_, kind, data.labels != nullptr, begin, end);
      backward_rows(network_, transposed_.data(), workspace_, begin, end, room, draw);
      const std::ptrdiff_t n_in = network_.n_inputs();
      inputs.write(workspace_, data, all, begin, end, begin, room, thread, results.inputs + begin * n_in, n_in);
      const std::size_t last = network_.layers().size();
      if (results.ends != nullptr) {
        copy_rows(workspace_.activations(last, begin), workspace_.ld(last), end - begin, network_.n_outputs(),
                  results.ends + begin * network_.n_outputs());
      }
      for (std::size_t l = 0; l < results.deltas.size(); ++l) {
        const std::ptrdiff_t n_out = network_.layers()[l].n_out;
        copy_rows(workspace_.deltas(l + 1, begin), workspace_.ld(l + 1), end - begin, n_out,
                  results.deltas[l] + begin * n_out);
      }
    });
  });
  OptimizerStep<T> gradient_only{};
  run_team(threads_, [&](int thread, int team) noexcept {
    const GradientUse<T> use{gradient_only,
                             {results.parameters, nullptr},
                             {results.parameters, nullptr},
                             nullptr,
                             scratch_.data() + thread * plan_.scratch_size(),
                             false};
    gradient_pass(network_, workspace_, rows(), plan_, plan_.range_of(thread, team), use, Region{});
  });
}

template class GradientEvaluation<float>;
template class GradientEvaluation<double>;

}  // namespace fastmlp
