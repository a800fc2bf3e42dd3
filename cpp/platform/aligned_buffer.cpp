// See aligned_buffer.hpp.
#include "platform/aligned_buffer.hpp"

#include <atomic>
#include <cstdint>
#include <cstring>

#include "platform/memory.hpp"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace fastmlp {
namespace {

// AddressSanitizer (tests/sanitizers) shall see the end of each buffer to the byte: it gives all memory itself, and what
// rounding adds is out of bounds.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kIsWatched = true;
void forbid(void* memory, std::size_t from, std::size_t to) noexcept {
  ASAN_POISON_MEMORY_REGION(static_cast<char*>(memory) + from, to - from);
}
#else
constexpr bool kIsWatched = false;
void forbid(void*, std::size_t, std::size_t) noexcept {}
#endif

// Rows of wide matrices lie in a page each: in pages of 4 KB the products would wait for address translation. Besides,
// the system's own zeros: clearing them again would touch every page twice, and on one thread.
constexpr std::size_t kLarge = std::size_t{1} << 22;
bool is_large(std::size_t bytes) noexcept { return !kIsWatched && bytes >= kLarge; }

void* or_out_of_memory(void* memory, std::size_t bytes) {
  if (memory == nullptr) throw OutOfMemory{bytes};
  return memory;
}

std::atomic<std::size_t> allocations{0};
std::atomic<std::size_t> countdown_to_failure{0};

}  // namespace

void* allocate_zeroed(std::size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (countdown_to_failure.load(std::memory_order_relaxed) > 0 && countdown_to_failure.fetch_sub(1) == 1) {
    throw OutOfMemory{bytes};
  }
  if (bytes > static_cast<std::size_t>(PTRDIFF_MAX) - kLarge) throw OutOfMemory{bytes};
  if (is_large(bytes)) return or_out_of_memory(map_pages(bytes), bytes);
  // a multiple of the alignment, more than nothing: an empty buffer still gets an address
  const std::size_t rounded = (bytes / kCacheLine + 1) * kCacheLine;
  void* memory = or_out_of_memory(allocate_aligned(kCacheLine, rounded), bytes);
  std::memset(memory, 0, rounded);
  forbid(memory, bytes, rounded);
  return memory;
}

void deallocate(void* memory, std::size_t bytes) noexcept {
  if (memory != nullptr && is_large(bytes)) {
    unmap_pages(memory, bytes);
  } else {
    free_aligned(memory);
  }
}

std::size_t allocation_count() noexcept { return allocations.load(std::memory_order_relaxed); }

void fail_allocation_after(std::size_t n) noexcept { countdown_to_failure.store(n, std::memory_order_relaxed); }

}  // namespace fastmlp
