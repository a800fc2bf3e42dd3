// See available_processors.hpp.
#include "platform/available_processors.hpp"

#include <atomic>
#include <climits>
#include <cstdint>

#include "platform/clocks.hpp"
#include "platform/threads.hpp"

namespace fastmlp {
namespace {

std::atomic<bool> are_ignored{false};
std::atomic<int> last_count{0};
std::atomic<std::int64_t> next_look{0};  // in nanoseconds of the coarse clock

}  // namespace

int available_processors() noexcept {
  constexpr std::int64_t kSecond = 1'000'000'000;
  if (are_ignored.load(std::memory_order_relaxed)) return INT_MAX;
  const std::int64_t now = coarse_nanoseconds();
  if (now >= next_look.load(std::memory_order_relaxed)) {
    next_look.store(now + kSecond, std::memory_order_relaxed);
    last_count.store(usable_processors(), std::memory_order_relaxed);
  }
  const int count = last_count.load(std::memory_order_relaxed);
  return count > 0 ? count : 1;  // another thread is looking for the first time
}

void ignore_available_processors(bool ignored) noexcept { are_ignored.store(ignored, std::memory_order_relaxed); }

}  // namespace fastmlp
