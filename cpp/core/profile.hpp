// Seconds spent in each kernel and in barriers, for the benchmark. While a profile runs, the active table is one that
// calls the real kernels between two looks at the clock (about 50 ns a call); at other times nothing is paid.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace fastmlp {

// Both must be called while nothing computes.
void start_profile() noexcept;
// Where a barrier adds the time that threads wait in it; null while no profile runs.
std::atomic<std::int64_t>* barrier_time() noexcept;
// (kernel, seconds summed over threads) since start_profile, in the order of a training step.
std::vector<std::pair<std::string, double>> stop_profile();

}  // namespace fastmlp
