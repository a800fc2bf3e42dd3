// How many threads the steps of a training get: chosen from the seconds that steps took before. The number never changes
// a result. It begins with the guess of thread_guess.hpp and knows neither networks nor teams: the trainer asks before a
// stretch of steps and tells afterwards.
//
// Steps are made in stretches of a few milliseconds on the best number of threads known. From time to time a short
// stretch goes to half or twice as many, and the faster number stays. A trial that loses doubles the time to the next
// one (fourfold where it was preempted), from 10 ms up to half a second or fifty times what it took: a machine that was
// busy for a moment is found idle soon after, and one that stays busy costs little. None is made before it could be a
// fiftieth of the time since the last.
//
// Time alone misleads where several processes share the processors: each gains by taking more threads, all lose (two
// trainings of 784-512-512-10 on two cores: 6.7 ms a step each on two threads, 4.2 on one). So where the system takes
// processors away from the threads too often, the planner halves them and waits longer before it tries again.
#pragma once

#include <cstdint>

namespace fastmlp {

class ThreadPlanner {
 public:
  // opening: a step before a trial, not counted, in which sleeping threads wake up (about 50 us).
  enum class Kind { work, opening, trial };
  struct Stretch {
    int threads;
    std::int64_t steps;
    Kind kind;
  };

  explicit ThreadPlanner(int guess) noexcept : best_(guess) {}

  int best(int limit) const noexcept { return best_ < limit ? best_ : limit; }

  // At most `steps` steps, on at most `limit` threads.
  Stretch next(int limit, std::int64_t steps) noexcept;
  // preemptions: how often the system took a processor from one of the threads (platform/preemptions.hpp).
  void record(const Stretch& stretch, double seconds, std::int64_t preemptions) noexcept;

 private:
  int neighbour(int limit) const noexcept;
  void watch_crowding(double seconds, std::int64_t preemptions) noexcept;
  void take(int threads, double seconds_per_step) noexcept;

  int best_;
  bool trial_upwards_ = false;
  bool trial_is_open_ = false;
  bool is_warm_ = false;           // the first step pays for cold memory and tells nothing
  double seconds_per_step_ = 0.0;  // on best_; 0: not yet known
  double trial_cost_ = 0.0;        // seconds per step of the last trial, when it lost
  double since_trial_ = 1.0;       // seconds: the first trial comes at once
  double between_trials_ = 0.0;
  double opening_seconds_ = 0.0;  // what the opening before this trial took
  std::int64_t opening_preemptions_ = 0;
  double watched_seconds_ = 0.0;  // of work on several threads, in which preemptions were counted
  double watched_preemptions_ = 0.0;
  double crowded_wait_ = 0.0;  // before more threads are tried where it was crowded
};

}  // namespace fastmlp
