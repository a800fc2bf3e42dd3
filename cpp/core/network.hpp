// A dense network: its layers, and the memory of their numbers. It is whole when it is built, but for the scaling of its
// inputs, which is learned from data. What moves its weights takes a network that is not const.
//
//   parameters   one aligned buffer; per layer (n_in + 1, ld), the last row is the bias
//   optimizer    slots of the shape of parameters, and the number of steps made
//
// The leading dimension is an odd multiple of 16 elements: a power-of-two stride maps a column of tiles to few cache
// sets (measured: half the speed at 1024). Users hold views on parameters and may write there between calls.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/access.hpp"
#include "core/embedding.hpp"
#include "core/layer.hpp"
#include "kernels/kernel_table.hpp"
#include "platform/aligned_buffer.hpp"

namespace fastmlp {

template <class T>
struct OptimizerState {
  OptimizerKind kind = OptimizerKind::gradient_only;  // gradient_only: no step was made yet
  std::int64_t steps = 0;
  AlignedBuffer<T> slots[2];
};

// What a trainer needs beside the network that is as large as its parameters. The network keeps it from one training to
// the next: the system's handing out of new memory was seen to cost 0.4 s, a step's time (4096-4096-4096, 335 MB).
template <class T>
struct TrainingMemory {
  AlignedBuffer<T> transposed;  // the weights', kept up to date by the gradient pass
  AlignedBuffer<T> saved[3];    // parameters and slots at the start of the epoch
  AlignedBuffer<T> gradients;   // where they are clipped together
};

template <class T>
class Workspace;

// What an evaluation leaves for the next one, for one thread at a time: see kept_workspace.hpp.
template <class T>
struct KeptWorkspace {
  std::atomic<bool> is_taken{false};
  std::shared_ptr<const Workspace<T>> workspace;
};

// A formula of a layer or of the loss, and the memory that its program points to: it stays where it is.
template <class T>
class CompiledFormula {
 public:
  explicit CompiledFormula(const Formula& formula);
  CompiledFormula(const CompiledFormula&) = delete;
  CompiledFormula& operator=(const CompiledFormula&) = delete;

  const FormulaProgram<T>& program() const noexcept { return program_; }

 private:
  std::vector<FormulaInstruction> instructions_;
  std::vector<T> constants_;
  FormulaProgram<T> program_;
};

// Of an embedding in bins, (columns, bins) without gaps: see BinsArguments. None is there before they are learned.
template <class T>
struct Bins {
  AlignedBuffer<T> lower;
  AlignedBuffer<T> least;
  AlignedBuffer<T> inverse;
};

template <class T>
class Network {
 public:
  // Its weights are zero.
  Network(std::ptrdiff_t n_inputs, const std::vector<LayerSpec>& layers, LossKind loss, double loss_parameter = 0.0,
          const std::optional<Formula>& loss_formula = std::nullopt, const EmbeddingSpec& embedding = {});

  // Draws the weights, as each layer was told; biases zero; no optimizer state.
  void initialize(std::uint64_t seed);

  std::ptrdiff_t n_inputs() const noexcept { return n_inputs_; }
  std::ptrdiff_t n_outputs() const noexcept { return layers_.back().n_out; }
  const std::vector<Layer>& layers() const noexcept { return layers_; }
  const Embedding& embedding() const noexcept { return embedding_; }
  const Bins<T>& bins() const noexcept { return bins_; }
  // Edges of the bins of each embedded input, (columns, width), ascending. Bins whose edges are equal are not there at
  // the end; one before others counts as filled by what is above it.
  void set_bins(const double* lower, const double* upper);
  // Inputs of the first layer that are shares of bins and are never written out: its sums are made of filled bins
  // (kernels/bins-inl.hpp), and in a workspace its inputs are those behind. None where dropout takes single shares.
  std::ptrdiff_t binned_inputs() const noexcept {
    const bool is_binned = embedding_.kind == EmbeddingKind::piecewise_linear && layers_.front().dropout == 0.0;
    return is_binned ? embedding_.columns * embedding_.width : 0;
  }
  // Terms that an output of layer l takes for a row: of bins the whole ones together, and one.
  std::ptrdiff_t terms(std::size_t l) const noexcept {
    const std::ptrdiff_t binned = l == 0 ? binned_inputs() : 0;
    return layers_[l].n_in - binned + (binned > 0 ? 2 * embedding_.columns : 0);
  }
  // Multiply-adds of a row on its way forward, about.
  std::ptrdiff_t multiply_adds() const noexcept {
    return buffer_size() - (layers_.front().n_in - terms(0)) * layers_.front().ld;
  }
  // Where the parameters of layer l lie, or those of the embedding.
  const Layer& place(std::size_t l) const noexcept { return l == kEntrance ? embedding_.parameters : layers_[l]; }
  // Calls f(offset, columns) for each row of parameters in the order of users' vectors: W0, b0, W1, ..., the embedding.
  template <class F>
  void for_each_row(F&& f) const {
    for (const Layer& layer : layers_) {
      for (std::ptrdiff_t i = 0; i <= layer.n_in; ++i) f(layer.offset + i * layer.ld, layer.n_out);
    }
    const Layer& entrance = embedding_.parameters;
    for (std::ptrdiff_t i = 0; i < entrance.n_in; ++i) f(entrance.offset + i * entrance.ld, entrance.n_out);
  }
  LossKind loss() const noexcept { return loss_; }
  double loss_parameter() const noexcept { return loss_parameter_; }
  // Null where the loss is none.
  const FormulaProgram<T>* loss_formula() const noexcept { return loss_formula_ ? &loss_formula_->program() : nullptr; }
  // It may be in a unit of the targets, which is learned from them.
  void set_loss_parameter(double parameter) noexcept { loss_parameter_ = parameter; }
  // Null where the layer's activation is no formula.
  const FormulaProgram<T>* formula(std::size_t l) const noexcept {
    return formulas_[l] ? &formulas_[l]->program() : nullptr;
  }
  bool has_penalty() const noexcept;
  // tau of the parameters of a network of the same sizes and 1 - tau of these; what becomes tiny is 0.
  void move_towards(const Network& other, T tau) noexcept;

  std::ptrdiff_t buffer_size() const noexcept { return parameters_.size(); }
  std::ptrdiff_t parameter_count() const noexcept;  // without the buffer's gaps
  T* parameters() noexcept { return parameters_.data(); }
  T* weights(const Layer& layer) noexcept { return parameters() + layer.offset; }
  T* bias(const Layer& layer) noexcept { return weights(layer) + layer.n_in * layer.ld; }
  const T* parameters() const noexcept { return parameters_.data(); }
  const T* weights(const Layer& layer) const noexcept { return parameters() + layer.offset; }
  const T* bias(const Layer& layer) const noexcept { return weights(layer) + layer.n_in * layer.ld; }

  // W^T (n_out, ldt) of every layer but the first (of that too, after an embedding that learns), for the backward pass, at the layer's transposed_offset of a buffer
  // of transposed_size elements. It belongs to the computation that needs it; each thread of a team fills its part.
  std::ptrdiff_t transposed_size() const noexcept { return transposed_size_; }
  void transpose_weights(T* transposed, int thread, int threads) const noexcept;

  // Whether more than an activation lies between layers l - 1 and l: then deltas take another way back.
  bool has_junction(std::size_t l) const noexcept { return layers_[l].has_junction; }

  // What is done to every input, z = (x - shift) * scale by column; null: nothing. Then, unless the limit is 0, the
  // smooth clip of z (GatherArguments).
  const double* input_shift() const noexcept { return input_shift_.data(); }
  const double* input_scale() const noexcept { return input_scale_.data(); }
  double input_limit() const noexcept { return input_limit_; }
  // Arrays of n_inputs, copied; both null to end it.
  void set_input_scaling(const double* shift, const double* scale, double limit);

  OptimizerState<T>& optimizer() noexcept { return optimizer_; }
  const OptimizerState<T>& optimizer() const noexcept { return optimizer_; }
  TrainingMemory<T>& training_memory() noexcept { return training_memory_; }
  KeptWorkspace<T>& kept_workspace() const noexcept { return kept_workspace_; }
  AccessControl& access() const noexcept { return access_; }

 private:
  void draw_weights(std::size_t l, std::uint64_t seed) noexcept;
  void draw_embedding(std::uint64_t seed) noexcept;

  std::ptrdiff_t n_inputs_;
  Embedding embedding_;
  Bins<T> bins_;
  std::vector<Layer> layers_;
  std::vector<std::unique_ptr<const CompiledFormula<T>>> formulas_;  // one per layer, most of them null
  LossKind loss_;
  double loss_parameter_;
  std::unique_ptr<const CompiledFormula<T>> loss_formula_;
  AlignedBuffer<T> parameters_;
  std::ptrdiff_t transposed_size_;
  AlignedBuffer<double> input_shift_;
  AlignedBuffer<double> input_scale_;
  double input_limit_ = 0.0;
  OptimizerState<T> optimizer_;
  TrainingMemory<T> training_memory_;
  mutable KeptWorkspace<T> kept_workspace_;
  mutable AccessControl access_;
};

}  // namespace fastmlp
