// Memory as the system gives it; the buffers of the core are made of it in aligned_buffer.cpp.
#pragma once

#include <cstddef>

namespace fastmlp {

// Pages of zeros, which begin at a page at least and where the system has them at one of 2 MB; null where there is no
// room. Their memory is taken when they are first written, and near the processor that writes.
void* map_pages(std::size_t bytes) noexcept;
// bytes: as they were asked for.
void unmap_pages(void* memory, std::size_t bytes) noexcept;

// Not zeroed; null where there is no room. bytes: a multiple of the alignment, a power of two.
void* allocate_aligned(std::size_t alignment, std::size_t bytes) noexcept;
void free_aligned(void* memory) noexcept;

}  // namespace fastmlp
