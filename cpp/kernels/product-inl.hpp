// The three products of a training step (forward, backward, gradient) over one register tile.
//
// A tile is R rows x V vectors of accumulators that stay in registers while the summed index k runs; each accumulator
// takes its fused multiply-adds in ascending k, which is all that decides its bits. So tile shapes, their order and who
// computes them are free, and are chosen for speed: rows and vectors are dealt evenly over tiles, because a leftover
// tile of one row would wait for the latency of its own additions. Six row pointers fit into the general registers
// (measured: more spill), four vectors beside them into 32 vector registers, two into 16.
#pragma once

#include "kernels/activation-inl.hpp"
#include "kernels/kernel_table.hpp"
#include "kernels/vec-inl.hpp"

namespace fastmlp {
namespace {

constexpr int kTileRows = 6;
constexpr int kTileVectors = FASTMLP_VECTOR_REGISTERS >= 32 ? 4 : 2;

// Whether the left operand is read by rows, A(r, k) = a[r * lda + k], or by columns, A(r, k) = a[k * lda + r].
enum class Left { by_rows, by_columns };

template <class T, int R, int V>
struct Tile {
  Vec<T> v[R][V];
};

// tile += A (R x K) times B (K x V vectors).
template <Left left, class T, int R, int V>
FASTMLP_INLINE void accumulate(Tile<T, R, V>& tile, ptrdiff_t depth, const T* a, ptrdiff_t lda, const T* b,
                               ptrdiff_t ldb) {
  for (ptrdiff_t k = 0; k < depth; ++k) {
    Vec<T> row[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) row[v] = load<T>(b + k * ldb + v * kLanes<T>);
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
      const Vec<T> x = broadcast<T>(left == Left::by_rows ? a[r * lda + k] : a[k * lda + r]);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) tile.v[r][v] = fma<T>(x, row[v], tile.v[r][v]);
    }
  }
}

// Which part of the output a tile is.
struct Place {
  ptrdiff_t row;
  ptrdiff_t column;
};

template <ActivationKind kind, class T, int R, int V>
FASTMLP_INLINE void store_activated(const Tile<T, R, V>& tile, T parameter, T* a, T* d, ptrdiff_t ld) {
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const Activated<T> y = activate<kind, T>(tile.v[r][v], parameter);
      store<T>(a + r * ld + v * kLanes<T>, y.a);
      if (d != nullptr) store<T>(d + r * ld + v * kLanes<T>, y.d);
    }
  }
}

template <class T>
struct ForwardTile {
  template <int R, int V>
  static void run(const ForwardArguments<T>& p, Place at) {
    const T* w = p.weights + at.column;
    Tile<T, R, V> tile;
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const Vec<T> bias = load<T>(w + p.n_in * p.ldw + v * kLanes<T>);
#pragma GCC unroll 6
      for (int r = 0; r < R; ++r) tile.v[r][v] = bias;
    }
    accumulate<Left::by_rows>(tile, p.n_in, p.x + at.row * p.ldx, p.ldx, w, p.ldw);
    T* a = p.a + at.row * p.lda + at.column;
    T* d = p.d != nullptr ? p.d + at.row * p.lda + at.column : nullptr;
    with_activation(p.activation, [&]<ActivationKind kind>() __attribute__((always_inline)) {
      if constexpr (fits_in_tile(kind)) {
        store_activated<kind>(tile, p.parameter, a, d, p.lda);
      } else {
        store_activated<ActivationKind::identity>(tile, p.parameter, a, static_cast<T*>(nullptr), p.lda);
        activate_block<kind, T>(a, d, p.lda, R, V, p.parameter);
      }
    });
  }
};

template <class T>
struct BackwardTile {
  template <int R, int V>
  static void run(const BackwardArguments<T>& p, Place at) {
    Tile<T, R, V> tile{};
    accumulate<Left::by_rows>(tile, p.n_out, p.delta_out + at.row * p.ld_out, p.ld_out, p.transposed + at.column,
                              p.ldt);
    T* d = p.d + at.row * p.ld_in + at.column;
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        T* out = d + r * p.ld_in + v * kLanes<T>;
        store<T>(out, p.unscaled ? tile.v[r][v] : tile.v[r][v] * load<T>(out));
      }
    }
  }
};

constexpr ptrdiff_t kCacheLine = 64;
// Terms of a sum between two bursts of a fetch queue. Measured: 16 costs 2 % more than 32, 64 gains nothing.
constexpr ptrdiff_t kFetchInterval = 32;

FASTMLP_INLINE void fetch_burst(FetchQueue& queue) {
  for (ptrdiff_t i = 0; i < queue.burst && queue.row != queue.end; ++i) {
    __builtin_prefetch(*queue.row + queue.byte, 0, 2);
    queue.byte += kCacheLine;
    if (queue.byte >= queue.row_bytes) {
      queue.byte = 0;
      ++queue.row;
    }
  }
}

template <class T>
struct GradientTile {
  template <int R, int V>
  static void run(const GradientArguments<T>& p, Place at) {
    Tile<T, R, V> tile{};
    const T* x = p.x + at.row;
    const T* delta = p.delta + at.column;
    for (ptrdiff_t done = 0; done < p.batch; done += kFetchInterval) {
      const ptrdiff_t terms = p.batch - done < kFetchInterval ? p.batch - done : kFetchInterval;
      accumulate<Left::by_columns>(tile, terms, x + done * p.ldx, p.ldx, delta + done * p.ldd, p.ldd);
      fetch_burst(*p.fetch);
    }
    T* g = p.g + at.row * p.ldg + at.column;
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) store<T>(g + r * p.ldg + v * kLanes<T>, tile.v[r][v]);
    }
  }
};

template <class Kernel, int R, class Arguments>
FASTMLP_INLINE void run_tile_of_rows(const Arguments& p, Place at, ptrdiff_t vectors) {
  switch (vectors) {
    case 1: Kernel::template run<R, 1>(p, at); break;
    case 2: Kernel::template run<R, 2>(p, at); break;
    case 3:
      if constexpr (kTileVectors >= 3) Kernel::template run<R, 3>(p, at);
      break;
    case 4:
      if constexpr (kTileVectors >= 4) Kernel::template run<R, 4>(p, at);
      break;
  }
}

template <class Kernel, class Arguments>
FASTMLP_INLINE void run_tile(const Arguments& p, Place at, ptrdiff_t rows, ptrdiff_t vectors) {
  switch (rows) {
    case 1: run_tile_of_rows<Kernel, 1>(p, at, vectors); break;
    case 2: run_tile_of_rows<Kernel, 2>(p, at, vectors); break;
    case 3: run_tile_of_rows<Kernel, 3>(p, at, vectors); break;
    case 4: run_tile_of_rows<Kernel, 4>(p, at, vectors); break;
    case 5: run_tile_of_rows<Kernel, 5>(p, at, vectors); break;
    case 6: run_tile_of_rows<Kernel, 6>(p, at, vectors); break;
  }
}

// Covers rows x columns with tiles, panel of columns by panel: a panel of B is reused by all row tiles while it is in
// the nearest cache.
template <class T, class Kernel, class Arguments>
FASTMLP_INLINE void run_tiles(const Arguments& p, ptrdiff_t rows, ptrdiff_t columns) {
  const ptrdiff_t vectors = (columns + kLanes<T> - 1) / kLanes<T>;
  const ptrdiff_t panels = (vectors + kTileVectors - 1) / kTileVectors;
  const ptrdiff_t strips = (rows + kTileRows - 1) / kTileRows;
  for (ptrdiff_t panel = 0; panel < panels; ++panel) {
    const ptrdiff_t v0 = vectors * panel / panels;
    const ptrdiff_t v1 = vectors * (panel + 1) / panels;
    for (ptrdiff_t strip = 0; strip < strips; ++strip) {
      const ptrdiff_t r0 = rows * strip / strips;
      const ptrdiff_t r1 = rows * (strip + 1) / strips;
      run_tile<Kernel>(p, Place{r0, v0 * kLanes<T>}, r1 - r0, v1 - v0);
    }
  }
}

template <class T>
void forward(const ForwardArguments<T>& p) noexcept {
  run_tiles<T, ForwardTile<T>>(p, p.rows, p.n_out);
  for (ptrdiff_t r = 0; r < p.rows; ++r) p.a[r * p.lda + p.n_out] = T(1);  // the tiles wrote over it
}

template <class T>
void backward(const BackwardArguments<T>& p) noexcept {
  run_tiles<T, BackwardTile<T>>(p, p.rows, p.n_in);
}

template <class T>
void gradient(const GradientArguments<T>& p) noexcept {
  run_tiles<T, GradientTile<T>>(p, p.n_rows, p.n_columns);
}

}  // namespace
}  // namespace fastmlp
