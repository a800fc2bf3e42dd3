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

// `number` counts from 1.
template <class T>
OptimizerStep<T> optimizer_step(const OptimizerSettings& settings, std::int64_t number) noexcept {
  OptimizerStep<T> step{};
  step.kind = settings.kind;
  step.nesterov = settings.nesterov;
  step.momentum = static_cast<T>(settings.momentum);
  step.descent = static_cast<T>(-settings.learning_rate);
  if (settings.kind == OptimizerKind::adam) {
    step.descent = static_cast<T>(-settings.learning_rate / one_minus_power(settings.beta1, number));
    step.correction2 = static_cast<T>(1.0 / std::sqrt(one_minus_power(settings.beta2, number)));
    step.beta1 = static_cast<T>(settings.beta1);
    step.one_minus_beta1 = static_cast<T>(1.0 - settings.beta1);
    step.beta2 = static_cast<T>(settings.beta2);
    step.one_minus_beta2 = static_cast<T>(1.0 - settings.beta2);
    step.epsilon = static_cast<T>(settings.epsilon);
  }
  return step;
}

// How many slots of state the settings need.
inline int slots_of(const OptimizerSettings& settings) noexcept {
  if (settings.kind == OptimizerKind::adam) return 2;
  return settings.momentum > 0.0 ? 1 : 0;
}

}  // namespace fastmlp
