// The workspace of an evaluation, which the network keeps for the next one: to get and clear memory takes a third of the
// time of a single row. Where another thread has it, or much memory is needed, an evaluation has its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "core/network.hpp"
#include "core/workspace.hpp"

namespace fastmlp {

template <class T>
class EvaluationWorkspace {
 public:
  EvaluationWorkspace(const Network<T>& network, std::ptrdiff_t rows) : turn_(network.kept_workspace()) {
    KeptWorkspace<T>& kept = turn_.kept;
    if (turn_.is_mine && kept.workspace && kept.workspace->rows() >= rows) {
      workspace_ = kept.workspace;
      return;
    }
    workspace_ = std::make_shared<Workspace<T>>(network, rows, Purpose::inference);
    if (turn_.is_mine && workspace_->bytes() <= kMostKeptBytes) kept.workspace = workspace_;
  }
  const Workspace<T>& get() const noexcept { return *workspace_; }

 private:
  // A quarter of a small L2 cache: more takes longer to compute with than to get.
  static constexpr std::ptrdiff_t kMostKeptBytes = 1 << 17;

  struct Turn {
    explicit Turn(KeptWorkspace<T>& of) noexcept
        : kept(of), is_mine(!of.is_taken.exchange(true, std::memory_order_acquire)) {}
    ~Turn() {
      if (is_mine) kept.is_taken.store(false, std::memory_order_release);
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    KeptWorkspace<T>& kept;
    const bool is_mine;
  };

  Turn turn_;
  std::shared_ptr<const Workspace<T>> workspace_;
};

}  // namespace fastmlp
