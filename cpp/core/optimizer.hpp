// Optimizers as numbers: what each kind is told, how many slots of state it keeps, and the constants of one of its steps.
// The arithmetic on weights is in the kernels.
//
// The constants are computed in double, from the settings and the step's number alone, so that a resumed training makes
// the same steps.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

#include "kernels/kernel_table.hpp"

namespace fastmlp {

// What a kind does not use is 0.
struct OptimizerSettings {
  OptimizerKind kind = OptimizerKind::gradient_only;
  double learning_rate = 0.0;  // of a schedule: where it starts from or rises to
  double clip_value = 0.0;     // of each element of the gradient, 0: none
  double clip_norm = 0.0;      // of all gradients together, 0: none
  double momentum = 0.0;
  double nesterov = 0.0;  // not 0: momentum in Nesterov's form
  double beta1 = 0.0;
  double beta2 = 0.0;
  double epsilon = 0.0;
  double weight_decay = 0.0;
  double eta_minus = 0.0;
  double eta_plus = 0.0;
  double min_step = 0.0;
  double max_step = 0.0;
};

// A setting by the name that users give it.
struct OptimizerSetting {
  const char* name;
  double OptimizerSettings::* value;
};

// What every kind may be told, or else is 0.
inline constexpr OptimizerSetting kOptionalSettings[] = {
    {"clip_value", &OptimizerSettings::clip_value},
    {"clip_norm", &OptimizerSettings::clip_norm},
};

// What a kind must be told.
inline std::span<const OptimizerSetting> required_settings(OptimizerKind kind) noexcept {
  using S = OptimizerSettings;
  static constexpr OptimizerSetting kRate = {"learning_rate", &S::learning_rate};
  static constexpr OptimizerSetting kSgd[] = {kRate, {"momentum", &S::momentum}, {"nesterov", &S::nesterov}};
  static constexpr OptimizerSetting kAdam[] = {
      kRate, {"beta1", &S::beta1}, {"beta2", &S::beta2}, {"epsilon", &S::epsilon}};
  static constexpr OptimizerSetting kAdamW[] = {
      kRate, {"beta1", &S::beta1}, {"beta2", &S::beta2}, {"epsilon", &S::epsilon}, {"weight_decay", &S::weight_decay}};
  static constexpr OptimizerSetting kRmsProp[] = {
      kRate, {"alpha", &S::beta2}, {"epsilon", &S::epsilon}, {"momentum", &S::momentum}};
  static constexpr OptimizerSetting kAdaGrad[] = {kRate, {"epsilon", &S::epsilon}};
  static constexpr OptimizerSetting kRprop[] = {kRate,
                                                {"eta_minus", &S::eta_minus},
                                                {"eta_plus", &S::eta_plus},
                                                {"min_step", &S::min_step},
                                                {"max_step", &S::max_step}};
  switch (kind) {
    case OptimizerKind::gradient_only: return {};
    case OptimizerKind::sgd: return kSgd;
    case OptimizerKind::adam: return kAdam;
    case OptimizerKind::adamw: return kAdamW;
    case OptimizerKind::rmsprop: return kRmsProp;
    case OptimizerKind::adagrad: return kAdaGrad;
    case OptimizerKind::rprop: return kRprop;
  }
  return {};
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

// A constant as a T; a rate that a schedule has made tiny counts as 0, or all that it multiplies would be subnormal.
template <class T>
T constant(double x) noexcept {
  return std::abs(x) < static_cast<double>(Smallest<T>::kept) ? T(0) : static_cast<T>(x);
}

// `number` counts from 1; `rate` is the learning rate of this step.
template <class T>
OptimizerStep<T> optimizer_step(const OptimizerSettings& settings, double rate, std::int64_t number) noexcept {
  OptimizerStep<T> step{};
  step.kind = settings.kind;
  step.nesterov = settings.nesterov != 0.0 && settings.momentum > 0.0;
  step.momentum = static_cast<T>(settings.momentum);
  step.descent = constant<T>(-rate);
  step.clip_value = static_cast<T>(settings.clip_value);
  if (is_adam(settings)) {
    step.descent = constant<T>(-rate / one_minus_power(settings.beta1, number));
    step.correction2 = static_cast<T>(1.0 / std::sqrt(one_minus_power(settings.beta2, number)));
  }
  step.decay = constant<T>(rate * settings.weight_decay);
  step.beta1 = static_cast<T>(settings.beta1);
  step.one_minus_beta1 = static_cast<T>(1.0 - settings.beta1);
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
  for (T* number : {&step.descent, &step.decay, &step.first_step}) *number = constant<T>(*number * factor);
  return step;
}

}  // namespace fastmlp
