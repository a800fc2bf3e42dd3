// The preemptions of threads.hpp: Linux and macOS, which both count them.
#include <sys/resource.h>

#include "platform/threads.hpp"

namespace fastmlp {

std::int64_t preemptions() noexcept {
  rusage usage{};
  return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nivcsw : 0;
}

}  // namespace fastmlp
