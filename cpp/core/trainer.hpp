// Training: which samples make a step, the two halves of a step, epochs, and what happens when the loss is no number.
//
//   run                 a slice of steps; one parallel region per stretch, whose threads thread_planner.hpp chooses
//     train_steps         what each thread of the team does: steps and epochs
//       train_step          one batch
//         rows_pass           rows over threads: gather -> forward -> loss -> deltas       (weights read only)
//           or columns_pass   few rows: each layer's columns over threads, a barrier after each layer
//         barrier
//         gradient_pass       tiles over threads: gradient tile -> optimizer -> weights    (one owner per tile)
//           with clip_norm    all gradient tiles, barrier, norms of their rows, barrier, update_pass
//         barrier
//
// Each pass is in the file of its name. Checks of user input are in Python: when a call arrives here all shapes agree. A
// run allocates nothing but the list of its epochs, before the region opens. The result does not depend on the number of
// threads: rows are computed alone, and each tile is summed over the batch in ascending order.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/dataset.hpp"
#include "core/gradient_norm.hpp"
#include "core/gradient_pass.hpp"
#include "core/network.hpp"
#include "core/optimizer.hpp"
#include "core/penalty.hpp"
#include "core/rows_pass.hpp"
#include "core/schedule.hpp"
#include "core/thread_planner.hpp"
#include "core/thread_room.hpp"
#include "core/workspace.hpp"
#include "platform/barrier.hpp"

namespace fastmlp {

struct TrainerOptions {
  std::ptrdiff_t batch_size;
  bool shuffle;
  std::uint64_t seed;
  std::uint32_t first_epoch;
  OptimizerSettings optimizer;
  Schedule schedule = {};
  std::int64_t total_steps = 0;  // of this training, for the schedule
};

struct EpochRecord {
  double loss;     // mean over its samples, penalties included
  double seconds;  // spent in runs
};

struct RunReport {
  std::int64_t steps = 0;
  double seconds = 0.0;
  bool diverged = false;
  double last_loss = 0.0;
  std::vector<EpochRecord> epochs;
};

// Where a training stands between two runs: with the parameters, the optimizer's slots and, amid an epoch, what it began
// with (epoch_start), all that the steps to come depend on.
struct TrainingPlace {
  std::int64_t steps;       // of the optimizer
  std::int64_t made;        // of this training
  std::ptrdiff_t position;  // samples of this epoch already used
  double epoch_loss;        // sum of batch losses times batch weights
  double epoch_weight;      // sum of batch weights
  double epoch_seconds;
};

template <class T>
class Trainer {
 public:
  // The network and the arrays of the data must outlive the trainer; one trainer of a network at a time. Leaves the
  // network as it is.
  Trainer(Network<T>& network, const Dataset& data, const TrainerOptions& options);

  std::int64_t steps_per_epoch() const noexcept;
  std::ptrdiff_t batch_size() const noexcept { return options_.batch_size; }
  std::ptrdiff_t rows() const noexcept { return data_.rows(); }

  // Up to n_steps steps, across epochs, from the optimizer state of the same kind, else from a new one. Stops early
  // only when a loss or, at the end of an epoch, a parameter is not finite: then parameters and optimizer are those of
  // the start of this epoch, or some milliseconds after it shall pause. Between runs optimizer state is open to
  // writing, weights when an epoch has ended.
  RunReport run(std::int64_t n_steps, int thread_request, const std::atomic<bool>* shall_pause = nullptr);

  // A step in two halves, for gradients that the caller has from the outputs: first forward, which leaves outputs
  // (rows, n_outputs), contiguous; then run_from, with the derivatives of a loss by the outputs or, as `kind` says, by
  // the last layer's pre-activations, (rows, n_outputs). No more rows than a batch has; dropout draws as of an epoch of
  // that seed and number. Nothing else may be done with the trainer in between.
  void forward(const DataView& inputs, std::uint64_t seed, std::uint32_t epoch, T* outputs, int thread_request);
  RunReport run_from(const DataView& given, LossKind kind, int thread_request);

  // A step from gradients of all parameters, penalties included: W0, b0, W1, ... without gaps.
  RunReport apply(const T* gradients, int thread_request);

  // Goes on with other samples, as an epoch of this number, between epochs only: what is the same for all batches of a
  // stream is then made once. More rows than a batch has are several steps.
  void take(const Dataset& data, std::uint32_t epoch) noexcept;

  // Between runs only. After resume, which is for a trainer that has made no step, the slots and the start of the epoch
  // are the caller's to fill: of the epoch that first_epoch counts, and as slots() of them.
  TrainingPlace training_place() const noexcept;
  void resume(const TrainingPlace& place);
  int slots() const noexcept { return slots_of(options_.optimizer); }
  T* slot(int i) noexcept { return network_.optimizer().slots[i].data(); }
  // The parameters (0) and slots (from 1) when the epoch began that is under way: what divergence puts back.
  T* epoch_start(int i) noexcept { return memory_.saved[i].data(); }

  // From the next step on; between runs only.
  void set_learning_rate(double rate) noexcept { options_.optimizer.learning_rate = rate; }

 private:
  // What a step begins with: samples, derivatives at the end of a forward pass, or gradients.
  enum class From { samples, outputs, gradients };
  struct Progress;

  // Where a training stands; each thread of a team counts for itself.
  struct Place {
    std::int64_t steps;       // of the optimizer so far: read from its state when a run begins, which may be a new one
    std::int64_t made;        // steps of this training
    std::ptrdiff_t position;  // samples of this epoch already used
  };

  RunReport run_steps(std::int64_t n_steps, int thread_request, From from, LossKind loss,
                      const std::atomic<bool>* shall_pause = nullptr);
  TrainingBatch<T> batch_of(const Selection& rows, LossKind loss, Way way) const noexcept;
  void deltas_pass(const TrainingBatch<T>& batch, Barrier& barrier, int thread, int threads) noexcept;
  void update(const GradientUse<T>& use, GradientPlan::Range range, Progress& progress, int thread,
              int threads) noexcept;
  void get_memory(int limit);
  void take_over_optimizer_state();
  void draw_order() noexcept;
  void begin_epoch() noexcept;
  void save(int thread, int threads) noexcept;
  void train_steps(std::int64_t n_steps, Progress& progress, int thread, int threads) noexcept;
  void train_step(GradientPlan::Range range, Place& place, Progress& progress, int thread, int threads) noexcept;
  void finish_step(const Selection& batch, double batch_weight, Progress& progress) noexcept;
  void finish_epoch(Progress& progress) noexcept;
  void restore() noexcept;
  T* scratch_of(int thread) const noexcept { return scratch_.data() + thread * scratch_per_thread_; }

  Network<T>& network_;
  Dataset data_;
  TrainerOptions options_;
  GradientPlan plan_;
  std::ptrdiff_t scratch_per_thread_;
  Penalty<T> penalty_;
  bool has_penalty_;
  bool moves_all_slots_;  // each step, nothing being frozen
  GradientNorm<T> norm_;
  Workspace<T> workspace_;
  TrainingMemory<T>& memory_;
  AlignedBuffer<T> scratch_;
  AlignedBuffer<const char*> next_rows_;  // addresses of the next batch's inputs
  AlignedBuffer<std::ptrdiff_t> order_;
  AlignedBuffer<std::ptrdiff_t> places_;  // of inputs that are taken by their places, in that order
  std::int64_t saved_steps_ = 0;
  std::int64_t saved_made_ = 0;
  ThreadPlanner planner_;
  ThreadPlanner crowded_planner_{1};  // where there is no room for what planner_ found best
  ThreadRoom room_;
  std::int64_t preemptions_seen_ = 0;

  bool has_run_ = false;
  Place place_{};
  std::uint32_t epoch_;
  double epoch_loss_ = 0.0;    // sum of batch losses times batch weights
  double epoch_weight_ = 0.0;  // sum of batch weights
  double epoch_seconds_ = 0.0;
};

}  // namespace fastmlp
