// See access.hpp.
#include "core/access.hpp"

namespace fastmlp {

bool AccessControl::trained_by_this_thread() const noexcept {
  return readers_.load(std::memory_order_acquire) == kTraining &&
         trainer_.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

void AccessControl::begin_training() {
  int idle = 0;
  if (!readers_.compare_exchange_strong(idle, kTraining, std::memory_order_acquire)) throw NetworkBusy{};
  trainer_.store(std::this_thread::get_id(), std::memory_order_release);
}

void AccessControl::end_training() noexcept {
  trainer_.store(std::thread::id{}, std::memory_order_relaxed);
  readers_.store(0, std::memory_order_release);
}

void AccessControl::begin_reading() {
  int readers = readers_.load(std::memory_order_relaxed);
  do {
    if (readers == kTraining) throw NetworkBusy{};
  } while (!readers_.compare_exchange_weak(readers, readers + 1, std::memory_order_acquire));
}

void AccessControl::end_reading() noexcept { readers_.fetch_sub(1, std::memory_order_release); }

}  // namespace fastmlp
