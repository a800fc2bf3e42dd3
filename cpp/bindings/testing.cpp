// _core._testing: the kernels of every target by themselves, and switches that only tests need. Not part of the API.
#include "bindings/register.hpp"

#include <pybind11/stl.h>

#include <map>
#include <string>
#include <tuple>

#include "bindings/arrays.hpp"
#include "bindings/names.hpp"
#include "core/network.hpp"
#include "core/product_plan.hpp"
#include "core/profile.hpp"
#include "core/random.hpp"
#include "core/rows_pass.hpp"
#include "core/schedule.hpp"
#include "core/targets.hpp"
#include "core/thread_guess.hpp"
#include "core/thread_planner.hpp"
#include "core/thread_room.hpp"
#include "platform/aligned_buffer.hpp"
#include "platform/available_processors.hpp"
#include "platform/control_groups.hpp"
#include "platform/subnormals.hpp"
#include "platform/threads.hpp"

namespace fastmlp {
namespace {

template <class T>
using Matrix = py::array_t<T, py::array::c_style>;

const KernelTable& table_named(const std::string& target) {
  for (const KernelTable* table : available_targets()) {
    if (target == table->target) return *table;
  }
  throw py::value_error("target '" + target + "' is not available.");
}

// A copy with the leading dimension that kernels expect, and column n set to 1.
template <class T>
struct Padded {
  std::ptrdiff_t rows;
  std::ptrdiff_t columns;
  std::ptrdiff_t ld;
  AlignedBuffer<T> memory;

  Padded(std::ptrdiff_t rows, std::ptrdiff_t columns)
      : rows(rows), columns(columns), ld(leading_dimension(columns + 1)), memory(rows * ld) {}
  explicit Padded(const Matrix<T>& from) : Padded(from.shape(0), from.shape(1)) {
    for (std::ptrdiff_t i = 0; i < rows; ++i) std::copy_n(from.data(i, 0), columns, memory.data() + i * ld);
  }
  T* data() const { return memory.data(); }
  Matrix<T> copy() const {
    Matrix<T> out({rows, columns});
    for (std::ptrdiff_t i = 0; i < rows; ++i) std::copy_n(memory.data() + i * ld, columns, out.mutable_data(i, 0));
    return out;
  }
  // The padding from column `first` on: a test asserts that it is zero.
  Matrix<T> padding(std::ptrdiff_t first) const {
    Matrix<T> out({rows, ld - first});
    for (std::ptrdiff_t i = 0; i < rows; ++i) {
      std::copy_n(memory.data() + i * ld + first, ld - first, out.mutable_data(i, 0));
    }
    return out;
  }
};

template <class T>
Matrix<T> apply_function(const std::string& target, const std::string& name, const Matrix<T>& x) {
  const Kernels<T>& k = kernels_of<T>(table_named(target));
  Matrix<T> y(x.size());
  const std::map<std::string, decltype(k.exp)> functions = {{"exp", k.exp},          {"log", k.log},
                                                            {"tanh", k.tanh},        {"sigmoid", k.sigmoid},
                                                            {"sqrt", k.square_root}, {"erf", k.error_function},
                                                            {"sin", k.sine},         {"cos", k.cosine}};
  const auto function = functions.at(name);
  function(x.size(), x.data(), y.mutable_data());
  return y;
}

// (a, d) of x W + b; W has the bias as its last row.
template <class T>
py::tuple forward(const std::string& target, const Matrix<T>& x, const Matrix<T>& w, const std::string& activation,
                  T parameter, bool by_blocks) {
  require(activation != "formula", "formulas are tested through networks.");
  const Padded<T> px(x);
  const Padded<T> pw(w);
  const Padded<T> a(x.shape(0), w.shape(1));
  const Padded<T> d(x.shape(0), w.shape(1));
  const std::ptrdiff_t width = columns_of_sums<T>(kernels_of<T>(table_named(target)), by_blocks, pw.columns);
  const AlignedBuffer<T> sums(checked_count(px.rows, width));
  kernels_of<T>(table_named(target))
      .forward({.rows = px.rows,
                .n_in = px.columns,
                .n_out = pw.columns,
                .x = px.data(),
                .ldx = px.ld,
                .weights = pw.data(),
                .ldw = pw.ld,
                .activation = kind_of(kActivationNames, activation),
                .parameter = parameter,
                .smallest = T(0),
                .formula = nullptr,
                .a = a.data(),
                .d = d.data(),
                .lda = a.ld,
                .terms = product_plan().terms,
                .near_terms = std::max<std::ptrdiff_t>(product_plan().terms / 3, 1),
                .by_blocks = by_blocks,
                .sums = sums.data(),
                .has_last_column = true});
  for (std::ptrdiff_t r = 0; r < a.rows; ++r) require(a.data()[r * a.ld + a.columns] == T(1), "the column of ones.");
  return py::make_tuple(a.copy(), d.copy());
}

// (delta W^T) * d, and its padding.
template <class T>
py::tuple backward(const std::string& target, const Matrix<T>& delta, const Matrix<T>& transposed, const Matrix<T>& d,
                   bool by_blocks) {
  const Padded<T> pdelta(delta);
  const Padded<T> pt(transposed);
  const Padded<T> pd(d);
  const std::ptrdiff_t width = columns_of_sums<T>(kernels_of<T>(table_named(target)), by_blocks, pd.columns);
  const AlignedBuffer<T> sums(checked_count(pd.rows, width));
  kernels_of<T>(table_named(target))
      .backward({.rows = pd.rows,
                 .n_in = pd.columns,
                 .n_out = pdelta.columns,
                 .delta_out = pdelta.data(),
                 .ld_out = pdelta.ld,
                 .transposed = pt.data(),
                 .ldt = pt.ld,
                 .activation = ActivationKind::identity,
                 .d = pd.data(),
                 .ld_in = pd.ld,
                 .unscaled = false,
                 .terms = product_plan().terms,
                 .near_terms = std::max<std::ptrdiff_t>(product_plan().terms / 3, 1),
                 .by_blocks = by_blocks,
                 .sums = sums.data()});
  return py::make_tuple(pd.copy(), pd.padding(pd.columns));
}

// x^T delta, and its padding up to the vector that holds the last column.
template <class T>
py::tuple gradient(const std::string& target, const Matrix<T>& x, const Matrix<T>& delta, bool is_packed) {
  const Padded<T> px(x);
  const Padded<T> pdelta(delta);
  const Padded<T> g(px.columns, pdelta.columns);
  const Padded<T> copies(px.rows, pdelta.ld + px.columns);
  kernels_of<T>(table_named(target))
      .gradient({.batch = px.rows,
                 .n_rows = px.columns,
                 .n_columns = pdelta.columns,
                 .x = px.data(),
                 .ldx = px.ld,
                 .delta = pdelta.data(),
                 .ldd = pdelta.ld,
                 .g = g.data(),
                 .ldg = g.ld,
                 .terms = product_plan().terms,
                 .packed = is_packed ? copies.data() : nullptr,
                 .delta_is_packed = false,
                 .to_read = {},
                 .to_write = {}});
  return py::make_tuple(g.copy(), g.padding(g.columns));
}

template <class T>
Matrix<T> transpose(const std::string& target, const Matrix<T>& w) {
  const Padded<T> pw(w);
  const Padded<T> out(pw.columns, pw.rows);
  kernels_of<T>(table_named(target)).transpose(pw.rows, pw.columns, pw.data(), pw.ld, out.data(), out.ld);
  return out.copy();
}

template <class T>
Matrix<T> softmax(const std::string& target, const Matrix<T>& z) {
  const Padded<T> pz(z);
  kernels_of<T>(table_named(target)).softmax_rows(pz.rows, pz.columns, pz.data(), pz.ld);
  return pz.copy();
}

template <class T>
std::ptrdiff_t first_nonfinite(const std::string& target, const Matrix<T>& x) {
  return kernels_of<T>(table_named(target)).first_nonfinite(x.size(), x.data());
}

template <class T>
void register_kernels_of(py::module_& m) {
  const auto strict = [](const char* name) { return py::arg(name).noconvert(); };
  m.def("apply_function", &apply_function<T>, py::arg("target"), py::arg("name"), strict("x"));
  m.def("forward", &forward<T>, py::arg("target"), strict("x"), strict("w"), py::arg("activation"),
        py::arg("parameter"), py::arg("by_blocks") = false);
  m.def("backward", &backward<T>, py::arg("target"), strict("delta"), strict("transposed"), strict("d"),
        py::arg("by_blocks") = false);
  m.def("gradient", &gradient<T>, py::arg("target"), strict("x"), strict("delta"), py::arg("is_packed") = false);
  m.def("transpose", &transpose<T>, py::arg("target"), strict("w"));
  m.def("softmax", &softmax<T>, py::arg("target"), strict("z"));
  m.def("first_nonfinite", &first_nonfinite<T>, py::arg("target"), strict("x"));
}

}  // namespace

void register_testing(py::module_& module) {
  py::module_ m = module.def_submodule("_testing", "Kernels by themselves and switches for tests.");
  register_kernels_of<float>(m);
  register_kernels_of<double>(m);
  m.def(
      "random_numbers",
      [](const std::string& target, std::uint64_t seed, std::uint32_t stream, std::uint32_t part,
         std::uint64_t first_pair, std::size_t pairs) {
        std::vector<std::uint64_t> numbers(2 * pairs);
        table_named(target).random(
            {seed, stream, part, first_pair, static_cast<std::ptrdiff_t>(pairs), numbers.data()});
        return numbers;
      },
      py::arg("target"), py::arg("seed"), py::arg("stream"), py::arg("part"), py::arg("first_pair"), py::arg("pairs"));
  m.def("shuffled_order", [](std::ptrdiff_t n, std::uint64_t seed, std::uint32_t epoch) {
    std::vector<std::ptrdiff_t> order(static_cast<std::size_t>(n));
    shuffled_order(order.data(), n, Sequence(seed, Stream::shuffle, epoch));
    return order;
  });
  m.def(
      "simulate_planner",
      [](int guess, int limit, const std::vector<std::vector<double>>& seconds, std::int64_t steps,
         double preemptions) {
        // seconds[phase][threads - 1] per step, preemptions a second when there are several threads; returns the steps
        // that each phase made on each number of threads.
        ThreadPlanner planner(guess);
        double owed = 0.0;  // preemptions, the fraction of one that was not yet counted
        std::vector<std::vector<std::int64_t>> made;
        for (const auto& phase : seconds) {
          made.emplace_back(static_cast<std::size_t>(limit), 0);
          for (std::int64_t left = steps; left > 0;) {
            const ThreadPlanner::Stretch stretch = planner.next(limit, left);
            const auto at = static_cast<std::size_t>(stretch.threads - 1);
            const double elapsed = phase.at(at) * static_cast<double>(stretch.steps);
            owed += at > 0 ? elapsed * preemptions : 0.0;
            const auto whole = static_cast<std::int64_t>(owed);
            owed -= static_cast<double>(whole);
            planner.record(stretch, elapsed, whole);
            made.back().at(at) += stretch.steps;
            left -= stretch.steps;
          }
        }
        return made;
      },
      py::arg("guess"), py::arg("limit"), py::arg("seconds"), py::arg("steps"), py::arg("preemptions") = 0.0);
  m.def("cos_pi", &cos_pi, py::arg("x"));
  m.def("log2", &log2, py::arg("x"));
  m.def("power", &power, py::arg("base"), py::arg("exponent"));
  m.def(
      "simulate_room",
      [](const std::vector<std::tuple<double, int, int>>& looks) {
        ThreadRoom room;
        std::vector<int> rooms;
        for (const auto& [seconds, idle, waiting] : looks) {
          const auto now = Clock::time_point{} + std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
          rooms.push_back(room.look(now, idle, waiting));
        }
        return rooms;
      },
      py::arg("looks"));  // of (seconds, idle processors, waiting threads)
  m.def("idle_processors", &idle_processors);
  m.def(
      "enable_planner",
      [](bool enabled) {  // without it teams are as large as asked, whatever the machine
        enable_planner(enabled);
        ignore_available_processors(!enabled);
      },
      py::arg("enabled"));
  m.def("ignore_available_processors", &ignore_available_processors, py::arg("ignored"));
  m.def("processors_in_quota", &processors_in_quota, py::arg("root"), py::arg("groups"));
  m.def("can_count_subnormals", &can_count_subnormals);
  m.def("count_subnormals", &count_subnormals, py::arg("enabled"));
  m.def("subnormal_counts", [] {
    const SubnormalCounts counts = subnormal_counts();
    return std::map<std::string, std::int64_t>{
        {"looks", counts.looks}, {"operands", counts.operands}, {"results", counts.results}};
  });
  m.def("start_profile", &start_profile);
  m.def("stop_profile", &stop_profile);
  m.def("choose_target", &choose_target, py::arg("name"));
  m.def(
      "set_product_plan",
      [](std::ptrdiff_t terms, std::ptrdiff_t gradient_terms, std::ptrdiff_t rows, std::ptrdiff_t wide_terms,
         std::ptrdiff_t wide_rows, bool wide_by_blocks, std::ptrdiff_t packed_bytes, std::ptrdiff_t far_bytes) {
        require(terms > 0 && gradient_terms > 0 && rows > 0 && wide_terms > 0 && wide_rows > 0,
                "a plan has terms and rows.");
        set_product_plan({terms, gradient_terms, rows, wide_terms, wide_rows, wide_by_blocks, packed_bytes, far_bytes});
      },
      py::arg("terms"), py::arg("gradient_terms"), py::arg("rows"), py::arg("wide_terms"), py::arg("wide_rows"),
      py::arg("wide_by_blocks"), py::arg("packed_bytes"), py::arg("far_bytes"));
  m.def(
      "product_plan_for",
      [](const std::string& vendor, int family, std::ptrdiff_t first_cache, std::ptrdiff_t second_cache,
         std::ptrdiff_t third_cache, std::ptrdiff_t tile_bytes) {
        Processor processor;
        processor.vendor = vendor;
        processor.family = family;
        processor.first_cache = first_cache;
        processor.second_cache = second_cache;
        processor.third_cache = third_cache;
        const ProductPlan plan = plan_for(processor, tile_bytes);
        return std::map<std::string, std::ptrdiff_t>{{"terms", plan.terms},
                                                     {"gradient_terms", plan.gradient_terms},
                                                     {"rows", plan.rows},
                                                     {"wide_terms", plan.wide_terms},
                                                     {"wide_rows", plan.wide_rows},
                                                     {"wide_by_blocks", plan.wide_by_blocks ? 1 : 0},
                                                     {"packed_bytes", plan.packed_bytes},
                                                     {"far_bytes", plan.far_bytes}};
      },
      py::arg("vendor"), py::arg("family"), py::arg("first_cache"), py::arg("second_cache"), py::arg("third_cache"),
      py::arg("tile_bytes"));
  m.def("allocation_count", &allocation_count);
  m.def("fail_allocation_after", &fail_allocation_after, py::arg("n"));
}

}  // namespace fastmlp
