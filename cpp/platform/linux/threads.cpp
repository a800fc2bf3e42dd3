// See threads.hpp; startable_threads is in start_threads.cpp, preemptions in ../posix/.
#include "platform/threads.hpp"

#include <cxxabi.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <fstream>
#include <sstream>

#include "platform/control_groups.hpp"

namespace fastmlp {
namespace {

int processors_bound_to() noexcept {
  cpu_set_t few;
  CPU_ZERO(&few);
  // more processors than the set has room for: then there is no need to count
  return sched_getaffinity(0, sizeof few, &few) == 0 ? CPU_COUNT(&few) : INT_MAX;
}

std::string contents_of(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

int usable_processors() noexcept {
  int count = processors_bound_to();
  try {
    const int quota = processors_in_quota("/sys/fs/cgroup", contents_of("/proc/self/cgroup"));
    if (quota > 0) count = std::min(count, quota);
  } catch (...) {  // no memory for a path: the quota is found later
  }
  return std::max(1, count);
}

// pthread_exit unwinds as an exception does.
void call_without_unwinding(void (*call)(void* argument), void* argument) {
  try {
    call(argument);
  } catch (const abi::__forced_unwind&) {
    for (;;) pause();
  }
}

}  // namespace fastmlp
