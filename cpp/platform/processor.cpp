// See processor.hpp.
#include "platform/processor.hpp"

#if defined(__x86_64__)
#include <cpuid.h>

#include <cstring>
#endif

namespace fastmlp {
namespace {

#if defined(__x86_64__)

struct Registers {
  unsigned int a = 0;
  unsigned int b = 0;
  unsigned int c = 0;
  unsigned int d = 0;
};

Registers cpuid(unsigned int leaf, unsigned int part = 0) noexcept {
  Registers r;
  __get_cpuid_count(leaf, part, &r.a, &r.b, &r.c, &r.d);
  return r;
}

void read_name(Processor& processor) {
  const Registers maker = cpuid(0);
  char name[12];
  std::memcpy(name, &maker.b, 4);
  std::memcpy(name + 4, &maker.d, 4);
  std::memcpy(name + 8, &maker.c, 4);
  processor.vendor.assign(name, sizeof name);
  const unsigned int signature = cpuid(1).a;
  const unsigned int family = (signature >> 8) & 0xF;
  processor.family = static_cast<int>(family == 0xF ? family + ((signature >> 20) & 0xFF) : family);
  processor.model = static_cast<int>(((signature >> 4) & 0xF) | ((signature >> 12) & 0xF0));
}

// Leaf 4, or AMD's own of the same form: one part for each cache.
void read_caches(Processor& processor) {
  const unsigned int leaf = processor.vendor == "AuthenticAMD" ? 0x8000001D : 4;
  for (unsigned int part = 0; part < 16; ++part) {
    const Registers r = cpuid(leaf, part);
    const unsigned int kind = r.a & 0x1F;
    if (kind == 0) return;
    constexpr unsigned int kInstructions = 2;
    if (kind == kInstructions) continue;
    const std::ptrdiff_t ways = (r.b >> 22) + 1;
    const std::ptrdiff_t partitions = ((r.b >> 12) & 0x3FF) + 1;
    const std::ptrdiff_t line = (r.b & 0xFFF) + 1;
    const std::ptrdiff_t size = ways * partitions * line * (static_cast<std::ptrdiff_t>(r.c) + 1);
    switch ((r.a >> 5) & 7) {
      case 1: processor.first_cache = size; break;
      case 2: processor.second_cache = size; break;
      case 3: processor.third_cache = size; break;
      default: break;
    }
  }
}

#else

void read_name(Processor&) noexcept {}

void read_caches(Processor& processor) noexcept { caches_by_system(processor); }

#endif

Processor read_processor() {
  Processor processor;
  read_name(processor);
  read_caches(processor);
  return processor;
}

}  // namespace

const Processor& this_processor() {
  static const Processor processor = read_processor();
  return processor;
}

}  // namespace fastmlp
