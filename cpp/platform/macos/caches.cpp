// See caches_by_system in processor.hpp. Written to Apple's "Determining system capabilities", not yet run.
#include <algorithm>

#include "platform/macos/system_number.hpp"
#include "platform/processor.hpp"

namespace fastmlp {

// perflevel0: the fastest of several kinds of cores, which share their second cache in clusters.
void caches_by_system(Processor& processor) noexcept {
  const std::int64_t sharing = std::max<std::int64_t>(1, system_number("hw.perflevel0.cpusperl2"));
  processor.first_cache = static_cast<std::ptrdiff_t>(system_number("hw.perflevel0.l1dcachesize"));
  processor.second_cache = static_cast<std::ptrdiff_t>(system_number("hw.perflevel0.l2cachesize") / sharing);
  processor.third_cache = static_cast<std::ptrdiff_t>(system_number("hw.l3cachesize"));
}

}  // namespace fastmlp
