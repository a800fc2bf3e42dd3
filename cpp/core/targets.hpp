// Which kernels this process uses: chosen once, before the first computation, from what the CPU can run and the
// environment variable FASTMLP_TARGET. Nothing above this file knows an instruction set.
#pragma once

#include <string>
#include <vector>

#include "kernels/kernel_table.hpp"

namespace fastmlp {

// The tables that this CPU can run, slowest first.
std::vector<const KernelTable*> available_targets();

// Names of the targets that this build contains, whether or not the CPU runs them.
std::vector<std::string> built_targets();

// Makes the named target the active one, or the fastest for an empty name, and its product plan with it; false when the
// name is not available.
bool choose_target(const std::string& name);

const KernelTable& active_target() noexcept;

// For the profile, which puts a table of its own in place of the active one.
void set_active_target(const KernelTable& table) noexcept;

template <class T>
const Kernels<T>& kernels_of(const KernelTable& table) noexcept;
template <>
inline const Kernels<float>& kernels_of<float>(const KernelTable& table) noexcept {
  return table.float32;
}
template <>
inline const Kernels<double>& kernels_of<double>(const KernelTable& table) noexcept {
  return table.float64;
}

// The active kernels for T.
template <class T>
const Kernels<T>& kernels() noexcept {
  return kernels_of<T>(active_target());
}

}  // namespace fastmlp
