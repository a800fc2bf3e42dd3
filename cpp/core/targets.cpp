// See targets.hpp.
#include "core/targets.hpp"

#include "core/product_plan.hpp"

namespace fastmlp {

#if defined(__x86_64__)
extern const KernelTable kernels_x86_64_v2;
extern const KernelTable kernels_x86_64_v3;
extern const KernelTable kernels_x86_64_v4;
#elif defined(__aarch64__)
extern const KernelTable kernels_aarch64;
#endif

namespace {

struct Candidate {
  const KernelTable* table;
  bool runs_here;
};

std::vector<Candidate> candidates() {
#if defined(__x86_64__)
  __builtin_cpu_init();
#if (defined(__clang__) && __clang_major__ < 19) || (!defined(__clang__) && __GNUC__ < 12)
  // Older compilers do not know the levels by name: what they know of the levels' features no CPU has without the rest.
  const bool v2 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
  const bool v3 = v2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                  __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
#else
  const bool v2 = __builtin_cpu_supports("x86-64-v2") != 0;
  const bool v3 = __builtin_cpu_supports("x86-64-v3") != 0;
  const bool v4 = __builtin_cpu_supports("x86-64-v4") != 0;
#endif
  return {{&kernels_x86_64_v2, v2}, {&kernels_x86_64_v3, v3}, {&kernels_x86_64_v4, v4}};
#elif defined(__aarch64__)
  return {{&kernels_aarch64, true}};
#endif
}

const KernelTable* active = nullptr;

}  // namespace

std::vector<const KernelTable*> available_targets() {
  std::vector<const KernelTable*> tables;
  for (const Candidate& candidate : candidates()) {
    if (candidate.runs_here) tables.push_back(candidate.table);
  }
  return tables;
}

std::vector<std::string> built_targets() {
  std::vector<std::string> names;
  for (const Candidate& candidate : candidates()) names.emplace_back(candidate.table->target);
  return names;
}

bool choose_target(const std::string& name) {
  const KernelTable* chosen = nullptr;
  for (const KernelTable* table : available_targets()) {
    if (name.empty() || name == table->target) chosen = table;
  }
  if (chosen == nullptr) return false;
  active = chosen;
  const std::ptrdiff_t tile = chosen->float32.tile_columns * static_cast<std::ptrdiff_t>(sizeof(float));
  set_product_plan(plan_for(this_processor(), tile));
  return true;
}

const KernelTable& active_target() noexcept { return *active; }

void set_active_target(const KernelTable& table) noexcept { active = &table; }

}  // namespace fastmlp
