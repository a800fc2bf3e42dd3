// A dense network: its layers, and where their numbers lie. What moves its weights takes a network that is not const.
//
//   parameters   one aligned buffer; per layer (n_in + 1, ld), the last row is the bias
//   optimizer    slots of the shape of parameters, and the number of steps made
//
// The leading dimension is an odd multiple of 16 elements: a power-of-two stride maps a column of tiles to few cache
// sets (measured: half the speed at 1024). Users hold views on parameters and may write there between calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/access.hpp"
#include "kernels/kernel_table.hpp"
#include "platform/aligned_buffer.hpp"

namespace fastmlp {

inline std::ptrdiff_t leading_dimension(std::ptrdiff_t columns) noexcept { return (((columns + 15) / 16) | 1) * 16; }

// A formula as it comes from Python; what is in it was checked in the bindings.
struct Formula {
  std::vector<FormulaInstruction> instructions;
  std::ptrdiff_t value_length = 0;
  std::vector<double> constants;
  std::int16_t value = 0;
  std::int16_t derivative = 0;
};

struct LayerSpec {
  std::ptrdiff_t units;
  ActivationKind activation;
  double parameter;  // of the activation
  double l1;
  double l2;
  std::ptrdiff_t pieces = 1;
  Formula formula = {};  // of the activation of this name
};

// How initial weights are drawn: evenly between -size and size, normally with standard deviation size, all equal to it.
enum class Distribution : int { uniform, normal, constant };

struct Draw {
  Distribution distribution;
  double size;
};

struct Layer {
  std::ptrdiff_t n_in;
  std::ptrdiff_t n_out;              // columns of its weights
  std::ptrdiff_t ld;                 // of the weights
  std::ptrdiff_t ldt;                // of the transposed weights
  std::ptrdiff_t offset;             // in the parameters, state and gradient buffers
  std::ptrdiff_t transposed_offset;  // in the buffer of transposed weights; the first layer has none
  ActivationKind activation;
  double parameter;
  double l1;
  double l2;
  std::ptrdiff_t pieces = 1;  // of maxout: of each unit's n_out / units columns the largest leaves the layer
  bool normalizes_inputs = false;
  bool has_junction = false;  // normalization, or maxout before it
  double dropout = 0.0;       // the rate at which its inputs are dropped in training, in [0, 1)
  // Of the optimizer's learning rate, at least 0: what has factor 0 is frozen.
  double weight_rate_factor = 1.0;
  double bias_rate_factor = 1.0;

  bool has_penalty() const noexcept { return l1 != 0.0 || l2 != 0.0; }
  bool has_rate_factors() const noexcept { return weight_rate_factor != 1.0 || bias_rate_factor != 1.0; }
  std::ptrdiff_t units() const noexcept { return n_out / pieces; }
};

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
  AlignedBuffer<T> transposed;  // the weights', kept up to date by phase B
  AlignedBuffer<T> saved[3];    // parameters and slots at the start of the epoch
  AlignedBuffer<T> gradients;   // where they are clipped together
};

// A layer's formula and the memory that its program points to: it stays where it is.
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

template <class T>
class Network {
 public:
  Network(std::ptrdiff_t n_inputs, const std::vector<LayerSpec>& layers, LossKind loss, double loss_parameter = 0.0);

  // Draws the weights, layer by layer as given or, by default or where null, as usual for its activation; biases zero;
  // no optimizer state.
  void initialize(std::uint64_t seed, const std::vector<std::optional<Draw>>& draws = {});

  std::ptrdiff_t n_inputs() const noexcept { return layers_.front().n_in; }
  std::ptrdiff_t n_outputs() const noexcept { return layers_.back().n_out; }
  const std::vector<Layer>& layers() const noexcept { return layers_; }
  LossKind loss() const noexcept { return loss_; }
  double loss_parameter() const noexcept { return loss_parameter_; }
  // Null where the layer's activation is no formula.
  const FormulaProgram<T>* formula(std::size_t l) const noexcept {
    return formulas_[l] ? &formulas_[l]->program() : nullptr;
  }
  bool has_penalty() const noexcept;

  std::ptrdiff_t buffer_size() const noexcept { return parameters_.size(); }
  T* parameters() noexcept { return parameters_.data(); }
  T* weights(const Layer& layer) noexcept { return parameters() + layer.offset; }
  T* bias(const Layer& layer) noexcept { return weights(layer) + layer.n_in * layer.ld; }
  const T* parameters() const noexcept { return parameters_.data(); }
  const T* weights(const Layer& layer) const noexcept { return parameters() + layer.offset; }
  const T* bias(const Layer& layer) const noexcept { return weights(layer) + layer.n_in * layer.ld; }

  // W^T (n_out, ldt) of every layer but the first, for the backward pass, at the layer's transposed_offset of a buffer
  // of transposed_size elements. It belongs to the computation that needs it; each thread of a team fills its part.
  std::ptrdiff_t transposed_size() const noexcept { return transposed_size_; }
  void transpose_weights(T* transposed, int thread, int threads) const noexcept;

  void set_normalization(std::size_t l, bool normalizes) noexcept {
    layers_[l].normalizes_inputs = normalizes;
    layers_[l].has_junction = l > 0 && (normalizes || layers_[l - 1].pieces > 1);
  }
  // Whether more than an activation lies between layers l - 1 and l: then deltas take another way back.
  bool has_junction(std::size_t l) const noexcept { return layers_[l].has_junction; }
  void set_dropout(std::size_t l, double rate) noexcept { layers_[l].dropout = rate; }
  // Before a trainer is made.
  void set_rate_factors(std::size_t l, double weights, double bias) noexcept {
    layers_[l].weight_rate_factor = weights;
    layers_[l].bias_rate_factor = bias;
  }

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
  AccessControl& access() const noexcept { return access_; }

 private:
  void draw(std::size_t l, std::uint64_t seed, const Draw& draw) noexcept;

  std::vector<Layer> layers_;
  std::vector<std::unique_ptr<const CompiledFormula<T>>> formulas_;  // one per layer, most of them null
  LossKind loss_;
  double loss_parameter_;
  AlignedBuffer<T> parameters_;
  std::ptrdiff_t transposed_size_;
  AlignedBuffer<double> input_shift_;
  AlignedBuffer<double> input_scale_;
  double input_limit_ = 0.0;
  OptimizerState<T> optimizer_;
  TrainingMemory<T> training_memory_;
  mutable AccessControl access_;
};

}  // namespace fastmlp
