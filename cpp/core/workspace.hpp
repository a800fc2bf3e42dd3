// The memory of a computation, laid out once per (network, rows) and never enlarged: activations and deltas of every
// layer for a number of rows, targets, and the numbers that belong to a row.
//
// Activation matrices have a column more than units, which holds 1 (see kernel_table.hpp): set here for the inputs, by
// the forward kernel for the others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/network.hpp"
#include "platform/aligned_buffer.hpp"

namespace fastmlp {

// Of a computation; where the caller gives the derivatives that gradients start from, it wants the outputs as they are.
enum class Purpose { inference, loss, gradients, given_gradients };

inline bool is_for_gradients(Purpose purpose) noexcept {
  return purpose == Purpose::gradients || purpose == Purpose::given_gradients;
}

template <class T>
class Workspace {
 public:
  Workspace(const Network<T>& network, std::ptrdiff_t rows, Purpose purpose);

  std::ptrdiff_t rows() const noexcept { return rows_; }
  std::ptrdiff_t bytes() const noexcept { return memory_.size() * static_cast<std::ptrdiff_t>(sizeof(T)); }
  // Outputs of layer l - 1, that is inputs of layer l; 0: the inputs of the network. (rows, ld(l))
  T* activations(std::size_t l, std::ptrdiff_t row) const noexcept {
    return places_[l].activations + row * places_[l].ld;
  }
  // dL/dz of layer l - 1 in the same numbering, before the backward pass its activation's derivative; null: not kept.
  T* deltas(std::size_t l, std::ptrdiff_t row) const noexcept {
    return places_[l].deltas != nullptr ? places_[l].deltas + row * places_[l].ld : nullptr;
  }
  // Where a junction lies before layer l: gradients by the layer's inputs, and what the normalization divided by.
  T* incoming(std::size_t l, std::ptrdiff_t row) const noexcept { return places_[l].incoming + row * places_[l].ld; }
  // The normalized values, which dropout must leave for the way back.
  T* normalized(std::size_t l, std::ptrdiff_t row) const noexcept {
    return places_[l].normalized + row * places_[l].ld;
  }
  T* inverse_deviations(std::size_t l, std::ptrdiff_t row) const noexcept {
    return places_[l].inverse_deviations + row;
  }
  std::ptrdiff_t ld(std::size_t l) const noexcept { return places_[l].ld; }

  // Before an embedding: the numbers as they were gathered, (rows, ld_numbers); without one, the inputs themselves.
  T* numbers(std::ptrdiff_t row) const noexcept { return numbers_ + row * ld_numbers_; }
  std::ptrdiff_t ld_numbers() const noexcept { return ld_numbers_; }
  // By embedded input, (columns, ld_rows), a row of the batch in each column.
  FilledBins<T> filled_bins(std::ptrdiff_t row) const noexcept {
    return {whole_bins_.data() + row, shares_ + row, ld_rows_};
  }
  // Likewise by input and frequency, (inputs * frequencies, ld_rows). Sines may be null.
  T* cosines(std::ptrdiff_t row) const noexcept { return cosines_ + row; }
  T* sines(std::ptrdiff_t row) const noexcept { return sines_ != nullptr ? sines_ + row : nullptr; }
  std::ptrdiff_t ld_rows() const noexcept { return ld_rows_; }

  T* targets(std::ptrdiff_t row) const noexcept { return targets_ + row * ld_targets_; }
  std::ptrdiff_t ld_targets() const noexcept { return ld_targets_; }
  std::int32_t* labels(std::ptrdiff_t row) const noexcept { return labels_.data() + row; }
  T* scale(std::ptrdiff_t row) const noexcept { return scale_ + row; }
  T* row_loss(std::ptrdiff_t row) const noexcept { return row_loss_ + row; }

 private:
  // One layer's matrices.
  struct Place {
    std::ptrdiff_t ld;
    T* activations;
    T* deltas;
    T* incoming;
    T* normalized;
    T* inverse_deviations;
  };

  std::ptrdiff_t rows_;
  std::vector<Place> places_;  // one vector: to predict one row takes little longer than a few allocations
  T* numbers_ = nullptr;
  std::ptrdiff_t ld_numbers_ = 0;
  T* shares_ = nullptr;
  T* cosines_ = nullptr;
  T* sines_ = nullptr;
  std::ptrdiff_t ld_rows_ = 0;
  T* targets_ = nullptr;
  std::ptrdiff_t ld_targets_ = 0;
  T* scale_ = nullptr;
  T* row_loss_ = nullptr;
  AlignedBuffer<T> memory_;
  AlignedBuffer<std::int32_t> labels_;
  AlignedBuffer<std::int32_t> whole_bins_;
};

}  // namespace fastmlp
