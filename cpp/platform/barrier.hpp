// The barrier of a team: between the two phases of a training step, and between layers that are shared by columns.
//
// libgomp's barrier was measured at 0.2 us on two idle threads and at 3 to 8 us on a busy machine; this one takes about
// 0.1 us. A waiting thread spins for a short time (the other is about to arrive), then yields (another process may
// need this core), then sleeps on the generation (the machine is overloaded). One barrier serves one team for one run.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "platform/aligned_buffer.hpp"
#include "platform/clocks.hpp"

namespace fastmlp {

inline void pause_briefly() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

class Barrier {
 public:
  Barrier() = default;
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;

  // What a thread wrote before it arrived is seen by every thread that has left. threads: the size of the team, known
  // only inside the region, since OpenMP may give fewer than asked.
  void arrive_and_wait(int threads) noexcept {
    if (threads == 1) return;
    if (waited_ == nullptr) {
      wait_for_all(threads);
      return;
    }
    const auto start = Clock::now();
    wait_for_all(threads);
    waited_->fetch_add(nanoseconds_between(start, Clock::now()), std::memory_order_relaxed);
  }

  // For the profile: adds the time that all threads wait, in nanoseconds, to a counter; null: to none.
  void measure(std::atomic<std::int64_t>* waited) noexcept { waited_ = waited; }

 private:
  void wait_for_all(int threads) noexcept {
    const std::uint32_t generation = generation_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) == threads - 1) {
      arrived_.store(0, std::memory_order_relaxed);
      generation_.store(generation + 1, std::memory_order_release);
      // The total order of seq_cst makes either this load see the sleeper or the sleeper see the new generation.
      std::atomic_thread_fence(std::memory_order_seq_cst);
      if (sleepers_.load(std::memory_order_relaxed) > 0) generation_.notify_all();
      return;
    }
    for (int spin = 0; spin < kSpins; ++spin) {
      if (generation_.load(std::memory_order_acquire) != generation) return;
      pause_briefly();
    }
    for (int turn = 0; turn < kYields; ++turn) {
      if (generation_.load(std::memory_order_acquire) != generation) return;
      std::this_thread::yield();
    }
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    while (generation_.load(std::memory_order_seq_cst) == generation) {
      generation_.wait(generation, std::memory_order_seq_cst);
    }
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }

  static constexpr int kSpins = 4000;   // about 50 us on a 4 GHz core: longer than the imbalance of any small step
  static constexpr int kYields = 1000;  // about 1 ms; a sleep and its waking cost about 50 us

  alignas(kCacheLine) std::atomic<int> arrived_{0};
  alignas(kCacheLine) std::atomic<std::uint32_t> generation_{0};
  std::atomic<int> sleepers_{0};
  std::atomic<std::int64_t>* waited_ = nullptr;
};

}  // namespace fastmlp
