// See available_processors.hpp.
#include "platform/available_processors.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>

namespace fastmlp {
namespace {

std::atomic<bool> are_ignored{false};
std::atomic<int> last_count{0};
std::atomic<std::int64_t> next_look{0};  // in nanoseconds of the coarse clock

std::int64_t coarse_nanoseconds() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

int processors_bound_to() noexcept {
  cpu_set_t few;
  CPU_ZERO(&few);
  // more processors than the set has room for: then there is no need to count
  return sched_getaffinity(0, sizeof few, &few) == 0 ? CPU_COUNT(&few) : INT_MAX;
}

int whole_processors(double quota, double period) noexcept {
  if (!(quota > 0.0) || !(period > 0.0)) return 0;
  return static_cast<int>(std::clamp(std::ceil(quota / period), 1.0, 1e6));
}

// "max 100000" or "150000 100000"
int read_limit(const std::string& file) {
  std::ifstream stream(file);
  std::string quota;
  double period = 0.0;
  if (!(stream >> quota >> period) || quota == "max") return 0;
  return whole_processors(std::strtod(quota.c_str(), nullptr), period);
}

// The first version of control groups has the two numbers in files of their own; without a quota it is -1.
int read_old_limit(const std::string& folder) {
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us");
  std::ifstream period_file(folder + "/cpu.cfs_period_us");
  double quota = 0.0;
  double period = 0.0;
  if (!(quota_file >> quota) || !(period_file >> period)) return 0;
  return whole_processors(quota, period);
}

int smaller_limit(int a, int b) noexcept { return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b); }

// Each group above limits as well. A container sees its own group as the root, whatever its path says; a path that does
// not begin at a root says nothing.
template <class Read>
int smallest_on_the_way(const std::string& root, std::string path, Read read) {
  int limit = read(root);
  for (; path.size() > 1 && path.front() == '/'; path.resize(path.find_last_of('/'))) {
    limit = smaller_limit(limit, read(root + path));
  }
  return limit;
}

std::string contents_of(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

int look() noexcept {
  int count = processors_bound_to();
  try {
    const int quota = processors_in_quota("/sys/fs/cgroup", contents_of("/proc/self/cgroup"));
    if (quota > 0) count = std::min(count, quota);
  } catch (...) {  // no memory for a path: the quota is found later
  }
  return std::max(1, count);
}

}  // namespace

int processors_in_quota(const std::string& root, const std::string& groups) {
  int limit = 0;
  std::istringstream lines(groups);
  for (std::string line; std::getline(lines, line);) {  // "0::/path", or "4:cpu,cpuacct:/path" of the first version
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string controllers(",");
    controllers.append(line, first + 1, second - first - 1).append(",");
    const std::string path = line.substr(second + 1);
    if (controllers == ",,") {
      const auto read = [](const std::string& folder) { return read_limit(folder + "/cpu.max"); };
      limit = smaller_limit(limit, smallest_on_the_way(root, path, read));
    } else if (controllers.find(",cpu,") != std::string::npos) {
      limit = smaller_limit(limit, smallest_on_the_way(root + "/cpu", path, read_old_limit));
    }
  }
  return limit;
}

int available_processors() noexcept {
  constexpr std::int64_t kSecond = 1'000'000'000;
  if (are_ignored.load(std::memory_order_relaxed)) return INT_MAX;
  const std::int64_t now = coarse_nanoseconds();
  if (now >= next_look.load(std::memory_order_relaxed)) {
    next_look.store(now + kSecond, std::memory_order_relaxed);
    last_count.store(look(), std::memory_order_relaxed);
  }
  const int count = last_count.load(std::memory_order_relaxed);
  return count > 0 ? count : 1;  // another thread is looking for the first time
}

void ignore_available_processors(bool ignored) noexcept { are_ignored.store(ignored, std::memory_order_relaxed); }

}  // namespace fastmlp
