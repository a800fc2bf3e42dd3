// See team.hpp.
#include "platform/team.hpp"

#include <omp.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace fastmlp {
namespace {

std::atomic<bool> forked_child{false};

// Runs once when the library is loaded. The handler only stores a flag: OpenMP must not be called after a fork.
[[maybe_unused]] const int fork_handler_installed =
    pthread_atfork(nullptr, nullptr, [] { forked_child.store(true, std::memory_order_relaxed); });

// Sets the thread's floating-point mode to the IEEE default for a scope.
class FloatingPointMode {
 public:
#if defined(__x86_64__)
  FloatingPointMode() noexcept : saved_(__builtin_ia32_stmxcsr()) {
    constexpr unsigned int kDefault = 0x1F80;  // all exceptions masked, round to nearest, no FTZ, no DAZ
    __builtin_ia32_ldmxcsr(kDefault);
  }
  ~FloatingPointMode() { __builtin_ia32_ldmxcsr(saved_); }

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

bool in_forked_child() noexcept { return forked_child.load(std::memory_order_relaxed); }

int thread_limit(int request) noexcept {
  if (in_forked_child() || omp_in_parallel()) return 1;
  const int limit = std::max(1, std::min(omp_get_max_threads(), omp_get_thread_limit()));
  return request > 0 ? std::min(request, limit) : limit;
}

void run_team(int threads, void (*body)(void*, int, int) noexcept, void* context) noexcept {
  if (threads <= 1) {
    const FloatingPointMode mode;
    body(context, 0, 1);
    return;
  }
#pragma omp parallel num_threads(threads)
  {
    const FloatingPointMode mode;
    body(context, omp_get_thread_num(), omp_get_num_threads());
  }
}

}  // namespace fastmlp
