// Gathers the kernels of one target into its table, the only symbol that leaves the target's object file.
//
// A target file defines FASTMLP_TARGET_NAME, FASTMLP_TARGET_TABLE, FASTMLP_VECTOR_BYTES and FASTMLP_VECTOR_REGISTERS
// and includes this; its instruction set comes from CMake (fastmlp_add_target).
#pragma once

#include "kernels/bins-inl.hpp"
#include "kernels/junction-inl.hpp"
#include "kernels/kernel_table.hpp"
#include "kernels/loss-inl.hpp"
#include "kernels/optimizer-inl.hpp"
#include "kernels/product-inl.hpp"
#include "kernels/random-inl.hpp"
#include "kernels/rows-inl.hpp"
#include "kernels/waves-inl.hpp"

namespace fastmlp {
namespace {

template <class T>
constexpr Kernels<T> kernels_of_this_target() {
  return {
      .gather = gather<T>,
      .clip_backward = clip_backward<T>,
      .bins = bins<T>,
      .fill_bins = fill_bins<T>,
      .bins_forward = bins_forward<T>,
      .bins_gradient = bins_gradient<T>,
      .bins_backward = bins_backward<T>,
      .waves = waves<T>,
      .waves_backward = waves_backward<T>,
      .waves_gradient = waves_gradient<T>,
      .forward = forward<T>,
      .pool = pool<T>,
      .normalize = normalize<T>,
      .normalize_backward = normalize_backward<T>,
      .spread = spread<T>,
      .dropout = dropout<T>,
      .softmax_rows = softmax_rows<T>,
      .loss = loss<T>,
      .backward = backward<T>,
      .gradient = gradient<T>,
      .update = update<T>,
      .transpose = transpose<T>,
      .row_norms = row_norms<T>,
      .first_nonfinite = first_nonfinite<T>,
      .exp = map_exp<T>,
      .log = map_log<T>,
      .tanh = map_tanh<T>,
      .sigmoid = map_sigmoid<T>,
      .square_root = map_square_root<T>,
      .error_function = map_error_function<T>,
      .sine = map_sine<T>,
      .cosine = map_cosine<T>,
      .lanes = kLanes<T>,
      .tile_columns = kTileColumns<T>,
  };
}

}  // namespace

extern const KernelTable FASTMLP_TARGET_TABLE;
const KernelTable FASTMLP_TARGET_TABLE = {
    .target = FASTMLP_TARGET_NAME,
    .random = random,
    .float32 = kernels_of_this_target<float>(),
    .float64 = kernels_of_this_target<double>(),
};

}  // namespace fastmlp
