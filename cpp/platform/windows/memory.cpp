// See memory.hpp. Written to the documentation of VirtualAlloc, VirtualFree and _aligned_malloc; run under Wine only.
#include "platform/memory.hpp"

#include <malloc.h>

#include "platform/windows/system.hpp"

namespace fastmlp {

// In usual pages, from a multiple of 64 KB: large ones (MEM_LARGE_PAGES) want a privilege that users do not have.
void* map_pages(std::size_t bytes) noexcept {
  return VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

void unmap_pages(void* memory, std::size_t) noexcept {
  VirtualFree(memory, 0, MEM_RELEASE);  // 0: all that was mapped at once
}

void* allocate_aligned(std::size_t alignment, std::size_t bytes) noexcept { return _aligned_malloc(bytes, alignment); }

void free_aligned(void* memory) noexcept { _aligned_free(memory); }

}  // namespace fastmlp
