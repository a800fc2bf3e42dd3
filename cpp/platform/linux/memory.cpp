// See memory.hpp.
#include "platform/memory.hpp"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

namespace fastmlp {
namespace {

constexpr std::size_t kHugePage = std::size_t{1} << 21;

std::size_t whole_huge_pages(std::size_t bytes) noexcept { return (bytes / kHugePage + 1) * kHugePage; }

}  // namespace

void* map_pages(std::size_t bytes) noexcept {
  const std::size_t size = whole_huge_pages(bytes);
  const std::size_t mapped = size + kHugePage;  // room to begin at a huge page
  void* start = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return nullptr;
  char* first = static_cast<char*>(start);
  const std::size_t before = (kHugePage - reinterpret_cast<std::uintptr_t>(first) % kHugePage) % kHugePage;
  if (before > 0) munmap(first, before);
  munmap(first + before + size, mapped - before - size);
  madvise(first + before, size, MADV_HUGEPAGE);  // advice: where it is not taken, all works as before
  return first + before;
}

void unmap_pages(void* memory, std::size_t bytes) noexcept { munmap(memory, whole_huge_pages(bytes)); }

void* allocate_aligned(std::size_t alignment, std::size_t bytes) noexcept {
  return std::aligned_alloc(alignment, bytes);
}

void free_aligned(void* memory) noexcept { std::free(memory); }

}  // namespace fastmlp
