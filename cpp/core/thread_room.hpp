// How many threads of a training have a processor to themselves now, by what the system says runs elsewhere: threads of
// another library that spin after their work, other processes. Beside them a team waits at each barrier until the system
// gives the processor back, milliseconds in the place of microseconds. What is faster among these the planner finds
// (thread_planner.hpp).
//
// Something may run for a moment only, so a room that shrinks counts when it is seen twice in a row. At a training's
// beginning once is enough: a step in a crowd costs more than a few milliseconds on fewer threads.
#pragma once

#include "platform/clocks.hpp"

namespace fastmlp {

class ThreadRoom {
 public:
  // At most limit, at least 1. Looks every two milliseconds, 4 us.
  int of(int limit) noexcept;

  // idle: idle_processors(), waiting: waiting_threads().
  int look(Clock::time_point now, int idle, int waiting) noexcept;

 private:
  Clock::time_point looked_{};
  int seen_ = 1;
  int room_ = 1;
};

}  // namespace fastmlp
