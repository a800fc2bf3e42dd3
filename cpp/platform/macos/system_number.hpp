// A number that the system tells by name: sysctlbyname(3).
#pragma once

#include <sys/sysctl.h>

#include <cstddef>
#include <cstdint>

namespace fastmlp {

// 0 where it does not know the name. Some are of 4 bytes, others of 8: both fit, in processors that are little-endian.
inline std::int64_t system_number(const char* name) noexcept {
  std::int64_t number = 0;
  std::size_t bytes = sizeof number;
  return sysctlbyname(name, &number, &bytes, nullptr, 0) == 0 ? number : 0;
}

}  // namespace fastmlp
