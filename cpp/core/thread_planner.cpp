// See thread_planner.hpp.
#include "core/thread_planner.hpp"

#include <algorithm>

namespace fastmlp {
namespace {

constexpr double kStretchSeconds =
    2e-3;                               // long against entering a region, short against a change of the machine's load
constexpr double kTrialSeconds = 1e-4;  // long enough to tell 3 %
constexpr double kTrialShare = 0.02;    // of the time since the last trial, by what is expected of it
constexpr double kShortestWait = 1e-2;  // between trials
constexpr double kLongestWait = 0.5;
// A thread with a processor of its own was seen to be preempted 4 to 60 times a second, one that shares it 220 to 2000.
constexpr double kCrowded = 120.0;  // preemptions a second and thread
constexpr double kWatch = 0.1;      // seconds of work in which they are counted
constexpr double kBurst = 2.0;      // times that many count in a stretch: a few milliseconds of it are no crowd
constexpr double kShortestCrowdedWait = 0.5;
constexpr double kLongestCrowdedWait = 4.0;
constexpr double kGain = 0.97;  // what a trial must beat: no change for noise

std::int64_t steps_in(double seconds, double seconds_per_step, std::int64_t most) noexcept {
  if (seconds_per_step <= 0.0) return 1;
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(seconds / seconds_per_step), 1, most);
}

}  // namespace

int ThreadPlanner::neighbour(int limit) const noexcept {
  const int up = std::min(2 * best_, limit);
  const int down = (best_ + 1) / 2;
  if (best_ == 1) return up;
  if (best_ == limit) return down;
  return trial_upwards_ ? up : down;
}

ThreadPlanner::Stretch ThreadPlanner::next(int limit, std::int64_t steps) noexcept {
  if (best_ > limit) {
    best_ = limit;
    seconds_per_step_ = 0.0;
  }
  const int other = neighbour(limit);
  if (seconds_per_step_ > 0.0 && other != best_) {
    const double fair = seconds_per_step_ * std::max(1.0, static_cast<double>(best_) / other);  // if threads were work
    const std::int64_t trial_steps = steps_in(kTrialSeconds, std::max(trial_cost_, fair), steps);
    const double expected = fair * static_cast<double>(trial_steps);
    if (trial_is_open_) return {other, trial_steps, Kind::trial};
    if (since_trial_ >= std::max(between_trials_, expected / kTrialShare)) return {other, 1, Kind::opening};
  }
  return {best_, steps_in(kStretchSeconds, seconds_per_step_, steps), Kind::work};
}

void ThreadPlanner::take(int threads, double seconds_per_step) noexcept {
  best_ = threads;
  seconds_per_step_ = seconds_per_step;
  trial_cost_ = 0.0;
  watched_seconds_ = 0.0;
  watched_preemptions_ = 0.0;
}

void ThreadPlanner::watch_crowding(double seconds, std::int64_t preemptions) noexcept {
  if (best_ == 1) return;
  const double most = kCrowded * best_ * seconds;
  watched_seconds_ += seconds;
  watched_preemptions_ += std::min(static_cast<double>(preemptions), kBurst * most);
  if (watched_seconds_ < kWatch) return;
  if (watched_preemptions_ < kCrowded * best_ * watched_seconds_) {
    crowded_wait_ = 0.0;
    watched_seconds_ = 0.0;
    watched_preemptions_ = 0.0;
    return;
  }
  crowded_wait_ = std::clamp(2.0 * crowded_wait_, kShortestCrowdedWait, kLongestCrowdedWait);
  between_trials_ = crowded_wait_;
  since_trial_ = 0.0;
  take((best_ + 1) / 2, 0.0);
}

void ThreadPlanner::record(const Stretch& stretch, double seconds, std::int64_t preemptions) noexcept {
  const double seconds_per_step = seconds / static_cast<double>(stretch.steps);
  trial_is_open_ = stretch.kind == Kind::opening;
  if (trial_is_open_) {
    opening_seconds_ = seconds;
    opening_preemptions_ = preemptions;
    return;
  }
  if (stretch.kind == Kind::work) {
    since_trial_ += seconds;
    if (is_warm_) seconds_per_step_ = seconds_per_step;
    is_warm_ = true;
    watch_crowding(seconds, preemptions);
    return;
  }
  since_trial_ = 0.0;
  trial_upwards_ = !trial_upwards_;
  if (seconds_per_step < kGain * seconds_per_step_) {
    take(stretch.threads, seconds_per_step);
    between_trials_ = kShortestWait;
  } else {
    trial_cost_ = seconds_per_step;
    const double longest = std::max({kLongestWait, crowded_wait_, (opening_seconds_ + seconds) / kTrialShare});
    const double growth = opening_preemptions_ + preemptions > 1 ? 4.0 : 2.0;
    between_trials_ = std::clamp(growth * between_trials_, kShortestWait, longest);
  }
}

}  // namespace fastmlp
