// Trains small networks by the core alone, without Python, and prints a hash of their parameters and losses: the same
// line from every target of every architecture. tests/cross/run builds it natively and for aarch64 and compares.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

#include "core/network.hpp"
#include "core/random.hpp"
#include "core/targets.hpp"
#include "core/thread_guess.hpp"
#include "core/trainer.hpp"

namespace {

using namespace fastmlp;

// FNV-1a, 64 bits.
struct Hash {
  std::uint64_t value = 0xcbf29ce484222325;
  void add(const void* data, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
      value = (value ^ static_cast<const unsigned char*>(data)[i]) * 0x100000001b3;
    }
  }
};

template <class T>
void train(const std::vector<LayerSpec>& layers, LossKind loss, OptimizerKind optimizer, int threads, Hash& hash,
           double limit = 0.0) {
  constexpr std::ptrdiff_t kRows = 131;
  constexpr std::ptrdiff_t kInputs = 37;
  std::vector<double> inputs(kRows * kInputs);
  std::vector<std::int32_t> labels(kRows);
  Sequence numbers(7, Stream::weights, 99);
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = 2.0 * unit_interval(numbers.next()) - 1.0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    labels[i] = static_cast<std::int32_t>(below(numbers.next(), layers.back().units));
  }
  Dataset data{.inputs = {inputs.data(), DataType::float64, kRows, kInputs}, .labels = labels.data()};
  Network<T> network(kInputs, layers, loss);
  network.initialize(3);
  if (limit > 0.0) {
    const std::vector<double> shift(kInputs, 0.1);
    const std::vector<double> scale(kInputs, 7.0);
    network.set_input_scaling(shift.data(), scale.data(), limit);
  }
  const bool has_momentum = optimizer == OptimizerKind::sgd || optimizer == OptimizerKind::rmsprop;
  const OptimizerSettings settings{.kind = optimizer,
                                   .learning_rate = 0.01,
                                   .clip_norm = optimizer == OptimizerKind::adamw ? 0.1 : 0.0,
                                   .momentum = has_momentum ? 0.9 : 0.0,
                                   .nesterov = 1.0,
                                   .beta1 = 0.9,
                                   .beta2 = 0.999,
                                   .epsilon = 1e-8,
                                   .weight_decay = 0.1};
  const Schedule schedule = has_momentum ? Schedule{} : Schedule{ScheduleKind::one_cycle, {0.3, 25.0, 1e4}, 2};
  Trainer<T> trainer(network, data, {29, true, 3, 0, settings, schedule, 20});
  const RunReport report = trainer.run(4 * trainer.steps_per_epoch(), threads);
  hash.add(network.parameters(), static_cast<std::size_t>(network.buffer_size()) * sizeof(T));
  for (const EpochRecord& epoch : report.epochs) hash.add(&epoch.loss, sizeof epoch.loss);
}

template <class T>
void train_all(int threads, Hash& hash) {
  using A = ActivationKind;
  train<T>({{.units = 50, .activation = A::relu}, {.units = 10, .activation = A::softmax}},
           LossKind::softmax_cross_entropy, OptimizerKind::sgd, threads, hash);
  train<T>({{.units = 17, .activation = A::tanh, .l1 = 1e-3},
            {.units = 33, .activation = A::leaky_relu, .parameter = 0.1, .l2 = 1e-3},
            {.units = 5, .activation = A::sigmoid}},
           LossKind::sigmoid_cross_entropy, OptimizerKind::adam, threads, hash);
  train<T>({{.units = 65, .activation = A::sigmoid}, {.units = 3, .activation = A::softmax}}, LossKind::mse,
           OptimizerKind::adam, threads, hash);
  for (A a : {A::step, A::sign, A::elu, A::selu, A::softplus, A::gelu, A::gelu_tanh, A::silu, A::mish, A::hard_tanh,
              A::softsign}) {
    train<T>({{.units = 21, .activation = A::tanh},
              {.units = 18, .activation = a, .parameter = 0.7},
              {.units = 5, .activation = A::softmax}},
             LossKind::softmax_cross_entropy, OptimizerKind::sgd, threads, hash);
  }
  for (const OptimizerKind kind : {OptimizerKind::adamw, OptimizerKind::rmsprop, OptimizerKind::adagrad}) {
    train<T>({{.units = 17, .activation = A::tanh}, {.units = 5, .activation = A::softmax}},
             LossKind::softmax_cross_entropy, kind, threads, hash);
  }
  train<T>({{.units = 5, .activation = A::softmax}}, LossKind::softmax_cross_entropy, OptimizerKind::sgd, threads, hash,
           3.0);
  // a sum of more terms than go through a tile at a time
  train<T>({{.units = 1030, .activation = A::relu}, {.units = 7, .activation = A::softmax}},
           LossKind::softmax_cross_entropy, OptimizerKind::sgd, threads, hash);
}

}  // namespace

int main() {
  enable_planner(false);
  for (const KernelTable* table : available_targets()) {
    choose_target(table->target);
    for (int threads : {1, 2}) {
      Hash hash;
      train_all<float>(threads, hash);
      train_all<double>(threads, hash);
      std::printf("%016" PRIx64 "  %s, %d threads\n", hash.value, table->target, threads);
    }
  }
}
