// See memory.hpp. Written to mmap(2), munmap(2) and posix_memalign(3), not yet run.
#include "platform/memory.hpp"

#include <sys/mman.h>

#include <cstdlib>

namespace fastmlp {

// In usual pages (16 KB on Apple's processors): larger ones (mmap(2)) are for Intel's only.
void* map_pages(std::size_t bytes) noexcept {
  void* start = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
  return start == MAP_FAILED ? nullptr : start;
}

void unmap_pages(void* memory, std::size_t bytes) noexcept { munmap(memory, bytes); }

void* allocate_aligned(std::size_t alignment, std::size_t bytes) noexcept {
  void* memory = nullptr;
  return posix_memalign(&memory, alignment, bytes) == 0 ? memory : nullptr;
}

void free_aligned(void* memory) noexcept { std::free(memory); }

}  // namespace fastmlp
