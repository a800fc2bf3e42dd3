// The clocks: the one place that says which.
//
// Times of training steps and of waiting are differences of Clock, which never goes back. What is asked at every call
// and may be late looks at the coarse clock, which the system moves on some hundred times a second.
#pragma once

#include <chrono>
#include <cstdint>

namespace fastmlp {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

inline double seconds_between(Clock::time_point start, Clock::time_point end) noexcept {
  return Seconds(end - start).count();
}

inline std::int64_t nanoseconds_between(Clock::time_point start, Clock::time_point end) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(end - start).count();
}

// Never goes back either; its zero is another one than that of Clock.
std::int64_t coarse_nanoseconds() noexcept;

}  // namespace fastmlp
