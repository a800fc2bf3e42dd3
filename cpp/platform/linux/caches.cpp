// See caches_by_system in processor.hpp. musl does not tell.
#include <unistd.h>

#include <algorithm>

#include "platform/processor.hpp"

namespace fastmlp {

void caches_by_system(Processor& processor) noexcept {
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  const auto size_of = [](int name) { return static_cast<std::ptrdiff_t>(std::max(0L, sysconf(name))); };
  processor.first_cache = size_of(_SC_LEVEL1_DCACHE_SIZE);
  processor.second_cache = size_of(_SC_LEVEL2_CACHE_SIZE);
  processor.third_cache = size_of(_SC_LEVEL3_CACHE_SIZE);
#else
  static_cast<void>(processor);
#endif
}

}  // namespace fastmlp
