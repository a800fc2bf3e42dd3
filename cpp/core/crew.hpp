// Several pieces of work at once, one a thread, for callers that must stay on their own thread between two pieces: the
// slices of trainings whose callbacks are Python's (bindings/crew.cpp).
//
// The calling thread is one of the crew: inside `take` it works as the others do, and comes back as soon as a piece is
// done, its own or another's. So one thread is the caller's alone, and as many as asked are never exceeded. What a piece
// computes does not depend on who does it. A piece may be asked to pause, which it does after some milliseconds by doing
// less than it was given: when the crew ends, and on the calling thread when another has nothing left to do.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "core/trainer.hpp"

namespace fastmlp {

class Crew {
 public:
  using Work = std::function<RunReport(const std::atomic<bool>& shall_pause)>;
  struct Done {
    int key;
    RunReport report;
    std::exception_ptr failure;
  };

  // As many threads as the system gives, at most these, the caller's own among them.
  explicit Crew(int threads);
  // Pauses what is under way, and forgets what has not begun.
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  void give(int key, Work work);
  // What is done, after working until something is or so many seconds have passed; none also where there is no work.
  std::vector<Done> take(double seconds);

 private:
  struct Piece {
    int key;
    Work work;
  };

  static Done done(Piece& piece, const std::atomic<bool>& shall_pause);
  Piece next();
  void work_until_the_end();

  std::mutex mutex_;
  std::condition_variable given_;  // for the crew: a piece, or the end
  std::condition_variable done_;   // for the caller
  std::deque<Piece> pieces_;       // not begun
  std::vector<Done> results_;
  int under_way_ = 0;  // on other threads than the caller's
  bool is_over_ = false;
  std::atomic<bool> all_shall_pause_{false};
  std::atomic<bool> caller_shall_pause_{false};
  std::vector<std::thread> threads_;
};

}  // namespace fastmlp
