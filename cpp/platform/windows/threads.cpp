// See threads.hpp. Written to the documentation of GetProcessAffinityMask, GetActiveProcessorCount,
// JOBOBJECT_CPU_RATE_CONTROL_INFORMATION and _endthreadex; run under Wine only.
#include "platform/threads.hpp"

#include <algorithm>
#include <bit>
#include <climits>

#include "platform/windows/system.hpp"

namespace fastmlp {
namespace {

int processors_of_system() noexcept { return static_cast<int>(GetActiveProcessorCount(ALL_PROCESSOR_GROUPS)); }

// Of the group of up to 64 that the process is in; a process in several gets masks of 0.
int processors_bound_to() noexcept {
  DWORD_PTR own = 0;
  DWORD_PTR all = 0;
  if (!GetProcessAffinityMask(GetCurrentProcess(), &own, &all) || own == 0) return processors_of_system();
  return std::popcount(own);
}

// Of the job that the process is in, which is how containers limit it: a share of 10000 of all processors; a part of a
// processor counts as one. 0: none.
int processors_in_quota() noexcept {
  JOBOBJECT_CPU_RATE_CONTROL_INFORMATION rate{};
  const bool is_known =
      QueryInformationJobObject(nullptr, JobObjectCpuRateControlInformation, &rate, sizeof rate, nullptr) != 0;
  constexpr DWORD kHardCap = JOB_OBJECT_CPU_RATE_CONTROL_ENABLE | JOB_OBJECT_CPU_RATE_CONTROL_HARD_CAP;
  if (!is_known || (rate.ControlFlags & kHardCap) != kHardCap) return 0;
  return static_cast<int>((static_cast<std::int64_t>(rate.CpuRate) * processors_of_system() + 9999) / 10000);
}

}  // namespace

int usable_processors() noexcept {
  int count = processors_bound_to();
  const int quota = processors_in_quota();
  if (quota > 0) count = std::min(count, quota);
  return std::max(1, count);
}

// No limit but memory: the threads of a team have a few MB each.
int startable_threads(int wanted) noexcept { return wanted; }

// Switches are counted for each thread, wanted ones among them: no measure of a crowd.
std::int64_t preemptions() noexcept { return 0; }

// Not known: the planner finds a crowd by its times.
int idle_processors() noexcept { return INT_MAX; }

// _endthreadex runs no destructor of the stack.
void call_without_unwinding(void (*call)(void* argument), void* argument) { call(argument); }

}  // namespace fastmlp
