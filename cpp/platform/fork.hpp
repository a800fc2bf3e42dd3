// Whether this process is the copy of another: OpenMP has no threads there (team.hpp).
#pragma once

namespace fastmlp {

// True in a child of fork() whose parent had loaded the library: it has one thread. False where there is no fork.
bool in_forked_child() noexcept;

}  // namespace fastmlp
