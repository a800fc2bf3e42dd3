// How many threads a computation gets: within the caller's limit, and no more than make it faster. The number never
// changes a result.
//
// A guess from the work comes first: a region costs 0.5 us and a barrier 0.1 us on two idle cores, so a thread is worth
// having from about 10 us of arithmetic of its own on. But on a busy machine a barrier waits for a thread that is not
// running, a hundred times as long, and no guess can know; so training measures as it goes. One row is bound by the
// reading of the weights, so these count too.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/network.hpp"

namespace fastmlp {

// The guess, for a pass over `rows` rows that may also go by columns; request 0: no limit of the caller's own.
template <class T>
int plan_threads(const Network<T>& network, std::ptrdiff_t rows, int request) noexcept;

// The same for a pass by rows alone.
template <class T>
int plan_threads_for_rows(const Network<T>& network, std::ptrdiff_t rows, int request) noexcept;

// Watches one evaluation on a team, from its planning to its end. A single call cannot be measured beforehand, but it
// can be noticed when a team takes many times as long as others did, as it does when it waits for a thread whose
// processor another process has: then the next evaluations of this process get one thread for a while, 50 ms at first,
// twice as long each time up to 2 s.
class TeamWatch {
 public:
  // multiply_adds: about what the evaluation takes.
  TeamWatch(int threads, double multiply_adds) noexcept;
  ~TeamWatch();
  TeamWatch(const TeamWatch&) = delete;
  TeamWatch& operator=(const TeamWatch&) = delete;

 private:
  bool is_team_;
  double multiply_adds_;
  std::chrono::steady_clock::time_point start_;
};

// Off: the request is taken as it is. For tests, whose networks are too small to be given threads.
void enable_planner(bool enabled) noexcept;
bool planner_is_enabled() noexcept;

// Chooses the threads of the next steps from the seconds that steps took before.
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
