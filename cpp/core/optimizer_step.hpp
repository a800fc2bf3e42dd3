// The constants of one optimizer step from the settings and the number of the step. Everything is computed in double,
// from the step's number alone, so that a resumed training makes the same steps.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/trainer.hpp"

namespace fastmlp {

// 1 - base^n, by repeated squaring: the same products in the same order everywhere.
inline double one_minus_power(double base, std::int64_t n) noexcept {
  constexpr double kLost = 0x1p-60;  // subtracted from 1, this and less is rounded away
  double power = 1.0;
  for (; n > 0; n >>= 1) {
    if (base < kLost) return 1.0;
    if ((n & 1) != 0) power *= base;
    base *= base;
  }
  return 1.0 - power;
}

inline bool is_adam(const OptimizerSettings& settings) noexcept {
  return settings.kind == OptimizerKind::adam || settings.kind == OptimizerKind::adamw;
}

// `number` counts from 1; `rate` is the learning rate of this step.
template <class T>
OptimizerStep<T> optimizer_step(const OptimizerSettings& settings, double rate, std::int64_t number) noexcept {
  OptimizerStep<T> step{};
  step.kind = settings.kind;
  step.nesterov = settings.nesterov;
  step.momentum = static_cast<T>(settings.momentum);
  step.descent = static_cast<T>(-rate);
  step.clip_value = static_cast<T>(settings.clip_value);
  if (is_adam(settings)) {
    step.descent = static_cast<T>(-rate / one_minus_power(settings.beta1, number));
    step.correction2 = static_cast<T>(1.0 / std::sqrt(one_minus_power(settings.beta2, number)));
    step.beta1 = static_cast<T>(settings.beta1);
    step.one_minus_beta1 = static_cast<T>(1.0 - settings.beta1);
    step.decay = static_cast<T>(rate * settings.weight_decay);
  }
  step.beta2 = static_cast<T>(settings.beta2);
  step.one_minus_beta2 = static_cast<T>(1.0 - settings.beta2);
  step.epsilon = static_cast<T>(settings.epsilon);
  if (settings.kind == OptimizerKind::rprop) {
    step.first_step = static_cast<T>(rate);
    step.eta_minus = static_cast<T>(settings.eta_minus);
    step.eta_plus = static_cast<T>(settings.eta_plus);
    step.min_step = static_cast<T>(settings.min_step);
    step.max_step = static_cast<T>(settings.max_step);
  }
  return step;
}

// The same step at `factor` times its learning rate: all that follows the rate.
template <class T>
OptimizerStep<T> with_rate_factor(OptimizerStep<T> step, double factor) noexcept {
  for (T* number : {&step.descent, &step.decay, &step.first_step}) *number = static_cast<T>(*number * factor);
  return step;
}

// How many slots of state a kind needs in any case.
inline int fewest_slots(OptimizerKind kind) noexcept {
  switch (kind) {
    case OptimizerKind::gradient_only:
    case OptimizerKind::sgd: return 0;
    case OptimizerKind::rmsprop:
    case OptimizerKind::adagrad: return 1;
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
    case OptimizerKind::rprop: return 2;
  }
  return 0;
}

// How many slots of state the settings need: momentum keeps a velocity.
inline int slots_of(const OptimizerSettings& settings) noexcept {
  return fewest_slots(settings.kind) + (settings.momentum > 0.0 ? 1 : 0);
}

}  // namespace fastmlp
