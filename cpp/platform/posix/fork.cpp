// See fork.hpp: Linux and macOS.
#include "platform/fork.hpp"

#include <pthread.h>

#include <atomic>

namespace fastmlp {
namespace {

std::atomic<bool> forked_child{false};

// Runs once when the library is loaded. The handler only stores a flag: OpenMP must not be called after a fork.
[[maybe_unused]] const int fork_handler_installed =
    pthread_atfork(nullptr, nullptr, [] { forked_child.store(true, std::memory_order_relaxed); });

}  // namespace

bool in_forked_child() noexcept { return forked_child.load(std::memory_order_relaxed); }

}  // namespace fastmlp
