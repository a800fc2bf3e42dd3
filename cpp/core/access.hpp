// Who may use a network at a time: many that read it or one that trains it. Python threads share networks, and callbacks
// evaluate the one that is being trained; nobody waits, who comes at the wrong moment is refused.
#pragma once

#include <atomic>
#include <thread>

namespace fastmlp {

// Thrown when a network is used while another thread trains it; the bindings turn it into RuntimeError.
struct NetworkBusy {};

// The state "in fit", which lasts longer than the runs of the core inside: what does not pass through the core (views on
// parameters, state kept in Python) asks it.
class FitGuard {
 public:
  bool take() noexcept {
    std::thread::id nobody{};
    return holder_.compare_exchange_strong(nobody, std::this_thread::get_id(), std::memory_order_acquire);
  }
  void give_back() noexcept { holder_.store(std::thread::id{}, std::memory_order_release); }
  // While a crew trains it, a network is not even its holder's, who may be in a callback of another one.
  void lend(bool is_lent) noexcept { is_lent_.store(is_lent, std::memory_order_release); }
  bool is_taken() const noexcept { return holder_.load(std::memory_order_acquire) != std::thread::id{}; }
  bool is_taken_by_another_thread() const noexcept {
    const std::thread::id holder = holder_.load(std::memory_order_acquire);
    return holder != std::thread::id{} &&
           (holder != std::this_thread::get_id() || is_lent_.load(std::memory_order_acquire));
  }

 private:
  std::atomic<std::thread::id> holder_{};
  std::atomic<bool> is_lent_{false};
};

// Many readers or one trainer. The trainer's own thread may read and write between runs: callbacks evaluate the
// network.
class AccessControl {
 public:
  void begin_training();
  void end_training() noexcept;
  // Takes the training from its thread, and gives it back to that one.
  std::thread::id lend() noexcept { return trainer_.exchange(std::thread::id{}, std::memory_order_acq_rel); }
  void take_back(std::thread::id lender) noexcept { trainer_.store(lender, std::memory_order_release); }
  bool trained_by_this_thread() const noexcept;
  void begin_reading();
  void end_reading() noexcept;

 private:
  static constexpr int kTraining = -1;

  std::atomic<int> readers_{0};
  std::atomic<std::thread::id> trainer_{};
};

class ReadAccess {
 public:
  explicit ReadAccess(AccessControl& access) : access_(access), counted_(!access.trained_by_this_thread()) {
    if (counted_) access_.begin_reading();
  }
  ~ReadAccess() {
    if (counted_) access_.end_reading();
  }
  ReadAccess(const ReadAccess&) = delete;
  ReadAccess& operator=(const ReadAccess&) = delete;

 private:
  AccessControl& access_;
  bool counted_;  // kept, because the training may be ended meanwhile, by another thread
};

// For what changes the network at one go: part of this thread's own training, or one of no steps.
class WriteAccess {
 public:
  explicit WriteAccess(AccessControl& access) : access_(access), begun_(!access.trained_by_this_thread()) {
    if (begun_) access_.begin_training();
  }
  ~WriteAccess() {
    if (begun_) access_.end_training();
  }
  WriteAccess(const WriteAccess&) = delete;
  WriteAccess& operator=(const WriteAccess&) = delete;

 private:
  AccessControl& access_;
  bool begun_;
};

}  // namespace fastmlp
