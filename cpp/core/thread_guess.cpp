// See thread_guess.hpp.
#include "core/thread_guess.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "platform/team.hpp"

namespace fastmlp {
namespace {

std::atomic<bool> planner_enabled{true};

// Multiply-adds of a forward pass that make a thread worth having: about 10 us, three times that with the backward
// pass.
constexpr double kWorkPerThread = 5e5;
// Parameters whose reading takes about as long, in a pass over one row.
constexpr double kReadPerThread = 2.5e5;

// Until when evaluations get one thread, for how long that was, in nanoseconds, and the most multiply-adds a second
// that one has made; races lose a doubling, no more.
std::atomic<std::int64_t> alone_until{0};
std::atomic<std::int64_t> alone_for{0};
std::atomic<double> best_rate{0.0};
constexpr std::int64_t kShortestAlone = 50'000'000;
constexpr std::int64_t kLongestAlone = 2'000'000'000;
constexpr double kSlowdown = 4.0;      // of the best rate: shapes differ, and so do first calls from later ones
constexpr double kTeamSeconds = 1e-3;  // more than a team ever waits for its threads to wake up

std::int64_t nanoseconds_now() noexcept { return nanoseconds_between(Clock::time_point{}, Clock::now()); }

}  // namespace

TeamWatch::TeamWatch(int threads, double multiply_adds) noexcept
    : is_team_(threads > 1), multiply_adds_(multiply_adds) {
  if (is_team_) start_ = Clock::now();
}

TeamWatch::~TeamWatch() {
  if (!is_team_) return;
  const double seconds = seconds_between(start_, Clock::now());
  const double best = best_rate.load(std::memory_order_relaxed);
  if (multiply_adds_ > best * seconds) best_rate.store(multiply_adds_ / seconds, std::memory_order_relaxed);
  if (best == 0.0) return;
  const std::int64_t last = alone_for.load(std::memory_order_relaxed);
  if (seconds <= kTeamSeconds + kSlowdown * multiply_adds_ / best) {
    // a crowd also has good moments: the next wait becomes shorter little by little
    alone_for.store(last - last / 16, std::memory_order_relaxed);
  } else {
    const std::int64_t wait = std::clamp(2 * last, kShortestAlone, kLongestAlone);
    alone_for.store(wait, std::memory_order_relaxed);
    alone_until.store(nanoseconds_now() + wait, std::memory_order_relaxed);
  }
}

void enable_planner(bool enabled) noexcept { planner_enabled.store(enabled, std::memory_order_relaxed); }
bool planner_is_enabled() noexcept { return planner_enabled.load(std::memory_order_relaxed); }

template <class T>
int plan_threads(const Network<T>& network, std::ptrdiff_t rows, int request) noexcept {
  const int limit = thread_limit(request);
  if (limit == 1 || !planner_is_enabled()) return limit;
  const double size = static_cast<double>(network.multiply_adds());
  const double worth = std::max(size * static_cast<double>(rows) / kWorkPerThread, size / kReadPerThread);
  const int planned = std::clamp(static_cast<int>(std::min(worth, static_cast<double>(limit))), 1, limit);
  return planned > 1 && nanoseconds_now() < alone_until.load(std::memory_order_relaxed) ? 1 : planned;
}

template int plan_threads(const Network<float>&, std::ptrdiff_t, int) noexcept;
template int plan_threads(const Network<double>&, std::ptrdiff_t, int) noexcept;

template <class T>
int plan_threads_for_rows(const Network<T>& network, std::ptrdiff_t rows, int request) noexcept {
  return static_cast<int>(std::min<std::ptrdiff_t>(plan_threads(network, rows, request), rows));
}

template int plan_threads_for_rows(const Network<float>&, std::ptrdiff_t, int) noexcept;
template int plan_threads_for_rows(const Network<double>&, std::ptrdiff_t, int) noexcept;

}  // namespace fastmlp
