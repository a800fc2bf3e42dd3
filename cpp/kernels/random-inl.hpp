// Random numbers by counting: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011), a counter in every lane.
//
// A number is a function of key and counter and of nothing else, so it does not matter how many are drawn at a time.
// What keys and counters stand for is in core/random.hpp.
#pragma once

#include "kernels/kernel_table.hpp"
#include "kernels/vec-inl.hpp"

namespace fastmlp {
namespace {

typedef uint64_t Words __attribute__((vector_size(kVectorBytes)));  // 32 bits of a counter in each lane of 64
constexpr int kCounters = kVectorBytes / 8;

struct CounterBlock {
  Words word[4];
};

FASTMLP_INLINE CounterBlock philox4x32(CounterBlock c, uint32_t key0, uint32_t key1) {
  constexpr uint64_t kLow = 0xFFFFFFFF;
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    const Words product0 = c.word[0] * uint64_t{0xD2511F53};
    const Words product1 = c.word[2] * uint64_t{0xCD9E8D57};
    c = {{(product1 >> 32) ^ c.word[1] ^ uint64_t{key0}, product1 & kLow, (product0 >> 32) ^ c.word[3] ^ uint64_t{key1},
          product0 & kLow}};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return c;
}

void random(const RandomArguments& p) noexcept {
  Words lane;
  for (int i = 0; i < kCounters; ++i) lane[i] = static_cast<uint64_t>(i);
  for (ptrdiff_t done = 0; done < p.pairs; done += kCounters) {
    const Words index = lane + (p.first_pair + static_cast<uint64_t>(done));
    const Words zero{};
    const CounterBlock c = philox4x32({{index & uint64_t{0xFFFFFFFF}, index >> 32, zero + p.part, zero + p.stream}},
                                      static_cast<uint32_t>(p.seed), static_cast<uint32_t>(p.seed >> 32));
    const Words even = (c.word[1] << 32) | c.word[0];
    const Words odd = (c.word[3] << 32) | c.word[2];
    const ptrdiff_t left = p.pairs - done;
    for (ptrdiff_t i = 0; i < (left < kCounters ? left : kCounters); ++i) {
      p.numbers[2 * (done + i)] = even[i];
      p.numbers[2 * (done + i) + 1] = odd[i];
    }
  }
}

}  // namespace
}  // namespace fastmlp
