// See clocks.hpp. Written to clock_gettime_nsec_np(3), not yet run.
#include "platform/clocks.hpp"

#include <time.h>

namespace fastmlp {

// Of its APPROX clocks the page says that they are those of the last switch of threads: never ahead.
std::int64_t coarse_nanoseconds() noexcept {
  return static_cast<std::int64_t>(clock_gettime_nsec_np(CLOCK_MONOTONIC_RAW_APPROX));
}

}  // namespace fastmlp
