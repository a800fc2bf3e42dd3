// How many threads an evaluation gets, and a training begins with: within the caller's limit, and no more than make it
// faster. The number never changes a result.
//
// It is a guess from the work: a region costs 0.5 us and a barrier 0.1 us on two idle cores, so a thread is worth having
// from about 10 us of arithmetic of its own on. One row is bound by the reading of the weights, so these count too. But
// on a busy machine a barrier waits for a thread that is not running, a hundred times as long, and no guess can know: so
// evaluations are watched, and training measures as it goes (thread_planner.hpp).
#pragma once

#include <cstddef>

#include "core/network.hpp"
#include "platform/clocks.hpp"

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
  Clock::time_point start_;
};

// Off: the request is taken as it is. For tests, whose networks are too small to be given threads.
void enable_planner(bool enabled) noexcept;
bool planner_is_enabled() noexcept;

}  // namespace fastmlp
