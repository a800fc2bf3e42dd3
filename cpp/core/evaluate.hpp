// What a network computes on the way forward: outputs, activations, loss. Rows go over threads in blocks, few rows by
// columns; each element is computed the same way whatever the block, so predict(X)[i] has the bits
// of predict(X[i:i+1])[0].
#pragma once

#include <cstddef>
#include <vector>

#include "core/dataset.hpp"
#include "core/junction.hpp"
#include "core/network.hpp"

namespace fastmlp {

// Outputs of the layers whose pointer is not null: out[l] (rows, units of layer l), contiguous; what a
// normalization between layers makes of them is theirs as well.
template <class T>
void evaluate_activations(const Network<T>& network, const DataView& inputs, const std::vector<T*>& out,
                          int thread_request);

// What the first layer takes of the inputs: (rows, n_in of that layer), contiguous.
template <class T>
void evaluate_first_inputs(const Network<T>& network, const DataView& inputs, T* out, int thread_request);

// What the activation of each layer is applied to: out[l] (rows, n_out of layer l), contiguous.
template <class T>
void evaluate_pre_activations(const Network<T>& network, const DataView& inputs, const std::vector<T*>& out,
                              int thread_request);

// Outputs (rows, n_outputs), contiguous. Returns whether all inputs are finite in T; else outputs are undefined. draw:
// with dropout, as a training step has it; null: without.
template <class T>
bool evaluate_outputs(const Network<T>& network, const DataView& inputs, T* outputs, int thread_request,
                      const DropoutDraw* draw = nullptr);

// The index of each row's largest output, the first of equal ones. Returns whether inputs and outputs are finite; else,
// or when a hidden unit is infinite, perhaps not, and the classes are undefined.
template <class T>
bool evaluate_classes(const Network<T>& network, const DataView& inputs, std::ptrdiff_t* classes, int thread_request);

// Weighted mean loss and penalties.
template <class T>
double evaluate_loss(const Network<T>& network, const Dataset& data, int thread_request);

}  // namespace fastmlp
