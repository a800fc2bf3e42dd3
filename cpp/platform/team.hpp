// The threads of one call: an OpenMP region, opened once per call, with the rules that make it a good guest.
//
// - The caller's limit is read on the calling thread at each entry: min(request, omp_get_max_threads()), and 1 inside
//   another parallel region, so OMP_NUM_THREADS, threadpoolctl and joblib are obeyed. omp_set_num_threads is never
//   called. Nor are there more threads than processors (available_processors.hpp): they would wait for each other.
// - libgomp hangs in a forked child, so after a fork (fork.hpp) the child runs everything on the calling thread.
// - libgomp ends the process where the system refuses a thread, so it is asked before (threads.hpp): from a refusal
//   on, teams are as large as they could be then.
// - Every thread computes in the same floating-point mode (round to nearest, nothing flushed), whatever the process was
//   set to, and gets its own mode back afterwards: else a library that flushes subnormals would change results.
// - The body must not throw: an exception that leaves an OpenMP region ends the process.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

namespace fastmlp {

// Threads that a region opened now may have; request 0 means no limit of the caller's own.
int thread_limit(int request) noexcept;

// After a refusal, once: how many threads teams have since then; else 0.
int take_refusal_of_threads() noexcept;

// Calls body(context, thread, threads) on each thread of a team; the team may turn out smaller than asked, never
// larger.
void run_team(int threads, void (*body)(void* context, int thread, int threads) noexcept, void* context) noexcept;

// The same for any callable f(thread, threads) noexcept.
template <class F>
void run_team(int threads, F&& f) noexcept {
  using Body = std::remove_reference_t<F>;
  run_team(
      threads, [](void* context, int thread, int n) noexcept { (*static_cast<Body*>(context))(thread, n); },
      const_cast<void*>(static_cast<const void*>(std::addressof(f))));
}

// Threads of the calling thread's last team that may still spin, waiting for the next one.
int waiting_threads() noexcept;

// What f() returns, computed on the calling thread in the floating-point mode of a team: for the sums around a region.
template <class F>
auto run_alone(F&& f) noexcept {
  decltype(f()) result{};
  run_team(1, [&](int, int) noexcept { result = f(); });
  return result;
}

// The thread's share [begin, end) of n items, in order, sizes differing by at most one.
struct Share {
  std::ptrdiff_t begin;
  std::ptrdiff_t end;
};
inline Share share_of(std::ptrdiff_t n, int thread, int threads) noexcept {
  return {n * thread / threads, n * (thread + 1) / threads};
}

}  // namespace fastmlp
