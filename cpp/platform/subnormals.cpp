// See subnormals.hpp.
#include "platform/subnormals.hpp"

namespace fastmlp {
namespace {

std::atomic<std::int64_t> looks{0};
std::atomic<std::int64_t> operands{0};
std::atomic<std::int64_t> results{0};

}  // namespace

namespace internal {

std::atomic<bool> subnormals_are_counted{false};

void look_for_subnormals() noexcept {
#if defined(__x86_64__)
  constexpr unsigned int kDenormalOperand = 0x02;
  constexpr unsigned int kUnderflow = 0x10;
  const unsigned int state = __builtin_ia32_stmxcsr();
  looks.fetch_add(1, std::memory_order_relaxed);
  if ((state & kDenormalOperand) != 0) operands.fetch_add(1, std::memory_order_relaxed);
  if ((state & kUnderflow) != 0) results.fetch_add(1, std::memory_order_relaxed);
  __builtin_ia32_ldmxcsr(state & ~(kDenormalOperand | kUnderflow));
#endif
}

}  // namespace internal

bool can_count_subnormals() noexcept {
#if defined(__x86_64__)
  return true;
#else
  return false;
#endif
}

void count_subnormals(bool enabled) noexcept {
  if (enabled) {
    for (std::atomic<std::int64_t>* count : {&looks, &operands, &results}) count->store(0);
  }
  internal::subnormals_are_counted.store(enabled && can_count_subnormals());
}

SubnormalCounts subnormal_counts() noexcept { return {looks.load(), operands.load(), results.load()}; }

}  // namespace fastmlp
