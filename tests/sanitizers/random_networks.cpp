// Trains and evaluates random networks by the core alone, for the sanitizers to watch: every kind of layer, embedding,
// activation, loss, optimizer, schedule and data, sizes at and beside the edges of tiles, by rows and by columns, on each
// target of this CPU that FASTMLP_TARGET allows. What a network leaves must be the same bits on all of them and on 1, 2
// and 4 threads.
//
//   random_networks SEED COUNT    networks SEED .. SEED + COUNT - 1, so that one can be repeated alone
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <string>
#include <thread>
#include <vector>

#include "core/evaluate.hpp"
#include "core/gradients.hpp"
#include "core/network.hpp"
#include "core/random.hpp"
#include "core/targets.hpp"
#include "core/thread_guess.hpp"
#include "core/trainer.hpp"
#include "platform/available_processors.hpp"
#include "platform/team.hpp"

namespace {

using namespace fastmlp;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : sequence_(seed, Stream::weights, 77) {}
  std::ptrdiff_t below(std::ptrdiff_t n) { return static_cast<std::ptrdiff_t>(fastmlp::below(sequence_.next(), n)); }
  std::ptrdiff_t between(std::ptrdiff_t least, std::ptrdiff_t most) { return least + below(most - least + 1); }
  double real(double from, double to) { return from + (to - from) * unit_interval(sequence_.next()); }
  bool one_in(std::ptrdiff_t n) { return below(n) == 0; }
  template <class V>
  V of(std::initializer_list<V> choices) {
    return choices.begin()[below(std::ssize(choices))];
  }

 private:
  Sequence sequence_;
};

// FNV-1a, 64 bits, by numbers; all NaNs are one.
class Hash {
 public:
  template <class V>
  void add(const V* numbers, std::ptrdiff_t n) {
    for (std::ptrdiff_t i = 0; i < n; ++i) {
      unsigned char bytes[sizeof(V)] = {};
      if (numbers[i] == numbers[i]) std::memcpy(bytes, &numbers[i], sizeof bytes);
      for (const unsigned char byte : bytes) value = (value ^ byte) * 0x100000001b3;
    }
  }
  std::uint64_t value = 0xcbf29ce484222325;
};

// Weights and biases, from a buffer of the network's layout; its padding is zero, but of either sign.
template <class T>
void add_parameters(const Network<T>& network, const T* buffer, Hash& hash) {
  network.for_each_row([&](std::ptrdiff_t offset, std::ptrdiff_t columns) { hash.add(buffer + offset, columns); });
}

// Every operation once, on numbers that stay finite; the derivative need not be right.
Formula every_operation() {
  using Op = FormulaOperation;
  constexpr std::int16_t kOne = -1;
  constexpr std::int16_t kHalf = -2;
  Formula formula;
  formula.constants = {1.0, 0.5};
  formula.instructions = {
      {Op::absolute, 1, {0, 0, 0}},  {Op::add, 2, {1, kOne, 0}},      {Op::log, 3, {2, 0, 0}},
      {Op::sqrt, 4, {2, 0, 0}},      {Op::divide, 5, {0, 2, 0}},      {Op::negate, 6, {1, 0, 0}},
      {Op::exp, 7, {6, 0, 0}},       {Op::maximum, 8, {5, 7, 0}},     {Op::minimum, 9, {3, kHalf, 0}},
      {Op::less, 10, {0, kHalf, 0}}, {Op::select, 11, {10, 8, 9}},    {Op::multiply_add, 12, {11, 5, kHalf}},
      {Op::softplus, 13, {5, 0, 0}}, {Op::multiply, 31, {12, 13, 0}},
  };
  formula.value_length = std::ssize(formula.instructions);
  formula.value = 31;
  const FormulaInstruction derivative[] = {
      {Op::less_equal, 14, {5, 7, 0}}, {Op::sin, 15, {0, 0, 0}},
      {Op::cos, 16, {0, 0, 0}},        {Op::erf, 17, {15, 0, 0}},
      {Op::tanh, 18, {0, 0, 0}},       {Op::sigmoid, 19, {0, 0, 0}},
      {Op::sign, 20, {0, 0, 0}},       {Op::subtract, 21, {19, 17, 0}},
      {Op::select, 22, {14, 21, 16}},  {Op::multiply_subtract, 23, {18, 20, 4}},
      {Op::divide, 24, {23, 4, 0}},    {Op::subtract_product, 0, {24, 22, kOne}},
  };
  formula.instructions.insert(formula.instructions.end(), std::begin(derivative), std::end(derivative));
  formula.derivative = 0;
  return formula;
}

// All that a run needs but the number of threads. Sizes are those of tiles and vectors, and their neighbours.
struct Case {
  std::ptrdiff_t rows, batch_size, n_inputs;
  std::vector<LayerSpec> layers;
  EmbeddingSpec embedding;
  std::vector<double> lower, upper;  // edges of its bins, or empty
  LossKind loss;
  double loss_parameter = 0.0;
  OptimizerSettings optimizer;
  Schedule schedule;
  bool shuffle, plans;
  std::int64_t epochs;

  DataType input_type;
  std::vector<double> inputs;
  std::vector<float> float_inputs;
  std::vector<std::uint8_t> byte_inputs;
  std::vector<std::int64_t> row_starts;  // of sparse rows, or empty
  std::vector<std::int32_t> value_columns;
  std::vector<std::int32_t> labels;  // or targets
  std::vector<double> targets;
  std::vector<double> sample_weight;  // or empty
  std::vector<double> shift, scale;   // or empty
  double limit = 0.0;

  explicit Case(Dice& dice) {
    const std::ptrdiff_t shape = dice.below(20);
    const bool is_wide = shape == 0;  // sums over inputs go through a tile in two parts
    const bool is_long = shape == 1;  // sums over the batch do
    rows = is_long ? dice.between(1030, 1200) : dice.between(1, is_wide ? 40 : 130);
    batch_size = is_long ? rows - dice.below(2) : dice.between(1, dice.one_in(3) ? std::min(rows, kFewRows) : rows);
    n_inputs = is_wide ? dice.between(1020, 1100) : is_long ? dice.between(100, 160) : size(dice);
    make_embedding(dice, is_wide || is_long);
    make_layers(dice, is_wide);
    make_optimizer(dice);
    shuffle = dice.one_in(2);
    plans = (is_wide || is_long) && dice.one_in(2);
    epochs = is_wide || is_long ? 1 : dice.between(1, 3);
    make_data(dice);
  }

  static constexpr std::ptrdiff_t kFewRows = 12;  // so few are shared by columns

  static std::ptrdiff_t size(Dice& dice) {
    return dice.one_in(4) ? dice.between(1, 140)
                          : dice.of<std::ptrdiff_t>({1, 2, 3, 7, 15, 16, 17, 31, 33, 63, 64, 65});
  }

  void make_embedding(Dice& dice, bool is_large) {
    if (is_large || !dice.one_in(3)) return;
    if (dice.one_in(2)) {
      embedding = {.kind = EmbeddingKind::piecewise_linear, .width = dice.between(1, 20)};
      if (dice.one_in(2)) embedding.columns = dice.between(1, n_inputs);
      for (std::ptrdiff_t j = 0; j < (embedding.columns == 0 ? n_inputs : embedding.columns); ++j) {
        double edge = -1.0;
        for (std::ptrdiff_t bin = 0; bin < embedding.width; ++bin) {
          lower.push_back(edge);
          edge += dice.one_in(4) ? 0.0 : dice.real(0.0, 0.3);  // or a bin without width
          upper.push_back(edge);
        }
      }
    } else {
      embedding = {.kind = EmbeddingKind::periodic,
                   .width = dice.between(2, 6),
                   .frequencies = dice.between(1, 20),
                   .deviation = dice.real(0.01, 3.0)};
    }
  }

  void make_layers(Dice& dice, bool is_wide) {
    const std::ptrdiff_t depth = dice.between(1, 4);
    for (std::ptrdiff_t l = 0; l < depth; ++l) {
      LayerSpec layer{.units = size(dice)};
      if (is_wide && l == 0) layer.units = dice.between(250, 600);
      layer.activation = static_cast<ActivationKind>(dice.below(static_cast<int>(ActivationKind::formula) + 1));
      if (layer.activation == ActivationKind::softmax && l + 1 < depth) layer.activation = ActivationKind::relu;
      if (layer.activation == ActivationKind::formula) layer.formula = every_operation();
      layer.parameter = dice.real(0.05, 1.0);
      if (dice.one_in(3)) layer.l1 = dice.real(0.0, 1e-2);
      if (dice.one_in(3)) layer.l2 = dice.real(0.0, 1e-2);
      if (dice.one_in(3) && l + 1 < depth) {
        layer.pieces = dice.between(2, 4);
        layer.activation = ActivationKind::identity;
      }
      layer.normalizes = l > 0 && dice.one_in(3);
      if (dice.one_in(3)) layer.dropout = dice.of({0.0, 0.1, 0.5, 0.99});
      if (dice.one_in(4)) layer.weight_rate_factor = dice.of({0.0, 0.5, 2.0});
      if (dice.one_in(4)) layer.bias_rate_factor = dice.of({0.0, 0.5, 2.0});
      if (dice.one_in(3)) layer.draw = {static_cast<Distribution>(dice.below(3)), 0.1};
      layers.push_back(layer);
    }
    loss = static_cast<LossKind>(dice.below(static_cast<int>(LossKind::perceptron) + 1));
    LayerSpec& last = layers.back();
    switch (loss) {
      case LossKind::softmax_cross_entropy:
        last.activation = ActivationKind::softmax;
        last.units = std::max<std::ptrdiff_t>(last.units, 2);
        loss_parameter = dice.of({0.0, 0.1});
        break;
      case LossKind::sigmoid_cross_entropy:
        last.activation = ActivationKind::sigmoid;
        loss_parameter = dice.of({0.0, 0.1});
        break;
      case LossKind::poisson: last.activation = ActivationKind::identity; break;
      case LossKind::perceptron: last.activation = ActivationKind::sign; break;
      case LossKind::huber:
      case LossKind::quantile: loss_parameter = dice.real(0.1, 0.9); break;
      default: break;
    }
  }

  void make_optimizer(Dice& dice) {
    optimizer.kind = static_cast<OptimizerKind>(dice.between(1, static_cast<int>(OptimizerKind::rprop)));
    const bool has_momentum = optimizer.kind == OptimizerKind::sgd || optimizer.kind == OptimizerKind::rmsprop;
    optimizer.learning_rate = dice.one_in(20) ? 1e30 : 0.01;  // the former often diverges, and what was is restored
    optimizer.momentum = has_momentum && dice.one_in(2) ? 0.9 : 0.0;
    optimizer.nesterov = dice.of({0.0, 1.0});
    optimizer.beta1 = 0.9;
    optimizer.beta2 = 0.99;
    optimizer.epsilon = 1e-8;
    optimizer.weight_decay = 0.1;
    optimizer.eta_minus = 0.5;
    optimizer.eta_plus = 1.2;
    optimizer.min_step = 1e-6;
    optimizer.max_step = 1.0;
    if (optimizer.kind == OptimizerKind::rprop) batch_size = rows;
    if (dice.one_in(3)) optimizer.clip_value = 0.1;
    if (dice.one_in(3)) optimizer.clip_norm = 0.5;
    schedule.kind = static_cast<ScheduleKind>(dice.below(static_cast<int>(ScheduleKind::coslog4) + 1));
    schedule.warmup = dice.between(0, 3);
    switch (schedule.kind) {
      case ScheduleKind::step:
      case ScheduleKind::exponential: std::copy_n(std::data({0.5, 4.0}), 2, schedule.numbers); break;
      case ScheduleKind::one_cycle: std::copy_n(std::data({0.3, 25.0, 1e4}), 3, schedule.numbers); break;
      default: schedule.numbers[0] = 0.001;
    }
  }

  void make_data(Dice& dice) {
    input_type = dice.of({DataType::uint8, DataType::float32, DataType::float64});
    const bool is_sparse = dice.one_in(5);
    if (is_sparse) row_starts.push_back(0);
    for (std::ptrdiff_t r = 0; r < rows; ++r) {
      for (std::ptrdiff_t j = 0; j < n_inputs; ++j) {
        if (is_sparse && !dice.one_in(3)) continue;
        inputs.push_back(input_type == DataType::uint8 ? static_cast<double>(dice.below(4)) : dice.real(-1.0, 1.0));
        value_columns.push_back(static_cast<std::int32_t>(j));
      }
      if (is_sparse) row_starts.push_back(std::ssize(inputs));
    }
    float_inputs.assign(inputs.begin(), inputs.end());
    for (const double x : inputs) byte_inputs.push_back(static_cast<std::uint8_t>(std::max(x, 0.0)));
    const std::ptrdiff_t n_outputs = layers.back().units;
    const bool has_labels = loss == LossKind::softmax_cross_entropy || dice.one_in(2);
    if (has_labels) {
      for (std::ptrdiff_t r = 0; r < rows; ++r) {
        labels.push_back(static_cast<std::int32_t>(dice.below(std::max<std::ptrdiff_t>(n_outputs, 2))));
      }
    } else {
      for (std::ptrdiff_t i = 0; i < rows * n_outputs; ++i) targets.push_back(dice.real(0.0, 1.0));
    }
    if (dice.one_in(3)) {
      for (std::ptrdiff_t r = 0; r < rows; ++r) sample_weight.push_back(dice.one_in(4) ? 0.0 : dice.real(0.0, 2.0));
    }
    if (!is_sparse && dice.one_in(3)) {
      shift.assign(static_cast<std::size_t>(n_inputs), 0.25);
      scale.assign(static_cast<std::size_t>(n_inputs), 3.0);
      limit = dice.of({0.0, 1.5});
    }
  }

  Dataset data() const {
    const void* values = input_type == DataType::uint8     ? static_cast<const void*>(byte_inputs.data())
                         : input_type == DataType::float32 ? static_cast<const void*>(float_inputs.data())
                                                           : static_cast<const void*>(inputs.data());
    Dataset data{.inputs = {values, input_type, rows, n_inputs}};
    if (!row_starts.empty()) {
      data.inputs.row_starts = row_starts.data();
      data.inputs.value_columns = value_columns.data();
    }
    if (!labels.empty()) data.labels = labels.data();
    if (labels.empty()) data.targets = {targets.data(), DataType::float64, rows, layers.back().units};
    if (!sample_weight.empty()) data.sample_weight = sample_weight.data();
    return data;
  }
};

template <class T>
void hash_evaluations(Network<T>& network, const Dataset& data, int threads, Hash& hash) {
  const std::ptrdiff_t rows = data.rows();
  std::vector<std::vector<T>> outputs;
  std::vector<T*> out;
  for (const Layer& layer : network.layers()) {
    outputs.emplace_back(static_cast<std::size_t>(rows * layer.units));
    out.push_back(outputs.back().data());
  }
  evaluate_activations(network, data.inputs, out, threads);
  for (const std::vector<T>& numbers : outputs) hash.add(numbers.data(), std::ssize(numbers));
  std::vector<std::ptrdiff_t> classes(static_cast<std::size_t>(rows));
  if (evaluate_classes(network, data.inputs, classes.data(), threads)) hash.add(classes.data(), rows);
  const double loss = evaluate_loss(network, data, threads);
  hash.add(&loss, 1);
  std::vector<T> gradients(static_cast<std::size_t>(network.buffer_size()));
  std::vector<T> input_gradients(static_cast<std::size_t>(rows * network.n_inputs()));
  GradientEvaluation<T>(network, data.inputs, std::nullopt, threads)
      .run(data, {gradients.data(), input_gradients.data(), {}});
  add_parameters(network, gradients.data(), hash);
  hash.add(input_gradients.data(), std::ssize(input_gradients));
  // two readers at once, each with its team
  std::vector<T> first(static_cast<std::size_t>(rows * network.n_outputs()));
  std::vector<T> second(first);
  std::thread other([&] { evaluate_outputs(network, data.inputs, second.data(), threads); });
  evaluate_outputs(network, data.inputs, first.data(), threads);
  other.join();
  hash.add(first.data(), std::ssize(first));
  hash.add(second.data(), std::ssize(second));
}

template <class T>
std::uint64_t train(const Case& it, int threads) {
  const Dataset data = it.data();
  enable_planner(it.plans);
  Network<T> network(it.n_inputs, it.layers, it.loss, it.loss_parameter, std::nullopt, it.embedding);
  network.initialize(5);
  if (!it.lower.empty()) network.set_bins(it.lower.data(), it.upper.data());
  if (!it.scale.empty()) network.set_input_scaling(it.shift.data(), it.scale.data(), it.limit);
  const std::int64_t steps = (it.rows + it.batch_size - 1) / it.batch_size * it.epochs;
  Trainer<T> trainer(network, data, {it.batch_size, it.shuffle, 3, 0, it.optimizer, it.schedule, steps});
  Hash hash;
  for (const std::int64_t part : {steps / 3, steps - steps / 3}) {  // a training goes on where it was left
    const RunReport report = trainer.run(part, threads);
    for (const EpochRecord& epoch : report.epochs) hash.add(&epoch.loss, 1);
    if (report.diverged) break;
  }
  add_parameters<T>(network, network.parameters(), hash);
  hash_evaluations(network, data, threads, hash);
  return hash.value;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const std::uint64_t seed = std::strtoull(arguments[1], nullptr, 10);
  const std::uint64_t n = std::strtoull(arguments[2], nullptr, 10);
  ignore_available_processors(true);
  if (thread_limit(4) != 4) {
    std::fprintf(stderr, "needs OMP_NUM_THREADS=4\n");
    return 2;
  }
  const char* wanted = std::getenv("FASTMLP_TARGET");
  choose_target("");  // random numbers are a kernel, too
  int differing = 0;
  for (std::uint64_t number = seed; number < seed + n; ++number) {
    Dice dice(number);
    const bool is_double = dice.one_in(2);
    const Case it(dice);
    std::vector<std::uint64_t> hashes;
    for (const KernelTable* table : available_targets()) {
      if (wanted != nullptr && std::string(wanted) != table->target) continue;
      choose_target(table->target);
      for (const int threads : {1, 2, 4}) {
        hashes.push_back(is_double ? train<double>(it, threads) : train<float>(it, threads));
      }
    }
    if (hashes.empty() || std::adjacent_find(hashes.begin(), hashes.end(), std::not_equal_to<>()) != hashes.end()) {
      std::fprintf(stderr, "network %" PRIu64 ": the bits differ\n", number);
      ++differing;
    }
  }
  std::printf("%" PRIu64 " random networks from %" PRIu64 " on: %s\n", n, seed,
              differing == 0 ? "the same bits on all targets and numbers of threads" : "bits differ");
  return differing == 0 ? 0 : 1;
}
