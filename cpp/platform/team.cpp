// See team.hpp.
#include "platform/team.hpp"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <mutex>

#include "platform/available_processors.hpp"
#include "platform/clocks.hpp"
#include "platform/fork.hpp"
#include "platform/subnormals.hpp"
#include "platform/threads.hpp"

namespace fastmlp {
namespace {

// libgomp keeps the threads of the calling thread's last team, and starts what a larger one lacks. Where other code has
// opened a smaller region on this thread meanwhile, some of these are gone, and this is too many.
thread_local int last_team = 1;

// When that team ended. Its threads spin for 5 to 16 ms then (seen with libgomp; LLVM's library says 200 ms).
thread_local Clock::time_point last_end;
#if defined(__clang__)
constexpr double kWaitingSeconds = 0.25;
#else
constexpr double kWaitingSeconds = 0.025;
#endif

// Held from the question whether threads can be had until they are there, so that two teams do not get one answer.
std::mutex growing;

// Threads that must be to be had beyond those of a team: another thread of the process may start one in between.
constexpr int kSpare = 1;

std::atomic<int> most_threads{INT_MAX};
std::atomic<bool> refused{false};

// Of so many threads, those that the system would start.
int startable_team(int threads) noexcept {
  threads = std::min(threads, most_threads.load(std::memory_order_relaxed));
  const int missing = threads - last_team;
  if (missing <= 0) return threads;
  const int had = std::max(0, startable_threads(missing + kSpare) - kSpare);
  if (had == missing) return threads;
  most_threads.store(last_team + had, std::memory_order_relaxed);
  refused.store(true, std::memory_order_relaxed);
  return last_team + had;
}

// Sets the thread's floating-point mode to the IEEE default for a scope.
class FloatingPointMode {
 public:
#if defined(__x86_64__)
  FloatingPointMode() noexcept : saved_(__builtin_ia32_stmxcsr()) {
    constexpr unsigned int kDefault = 0x1F80;  // all exceptions masked, round to nearest, no FTZ, no DAZ
    __builtin_ia32_ldmxcsr(kDefault);
  }
  ~FloatingPointMode() {
    look_for_subnormals();
    __builtin_ia32_ldmxcsr(saved_);
  }

 private:
  unsigned int saved_;
#elif defined(__aarch64__)
  FloatingPointMode() noexcept {
    asm volatile("mrs %0, fpcr" : "=r"(saved_));
    asm volatile("msr fpcr, %0" : : "r"(std::uint64_t{0}));
  }
  ~FloatingPointMode() { asm volatile("msr fpcr, %0" : : "r"(saved_)); }

 private:
  std::uint64_t saved_;
#endif
 public:
  FloatingPointMode(const FloatingPointMode&) = delete;
  FloatingPointMode& operator=(const FloatingPointMode&) = delete;
};

}  // namespace

int thread_limit(int request) noexcept {
  if (in_forked_child() || omp_in_parallel()) return 1;
  const int limit = std::max(
      1, std::min({omp_get_max_threads(), omp_get_thread_limit(), most_threads.load(), available_processors()}));
  return request > 0 ? std::min(request, limit) : limit;
}

int take_refusal_of_threads() noexcept {
  if (!refused.load(std::memory_order_relaxed) || !refused.exchange(false)) return 0;
  return most_threads.load(std::memory_order_relaxed);
}

void run_team(int threads, void (*body)(void*, int, int) noexcept, void* context) noexcept {
  std::unique_lock<std::mutex> grows(growing, std::defer_lock);
  if (threads > last_team) {
    grows.lock();
    threads = startable_team(threads);
  }
  if (threads <= 1) {
    if (grows) grows.unlock();
    const FloatingPointMode mode;
    body(context, 0, 1);
    return;
  }
#pragma omp parallel num_threads(threads)
  {
    const int thread = omp_get_thread_num();
    const int team = omp_get_num_threads();
    if (thread == 0) {
      if (grows) grows.unlock();
      last_team = team;
    }
    const FloatingPointMode mode;
    body(context, thread, team);
  }
  last_end = Clock::now();
}

int waiting_threads() noexcept {
  static const char* const policy = std::getenv("OMP_WAIT_POLICY");
  static const bool spins_on = policy != nullptr && (policy[0] == 'a' || policy[0] == 'A');  // ACTIVE, in any case
  const bool is_waiting = spins_on || seconds_between(last_end, Clock::now()) < kWaitingSeconds;
  return is_waiting ? last_team - 1 : 0;
}

}  // namespace fastmlp
