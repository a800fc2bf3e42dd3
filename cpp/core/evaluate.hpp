// Everything a network computes without being changed: outputs, activations, loss, gradients. Rows go over threads in
// blocks, few rows by columns; each element is computed the same way whatever the block, so predict(X)[i] has the bits
// of predict(X[i:i+1])[0].
#pragma once

#include <cstddef>
#include <vector>

#include "core/dataset.hpp"
#include "core/network.hpp"

namespace fastmlp {

// Outputs of the layers whose pointer is not null: out[l] (rows, units of layer l), contiguous; what a
// normalization between layers makes of them is theirs as well.
template <class T>
void evaluate_activations(const Network<T>& network, const DataView& inputs, const std::vector<T*>& out,
                          int thread_request);

// Outputs (rows, n_outputs), contiguous. Returns whether all inputs are finite in T; else outputs are undefined.
template <class T>
bool evaluate_outputs(const Network<T>& network, const DataView& inputs, T* outputs, int thread_request);

// The index of each row's largest output, the first of equal ones. Returns whether inputs and outputs are finite; else,
// or when a hidden unit is infinite, perhaps not, and the classes are undefined.
template <class T>
bool evaluate_classes(const Network<T>& network, const DataView& inputs, std::ptrdiff_t* classes, int thread_request);

// Weighted mean loss and penalties.
template <class T>
double evaluate_loss(const Network<T>& network, const Dataset& data, int thread_request);

// The gradients of what evaluate_loss returns, which is returned as well. parameters: a buffer of the network's layout;
// inputs: (rows, n_inputs), contiguous. The network is not const, because the pass that training shares may move
// weights; here it only leaves gradients.
template <class T>
double evaluate_gradients(Network<T>& network, const Dataset& data, T* parameters, T* inputs, int thread_request);

}  // namespace fastmlp
