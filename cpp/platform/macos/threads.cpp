// See threads.hpp; preemptions is in ../posix/. Written to sysctl(3) and pthread_exit(3), not yet run.
#include "platform/threads.hpp"

#include <algorithm>
#include <climits>

#include "platform/macos/system_number.hpp"

namespace fastmlp {

// hw.activecpu is the number that sysctl.h wants threads to be counted by; there are no bindings and no quotas.
int usable_processors() noexcept { return static_cast<int>(std::max<std::int64_t>(1, system_number("hw.activecpu"))); }

// The limit of setrlimit(2) is one on processes here. A process may have thousands of threads, more than a team.
int startable_threads(int wanted) noexcept { return wanted; }

// Not known: the planner finds a crowd by its times and preemptions.
int idle_processors() noexcept { return INT_MAX; }

// pthread_exit runs the handlers of pthread_cleanup_push and the destructors of keys, none of the stack.
void call_without_unwinding(void (*call)(void* argument), void* argument) { call(argument); }

}  // namespace fastmlp
