// What only the system knows of threads. OpenMP opens them (team.cpp).
#pragma once

#include <cstdint>

namespace fastmlp {

// Processors that this process may use: those that it is bound to, and no more than its quota of their time allows; at
// least 1. A look takes tens of microseconds (available_processors.hpp looks once a second).
int usable_processors() noexcept;

// How many of so many more threads there could be beside those that this process has. OpenMP ends the process where the
// system refuses one.
int startable_threads(int wanted) noexcept;

// How often the system took a processor from this process although it had work, since it began, all its threads
// together: on an idle machine rarely, where threads share processors hundreds of times a second, and the planner
// (core/thread_planner.hpp) makes room then. 0 where the system does not count. Takes about 0.5 us.
std::int64_t preemptions() noexcept;

// Processors on which nothing runs at this moment, negative where more wants to run than there are. INT_MAX where the
// system does not say, or says it of processors that this process may not use. Takes about 4 us.
int idle_processors() noexcept;

// Calls what may end the calling thread. Where that would unwind the thread's stack, which runs the destructors on it
// and may end the process, the thread sleeps instead, until the process is gone.
void call_without_unwinding(void (*call)(void* argument), void* argument);

}  // namespace fastmlp
