// Gradients of a loss by everything it depends on, for all rows of some samples at once: of the network's loss, or from
// derivatives at its end that the caller gives, who may want to see the outputs first.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/dataset.hpp"
#include "core/gradient_pass.hpp"
#include "core/input_gradients.hpp"
#include "core/network.hpp"
#include "core/row_blocks.hpp"
#include "core/workspace.hpp"

namespace fastmlp {

// Where gradients go.
template <class T>
struct GradientResults {
  T* parameters;           // a buffer of the network's layout
  T* inputs;               // (rows, n_inputs), contiguous
  std::vector<T*> deltas;  // dL/dz of each layer, (rows, n_out), contiguous; empty where nobody wants them
  T* ends = nullptr;       // what the loss starts from, logits or outputs, (rows, n_outputs); null: nobody wants it
};

template <class T>
class GradientEvaluation {
 public:
  // The network must outlive it and stay as it is between forward and finish. It is not const, because the pass that
  // training shares may move weights; here it only leaves gradients. draw: with dropout as of that draw.
  GradientEvaluation(Network<T>& network, const DataView& inputs, const std::optional<DropoutDraw>& draw,
                     int thread_request);

  // Of the network's loss, which is returned, penalties included.
  double run(const Dataset& data, const GradientResults<T>& results);

  // In two halves: outputs (rows, n_outputs), contiguous; then the gradients from the derivatives of a loss by them or,
  // as `kind` says, by the last layer's pre-activations, (rows, n_outputs).
  void forward(T* outputs);
  void finish(const DataView& given, LossKind kind, const GradientResults<T>& results);

  std::ptrdiff_t rows() const noexcept { return inputs_.rows; }

 private:
  void back(const Dataset& data, LossKind kind, Way way, double total, const GradientResults<T>& results);

  Network<T>& network_;
  DataView inputs_;
  std::optional<DropoutDraw> draw_;
  int threads_;
  Workspace<T> workspace_;
  GradientPlan plan_;
  Sums<T> sums_;
  AlignedBuffer<T> scratch_;
  AlignedBuffer<T> transposed_;
};

}  // namespace fastmlp
