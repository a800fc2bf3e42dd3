// Schedules of the learning rate: one number in double for each step of a fit.
//
// A rate is a result like a weight, so cosines, logarithms and powers are computed here from + - * / and moves of bits
// (the C libraries of two machines differ in them). They are right to about 1e-15; tests/core/test_schedules.py holds
// the bound. What depends on measurements (a plateau of the loss) is left to Python, which sets the rate between runs.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

namespace fastmlp {

enum class ScheduleKind : int { constant, step, exponential, inverse_scaling, cosine, one_cycle, coslog4 };

// cos(pi x) for x in [0, 2^50]: the nearest multiple of 1/2 is taken off exactly, then Taylor's series in z = y^2, y at
// most pi / 4, whose next term is below 2^-58.
inline double cos_pi(double x) noexcept {
  const auto quarters = static_cast<std::int64_t>(2.0 * x + 0.5);
  const double y = 3.14159265358979323846 * (x - 0.5 * static_cast<double>(quarters));
  const double z = y * y;
  const bool is_sine = (quarters & 1) != 0;
  double sum = 1.0;
  for (int k = is_sine ? 19 : 18; k >= 2; k -= 2) sum = 1.0 - z / (k * (k - 1)) * sum;
  if (is_sine) sum *= y;
  const bool is_negative = (quarters & 3) == 1 || (quarters & 3) == 2;
  return is_negative ? -sum : sum;
}

// For normal x > 0: the exponent, and the series of atanh for a mantissa in [sqrt 1/2, sqrt 2).
inline double log2(double x) noexcept {
  constexpr std::int64_t kRootOfHalf = 0x3fe6a09e667f3bcd;
  constexpr double kTwiceLog2E = 2.0 * 1.44269504088896340736;
  const std::int64_t offset = std::bit_cast<std::int64_t>(x) - kRootOfHalf;
  const std::int64_t exponent = offset >> 52;
  const double mantissa = std::bit_cast<double>(offset - (exponent << 52) + kRootOfHalf);
  const double s = (mantissa - 1.0) / (mantissa + 1.0);
  const double z = s * s;
  double sum = 0.0;
  for (int k = 23; k >= 1; k -= 2) sum = sum * z + 1.0 / k;  // z < 0.0295: the next term is below 2^-65
  return static_cast<double>(exponent) + kTwiceLog2E * (s * sum);
}

// 2^x, 0 where that is no normal number, infinity from 2^1000 on.
inline double exp2(double x) noexcept {
  if (x < -1021.0) return 0.0;
  if (x >= 1000.0) return std::numeric_limits<double>::infinity();
  const std::int64_t whole = static_cast<std::int64_t>(x + 1024.5) - 1024;
  const double r = (x - static_cast<double>(whole)) * 0.69314718055994530942;
  double sum = 1.0;
  for (int k = 16; k >= 1; --k) sum = 1.0 + r / k * sum;  // |r| < 0.35: the next term is below 2^-70
  return sum * std::bit_cast<double>((whole + 1023) << 52);
}

// base^exponent for base > 0, exponent of any kind or whole: 0.5^3 is exact.
inline double power(double base, double exponent) noexcept { return exp2(exponent * log2(base)); }
inline double whole_power(double base, std::int64_t exponent) noexcept {
  double result = 1.0;
  for (; exponent > 0 && result != 0.0; exponent >>= 1) {
    if ((exponent & 1) != 0) result *= base;
    base *= base;
  }
  return result;
}

struct Schedule {
  ScheduleKind kind = ScheduleKind::constant;
  // step, exponential: factor, number of steps that it is for; inverse_scaling: exponent; cosine: the last rate;
  // one_cycle: part of the steps that rise, peak / first rate, first / last rate
  double numbers[3] = {};
  std::int64_t warmup = 0;  // steps before the schedule begins, in which the rate rises linearly to its first value
};

// The rate of `step` (from 0) of a fit of `total` steps; `base` is the rate that the schedule starts from or rises to.
inline double learning_rate(const Schedule& schedule, double base, std::int64_t step, std::int64_t total) noexcept {
  if (step < schedule.warmup) {
    Schedule rest = schedule;
    rest.warmup = 0;
    const double first = learning_rate(rest, base, 0, total - schedule.warmup);
    return first * (static_cast<double>(step + 1) / (static_cast<double>(schedule.warmup) + 1.0));
  }
  const std::int64_t number = step - schedule.warmup;
  const auto s = static_cast<double>(number);
  const auto n = static_cast<double>(std::max<std::int64_t>(total - schedule.warmup, 1));
  const double* p = schedule.numbers;
  const auto between = [](double from, double to, double part) {
    const double weight = 0.5 + 0.5 * cos_pi(part);
    return from * weight + to * (1.0 - weight);
  };
  switch (schedule.kind) {
    case ScheduleKind::constant: break;
    case ScheduleKind::step: return base * whole_power(p[0], number / static_cast<std::int64_t>(p[1]));
    case ScheduleKind::exponential: return base * power(p[0], s / p[1]);
    case ScheduleKind::inverse_scaling: return base / power(s + 1.0, p[0]);
    case ScheduleKind::cosine: return between(base, p[0], std::min(s / n, 1.0));
    case ScheduleKind::one_cycle: {
      const double first = base / p[1];
      const double top = p[0] * n - 1.0;
      if (s <= top) return between(first, base, top > 0.0 ? s / top : 1.0);
      const double start = std::max(top, 0.0);
      const double part = n - 1.0 > start ? (s - start) / (n - 1.0 - start) : 1.0;
      return between(base, first / p[2], std::min(part, 1.0));
    }
    case ScheduleKind::coslog4: return base * (0.5 - 0.5 * cos_pi(2.0 * log2(1.0 + 15.0 * std::min(s / n, 1.0))));
  }
  return base;
}

}  // namespace fastmlp
