// See crew.hpp.
#include "core/crew.hpp"

#include <system_error>
#include <utility>

#include "platform/clocks.hpp"

namespace fastmlp {

Crew::Crew(int threads) {
  threads_.reserve(static_cast<std::size_t>(threads));
  try {
    while (static_cast<int>(threads_.size()) < threads - 1) threads_.emplace_back([this] { work_until_the_end(); });
  } catch (const std::system_error&) {
    // refused: those that are there do the work
  }
}

Crew::~Crew() {
  {
    const std::scoped_lock lock(mutex_);
    is_over_ = true;
    all_shall_pause_.store(true, std::memory_order_relaxed);
  }
  given_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Crew::give(int key, Work work) {
  {
    const std::scoped_lock lock(mutex_);
    pieces_.push_back({key, std::move(work)});
  }
  given_.notify_one();
}

Crew::Done Crew::done(Piece& piece, const std::atomic<bool>& shall_pause) {
  try {
    return {piece.key, piece.work(shall_pause), nullptr};
  } catch (...) {
    return {piece.key, {}, std::current_exception()};
  }
}

// With the lock held.
Crew::Piece Crew::next() {
  Piece piece = std::move(pieces_.front());
  pieces_.pop_front();
  return piece;
}

std::vector<Crew::Done> Crew::take(double seconds) {
  const auto begin = Clock::now();
  std::unique_lock lock(mutex_);
  while (results_.empty()) {
    if (!pieces_.empty()) {
      Piece piece = next();
      caller_shall_pause_.store(false, std::memory_order_relaxed);
      lock.unlock();
      Done result = done(piece, caller_shall_pause_);
      lock.lock();
      results_.push_back(std::move(result));
    } else {
      const double left = seconds - seconds_between(begin, Clock::now());
      if (under_way_ == 0 || left <= 0.0) break;
      done_.wait_for(lock, Seconds(left));
    }
  }
  return std::exchange(results_, {});
}

void Crew::work_until_the_end() {
  std::unique_lock lock(mutex_);
  for (;;) {
    // wait() itself is in libstdc++ from GCC 12 on under a new name, and would keep wheels from older systems
    while (!is_over_ && pieces_.empty()) given_.wait_for(lock, Seconds(3600.0));
    if (is_over_) return;
    Piece piece = next();
    ++under_way_;
    lock.unlock();
    Done result = done(piece, all_shall_pause_);
    lock.lock();
    --under_way_;
    results_.push_back(std::move(result));
    if (pieces_.empty()) caller_shall_pause_.store(true, std::memory_order_relaxed);
    done_.notify_one();
  }
}

}  // namespace fastmlp
