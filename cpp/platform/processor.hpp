// What processor this is: its maker, family and model, and the sizes of its caches.
#pragma once

#include <cstddef>
#include <string>

namespace fastmlp {

struct Processor {
  std::string vendor;  // as it calls itself ("AuthenticAMD", "GenuineIntel"), "" where it does not say
  int family = 0;
  int model = 0;
  std::ptrdiff_t first_cache = 0;   // bytes of data, of one core; 0 where it does not say
  std::ptrdiff_t second_cache = 0;  // bytes, of one core
  std::ptrdiff_t third_cache = 0;   // bytes, of several
};

// Fills in what the system knows of the caches (linux/, macos/), for processors that do not say it themselves.
void caches_by_system(Processor& processor) noexcept;

// Read once.
const Processor& this_processor();

}  // namespace fastmlp
