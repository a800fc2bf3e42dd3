// See threads.hpp; startable_threads is in start_threads.cpp, preemptions in ../posix/.
#include "platform/threads.hpp"

#include <cxxabi.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <fstream>
#include <sstream>

#include "platform/available_processors.hpp"
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

// Of all processes, in the fourth field of the file, before the slash; 0 where it cannot be read.
int running_threads() noexcept {
  const int file = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[128];
  const ssize_t length = read(file, text, sizeof text);
  close(file);
  int spaces = 0;
  int running = 0;
  for (ssize_t i = 0; i < length && text[i] != '/'; ++i) {
    if (text[i] == ' ') ++spaces;
    if (spaces == 3 && text[i] != ' ') running = 10 * running + (text[i] - '0');
  }
  return running;
}

}  // namespace

int idle_processors() noexcept {
  static const int processors = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  if (available_processors() < processors) return INT_MAX;
  const int running = running_threads();
  return running > 0 ? processors - running : INT_MAX;
}

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
