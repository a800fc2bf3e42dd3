// See control_groups.hpp.
#include "platform/control_groups.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace fastmlp {
namespace {

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

}  // namespace fastmlp
