// See aligned_buffer.hpp.
#include "platform/aligned_buffer.hpp"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace fastmlp {
namespace {

constexpr std::size_t kHugePage = std::size_t{1} << 21;

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

// Rows of wide matrices lie in a page each: in pages of 4 KB the products would wait for address translation.
bool is_large(std::size_t bytes) noexcept { return !kIsWatched && bytes >= 2 * kHugePage; }
std::size_t whole_huge_pages(std::size_t bytes) noexcept { return (bytes / kHugePage + 1) * kHugePage; }

// The system's own zeros: clearing them again would touch every page twice, and on one thread.
void* map_huge_pages(std::size_t bytes) {
  const std::size_t size = whole_huge_pages(bytes);
  const std::size_t mapped = size + kHugePage;  // room to begin at a huge page
  void* start = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) throw OutOfMemory{bytes};
  char* first = static_cast<char*>(start);
  const std::size_t before = (kHugePage - reinterpret_cast<std::uintptr_t>(first) % kHugePage) % kHugePage;
  if (before > 0) munmap(first, before);
  munmap(first + before + size, mapped - before - size);
  madvise(first + before, size, MADV_HUGEPAGE);  // advice: where it is not taken, all works as before
  return first + before;
}

std::atomic<std::size_t> allocations{0};
std::atomic<std::size_t> countdown_to_failure{0};

}  // namespace

void* allocate_zeroed(std::size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (countdown_to_failure.load(std::memory_order_relaxed) > 0 && countdown_to_failure.fetch_sub(1) == 1) {
    throw OutOfMemory{bytes};
  }
  if (bytes > static_cast<std::size_t>(PTRDIFF_MAX) - kHugePage) throw OutOfMemory{bytes};
  if (is_large(bytes)) return map_huge_pages(bytes);
  // aligned_alloc wants a multiple of the alignment; an empty buffer still gets an address.
  const std::size_t rounded = (bytes / kCacheLine + 1) * kCacheLine;
  void* memory = std::aligned_alloc(kCacheLine, rounded);
  if (memory == nullptr) throw OutOfMemory{bytes};
  std::memset(memory, 0, rounded);
  forbid(memory, bytes, rounded);
  return memory;
}

void deallocate(void* memory, std::size_t bytes) noexcept {
  if (memory != nullptr && is_large(bytes)) {
    munmap(memory, whole_huge_pages(bytes));
  } else {
    std::free(memory);
  }
}

std::size_t allocation_count() noexcept { return allocations.load(std::memory_order_relaxed); }

void fail_allocation_after(std::size_t n) noexcept { countdown_to_failure.store(n, std::memory_order_relaxed); }

}  // namespace fastmlp
