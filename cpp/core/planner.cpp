// See planner.hpp.
#include "core/planner.hpp"

#include <algorithm>
#include <atomic>

#include "platform/team.hpp"

namespace fastmlp {
namespace {

std::atomic<bool> planner_enabled{true};

// Multiply-adds that make a thread worth having: about 5 us at a modest 20 per nanosecond.
constexpr double kWorkPerThread = 1e5;

}  // namespace

void enable_planner(bool enabled) noexcept { planner_enabled.store(enabled, std::memory_order_relaxed); }

template <class T>
int plan_threads(const Network<T>& network, std::ptrdiff_t rows, int request) noexcept {
  const int limit = thread_limit(request);
  if (limit == 1 || !planner_enabled.load(std::memory_order_relaxed)) return limit;
  const double work = static_cast<double>(network.buffer_size()) * static_cast<double>(rows);
  const double worth = std::min({work / kWorkPerThread, static_cast<double>(rows), static_cast<double>(limit)});
  return std::max(1, static_cast<int>(worth));
}

template int plan_threads(const Network<float>&, std::ptrdiff_t, int) noexcept;
template int plan_threads(const Network<double>&, std::ptrdiff_t, int) noexcept;

}  // namespace fastmlp
