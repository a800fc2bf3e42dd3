// Two ways of laying lanes over rows of outputs, behind one interface, so that a loss is written once.
//
//   AlongRow    one row at a time, lanes along its columns: for long rows
//   AcrossRows  kLanes rows at a time, a lane each, columns one after the other: for rows of up to 16 columns, which
//               would leave lanes of a vector idle (measured: 40 ns a row along, 8 ns across, softmax of 10)
//
// Both give the same bits: a Sum or Max over a row goes through the same 16 virtual lanes and the same tree. What
// belongs to a row (a sum, its scale) is a Vec: the same number in all lanes along a row, a number per lane across
// rows.
#pragma once

#include "kernels/transpose-inl.hpp"
#include "kernels/vec-inl.hpp"

namespace fastmlp {
namespace {

// Matrices of `rows` rows that a layout reads and writes; each may be null when it is not used.
template <class T>
struct OutputRows {
  ptrdiff_t columns;
  const T* out;
  T* d;
  ptrdiff_t ld;
  const int32_t* labels;
  const T* targets;
  ptrdiff_t ldt;
};

template <class T>
class AlongRow {
 public:
  // A vector of the row: its first column, its place among the 16 virtual lanes, and which lanes are columns of the
  // row.
  struct Place {
    ptrdiff_t first;
    int vector;
    IntVec<T> valid;
  };

  FASTMLP_INLINE AlongRow(const OutputRows<T>& rows, ptrdiff_t row) : rows_(rows), row_(row) {}

  template <class F>
  FASTMLP_INLINE void each(F&& f) const {
    for (ptrdiff_t j = 0; j < rows_.columns; j += 16) {
#pragma GCC unroll 8
      for (int v = 0; v < Lanes16<T>::kVectors; ++v) {
        const ptrdiff_t first = j + v * kLanes<T>;
        const ptrdiff_t left = rows_.columns - first > 16 ? 16 : rows_.columns - first;
        f(Place{first, v, lane_numbers<T>() < static_cast<Int<T>>(left)});
      }
    }
  }

  FASTMLP_INLINE Vec<T> out(const Place& p) const { return load<T>(rows_.out + row_ * rows_.ld + p.first); }
  FASTMLP_INLINE Vec<T> d(const Place& p) const { return load<T>(rows_.d + row_ * rows_.ld + p.first); }
  // Lanes beyond the row become zero.
  FASTMLP_INLINE void set_d(const Place& p, Vec<T> x) const {
    store<T>(rows_.d + row_ * rows_.ld + p.first, p.valid ? x : Vec<T>{});
  }
  FASTMLP_INLINE void set_delta(const Place& p, Vec<T> x) const { set_d(p, factor_of<T>(x)); }
  FASTMLP_INLINE Vec<T> target(const Place& p) const {
    if (rows_.labels == nullptr) return p.valid ? load<T>(rows_.targets + row_ * rows_.ldt + p.first) : Vec<T>{};
    const Int<T> label = rows_.labels[row_];
    if (rows_.columns == 1) return p.valid ? broadcast<T>(static_cast<T>(label)) : Vec<T>{};
    return lane_numbers<T>() == label - static_cast<Int<T>>(p.first) ? broadcast<T>(1) : Vec<T>{};
  }
  FASTMLP_INLINE Vec<T> load_row_value(const T* values) const { return broadcast<T>(values[row_]); }
  FASTMLP_INLINE void store_row_value(T* values, Vec<T> x) const { values[row_] = x[0]; }

  class Sum {
   public:
    FASTMLP_INLINE void add(const Place& p, Vec<T> x) {
      lanes_.v[p.vector] = lanes_.v[p.vector] + (p.valid ? x : Vec<T>{});
    }
    FASTMLP_INLINE void add_product(const Place& p, Vec<T> x, Vec<T> y) {
      lanes_.v[p.vector] = p.valid ? fma<T>(x, y, lanes_.v[p.vector]) : lanes_.v[p.vector];
    }
    FASTMLP_INLINE Vec<T> total() const { return broadcast<T>(sum_lanes<T>(lanes_)); }

   private:
    Lanes16<T> lanes_{};
  };

  class Max {
   public:
    FASTMLP_INLINE Max() {
      for (auto& v : lanes_.v) v = broadcast<T>(static_cast<T>(-__builtin_inf()));
    }
    FASTMLP_INLINE void add(const Place& p, Vec<T> x) {
      lanes_.v[p.vector] = (p.valid & (x > lanes_.v[p.vector])) ? x : lanes_.v[p.vector];
    }
    FASTMLP_INLINE Vec<T> total() const { return broadcast<T>(max_lanes<T>(lanes_)); }

   private:
    Lanes16<T> lanes_;
  };

 private:
  const OutputRows<T>& rows_;
  ptrdiff_t row_;
};

template <class T>
class AcrossRows {
 public:
  static constexpr ptrdiff_t kMaxColumns = 16;
  struct Place {
    ptrdiff_t column;
  };

  // Rows [row, row + count), count <= kLanes: the lanes beyond repeat the last row and are not written.
  FASTMLP_INLINE AcrossRows(const OutputRows<T>& rows, ptrdiff_t row, ptrdiff_t count, bool reads_d)
      : rows_(rows), row_(row), count_(count) {
    read(rows.out, rows.ld, out_);
    if (reads_d) read(rows.d, rows.ld, d_);
    if (rows.labels != nullptr) {
      for (int lane = 0; lane < kLanes<T>; ++lane) label_[lane] = rows.labels[row + (lane < count ? lane : count - 1)];
    } else if (rows.targets != nullptr) {
      read(rows.targets, rows.ldt, target_);
    }
  }

  // Writes d of the rows, and zero into the rest of the 16 columns.
  FASTMLP_INLINE void write_d() {
    for (ptrdiff_t j = rows_.columns; j < kMaxColumns; ++j) store<T>(d_[j], Vec<T>{});
    T* to = rows_.d + row_ * rows_.ld;
    for (ptrdiff_t j = 0; j < kMaxColumns; j += kLanes<T>) {
      if (count_ == kLanes<T>) {
        transpose_block<T>(d_[j], kLanes<T>, to + j, rows_.ld);
      } else {
        for (ptrdiff_t lane = 0; lane < count_; ++lane) {
          for (ptrdiff_t i = j; i < j + kLanes<T>; ++i) to[lane * rows_.ld + i] = d_[i][lane];
        }
      }
    }
  }

  template <class F>
  FASTMLP_INLINE void each(F&& f) const {
    for (ptrdiff_t j = 0; j < rows_.columns; ++j) f(Place{j});
  }

  FASTMLP_INLINE Vec<T> out(const Place& p) const { return load<T>(out_[p.column]); }
  FASTMLP_INLINE Vec<T> d(const Place& p) const { return load<T>(d_[p.column]); }
  FASTMLP_INLINE void set_d(const Place& p, Vec<T> x) { store<T>(d_[p.column], x); }
  FASTMLP_INLINE void set_delta(const Place& p, Vec<T> x) { set_d(p, factor_of<T>(x)); }
  FASTMLP_INLINE Vec<T> target(const Place& p) const {
    if (rows_.labels == nullptr) return load<T>(target_[p.column]);
    IntVec<T> label;
    __builtin_memcpy(&label, label_, sizeof label);
    if (rows_.columns == 1) return __builtin_convertvector(label, Vec<T>);
    return label == static_cast<Int<T>>(p.column) ? broadcast<T>(1) : Vec<T>{};
  }
  FASTMLP_INLINE Vec<T> load_row_value(const T* values) const {
    Vec<T> x{};
    for (ptrdiff_t lane = 0; lane < count_; ++lane) x[lane] = values[row_ + lane];
    return x;
  }
  FASTMLP_INLINE void store_row_value(T* values, Vec<T> x) const {
    for (ptrdiff_t lane = 0; lane < count_; ++lane) values[row_ + lane] = x[lane];
  }

  class Sum {
   public:
    FASTMLP_INLINE Sum() {
#pragma GCC unroll 16
      for (auto& v : lanes_) v = Vec<T>{};
    }
    FASTMLP_INLINE void add(const Place& p, Vec<T> x) { lanes_[p.column] = lanes_[p.column] + x; }
    FASTMLP_INLINE void add_product(const Place& p, Vec<T> x, Vec<T> y) {
      lanes_[p.column] = fma<T>(x, y, lanes_[p.column]);
    }
    FASTMLP_INLINE Vec<T> total() {
#pragma GCC unroll 4
      for (int half = 8; half > 0; half /= 2) {
#pragma GCC unroll 8
        for (int i = 0; i < half; ++i) lanes_[i] = lanes_[i] + lanes_[i + half];
      }
      return lanes_[0];
    }

   private:
    Vec<T> lanes_[16];  // set one by one above: the compiler would zero them as a string, 50 cycles
  };

  class Max {
   public:
    FASTMLP_INLINE Max() {
#pragma GCC unroll 16
      for (auto& v : lanes_) v = broadcast<T>(static_cast<T>(-__builtin_inf()));
    }
    FASTMLP_INLINE void add(const Place& p, Vec<T> x) {
      lanes_[p.column] = x > lanes_[p.column] ? x : lanes_[p.column];
    }
    FASTMLP_INLINE Vec<T> total() {
#pragma GCC unroll 4
      for (int half = 8; half > 0; half /= 2) {
#pragma GCC unroll 8
        for (int i = 0; i < half; ++i) lanes_[i] = lanes_[i] > lanes_[i + half] ? lanes_[i] : lanes_[i + half];
      }
      return lanes_[0];
    }

   private:
    Vec<T> lanes_[16];
  };

 private:
  // Columns of the rows into vectors; whole blocks with the padding that they may hold.
  FASTMLP_INLINE void read(const T* matrix, ptrdiff_t ld, T (&columns)[kMaxColumns][kLanes<T>]) const {
    const T* from = matrix + row_ * ld;
    for (ptrdiff_t j = 0; j < rows_.columns; j += kLanes<T>) {
      if (count_ == kLanes<T>) {
        transpose_block<T>(from + j, ld, columns[j], kLanes<T>);
      } else {
        for (ptrdiff_t i = j; i < j + kLanes<T>; ++i) {
          for (ptrdiff_t lane = 0; lane < kLanes<T>; ++lane) {
            columns[i][lane] = from[(lane < count_ ? lane : count_ - 1) * ld + i];
          }
        }
      }
    }
  }

  const OutputRows<T>& rows_;
  ptrdiff_t row_;
  ptrdiff_t count_;
  alignas(64) T out_[kMaxColumns][kLanes<T>];
  alignas(64) T d_[kMaxColumns][kLanes<T>];
  alignas(64) T target_[kMaxColumns][kLanes<T>];
  alignas(64) Int<T> label_[kLanes<T>];
};

// Calls f(layout) for all rows, in the layout that suits them; f must not depend on which it is.
template <class T, class F>
FASTMLP_INLINE void over_rows(const OutputRows<T>& rows, ptrdiff_t n_rows, bool reads_d, F&& f) {
  ptrdiff_t row = 0;
  if (rows.columns <= AcrossRows<T>::kMaxColumns) {
    // A block that would be less than half full is cheaper row by row.
    for (; 2 * (n_rows - row) >= kLanes<T>; row += kLanes<T>) {
      const ptrdiff_t left = n_rows - row;
      AcrossRows<T> layout(rows, row, left < kLanes<T> ? left : kLanes<T>, reads_d);
      f(layout);
      layout.write_d();
    }
  }
  for (; row < n_rows; ++row) {
    AlongRow<T> layout(rows, row);
    f(layout);
  }
}

}  // namespace
}  // namespace fastmlp
