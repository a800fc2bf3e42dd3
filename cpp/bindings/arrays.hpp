// NumPy arrays <-> views of the core. The arrays that come in were prepared in _validation.py (C-contiguous, aligned,
// native); what is checked here again is only what would read out of bounds.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <optional>
#include <utility>
#include <vector>

#include "core/dataset.hpp"
#include "kernels/kernel_table.hpp"

namespace fastmlp {

namespace py = pybind11;

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
inline Dataset dataset(const py::array& inputs, const py::array& targets, const std::optional<py::array>& sample_weight,
                       std::ptrdiff_t n_inputs, std::ptrdiff_t n_outputs) {
  Dataset data{.inputs = data_view(inputs, n_inputs)};
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

template <class T>
py::array_t<T> new_matrix(std::ptrdiff_t rows, std::ptrdiff_t columns) {
  return py::array_t<T>(std::vector<py::ssize_t>{rows, columns});
}

}  // namespace fastmlp
