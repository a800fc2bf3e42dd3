// How the products of this process are cut into blocks: for the processor's caches, and never a matter of bits.
//
// Set by choose_target, for the target's tiles and this processor; a test may set another.
#pragma once

#include <cstddef>
#include <string>

#include "platform/processor.hpp"

namespace fastmlp {

struct ProductPlan {
  std::ptrdiff_t terms;           // of a sum that a panel of the right operand has at most
  std::ptrdiff_t gradient_terms;  // likewise in the gradient, whose left operand is read by columns
  std::ptrdiff_t rows;            // that go through all layers together
  std::ptrdiff_t wide_terms;      // and likewise where the parameters take more than far_bytes
  std::ptrdiff_t wide_rows;
  bool wide_by_blocks;          // whether a block of terms goes over all panels there, not a panel over all blocks
  std::ptrdiff_t packed_bytes;  // of deltas that the gradient copies there to read them in order; 0: none
  std::ptrdiff_t far_bytes;     // what the caches hold
};

// For a target whose widest register tile has columns of so many bytes.
ProductPlan plan_for(const Processor& processor, std::ptrdiff_t tile_bytes) noexcept;

const ProductPlan& product_plan() noexcept;

// Between computations only.
void set_product_plan(const ProductPlan& plan) noexcept;

// What a network gets whose parameters take so many bytes.
struct ProductCut {
  std::ptrdiff_t terms;
  std::ptrdiff_t near_terms;
  std::ptrdiff_t rows;
  bool by_blocks;
  std::ptrdiff_t packed_bytes;
};
ProductCut product_cut(std::ptrdiff_t parameter_bytes) noexcept;

// In words, for users.
std::string description_of(const ProductPlan& plan);

}  // namespace fastmlp
