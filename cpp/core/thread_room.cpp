// See thread_room.hpp.
#include "core/thread_room.hpp"

#include <algorithm>
#include <climits>

#include "platform/team.hpp"
#include "platform/threads.hpp"

namespace fastmlp {
namespace {

constexpr double kBetweenLooks = 2e-3;
constexpr double kForgotten = 5e-2;  // an older look says nothing

}  // namespace

int ThreadRoom::of(int limit) noexcept {
  if (limit == 1) return 1;
  const auto now = Clock::now();
  if (seconds_between(looked_, now) >= kBetweenLooks) look(now, idle_processors(), waiting_threads());
  return std::min(limit, room_);
}

int ThreadRoom::look(Clock::time_point now, int idle, int waiting) noexcept {
  const int seen = idle == INT_MAX ? INT_MAX : std::max(1, 1 + idle + waiting);
  room_ = seconds_between(looked_, now) > kForgotten ? seen : std::max(seen, seen_);
  seen_ = seen;
  looked_ = now;
  return room_;
}

}  // namespace fastmlp
