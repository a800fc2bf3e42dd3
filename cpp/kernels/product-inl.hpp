// The three products of a training step (forward, backward, gradient) over one register tile.
//
// A tile is R rows x V vectors of accumulators that stay in registers while the summed index k runs; each accumulator
// takes its fused multiply-adds in ascending k, which is all that decides its bits. So tile shapes, their order and who
// computes them are free, and are chosen for speed: rows and vectors are dealt evenly over tiles, because a leftover
// tile of one row would wait for the latency of its own additions. Six row pointers fit into the general registers
// (measured: more spill), four vectors beside them into 32 vector registers, two into 16.
#pragma once

#include "kernels/activation-inl.hpp"
#include "kernels/fetch-inl.hpp"
#include "kernels/formula-inl.hpp"
#include "kernels/kernel_table.hpp"
#include "kernels/vec-inl.hpp"

namespace fastmlp {
namespace {

constexpr int kTileRows = 6;
// The gradient reads its left operand by columns, with one pointer for all rows, so narrow tiles may have more of them.
constexpr int kNarrowVectors = 2;
constexpr int kNarrowTileRows = FASTMLP_VECTOR_REGISTERS >= 32 ? 12 : 6;
constexpr int kTileVectors = FASTMLP_VECTOR_REGISTERS >= 32 ? 4 : 2;

// Whether the left operand is read by rows, A(r, k) = a[r * lda + k], or by columns, A(r, k) = a[k * lda + r].
enum class Left { by_rows, by_columns };

// A left operand read by columns gives a strip few bytes of many lines. Narrow tiles use them up faster than they come
// from the second-level cache, so the next strip's are asked for. Measured on Zen 4, 4096 x 128 by 128 columns: with 16
// registers 84 to 101 GFLOP/s of 115, with 32 114 to 110.
constexpr bool kFetchesNextStrip = FASTMLP_VECTOR_REGISTERS < 32;

static_assert(kTileRows * kTileVectors == kFormulaVectors);

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
    if constexpr (left == Left::by_columns && kFetchesNextStrip) __builtin_prefetch(a + k * lda + 2 * R - 1, 0, 3);
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const Vec<T> x = broadcast<T>(left == Left::by_rows ? a[r * lda + k] : a[k * lda + r]);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) tile.v[r][v] = fma<T>(x, row[v], tile.v[r][v]);
    }
  }
}

// Which part of the output a tile is, and which terms of its sums are added.
struct Place {
  ptrdiff_t row;
  ptrdiff_t column;
  ptrdiff_t first_term;
  ptrdiff_t last_term;  // exclusive
};

// tile += the place's terms of A B; a and b as in accumulate, at the place's row and column, from term 0 on.
template <Left left, class T, int R, int V>
FASTMLP_INLINE void accumulate_and_fetch(Tile<T, R, V>& tile, const Place& at, const T* a, ptrdiff_t lda, const T* b,
                                         ptrdiff_t ldb, FetchQueue& queue) {
  const ptrdiff_t interval = queue.region != queue.end ? kFetchInterval : at.last_term - at.first_term;
  for (ptrdiff_t k = at.first_term; k < at.last_term; k += interval) {
    const ptrdiff_t terms = at.last_term - k < interval ? at.last_term - k : interval;
    accumulate<left>(tile, terms, left == Left::by_rows ? a + k : a + k * lda, lda, b + k * ldb, ldb);
    fetch_burst(queue);
  }
}

template <class T, int R, int V>
FASTMLP_INLINE void load_tile(Tile<T, R, V>& tile, const T* from, ptrdiff_t ld) {
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) tile.v[r][v] = load<T>(from + r * ld + v * kLanes<T>);
  }
}

template <class T, int R, int V>
FASTMLP_INLINE void store_tile(const Tile<T, R, V>& tile, T* to, ptrdiff_t ld) {
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) store<T>(to + r * ld + v * kLanes<T>, tile.v[r][v]);
  }
}

template <ActivationKind kind, class T, int R, int V>
FASTMLP_INLINE void store_activated(const Tile<T, R, V>& tile, T parameter, T smallest, T* a, T* d, ptrdiff_t ld) {
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const Activated<T> y = activate_from<kind, T>(smallest, tile.v[r][v], parameter);
      store<T>(a + r * ld + v * kLanes<T>, y.a);
      if (d != nullptr) store<T>(d + r * ld + v * kLanes<T>, y.d);
    }
  }
}

// d = tile * d without what is tiny, where d is without it already: where d does not fade the product is far from it.
template <bool d_fades, class T, int R, int V>
FASTMLP_INLINE void store_delta(const Tile<T, R, V>& tile, bool unscaled, T* d, ptrdiff_t ld) {
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      T* out = d + r * ld + v * kLanes<T>;
      const Vec<T> product = factor_of<T>(tile.v[r][v]) * load<T>(out);
      store<T>(out, unscaled ? tile.v[r][v] : d_fades ? factor_of<T>(product) : product);
    }
  }
}

template <class T>
constexpr ptrdiff_t kTileColumns = kTileVectors * kLanes<T>;

// Where the unfinished sums of a place are: those of a panel are contiguous, so that few pages hold them.
template <int V, class T, template <class> class Arguments>
FASTMLP_INLINE T* sums_of(const Arguments<T>& p, const Place& at) {
  return p.sums + (p.by_blocks ? at.column * p.rows : 0) + at.row * V * kLanes<T>;
}

// A kernel on tiles names its sizes and operands, and what becomes of a tile before and after its sum.
template <class T>
struct ForwardTile {
  static constexpr bool kAsksForNextBlock = true;
  static constexpr ptrdiff_t most_rows(ptrdiff_t) { return kTileRows; }
  static ptrdiff_t rows(const ForwardArguments<T>& p) { return p.rows; }
  static ptrdiff_t columns(const ForwardArguments<T>& p) { return p.n_out; }
  static ptrdiff_t terms(const ForwardArguments<T>& p) { return p.n_in; }
  static ptrdiff_t terms_at_a_time(const ForwardArguments<T>& p) { return p.terms; }
  static bool is_by_blocks(const ForwardArguments<T>& p) { return p.by_blocks; }
  static ptrdiff_t near_terms(const ForwardArguments<T>& p) { return p.near_terms; }
  static const T* right(const ForwardArguments<T>& p) { return p.weights; }
  static ptrdiff_t ld_right(const ForwardArguments<T>& p) { return p.ldw; }

  template <int R, int V>
  static void run(const ForwardArguments<T>& p, const Place& at, FetchQueue& queue) {
    const T* w = p.weights + at.column;
    T* sums = sums_of<V>(p, at);
    Tile<T, R, V> tile;
    if (at.first_term > 0) {
      load_tile(tile, sums, V * kLanes<T>);
    } else if (p.continues) {
      load_tile(tile, p.a + at.row * p.lda + at.column, p.lda);
    } else {
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        const Vec<T> bias = load<T>(w + p.n_in * p.ldw + v * kLanes<T>);
#pragma GCC unroll 12
        for (int r = 0; r < R; ++r) tile.v[r][v] = bias;
      }
    }
    accumulate_and_fetch<Left::by_rows>(tile, at, p.x + at.row * p.ldx, p.ldx, w, p.ldw, queue);
    if (at.last_term < p.n_in) {
      store_tile(tile, sums, V * kLanes<T>);
      return;
    }
    T* a = p.a + at.row * p.lda + at.column;
    T* d = p.d != nullptr ? p.d + at.row * p.lda + at.column : nullptr;
    if (p.activation == ActivationKind::formula) {
      alignas(64) T z[R * V * kLanes<T>];
      store_tile(tile, z, V * kLanes<T>);
      formula_block(*p.formula, z, a, d, p.lda, R, V, p.n_out - at.column, p.smallest);
      return;
    }
    constexpr bool is_whole = R * V > 1;  // GCC would take a single vector apart, and its fma with it
    if (!is_whole || !fits_in_tile(p.activation)) {
      store_tile(tile, a, p.lda);
      activate_block<T>(p.activation, a, d, p.lda, R, V, p.parameter, p.smallest);
      return;
    }
    with_activation(p.activation, [&]<ActivationKind kind>() __attribute__((always_inline)) {
      if constexpr (is_whole && fits_in_tile(kind)) store_activated<kind>(tile, p.parameter, p.smallest, a, d, p.lda);
    });
  }
};

template <class T>
struct BackwardTile {
  static constexpr bool kAsksForNextBlock = true;
  static constexpr ptrdiff_t most_rows(ptrdiff_t) { return kTileRows; }
  static ptrdiff_t rows(const BackwardArguments<T>& p) { return p.rows; }
  static ptrdiff_t columns(const BackwardArguments<T>& p) { return p.n_in; }
  static ptrdiff_t terms(const BackwardArguments<T>& p) { return p.n_out; }
  static ptrdiff_t terms_at_a_time(const BackwardArguments<T>& p) { return p.terms; }
  static bool is_by_blocks(const BackwardArguments<T>& p) { return p.by_blocks; }
  static ptrdiff_t near_terms(const BackwardArguments<T>& p) { return p.near_terms; }
  static const T* right(const BackwardArguments<T>& p) { return p.transposed; }
  static ptrdiff_t ld_right(const BackwardArguments<T>& p) { return p.ldt; }

  template <int R, int V>
  static void run(const BackwardArguments<T>& p, const Place& at, FetchQueue& queue) {
    T* sums = sums_of<V>(p, at);
    Tile<T, R, V> tile{};
    if (at.first_term > 0) load_tile(tile, sums, V * kLanes<T>);
    accumulate_and_fetch<Left::by_rows>(tile, at, p.delta_out + at.row * p.ld_out, p.ld_out, p.transposed + at.column,
                                        p.ldt, queue);
    if (at.last_term < p.n_out) {
      store_tile(tile, sums, V * kLanes<T>);
      return;
    }
    T* d = p.d + at.row * p.ld_in + at.column;
    if (derivative_fades(p.activation)) {
      store_delta<true>(tile, p.unscaled, d, p.ld_in);
    } else {
      store_delta<false>(tile, p.unscaled, d, p.ld_in);
    }
  }
};

template <class T>
struct GradientCall {
  const GradientArguments<T>& arguments;
  const T* x;
  ptrdiff_t ldx;
  FetchQueue to_read;
  FetchQueue to_write;
};

template <class T>
struct GradientTile {
  static constexpr bool kAsksForNextBlock = false;
  static constexpr ptrdiff_t most_rows(ptrdiff_t vectors) {
    return vectors <= kNarrowVectors ? kNarrowTileRows : kTileRows;
  }
  static ptrdiff_t rows(const GradientCall<T>& call) { return call.arguments.n_rows; }
  static ptrdiff_t columns(const GradientCall<T>& call) { return call.arguments.n_columns; }
  static ptrdiff_t terms(const GradientCall<T>& call) { return call.arguments.batch; }
  static ptrdiff_t terms_at_a_time(const GradientCall<T>& call) { return call.arguments.terms; }
  static bool is_by_blocks(const GradientCall<T>&) { return false; }
  static ptrdiff_t near_terms(const GradientCall<T>& call) { return call.arguments.terms; }

  template <int R, int V>
  static void run(GradientCall<T>& call, const Place& at, FetchQueue& queue) {
    const GradientArguments<T>& p = call.arguments;
    T* g = p.g + at.row * p.ldg + at.column;
    own_burst(call.to_write);
    Tile<T, R, V> tile{};
    if (at.first_term > 0) load_tile(tile, g, p.ldg);
    const T* delta = p.packed != nullptr ? p.packed + at.column * p.batch : p.delta + at.column;
    const ptrdiff_t ldd = p.packed != nullptr ? V * kLanes<T> : p.ldd;
    accumulate_and_fetch<Left::by_columns>(tile, at, call.x + at.row, call.ldx, delta, ldd, queue);
    store_tile(tile, g, p.ldg);
  }
};

template <class Kernel, int R, class Arguments>
FASTMLP_INLINE void run_tile_of_rows(Arguments& p, const Place& at, ptrdiff_t vectors, FetchQueue& queue) {
  switch (vectors) {
    case 1: Kernel::template run<R, 1>(p, at, queue); break;
    case 2: Kernel::template run<R, 2>(p, at, queue); break;
    case 3:
      if constexpr (kTileVectors >= 3 && R <= kTileRows) Kernel::template run<R, 3>(p, at, queue);
      break;
    case 4:
      if constexpr (kTileVectors >= 4 && R <= kTileRows) Kernel::template run<R, 4>(p, at, queue);
      break;
  }
}

template <class Kernel, int R = 1, class Arguments>
FASTMLP_INLINE void run_tile(Arguments& p, const Place& at, ptrdiff_t rows, ptrdiff_t vectors, FetchQueue& queue) {
  if (rows == R) {
    run_tile_of_rows<Kernel, R>(p, at, vectors, queue);
  } else if constexpr (R < Kernel::most_rows(1)) {
    run_tile<Kernel, R + 1>(p, at, rows, vectors, queue);
  }
}

// A whole in nearly equal parts of at most `most`, one after the other: the first ones are one longer.
struct Parts {
  FASTMLP_INLINE Parts(ptrdiff_t whole, ptrdiff_t most)
      : count((whole + most - 1) / most), shortest(count > 0 ? whole / count : 0), longer(whole - shortest * count) {}
  FASTMLP_INLINE ptrdiff_t size(ptrdiff_t i) const { return shortest + (i < longer ? 1 : 0); }
  FASTMLP_INLINE ptrdiff_t begin(ptrdiff_t i) const { return shortest * i + (i < longer ? i : longer); }

  ptrdiff_t count;
  ptrdiff_t shortest;
  ptrdiff_t longer;
};

// A panel of columns of B, of which a block of terms is used by all strips of rows while it is in a near cache. Blocks
// follow each other within a panel, or panels within a block: then a block of A stays near too, where all of it would
// not, and a block is as long as the second-level cache holds, in parts that the first holds. A kernel that was given no
// queue asks for the next panel's block meanwhile.
template <class T, class Kernel, class Arguments>
FASTMLP_INLINE void run_tiles(Arguments& p) {
  const Parts panels((Kernel::columns(p) + kLanes<T> - 1) / kLanes<T>, kTileVectors);
  const Parts blocks(Kernel::terms(p), Kernel::terms_at_a_time(p));
  const ptrdiff_t block_count = blocks.count > 0 ? blocks.count : 1;  // sums that continue may have no more terms
  const bool is_by_blocks = Kernel::is_by_blocks(p);
  const ptrdiff_t inner_count = is_by_blocks ? panels.count : block_count;
  const ptrdiff_t count = panels.count * block_count;
  ptrdiff_t outer = 0;
  ptrdiff_t inner = 0;
  for (ptrdiff_t i = 0; i < count; ++i) {
    const ptrdiff_t panel = is_by_blocks ? inner : outer;
    const ptrdiff_t block = is_by_blocks ? outer : inner;
    if (++inner == inner_count) {
      inner = 0;
      ++outer;
    }
    const Parts strips(Kernel::rows(p), Kernel::most_rows(panels.size(panel)));
    const ptrdiff_t block_end = blocks.begin(block) + blocks.size(block);
    const ptrdiff_t near_terms = is_by_blocks ? Kernel::near_terms(p) : blocks.size(block);
    Place at{0, panels.begin(panel) * kLanes<T>, 0, blocks.begin(block)};
    Region next{};
    FetchQueue own{&next, &next, 0, 0, 0};
    if constexpr (Kernel::kAsksForNextBlock) {
      if (block_end > at.last_term && i + 1 < count) {
        const ptrdiff_t next_panel = is_by_blocks ? inner : outer;
        const ptrdiff_t next_block = is_by_blocks ? outer : inner;
        const T* first =
            Kernel::right(p) + blocks.begin(next_block) * Kernel::ld_right(p) + panels.begin(next_panel) * kLanes<T>;
        next = {.addresses = nullptr,
                .first = reinterpret_cast<const char*>(first),
                .stride = Kernel::ld_right(p) * static_cast<ptrdiff_t>(sizeof(T)),
                .rows = blocks.size(next_block),
                .row_bytes = panels.size(next_panel) * kVectorBytes};
        const ptrdiff_t bursts = strips.count * ((blocks.size(block) + kFetchInterval - 1) / kFetchInterval);
        const ptrdiff_t burst = (lines_of(next) + bursts - 1) / bursts;
        const bool is_far = Kernel::terms(p) * next.stride > kFarMatrix;
        if (is_far || burst <= kLongestBurst) own = {&next, &next + 1, 0, 0, burst};
      }
    }
    do {
      at.row = 0;
      at.first_term = at.last_term;
      at.last_term = block_end - at.first_term > near_terms ? at.first_term + near_terms : block_end;
      for (ptrdiff_t strip = 0; strip < strips.count; ++strip) {
        if constexpr (Kernel::kAsksForNextBlock) {
          run_tile<Kernel>(p, at, strips.size(strip), panels.size(panel), own);
        } else {
          run_tile<Kernel>(p, at, strips.size(strip), panels.size(panel), p.to_read);
        }
        at.row += strips.size(strip);
      }
    } while (at.last_term < block_end);
  }
}

template <class T>
void forward(const ForwardArguments<T>& p) noexcept {
  run_tiles<T, ForwardTile<T>>(p);
  if (!p.has_last_column) return;
  for (ptrdiff_t r = 0; r < p.rows; ++r) p.a[r * p.lda + p.n_out] = T(1);  // the tiles wrote over it
}

template <class T>
void backward(const BackwardArguments<T>& p) noexcept {
  run_tiles<T, BackwardTile<T>>(p);
}

// Copies the panels of delta, one after the other, each (batch, its vectors), if that is not done.
template <class T>
void pack_delta(const GradientArguments<T>& p, const Parts& panels) {
  for (ptrdiff_t panel = 0; panel < panels.count && !p.delta_is_packed; ++panel) {
    const ptrdiff_t column = panels.begin(panel) * kLanes<T>;
    const ptrdiff_t vectors = panels.size(panel);
    const T* from = p.delta + column;
    T* to = p.packed + column * p.batch;
    for (ptrdiff_t k = 0; k < p.batch; ++k, from += p.ldd) {
      for (ptrdiff_t v = 0; v < vectors; ++v, to += kLanes<T>) store<T>(to, load<T>(from + v * kLanes<T>));
    }
  }
}

template <class T>
void gradient(const GradientArguments<T>& p) noexcept {
  const Parts panels((p.n_columns + kLanes<T> - 1) / kLanes<T>, kTileVectors);
  T* x = nullptr;
  if (p.packed != nullptr) {
    pack_delta(p, panels);
    x = p.packed + (p.n_columns + kLanes<T> - 1) / kLanes<T> * kLanes<T> * p.batch;
    for (ptrdiff_t k = 0; k < p.batch; ++k) {
      __builtin_memcpy(x + k * p.n_rows, p.x + k * p.ldx, static_cast<size_t>(p.n_rows) * sizeof(T));
    }
  }
  ptrdiff_t tiles = 0;
  for (ptrdiff_t i = 0; i < panels.count; ++i) {
    tiles += Parts(p.n_rows, GradientTile<T>::most_rows(panels.size(i))).count;
  }
  const ptrdiff_t bursts = tiles * ((p.batch + kFetchInterval - 1) / kFetchInterval);
  GradientCall<T> call{p, x != nullptr ? x : p.x, x != nullptr ? p.n_rows : p.ldx, queue_of(p.to_read, bursts),
                       queue_of(p.to_write, tiles)};
  run_tiles<T, GradientTile<T>>(call);
}

}  // namespace
}  // namespace fastmlp
