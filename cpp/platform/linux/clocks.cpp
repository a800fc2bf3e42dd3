// See clocks.hpp.
#include "platform/clocks.hpp"

#include <ctime>

namespace fastmlp {

// Read without a call of the system.
std::int64_t coarse_nanoseconds() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace fastmlp
