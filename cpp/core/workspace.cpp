// See workspace.hpp.
#include "core/workspace.hpp"

namespace fastmlp {

template <class T>
Workspace<T>::Workspace(const Network<T>& network, std::ptrdiff_t rows, Purpose purpose) : rows_(rows) {
  const std::size_t depth = network.layers().size();
  ld_.push_back(leading_dimension(network.n_inputs() + 1));
  for (const Layer& layer : network.layers()) ld_.push_back(leading_dimension(layer.n_out + 1));
  ld_targets_ = leading_dimension(network.n_outputs());

  std::ptrdiff_t size = 0;
  // Every part starts on a cache line, and rows may be read up to the next multiple of 16 elements.
  const auto reserve = [&size](std::ptrdiff_t n_rows, std::ptrdiff_t ld) {
    const std::ptrdiff_t start = size;
    const std::ptrdiff_t count = (checked_count(n_rows, ld) + 31) / 16 * 16;
    if (__builtin_add_overflow(size, count, &size)) throw OutOfMemory{SIZE_MAX};
    return start;
  };
  std::vector<std::ptrdiff_t> activation_starts;
  std::vector<std::ptrdiff_t> delta_starts(depth + 1, -1);
  for (std::size_t l = 0; l <= depth; ++l) activation_starts.push_back(reserve(rows, ld_[l]));
  for (std::size_t l = 0; l <= depth; ++l) {
    const bool kept = is_for_gradients(purpose) ? l > 0 : (purpose == Purpose::loss && l == depth);
    if (kept) delta_starts[l] = reserve(rows, ld_[l]);
  }
  std::vector<std::ptrdiff_t> incoming_starts(depth + 1, 0);
  std::vector<std::ptrdiff_t> normalized_starts(activation_starts);
  std::vector<std::ptrdiff_t> deviation_starts(depth + 1, 0);
  for (std::size_t l = 1; l < depth; ++l) {
    if (!network.has_junction(l)) continue;
    const Layer& layer = network.layers()[l];
    if (is_for_gradients(purpose)) incoming_starts[l] = reserve(rows, ld_[l]);
    if (is_for_gradients(purpose) && layer.normalizes && layer.dropout > 0.0) {
      normalized_starts[l] = reserve(rows, ld_[l]);
    }
    deviation_starts[l] = reserve(rows, 1);
  }
  const bool has_loss = purpose != Purpose::inference;
  const std::ptrdiff_t targets_start = has_loss ? reserve(rows, ld_targets_) : 0;
  std::ptrdiff_t row_starts[2] = {};
  for (std::ptrdiff_t& start : row_starts) start = has_loss ? reserve(rows, 1) : 0;

  memory_ = AlignedBuffer<T>(size);
  T* base = memory_.data();
  for (std::size_t l = 0; l <= depth; ++l) {
    activations_.push_back(base + activation_starts[l]);
    incoming_.push_back(base + incoming_starts[l]);
    normalized_.push_back(base + normalized_starts[l]);
    inverse_deviations_.push_back(base + deviation_starts[l]);
    deltas_.push_back(delta_starts[l] >= 0 ? base + delta_starts[l] : nullptr);
  }
  if (has_loss) {
    targets_ = base + targets_start;
    scale_ = base + row_starts[0];
    row_loss_ = base + row_starts[1];
    labels_ = AlignedBuffer<std::int32_t>(rows);
  }
  for (std::ptrdiff_t r = 0; r < rows; ++r) activations(0, r)[network.n_inputs()] = T(1);
}

template class Workspace<float>;
template class Workspace<double>;

}  // namespace fastmlp
