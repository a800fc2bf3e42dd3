// How often the team's threads meet subnormal numbers, for tests and for the bench: such an operation takes over 100
// cycles on many processors and none on others, so a clock sees it on some machines only, and a count on all.
//
// The processor keeps two sticky flags, per thread, in masked mode as well: an operand was subnormal (DE), a result was
// tiny and inexact (UE). A look reads and clears them. They are the team's own: it sets the mode, flags cleared, when it
// begins and gives the caller's back (team.cpp). x86 only: Arm has no flag for the first.
#pragma once

#include <atomic>
#include <cstdint>

namespace fastmlp {

// Since counting was last switched on: looks, after each training step of each thread and at the end of each region of
// each thread, and those that saw a flag.
struct SubnormalCounts {
  std::int64_t looks = 0;
  std::int64_t operands = 0;
  std::int64_t results = 0;
};

bool can_count_subnormals() noexcept;
void count_subnormals(bool enabled) noexcept;  // switching on sets the counts to 0
SubnormalCounts subnormal_counts() noexcept;

namespace internal {
extern std::atomic<bool> subnormals_are_counted;
void look_for_subnormals() noexcept;
}  // namespace internal

inline void look_for_subnormals() noexcept {
  if (internal::subnormals_are_counted.load(std::memory_order_relaxed)) internal::look_for_subnormals();
}

}  // namespace fastmlp
