// Derivatives of each row alone: of its outputs by its inputs, and of its loss by the parameters. Rows go over threads
// in blocks, so that no memory but the result grows with the rows.
#pragma once

#include <cstddef>

#include "core/dataset.hpp"
#include "core/network.hpp"

namespace fastmlp {

// With vectors null: jacobian (rows, n_outputs, n_inputs), of every output by every input. Else, for vectors (rows,
// n_outputs), V^T J of each row: (rows, n_inputs).
template <class T>
void evaluate_jacobian(const Network<T>& network, const DataView& inputs, const DataView* vectors, T* out,
                       int thread_request);

// Gradients (rows, parameters without gaps) of each row's own loss, without penalties; weights of rows do not enter.
template <class T>
void evaluate_row_gradients(const Network<T>& network, const Dataset& data, T* out, int thread_request);

}  // namespace fastmlp
