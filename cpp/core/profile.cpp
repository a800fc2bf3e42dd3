// See profile.hpp.
#include "core/profile.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/targets.hpp"
#include "platform/clocks.hpp"

namespace fastmlp {
namespace {

constexpr std::array<const char*, 8> kNames = {"gather",   "forward",  "softmax_rows", "loss",
                                               "backward", "gradient", "update",       "barrier"};
enum Slot : std::size_t { gather, forward, softmax_rows, loss, backward, gradient, update, barrier };

std::array<std::atomic<std::int64_t>, kNames.size()> nanoseconds{};
const KernelTable* measured = nullptr;
KernelTable measuring{};

// The kernel that `member` points to, timed.
template <class T, Slot slot, auto member, class... Arguments>
void timed(Arguments... arguments) noexcept {
  const auto start = Clock::now();
  (kernels_of<T>(*measured).*member)(arguments...);
  nanoseconds[slot].fetch_add(nanoseconds_between(start, Clock::now()), std::memory_order_relaxed);
}

template <class T>
void wrap(Kernels<T>& kernels) noexcept {
  using K = Kernels<T>;
  kernels.gather = timed<T, gather, &K::gather, const GatherArguments<T>&>;
  kernels.forward = timed<T, forward, &K::forward, const ForwardArguments<T>&>;
  kernels.bins_forward = timed<T, forward, &K::bins_forward, const BinsForwardArguments<T>&>;
  kernels.dropout = timed<T, forward, &K::dropout, const DropoutArguments<T>&>;
  kernels.softmax_rows = timed<T, softmax_rows, &K::softmax_rows, std::ptrdiff_t, std::ptrdiff_t, T*, std::ptrdiff_t>;
  kernels.loss = timed<T, loss, &K::loss, const LossArguments<T>&>;
  kernels.backward = timed<T, backward, &K::backward, const BackwardArguments<T>&>;
  kernels.gradient = timed<T, gradient, &K::gradient, const GradientArguments<T>&>;
  kernels.bins_gradient = timed<T, gradient, &K::bins_gradient, const BinsGradientArguments<T>&>;
  kernels.update = timed<T, update, &K::update, const UpdateArguments<T>&>;
}

}  // namespace

void start_profile() noexcept {
  if (measured != nullptr) return;
  for (auto& count : nanoseconds) count.store(0, std::memory_order_relaxed);
  measured = &active_target();
  measuring = *measured;
  wrap(measuring.float32);
  wrap(measuring.float64);
  set_active_target(measuring);
}

std::atomic<std::int64_t>* barrier_time() noexcept { return measured != nullptr ? &nanoseconds[barrier] : nullptr; }

std::vector<std::pair<std::string, double>> stop_profile() {
  if (measured != nullptr) set_active_target(*measured);
  measured = nullptr;
  std::vector<std::pair<std::string, double>> seconds;
  for (std::size_t slot = 0; slot < kNames.size(); ++slot) {
    seconds.emplace_back(kNames[slot], 1e-9 * static_cast<double>(nanoseconds[slot].load(std::memory_order_relaxed)));
  }
  return seconds;
}

}  // namespace fastmlp
