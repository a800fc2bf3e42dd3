// NumPy arrays <-> views of the core. The arrays that come in were prepared in fastmlp/_checks (C-contiguous, aligned,
// native); what is checked here again is only what would read out of bounds.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/dataset.hpp"
#include "kernels/kernel_table.hpp"

namespace fastmlp {

namespace py = pybind11;

inline constexpr std::ptrdiff_t kMaxUnits = std::ptrdiff_t{1} << 56;  // rounding up to a leading dimension fits

inline void require(bool condition, const char* sentence) {
  if (!condition) throw py::value_error(sentence);
}

inline std::optional<DataType> core_type_of(const py::array& array) {
  const py::dtype type = array.dtype();
  const char order = type.byteorder();
  if (order != '=' && order != '|') return std::nullopt;
  switch (type.num()) {
    case py::detail::npy_api::NPY_UBYTE_: return DataType::uint8;
    case py::detail::npy_api::NPY_FLOAT_: return DataType::float32;
    case py::detail::npy_api::NPY_DOUBLE_: return DataType::float64;
    default: return std::nullopt;
  }
}

inline DataType data_type_of(const py::array& array) {
  if (const auto type = core_type_of(array)) return *type;
  throw py::type_error("the core takes arrays of uint8, float32 or float64.");
}

inline bool is_contiguous(const py::array& array) {
  constexpr int kFlags = int{py::array::c_style} | int{py::detail::npy_api::NPY_ARRAY_ALIGNED_};
  return (array.flags() & kFlags) == kFlags;
}

// A contiguous 2-D array of `columns` columns.
inline DataView data_view(const py::array& array, std::ptrdiff_t columns) {
  require(array.ndim() == 2 && is_contiguous(array), "the core takes contiguous, aligned 2-D arrays.");
  require(array.shape(1) == columns, "the core was given an array with a wrong number of columns.");
  require(array.shape(0) > 0, "the core was given an array without rows.");
  return {array.data(), data_type_of(array), array.shape(0), columns};
}

// The numbers of a vector of this type, and how many there are.
template <class V>
std::pair<const V*, std::ptrdiff_t> vector_of(const py::object& array) {
  require(py::isinstance<py::array_t<V>>(array), "rows come with a vector of another type.");
  const auto vector = py::reinterpret_borrow<py::array>(array);
  require(vector.ndim() == 1 && is_contiguous(vector), "rows come with contiguous vectors.");
  return {static_cast<const V*>(vector.data()), vector.shape(0)};
}

// Sparse rows as (values, column of each, first value of each row and the end of the last).
inline DataView sparse_view(const py::tuple& rows, std::ptrdiff_t columns) {
  require(rows.size() == 3 && py::isinstance<py::array>(rows[0]), "sparse rows are values, columns and starts.");
  const auto values = py::reinterpret_borrow<py::array>(rows[0]);
  require(values.ndim() == 1 && is_contiguous(values), "sparse rows come in contiguous vectors.");
  const auto [places, n_places] = vector_of<std::int32_t>(rows[1]);
  const auto [starts, n_starts] = vector_of<std::int64_t>(rows[2]);
  require(n_starts >= 2 && starts[0] == 0 && starts[n_starts - 1] == n_places && n_places == values.shape(0),
          "sparse rows must begin at the first value and end at the last.");
  require(std::is_sorted(starts, starts + n_starts), "a sparse row must not end before it begins.");
  require(std::all_of(places, places + n_places, [=](std::int32_t j) { return j >= 0 && j < columns; }),
          "sparse rows have a column that the network does not.");
  return {values.data(), data_type_of(values), n_starts - 1, columns, starts, places};
}

// An array, or (array, places of the rows in it), which are int64 vectors.
inline DataView dense_view(const py::object& X, std::ptrdiff_t columns) {
  if (!py::isinstance<py::tuple>(X)) {
    require(py::isinstance<py::array>(X), "the core takes an array, or sparse rows.");
    return data_view(py::reinterpret_borrow<py::array>(X), columns);
  }
  const auto parts = py::reinterpret_borrow<py::tuple>(X);
  require(parts.size() == 2 && py::isinstance<py::array>(parts[0]), "rows by their places are an array and a vector.");
  DataView view = data_view(py::reinterpret_borrow<py::array>(parts[0]), columns);
  const auto [places, rows] = vector_of<std::int64_t>(parts[1]);
  require(rows > 0, "the core was given an array without rows.");
  require(std::all_of(places, places + rows, [&](std::int64_t row) { return row >= 0 && row < view.rows; }),
          "a place is no row of the array.");
  static_assert(sizeof(std::int64_t) == sizeof(std::ptrdiff_t));
  view.places = reinterpret_cast<const std::ptrdiff_t*>(places);
  view.rows = rows;
  return view;
}

// The same without words: nothing where X is not such an array as it stands, or has no rows.
inline std::optional<DataView> plain_view(const py::object& X, std::ptrdiff_t columns) {
  if (Py_TYPE(X.ptr()) != py::detail::npy_api::get().PyArray_Type_) return std::nullopt;
  const auto array = py::reinterpret_borrow<py::array>(X);
  if (array.ndim() != 2 || array.shape(1) != columns || array.shape(0) == 0 || !is_contiguous(array)) {
    return std::nullopt;
  }
  const auto type = core_type_of(array);
  if (!type) return std::nullopt;
  return DataView{array.data(), *type, array.shape(0), columns};
}

// The samples of one call. Class labels are not looked at: the losses only compare them, and a wrong one is no class.
inline Dataset dataset(const DataView& inputs, const py::array& targets, const std::optional<py::array>& sample_weight,
                       std::ptrdiff_t n_outputs) {
  Dataset data{.inputs = inputs};
  require(targets.ndim() >= 1 && targets.shape(0) == data.rows(), "targets and inputs differ in their rows.");
  require(data.rows() > 0, "the core takes at least one row.");
  if (py::isinstance<py::array_t<std::int32_t>>(targets)) {
    require(targets.ndim() == 1 && is_contiguous(targets), "labels must be a contiguous 1-D array.");
    data.labels = static_cast<const std::int32_t*>(targets.data());
  } else {
    data.targets = data_view(targets, n_outputs);
  }
  if (sample_weight.has_value()) {
    require(py::isinstance<py::array_t<double>>(*sample_weight) && sample_weight->ndim() == 1 &&
                sample_weight->shape(0) == data.rows() && is_contiguous(*sample_weight),
            "sample_weight must be a contiguous float64 array with one entry per row.");
    data.sample_weight = static_cast<const double*>(sample_weight->data());
  }
  return data;
}

// By NumPy's own function: pybind11's constructor makes two vectors first, a tenth of a row's evaluation.
template <class T>
py::array_t<T> new_matrix(std::ptrdiff_t rows, std::ptrdiff_t columns) {
  const auto& numpy = py::detail::npy_api::get();
  const Py_intptr_t shape[] = {rows, columns};
  PyObject* array = numpy.PyArray_NewFromDescr_(numpy.PyArray_Type_, py::dtype::of<T>().release().ptr(), 2, shape,
                                                nullptr, nullptr, 0, nullptr);
  if (array == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::array_t<T>>(array);
}

}  // namespace fastmlp
