// How many processors this process may use now: those that it is bound to, and no more than its container's quota of
// processor time (cpu.max of control groups), which OpenMP's own count does not know.
#pragma once

namespace fastmlp {

// At least 1. Looked up at most once a second, since both may change while the process runs.
int available_processors() noexcept;

// For tests of more threads than there are processors.
void ignore_available_processors(bool ignored) noexcept;

}  // namespace fastmlp
