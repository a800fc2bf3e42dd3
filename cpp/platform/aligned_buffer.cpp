// See aligned_buffer.hpp.
#include "platform/aligned_buffer.hpp"

#include <sys/mman.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace fastmlp {
namespace {

constexpr std::size_t kHugePage = std::size_t{1} << 21;

std::atomic<std::size_t> allocations{0};
std::atomic<std::size_t> countdown_to_failure{0};

}  // namespace

void* allocate_zeroed(std::size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (countdown_to_failure.load(std::memory_order_relaxed) > 0 && countdown_to_failure.fetch_sub(1) == 1) {
    throw OutOfMemory{bytes};
  }
  if (bytes > static_cast<std::size_t>(PTRDIFF_MAX) - kHugePage) throw OutOfMemory{bytes};
  // Rows of wide matrices lie in a page each: in pages of 4 KB the products would wait for address translation.
  const bool in_huge_pages = bytes >= 2 * kHugePage;
  const std::size_t alignment = in_huge_pages ? kHugePage : kCacheLine;
  // aligned_alloc wants a multiple of the alignment; an empty buffer still gets an address.
  const std::size_t rounded = (bytes / alignment + 1) * alignment;
  void* memory = std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) throw OutOfMemory{bytes};
  if (in_huge_pages) madvise(memory, rounded, MADV_HUGEPAGE);  // advice: where it is not taken, all works as before
  std::memset(memory, 0, rounded);
  return memory;
}

void deallocate(void* memory) noexcept { std::free(memory); }

std::size_t allocation_count() noexcept { return allocations.load(std::memory_order_relaxed); }

void fail_allocation_after(std::size_t n) noexcept { countdown_to_failure.store(n, std::memory_order_relaxed); }

}  // namespace fastmlp
