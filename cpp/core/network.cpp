// See network.hpp.
#include "core/network.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/random.hpp"
#include "core/targets.hpp"
#include "platform/team.hpp"

namespace fastmlp {
namespace {

// Variance 2 / n_in for activations that let half of their inputs through (He et al. 2015), 1 / n_in for selu (Klambauer
// et al. 2017), 2 / (n_in + n_out) for the others (Glorot and Bengio 2010); a uniform distribution of variance v ends at
// sqrt(3 v). sqrt is correctly rounded, so these are the same bits everywhere.
Draw usual_draw(const Layer& layer) noexcept {
  const auto fan_in = static_cast<double>(layer.n_in);
  const auto fan_out = static_cast<double>(layer.n_out);
  switch (layer.activation) {
    case ActivationKind::relu:
    case ActivationKind::leaky_relu:
    case ActivationKind::elu:
    case ActivationKind::softplus:
    case ActivationKind::gelu:
    case ActivationKind::gelu_tanh:
    case ActivationKind::silu:
    case ActivationKind::mish: return {Distribution::uniform, std::sqrt(6.0 / fan_in)};
    case ActivationKind::selu: return {Distribution::normal, std::sqrt(1.0 / fan_in)};
    default: return {Distribution::uniform, std::sqrt(6.0 / (fan_in + fan_out))};
  }
}

}  // namespace

template <class T>
CompiledFormula<T>::CompiledFormula(const Formula& formula) : instructions_(formula.instructions) {
  for (const double constant : formula.constants) {
    constants_.insert(constants_.end(), kFormulaCopies, static_cast<T>(constant));
  }
  program_ = {.instructions = instructions_.data(),
              .value_length = formula.value_length,
              .length = static_cast<std::ptrdiff_t>(instructions_.size()),
              .constants = constants_.data(),
              .value = formula.value,
              .derivative = formula.derivative};
}

template <class T>
Network<T>::Network(std::ptrdiff_t n_inputs, const std::vector<LayerSpec>& specs, LossKind loss, double loss_parameter,
                    const std::optional<Formula>& loss_formula, const EmbeddingSpec& embedding)
    : n_inputs_(n_inputs),
      embedding_{embedding},
      loss_(loss),
      loss_parameter_(loss_parameter),
      loss_formula_(loss_formula ? std::make_unique<const CompiledFormula<T>>(*loss_formula) : nullptr) {
  if (embedding_.columns == 0) embedding_.columns = n_inputs;
  std::ptrdiff_t n_in = checked_count(embedding_.columns, embedding.width);
  if (__builtin_add_overflow(n_in, n_inputs - embedding_.columns, &n_in)) throw OutOfMemory{SIZE_MAX};
  std::size_t size = 0;
  std::size_t transposed_size = 0;
  const auto grow = [](std::size_t& total, std::ptrdiff_t rows, std::ptrdiff_t ld) {
    const auto before = static_cast<std::ptrdiff_t>(total);
    const auto more = static_cast<std::size_t>(checked_count(rows, ld));
    if (__builtin_add_overflow(total, more, &total)) throw OutOfMemory{SIZE_MAX};
    checked_bytes(total, sizeof(T));
    return before;
  };
  for (const LayerSpec& spec : specs) {
    const bool is_first = layers_.empty();
    Layer layer{spec};
    layer.n_in = n_in;
    layer.n_out = checked_count(spec.units, spec.pieces);
    layer.ld = leading_dimension(layer.n_out);
    layer.ldt = leading_dimension(n_in);
    layer.offset = grow(size, n_in + 1, layer.ld);
    if (!is_first || embedding_.learns()) layer.transposed_offset = grow(transposed_size, layer.n_out, layer.ldt);
    layer.has_junction = !is_first && (spec.normalizes || layers_.back().pieces > 1);
    layers_.push_back(layer);
    const bool has_formula = spec.activation == ActivationKind::formula;
    formulas_.push_back(has_formula ? std::make_unique<const CompiledFormula<T>>(spec.formula) : nullptr);
    n_in = spec.units;
  }
  if (embedding_.kind == EmbeddingKind::piecewise_linear) {
    for (AlignedBuffer<T>* numbers : {&bins_.lower, &bins_.least, &bins_.inverse}) {
      *numbers = AlignedBuffer<T>(checked_count(embedding_.columns, embedding.width));
    }
    std::fill_n(bins_.lower.data(), bins_.lower.size(), std::numeric_limits<T>::infinity());
  }
  if (embedding_.learns()) {
    Layer& entrance = embedding_.parameters;
    entrance.n_in = n_inputs;
    entrance.n_out = checked_count(embedding.frequencies, embedding.width + 1) + embedding.width - 1;
    entrance.ld = leading_dimension(entrance.n_out);
    entrance.offset = grow(size, n_inputs, entrance.ld);
  }
  parameters_ = AlignedBuffer<T>(static_cast<std::ptrdiff_t>(size));
  transposed_size_ = static_cast<std::ptrdiff_t>(transposed_size);
}

template <class T>
void Network<T>::initialize(std::uint64_t seed) {
  // A team of one, for its floating-point mode.
  run_team(1, [&](int, int) noexcept {
    for (std::size_t l = 0; l < layers_.size(); ++l) draw_weights(l, seed);
    if (embedding_.learns()) draw_embedding(seed);
  });
  optimizer_ = OptimizerState<T>{};
}

template <class T>
void Network<T>::draw_weights(std::size_t l, std::uint64_t seed) noexcept {
  const Layer& layer = layers_[l];
  const Draw draw = layer.draw.value_or(usual_draw(layer));
  const auto fill = [&](auto number) {
    T* w = weights(layer);
    for (std::ptrdiff_t i = 0; i < layer.n_in; ++i) {
      for (std::ptrdiff_t j = 0; j < layer.n_out; ++j) w[i * layer.ld + j] = static_cast<T>(number());
    }
  };
  Sequence sequence(seed, Stream::weights, static_cast<std::uint32_t>(l));
  switch (draw.distribution) {
    case Distribution::uniform: fill([&] { return (2.0 * unit_interval(sequence.next()) - 1.0) * draw.size; }); break;
    case Distribution::normal: {
      NormalSequence normal(sequence);
      fill([&] { return normal.next() * draw.size; });
      break;
    }
    case Distribution::constant: fill([&] { return draw.size; }); break;
  }
  for (std::ptrdiff_t j = 0; j < layer.n_out; ++j) bias(layer)[j] = T(0);
}

// As RealMLP has them: frequencies are normal, phases spread over a turn, weights and biases as usual for a layer of so
// many inputs in PyTorch. A stream of its own, so that the layers' numbers are those without an embedding.
template <class T>
void Network<T>::draw_embedding(std::uint64_t seed) noexcept {
  Sequence sequence(seed, Stream::embedding, 0);
  NormalSequence normal(sequence);
  const Layer& entrance = embedding_.parameters;
  const std::ptrdiff_t frequencies = embedding_.frequencies;
  for (std::ptrdiff_t i = 0; i < n_inputs_; ++i) {
    T* row = weights(entrance) + i * entrance.ld;
    for (std::ptrdiff_t k = 0; k < frequencies; ++k) row[k] = static_cast<T>(normal.next() * embedding_.deviation);
  }
  const double size = 1.0 / std::sqrt(static_cast<double>(frequencies));
  for (std::ptrdiff_t i = 0; i < n_inputs_; ++i) {
    T* row = weights(entrance) + i * entrance.ld;
    for (std::ptrdiff_t j = frequencies; j < entrance.n_out; ++j) {
      const double half = j < 2 * frequencies ? 0.5 : size;
      row[j] = static_cast<T>((2.0 * unit_interval(sequence.next()) - 1.0) * half);
    }
  }
}

template <class T>
void Network<T>::set_bins(const double* lower, const double* upper) {
  // as inputs are gathered
  const auto number = [](double x) { return std::abs(x) < Smallest<T>::kept ? T(0) : static_cast<T>(x); };
  bool is_behind = true;  // all that are there of this column
  for (std::ptrdiff_t i = bins_.lower.size() - 1; i >= 0; --i) {
    const T width = number(upper[i]) - number(lower[i]);
    const bool is_wide = width > T(0);
    is_behind = ((i + 1) % embedding_.width == 0 || is_behind) && !is_wide;
    bins_.lower[i] = is_behind ? std::numeric_limits<T>::infinity() : number(lower[i]);
    // a share that shall be multiplied; where bins are that narrow themselves, any is
    const T least = width * Smallest<T>::factor;
    bins_.least[i] = least >= Smallest<T>::kept ? least : T(0);
    bins_.inverse[i] = is_wide ? T(1) / width : T(0);
  }
}

template <class T>
void Network<T>::set_input_scaling(const double* shift, const double* scale, double limit) {
  AlignedBuffer<double> buffers[2];
  if (scale != nullptr) {
    for (AlignedBuffer<double>& buffer : buffers) buffer = AlignedBuffer<double>(n_inputs());
    std::copy_n(shift, n_inputs(), buffers[0].data());
    std::copy_n(scale, n_inputs(), buffers[1].data());
  }
  input_shift_ = std::move(buffers[0]);
  input_scale_ = std::move(buffers[1]);
  input_limit_ = limit;
}

template <class T>
bool Network<T>::has_penalty() const noexcept {
  for (const Layer& layer : layers_) {
    if (layer.has_penalty()) return true;
  }
  return false;
}

template <class T>
std::ptrdiff_t Network<T>::parameter_count() const noexcept {
  std::ptrdiff_t count = 0;
  for_each_row([&count](std::ptrdiff_t, std::ptrdiff_t columns) { count += columns; });
  return count;
}

template <class T>
void Network<T>::move_towards(const Network& other, T tau) noexcept {
  const T* __restrict from = other.parameters();
  T* __restrict to = parameters();
  const T rest = T(1) - tau;
  const std::ptrdiff_t n = buffer_size();
  // exact, also beside numbers that are not finite
  if (tau == T(0)) return;
  if (tau == T(1)) {
    std::copy_n(from, n, to);
    return;
  }
  // numbers of units that have died fade, and shall end at 0
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    const T mixed = tau * from[i] + rest * to[i];
    to[i] = std::abs(mixed) < Smallest<T>::factor ? T(0) : mixed;
  }
}

template <class T>
void Network<T>::transpose_weights(T* transposed, int thread, int threads) const noexcept {
  constexpr std::ptrdiff_t kBlock = 16;  // rows that the kernel transposes in registers
  for (std::size_t l = embedding_.learns() ? 0 : 1; l < layers_.size(); ++l) {
    const Layer& layer = layers_[l];
    const Share blocks = share_of((layer.n_in + kBlock - 1) / kBlock, thread, threads);
    const std::ptrdiff_t begin = blocks.begin * kBlock;
    const std::ptrdiff_t end = std::min(blocks.end * kBlock, layer.n_in);
    kernels<T>().transpose(end - begin, layer.n_out, weights(layer) + begin * layer.ld, layer.ld,
                           transposed + layer.transposed_offset + begin, layer.ldt);
  }
}

template class CompiledFormula<float>;
template class CompiledFormula<double>;
template class Network<float>;
template class Network<double>;

}  // namespace fastmlp
