// See clocks.hpp. Written to the documentation of GetTickCount64; run under Wine only.
#include "platform/clocks.hpp"

#include "platform/windows/system.hpp"

namespace fastmlp {

// Milliseconds since the system was started, which move on every 10 to 16.
std::int64_t coarse_nanoseconds() noexcept { return static_cast<std::int64_t>(GetTickCount64()) * 1'000'000; }

}  // namespace fastmlp
