// See trainer.hpp.
#include "core/trainer.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "core/columns_pass.hpp"
#include "core/prefetch.hpp"
#include "core/profile.hpp"
#include "core/random.hpp"
#include "core/rows_pass.hpp"
#include "core/thread_guess.hpp"
#include "platform/barrier.hpp"
#include "platform/checks.hpp"
#include "platform/clocks.hpp"
#include "platform/subnormals.hpp"
#include "platform/team.hpp"
#include "platform/threads.hpp"

namespace fastmlp {
namespace {

constexpr std::ptrdiff_t kWorthATeam = 1 << 18;  // elements whose copying takes longer than entering a region

bool is_finite(double x) noexcept { return x - x == 0.0; }

}  // namespace

// Shared by the team of one run: written by thread 0 between barriers, read by all after the next one.
template <class T>
struct Trainer<T>::Progress {
  From from;
  LossKind loss;
  Barrier barrier{};
  RunReport report{};
  bool stop = false;
  std::atomic<bool> has_nonfinite{false};  // any thread may find one
  Clock::time_point epoch_clock{};
};

template <class T>
Trainer<T>::Trainer(Network<T>& network, const Dataset& data, const TrainerOptions& options)
    : network_(network),
      data_(data),
      options_(options),
      plan_(network, options.batch_size, PlanFor::training),
      scratch_per_thread_(std::max(plan_.scratch_size(), sums_size(network, options.batch_size))),
      penalty_(network),
      has_penalty_(network.has_penalty()),
      moves_all_slots_(std::ranges::none_of(
          network.layers(),
          [](const Layer& layer) { return layer.weight_rate_factor == 0.0 || layer.bias_rate_factor == 0.0; })),
      norm_(network, options.optimizer.clip_norm > 0.0),
      workspace_(network, options.batch_size, Purpose::gradients),
      memory_(network.training_memory()),
      next_rows_(options.batch_size),
      order_(options.shuffle ? data.rows() : 0),
      places_(options.shuffle && data.inputs.places != nullptr ? data.rows() : 0),
      planner_(plan_threads(network, options.batch_size, 0)),
      epoch_(options.first_epoch) {}

template <class T>
void Trainer<T>::take_over_optimizer_state() {
  OptimizerState<T>& state = network_.optimizer();
  const int slots = slots_of(options_.optimizer);
  const bool keeps_state = state.kind == options_.optimizer.kind;
  AlignedBuffer<T> fresh[2];
  for (int i = 0; i < slots; ++i) {
    if (!keeps_state || !state.slots[i]) fresh[i] = AlignedBuffer<T>(network_.buffer_size());
  }
  // All memory is there: from here on nothing can fail, so the state changes as a whole.
  if (!keeps_state) state = OptimizerState<T>{};
  state.kind = options_.optimizer.kind;
  for (int i = 0; i < slots; ++i) {
    if (fresh[i]) state.slots[i] = std::move(fresh[i]);
  }
  // What these settings do not keep up to date shall not come back with later ones.
  for (int i = slots; i < 2; ++i) state.slots[i] = AlignedBuffer<T>{};
}

template <class T>
void Trainer<T>::get_memory(int limit) {
  const std::ptrdiff_t scratch_size = checked_count(limit, scratch_per_thread_);
  if (scratch_.size() < scratch_size) scratch_ = AlignedBuffer<T>(scratch_size);
  if (!memory_.transposed) memory_.transposed = AlignedBuffer<T>(network_.transposed_size());
  for (int i = 0; i <= slots_of(options_.optimizer); ++i) {
    if (!memory_.saved[i]) memory_.saved[i] = AlignedBuffer<T>(network_.buffer_size());
  }
  if (options_.optimizer.clip_norm > 0.0 && !memory_.gradients) {
    memory_.gradients = AlignedBuffer<T>(network_.buffer_size());
  }
}

template <class T>
void Trainer<T>::take(const Dataset& data, std::uint32_t epoch) noexcept {
  FASTMLP_ASSERT(place_.position == 0 && !options_.shuffle);
  data_ = data;
  epoch_ = epoch;
}

template <class T>
std::int64_t Trainer<T>::steps_per_epoch() const noexcept {
  return (data_.rows() + options_.batch_size - 1) / options_.batch_size;
}

template <class T>
TrainingPlace Trainer<T>::training_place() const noexcept {
  return {network_.optimizer().steps, place_.made, place_.position, epoch_loss_, epoch_weight_, epoch_seconds_};
}

template <class T>
void Trainer<T>::resume(const TrainingPlace& place) {
  FASTMLP_ASSERT(!has_run_ && place.position < data_.rows() && place.position % options_.batch_size == 0);
  get_memory(1);
  take_over_optimizer_state();
  network_.optimizer().steps = place.steps;
  place_ = {place.steps, place.made, place.position};
  const std::int64_t of_this_epoch = place.position / options_.batch_size;
  saved_steps_ = place.steps - of_this_epoch;
  saved_made_ = place.made - of_this_epoch;
  epoch_loss_ = place.epoch_loss;
  epoch_weight_ = place.epoch_weight;
  epoch_seconds_ = place.epoch_seconds;
  if (place.position > 0) draw_order();
}

template <class T>
void Trainer<T>::draw_order() noexcept {
  if (!options_.shuffle) return;
  shuffled_order(order_.data(), data_.rows(), Sequence(options_.seed, Stream::shuffle, epoch_));
  if (places_.size() > 0) {
    std::transform(order_.data(), order_.data() + data_.rows(), places_.data(),
                   [this](std::ptrdiff_t sample) { return data_.inputs.places[sample]; });
  }
}

template <class T>
void Trainer<T>::begin_epoch() noexcept {
  draw_order();
  saved_steps_ = network_.optimizer().steps;
  saved_made_ = place_.made;
  // Nothing is copied then: the epoch's first step reads the slots where they are kept, and writes new ones. Of an own
  // step on 4-64-64-2, copies took a twentieth.
  if (moves_all_slots_) {
    for (int i = 0; i < slots_of(options_.optimizer); ++i) {
      std::swap(network_.optimizer().slots[i], memory_.saved[i + 1]);
    }
  }
  epoch_loss_ = 0.0;
  epoch_weight_ = 0.0;
  epoch_seconds_ = 0.0;
}

template <class T>
void Trainer<T>::save(int thread, int threads) noexcept {
  const Share part = share_of(network_.buffer_size(), thread, threads);
  const auto copy = [part](const T* from, T* to) { std::copy(from + part.begin, from + part.end, to + part.begin); };
  copy(network_.parameters(), memory_.saved[0].data());
  if (moves_all_slots_) return;
  for (int i = 0; i < slots_of(options_.optimizer); ++i) {
    copy(network_.optimizer().slots[i].data(), memory_.saved[i + 1].data());
  }
}

template <class T>
void Trainer<T>::restore() noexcept {
  OptimizerState<T>& state = network_.optimizer();
  std::copy_n(memory_.saved[0].data(), network_.buffer_size(), network_.parameters());
  for (int i = 0; i < slots_of(options_.optimizer); ++i) {
    std::copy_n(memory_.saved[i + 1].data(), network_.buffer_size(), state.slots[i].data());
  }
  state.steps = saved_steps_;
  place_ = {saved_steps_, saved_made_, 0};
}

template <class T>
void Trainer<T>::finish_step(const Selection& batch, double batch_weight, Progress& progress) noexcept {
  double sum = 0.0;
  const std::ptrdiff_t rows = progress.from == From::gradients ? 0 : batch.rows;
  for (std::ptrdiff_t r = 0; r < rows; ++r) {
    sum += data_.weight(batch[r]) * static_cast<double>(*workspace_.row_loss(r));
  }
  const double penalty = has_penalty_ ? penalty_.total() : 0.0;
  const double loss = (batch_weight > 0.0 ? sum / batch_weight : 0.0) + penalty;
  epoch_loss_ += sum + batch_weight * penalty;
  epoch_weight_ += batch_weight;
  progress.report.last_loss = loss;
  progress.report.steps += 1;
  if (!is_finite(loss)) {
    progress.report.diverged = true;
    progress.stop = true;
  }
}

template <class T>
void Trainer<T>::finish_epoch(Progress& progress) noexcept {
  const auto now = Clock::now();
  epoch_seconds_ += seconds_between(progress.epoch_clock, now);
  progress.epoch_clock = now;
  if (progress.has_nonfinite.load(std::memory_order_relaxed)) {
    progress.report.diverged = true;
    progress.stop = true;
    return;
  }
  progress.report.epochs.push_back({epoch_weight_ > 0.0 ? epoch_loss_ / epoch_weight_ : 0.0, epoch_seconds_});
  place_.position = 0;
  epoch_ += 1;
}

template <class T>
TrainingBatch<T> Trainer<T>::batch_of(const Selection& rows, LossKind loss, Way way) const noexcept {
  return {network_, memory_.transposed.data(),          workspace_, data_, rows, total_weight(data_, rows), loss,
          way,      {options_.seed, epoch_, rows.begin}};
}

template <class T>
void Trainer<T>::deltas_pass(const TrainingBatch<T>& batch, Barrier& barrier, int thread, int threads) noexcept {
  if (is_by_columns(network_, batch.rows.rows, threads)) {
    columns_pass(batch, scratch_of(thread), thread, threads, barrier);
  } else {
    rows_pass(batch, scratch_of(thread), thread, threads);
  }
}

// From gradients that every thread has left in their buffer, perhaps to be clipped together.
template <class T>
void Trainer<T>::update(const GradientUse<T>& use, GradientPlan::Range range, Progress& progress, int thread,
                        int threads) noexcept {
  T* gradients = memory_.gradients.data();
  GradientUse<T> rest = use;
  if (options_.optimizer.clip_norm > 0.0) {
    norm_.add_rows(gradients, thread, threads);
    progress.barrier.arrive_and_wait(threads);
    rest.step.scale = static_cast<T>(norm_.factor(options_.optimizer.clip_norm));
  }
  update_pass(network_, plan_, range, rest, gradients);
}

template <class T>
void Trainer<T>::train_step(GradientPlan::Range range, Place& place, Progress& progress, int thread,
                            int threads) noexcept {
  const auto rows_at = [this](std::ptrdiff_t position) {
    return Selection{options_.shuffle ? order_.data() : nullptr, position,
                     std::min(options_.batch_size, data_.rows() - position),
                     places_.size() > 0 ? places_.data() : nullptr};
  };
  const Selection rows = rows_at(place.position);
  const bool from_gradients = progress.from == From::gradients;
  const TrainingBatch<T> batch = batch_of(rows, progress.loss, progress.from == From::outputs ? Way::back : Way::both);
  if (!from_gradients) deltas_pass(batch, progress.barrier, thread, threads);
  if (has_penalty_) penalty_.add_rows(thread, threads);
  progress.barrier.arrive_and_wait(threads);

  const OptimizerSettings& settings = options_.optimizer;
  const double rate = learning_rate(options_.schedule, settings.learning_rate, place.made, options_.total_steps);
  const bool has_moved_slots = place.position == 0 && moves_all_slots_;
  place = {place.steps + 1, place.made + 1, place.position + rows.rows};
  OptimizerState<T>& state = network_.optimizer();
  const int slots = slots_of(settings);
  T* slot0 = slots > 0 ? state.slots[0].data() : nullptr;
  T* slot1 = slots > 1 ? state.slots[1].data() : nullptr;
  const GradientUse<T> use{
      optimizer_step<T>(settings, rate, place.steps),
      {slot0, slot1},
      {has_moved_slots && slots > 0 ? memory_.saved[1].data() : slot0,
       has_moved_slots && slots > 1 ? memory_.saved[2].data() : slot1},
      memory_.transposed.data(),
      scratch_of(thread),
      threads > 1,
  };
  // After the last batch of an epoch there are none: the next one's order is not yet drawn.
  const Region next = rows_to_gather(data_.inputs, rows_at(place.position), thread, threads, next_rows_.data());
  if (from_gradients) {
    update(use, range, progress, thread, threads);
  } else if (settings.clip_norm > 0.0) {
    gradient_pass(network_, workspace_, rows.rows, plan_, range, to_buffer(use, memory_.gradients.data()), next);
    progress.barrier.arrive_and_wait(threads);
    GradientUse<T> rest = use;
    rest.step.clip_value = T(0);  // done
    update(rest, range, progress, thread, threads);
  } else {
    gradient_pass(network_, workspace_, rows.rows, plan_, range, use, next);
  }
  if (thread == 0) {
    state.steps = place.steps;
    place_ = place;
    finish_step(rows, batch.weight, progress);
  }
  progress.barrier.arrive_and_wait(threads);
}

template <class T>
void Trainer<T>::train_steps(std::int64_t n_steps, Progress& progress, int thread, int threads) noexcept {
  const GradientPlan::Range range = plan_.range_of(thread, threads);
  Place place{network_.optimizer().steps, place_.made, place_.position};
  for (std::int64_t i = 0; i < n_steps; ++i) {
    if (place.position == 0) {
      if (thread == 0) begin_epoch();
      save(thread, threads);
      progress.barrier.arrive_and_wait(threads);
    }
    train_step(range, place, progress, thread, threads);
    look_for_subnormals();
    if (place.position == data_.rows()) {
      const Share part = share_of(network_.buffer_size(), thread, threads);
      if (kernels<T>().first_nonfinite(part.end - part.begin, network_.parameters() + part.begin) >= 0) {
        progress.has_nonfinite.store(true, std::memory_order_relaxed);
      }
      progress.barrier.arrive_and_wait(threads);
      if (thread == 0 && !progress.stop) finish_epoch(progress);
      progress.barrier.arrive_and_wait(threads);
      place.position = 0;
    }
    if (progress.stop) break;
  }
}

template <class T>
RunReport Trainer<T>::run(std::int64_t n_steps, int thread_request, const std::atomic<bool>* shall_pause) {
  return run_steps(n_steps, thread_request, From::samples, network_.loss(), shall_pause);
}

template <class T>
void Trainer<T>::forward(const DataView& inputs, std::uint64_t seed, std::uint32_t epoch, T* outputs,
                         int thread_request) {
  FASTMLP_ASSERT(inputs.rows <= options_.batch_size);
  take({.inputs = inputs}, epoch);
  options_.seed = seed;
  const int limit = thread_limit(thread_request);
  get_memory(limit);
  const TrainingBatch<T> batch = batch_of({nullptr, 0, inputs.rows}, LossKind::given_slopes, Way::there);
  const std::size_t last = network_.layers().size();
  Barrier barrier;
  barrier.measure(barrier_time());
  run_team(planner_is_enabled() ? planner_.best(room_.of(limit)) : limit, [&](int thread, int team) noexcept {
    deltas_pass(batch, barrier, thread, team);
    const Share share = share_of(inputs.rows, thread, team);
    copy_rows(workspace_.activations(last, share.begin), workspace_.ld(last), share.end - share.begin,
              network_.n_outputs(), outputs + share.begin * network_.n_outputs());
  });
}

template <class T>
RunReport Trainer<T>::run_from(const DataView& given, LossKind kind, int thread_request) {
  FASTMLP_ASSERT(given.rows == data_.rows());
  data_.targets = given;
  return run_steps(1, thread_request, From::outputs, kind);
}

template <class T>
RunReport Trainer<T>::apply(const T* gradients, int thread_request) {
  if (!memory_.gradients) memory_.gradients = AlignedBuffer<T>(network_.buffer_size());
  const T most = static_cast<T>(options_.optimizer.clip_value);
  const auto copy = [most](const T* from, std::ptrdiff_t n, T* to) {
    std::copy_n(from, n, to);
    if (most > T(0)) std::transform(to, to + n, to, [most](T g) { return std::clamp(g, -most, most); });
  };
  for (const Layer& layer : network_.layers()) {
    for (std::ptrdiff_t i = 0; i <= layer.n_in; ++i, gradients += layer.n_out) {
      T* to = memory_.gradients.data() + layer.offset + i * layer.ld;
      // what is frozen shall not count where gradients are clipped together
      if ((i < layer.n_in ? layer.weight_rate_factor : layer.bias_rate_factor) == 0.0) {
        std::fill_n(to, layer.n_out, T(0));
      } else {
        copy(gradients, layer.n_out, to);
      }
    }
  }
  const Layer& entrance = network_.embedding().parameters;
  for (std::ptrdiff_t i = 0; i < entrance.n_in; ++i, gradients += entrance.n_out) {
    T* to = memory_.gradients.data() + entrance.offset + i * entrance.ld;
    copy(gradients, entrance.n_out, to);
  }
  take({.inputs = {.data = nullptr, .type = DataType::float32, .rows = 1, .columns = 0}}, epoch_);
  return run_steps(1, thread_request, From::gradients, network_.loss());
}

template <class T>
RunReport Trainer<T>::run_steps(std::int64_t n_steps, int thread_request, From from, LossKind loss,
                                const std::atomic<bool>* shall_pause) {
  const int limit = thread_limit(thread_request);
  get_memory(limit);
  Progress progress{.from = from, .loss = loss};
  const auto begin = Clock::now();
  auto start = begin;
  progress.epoch_clock = start;
  progress.barrier.measure(barrier_time());
  progress.report.epochs.reserve(static_cast<std::size_t>(n_steps / steps_per_epoch() + 1));

  take_over_optimizer_state();
  // Users may write weights when an epoch has ended, so W^T is made anew then.
  if (place_.position == 0 || !has_run_) {
    const int best = planner_is_enabled() ? planner_.best(room_.of(limit)) : limit;
    run_team(network_.transposed_size() > kWorthATeam ? best : 1, [&](int thread, int team) noexcept {
      network_.transpose_weights(memory_.transposed.data(), thread, team);
    });
    has_run_ = true;
  }
  const auto is_paused = [&] { return shall_pause != nullptr && shall_pause->load(std::memory_order_relaxed); };
  for (std::int64_t left = n_steps; left > 0 && !progress.stop && !is_paused();) {
    const bool is_planned = planner_is_enabled();
    const int room = is_planned ? room_.of(limit) : limit;
    ThreadPlanner& planner = planner_.best(limit) <= room ? planner_ : crowded_planner_;
    const ThreadPlanner::Stretch stretch =
        is_planned ? planner.next(room, left) : ThreadPlanner::Stretch{limit, left, ThreadPlanner::Kind::work};
    run_team(stretch.threads,
             [&](int thread, int team) noexcept { train_steps(stretch.steps, progress, thread, team); });
    // Since the last stretch, or since this call began: a team also pays where the calling thread works alone on what
    // others have written. Preemptions are those since the last look, if there was one: a look takes as long as a tenth
    // of a short step.
    const auto now = Clock::now();
    const std::int64_t seen = limit > 1 ? preemptions() : 0;
    planner.record(stretch, seconds_between(start, now), preemptions_seen_ > 0 ? seen - preemptions_seen_ : 0);
    preemptions_seen_ = seen;
    start = now;
    left -= stretch.steps;
  }
  const auto end = Clock::now();
  epoch_seconds_ += seconds_between(progress.epoch_clock, end);
  progress.report.seconds = seconds_between(begin, end);
  if (progress.report.diverged) restore();
  return std::move(progress.report);
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace fastmlp
