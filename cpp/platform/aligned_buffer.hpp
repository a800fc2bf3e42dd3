// Zeroed memory for numbers, aligned to a cache line, owned once.
//
// Everything the core computes on lives in such buffers. They are taken before a parallel region opens and never inside
// one. Sizes are multiplied with overflow checks; what cannot be had is OutOfMemory, which names the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace fastmlp {

inline constexpr std::size_t kCacheLine = 64;

// Thrown when memory cannot be had; the bindings turn it into MemoryError.
struct OutOfMemory {
  std::size_t bytes;  // SIZE_MAX when the size itself overflows
};

// count * size, or OutOfMemory when that is more than an address can hold.
inline std::size_t checked_bytes(std::size_t count, std::size_t size) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes) || bytes > static_cast<std::size_t>(PTRDIFF_MAX)) {
    throw OutOfMemory{SIZE_MAX};
  }
  return bytes;
}

// a * b as a count of elements, with the same check.
inline std::ptrdiff_t checked_count(std::ptrdiff_t a, std::ptrdiff_t b) {
  return static_cast<std::ptrdiff_t>(checked_bytes(static_cast<std::size_t>(a), static_cast<std::size_t>(b)));
}

// Zeroed, aligned bytes; throws OutOfMemory. Large ones get their pages when they are first written, by the thread that
// writes them.
void* allocate_zeroed(std::size_t bytes);
// bytes: as they were asked for; memory may be null.
void deallocate(void* memory, std::size_t bytes) noexcept;

// How often allocate_zeroed was called in this process: a test asserts that training steps do not add to it.
std::size_t allocation_count() noexcept;

// Makes the n-th allocation from now fail (0: none), so that tests can see what a full machine does.
void fail_allocation_after(std::size_t n) noexcept;

template <class T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::ptrdiff_t count)
      : data_(static_cast<T*>(allocate_zeroed(checked_bytes(static_cast<std::size_t>(count), sizeof(T))))),
        count_(count) {}
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(count_, other.count_);
    return *this;
  }
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;
  ~AlignedBuffer() { deallocate(data_, static_cast<std::size_t>(count_) * sizeof(T)); }

  T* data() const noexcept { return data_; }
  std::ptrdiff_t size() const noexcept { return count_; }
  explicit operator bool() const noexcept { return data_ != nullptr; }
  T& operator[](std::ptrdiff_t i) const noexcept { return data_[i]; }

 private:
  T* data_ = nullptr;
  std::ptrdiff_t count_ = 0;
};

}  // namespace fastmlp
