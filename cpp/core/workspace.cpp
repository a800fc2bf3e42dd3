// See workspace.hpp.
#include "core/workspace.hpp"

namespace fastmlp {
namespace {

// Where one layer's matrices begin in the memory; -1: not kept.
struct Starts {
  std::ptrdiff_t ld;
  std::ptrdiff_t activations;
  std::ptrdiff_t normalized;
  std::ptrdiff_t deltas = -1;
  std::ptrdiff_t incoming = 0;
  std::ptrdiff_t inverse_deviations = 0;
};

}  // namespace

template <class T>
Workspace<T>::Workspace(const Network<T>& network, std::ptrdiff_t rows, Purpose purpose) : rows_(rows) {
  const std::size_t depth = network.layers().size();
  const Embedding& embedding = network.embedding();
  const std::ptrdiff_t first_columns = network.layers().front().n_in - network.binned_inputs();
  std::ptrdiff_t size = 0;
  // Every part starts on a cache line, and rows may be read up to the next multiple of 16 elements.
  const auto reserve = [&size](std::ptrdiff_t n_rows, std::ptrdiff_t ld) {
    const std::ptrdiff_t start = size;
    const std::ptrdiff_t count = (checked_count(n_rows, ld) + 31) / 16 * 16;
    if (__builtin_add_overflow(size, count, &size)) throw OutOfMemory{SIZE_MAX};
    return start;
  };
  std::vector<Starts> starts;
  starts.reserve(depth + 1);
  for (std::size_t l = 0; l <= depth; ++l) {
    const std::ptrdiff_t columns = l == 0 ? first_columns : network.layers()[l - 1].n_out;
    const std::ptrdiff_t ld = leading_dimension(columns + 1);
    const std::ptrdiff_t start = reserve(rows, ld);
    starts.push_back({.ld = ld, .activations = start, .normalized = start});
  }
  ld_targets_ = leading_dimension(network.n_outputs());
  for (std::size_t l = 0; l <= depth; ++l) {
    const bool kept =
        is_for_gradients(purpose) ? l > 0 || embedding.learns() : (purpose == Purpose::loss && l == depth);
    if (kept) starts[l].deltas = reserve(rows, starts[l].ld);
  }
  for (std::size_t l = 1; l < depth; ++l) {
    if (!network.has_junction(l)) continue;
    const Layer& layer = network.layers()[l];
    Starts& place = starts[l];
    if (is_for_gradients(purpose)) place.incoming = reserve(rows, place.ld);
    if (is_for_gradients(purpose) && layer.normalizes && layer.dropout > 0.0) {
      place.normalized = reserve(rows, place.ld);
    }
    place.inverse_deviations = reserve(rows, 1);
  }
  const bool is_embedded = embedding.kind != EmbeddingKind::none;
  ld_numbers_ = is_embedded ? leading_dimension(network.n_inputs()) : starts[0].ld;
  const std::ptrdiff_t numbers_start = is_embedded ? reserve(rows, ld_numbers_) : starts[0].activations;
  ld_rows_ = leading_dimension(rows);
  const bool has_bins = network.binned_inputs() > 0;
  const std::ptrdiff_t shares_start = has_bins ? reserve(embedding.columns, ld_rows_) : 0;
  std::ptrdiff_t wave_starts[2] = {-1, -1};
  for (int i = 0; i < (!embedding.learns() ? 0 : is_for_gradients(purpose) ? 2 : 1); ++i) {
    wave_starts[i] = reserve(checked_count(network.n_inputs(), embedding.frequencies), ld_rows_);
  }
  const bool has_loss = purpose != Purpose::inference;
  const std::ptrdiff_t targets_start = has_loss ? reserve(rows, ld_targets_) : 0;
  std::ptrdiff_t row_starts[2] = {};
  for (std::ptrdiff_t& start : row_starts) start = has_loss ? reserve(rows, 1) : 0;

  memory_ = AlignedBuffer<T>(size);
  T* base = memory_.data();
  places_.reserve(depth + 1);
  for (const Starts& of : starts) {
    places_.push_back({.ld = of.ld,
                       .activations = base + of.activations,
                       .deltas = of.deltas >= 0 ? base + of.deltas : nullptr,
                       .incoming = base + of.incoming,
                       .normalized = base + of.normalized,
                       .inverse_deviations = base + of.inverse_deviations});
  }
  numbers_ = base + numbers_start;
  if (has_bins) {
    shares_ = base + shares_start;
    whole_bins_ = AlignedBuffer<std::int32_t>(checked_count(embedding.columns, ld_rows_));
  }
  if (wave_starts[0] >= 0) cosines_ = base + wave_starts[0];
  if (wave_starts[1] >= 0) sines_ = base + wave_starts[1];
  if (has_loss) {
    targets_ = base + targets_start;
    scale_ = base + row_starts[0];
    row_loss_ = base + row_starts[1];
    labels_ = AlignedBuffer<std::int32_t>(rows);
  }
  for (std::ptrdiff_t r = 0; r < rows; ++r) activations(0, r)[first_columns] = T(1);
}

template class Workspace<float>;
template class Workspace<double>;

}  // namespace fastmlp
