// See product_plan.hpp.
#include "core/product_plan.hpp"

#include <algorithm>

namespace fastmlp {
namespace {

// Enough rows to fill register tiles and to reuse a panel of weights, few enough that their activations stay in the
// second-level cache.
constexpr std::ptrdiff_t kRows = 96;
// Where weights come from beyond the caches they should pass once. Measured with 4096-4096-4096 at 512 rows: 2 % of a step
// on two threads of a Zen 4, 15 % on one of an Emerald Rapids.
constexpr std::ptrdiff_t kWideRows = 256;

// A panel in two thirds of the first-level cache, beside what passes by: on Cascade Lake (32 KB, tiles of 256 bytes) 64
// terms take a product from 69 to 75 % of the peak to 80 to 82 %, and with tiles of 64 bytes on Zen 4 less than 512 terms
// make 4096-4096-4096 4 % faster; with 48 KB, on Emerald Rapids, 128 terms take 1 to 4 % less than 64 at 1024 units, 512
// of 64 bytes 1 to 2 % less than 256. The exception was measured, too: Zen 4 and 5 read tiles of 256 bytes from the
// second-level cache as fast as they multiply (decision 11), and lose 1 to 7 % in shorter blocks. In the gradient a strip
// of the left operand takes a line a term beside the panel: with tiles of 64 bytes half as many terms make 4096-4096-4096
// 7 % faster.
constexpr std::ptrdiff_t kFewestTerms = 64;
constexpr std::ptrdiff_t kMostTerms = 1024;
constexpr std::ptrdiff_t kUsualFirstCache = 32 << 10;
constexpr std::ptrdiff_t kUsualSecondCache = 1 << 20;
// More is not one process's: a server of many cores says 260 MB, and gives a core what memory would.
constexpr std::ptrdiff_t kMostThirdCache = 32 << 20;
// Where weights are far, a block of the left operand and of a panel stay in the second-level cache: at 2 MB 256 and 512
// terms take the forward product from 72 to 83 % of the peak, 64 and 1024 to 69 and 79 (Emerald Rapids).
constexpr std::ptrdiff_t kWideShare = 32;
constexpr std::ptrdiff_t kCacheLine = 64;
constexpr int kZen4 = 25;  // the family of Zen 3 and 4, of which Zen 4 has tiles of 256 bytes; Zen 5 is 26

ProductPlan chosen{kFewestTerms, kFewestTerms, kRows, kFewestTerms,
                   kWideRows,    false,        0,     kMostThirdCache};  // sound anywhere, until a target is chosen

}  // namespace

ProductPlan plan_for(const Processor& processor, std::ptrdiff_t tile_bytes) noexcept {
  const std::ptrdiff_t first = processor.first_cache > 0 ? processor.first_cache : kUsualFirstCache;
  const std::ptrdiff_t second = processor.second_cache > 0 ? processor.second_cache : kUsualSecondCache;
  const std::ptrdiff_t third = processor.third_cache > 0 ? processor.third_cache : kMostThirdCache;
  const bool reads_ahead = processor.vendor == "AuthenticAMD" && processor.family >= kZen4 && tile_bytes >= 256;
  const auto terms_of = [first, reads_ahead](std::ptrdiff_t bytes) {
    std::ptrdiff_t terms = kFewestTerms;
    while (terms < kMostTerms && (reads_ahead || 2 * terms * bytes <= first * 2 / 3)) terms *= 2;
    return terms;
  };
  const std::ptrdiff_t terms = terms_of(tile_bytes);
  const bool is_wide = tile_bytes >= 256 && !reads_ahead;
  return {.terms = terms,
          .gradient_terms = terms_of(tile_bytes + kCacheLine),
          .rows = kRows,
          .wide_terms = is_wide ? std::max(terms, second / kWideShare / tile_bytes) : terms,
          .wide_rows = kWideRows,
          .wide_by_blocks = is_wide,
          .packed_bytes = is_wide ? second / 2 : 0,
          .far_bytes = std::min(third, kMostThirdCache)};
}

const ProductPlan& product_plan() noexcept { return chosen; }

void set_product_plan(const ProductPlan& plan) noexcept { chosen = plan; }

ProductCut product_cut(std::ptrdiff_t parameter_bytes) noexcept {
  if (parameter_bytes <= chosen.far_bytes) return {chosen.terms, chosen.terms, chosen.rows, false, 0};
  return {chosen.wide_terms, chosen.terms, chosen.wide_rows, chosen.wide_by_blocks, chosen.packed_bytes};
}

std::string description_of(const ProductPlan& plan) {
  return "blocks of " + std::to_string(plan.terms) + " terms (gradient " + std::to_string(plan.gradient_terms) +
         ") and " + std::to_string(plan.rows) + " rows, " + std::to_string(plan.wide_terms) + " and " +
         std::to_string(plan.wide_rows) + " where parameters take more than " + std::to_string(plan.far_bytes >> 20) +
         " MiB";
}

}  // namespace fastmlp
