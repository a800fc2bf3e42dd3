// How the products of this process are cut into blocks: for the processor's caches, and never a matter of bits.
//
// Chosen with the target, from it and the processor; a test may set another.
#pragma once

#include <cstddef>
#include <string>

#include "platform/processor.hpp"

namespace fastmlp {

struct ProductPlan {
  std::ptrdiff_t terms;      // of a sum that a panel of the right operand has at most
  std::ptrdiff_t rows;       // that go through all layers together
  std::ptrdiff_t wide_rows;  // likewise where the parameters take more than far_bytes
  std::ptrdiff_t far_bytes;  // what the caches hold
};

// For a target whose widest register tile has columns of so many bytes.
ProductPlan plan_for(const Processor& processor, std::ptrdiff_t tile_bytes) noexcept;

const ProductPlan& product_plan() noexcept;

// Between computations only.
void set_product_plan(const ProductPlan& plan) noexcept;
void choose_product_plan() noexcept;  // that of the active target and this processor, when a target was chosen

// In words, for users.
std::string description_of(const ProductPlan& plan);

}  // namespace fastmlp
