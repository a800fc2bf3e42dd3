// How often the system took a processor from this process although it had work: on an idle machine rarely, where threads
// share processors hundreds of times a second. The planner (core/thread_planner.hpp) makes room then.
#pragma once

#include <cstdint>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/resource.h>
#endif

namespace fastmlp {

// Since the process began, all its threads together; 0 where the system does not count them. Takes about 0.5 us.
inline std::int64_t preemptions() noexcept {
#if defined(__unix__) || defined(__APPLE__)
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) return usage.ru_nivcsw;
#endif
  return 0;
}

}  // namespace fastmlp
