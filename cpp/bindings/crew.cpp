// Crew: runs of several trainers at once, see _core.pyi.
//
// While a run is under way its network is nobody's, not even the calling thread's, which may be in a callback of another
// network: it is lent to the crew, and had back with the report, or when the crew ends.
#include <pybind11/stl.h>

#include <map>
#include <memory>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/register.hpp"
#include "bindings/trainer_handle.hpp"
#include "bindings/without_gil.hpp"
#include "core/crew.hpp"
#include "platform/fork.hpp"

namespace fastmlp {
namespace {

class CrewHandle {
 public:
  explicit CrewHandle(int threads) {
    require(threads >= 1, "a crew has at least one thread.");
    without_gil([&] { crew_ = std::make_unique<Crew>(threads); });
  }
  CrewHandle(const CrewHandle&) = delete;
  CrewHandle& operator=(const CrewHandle&) = delete;
  ~CrewHandle() { end(); }

  template <class T>
  void give(int key, const py::object& trainer, const py::object& guard, std::int64_t n_steps, int threads) {
    auto& handle = trainer.cast<TrainerHandle<T>&>();
    require(crew_ != nullptr && !lent_.contains(key), "a crew takes one run of each key, until it has ended.");
    handle.check_can_run(n_steps);
    Loan& loan = lent_[key];
    loan = {trainer, guard, handle.get().access().lend(), [](const Loan& given) {
              auto& had = given.trainer.cast<TrainerHandle<T>&>();
              had.running = false;
              had.get().access().take_back(given.lender);
            }};
    handle.running = true;
    guard.cast<FitGuard&>().lend(true);
    Trainer<T>* lent = handle.trainer.get();
    crew_->give(key, [=](const std::atomic<bool>& shall_pause) { return lent->run(n_steps, threads, &shall_pause); });
  }

  std::vector<std::pair<int, RunReport>> take(double seconds) {
    std::vector<std::pair<int, RunReport>> reports;
    std::exception_ptr failure;
    for (Crew::Done& done : without_gil([&] { return crew_->take(seconds); })) {
      take_back(done.key);
      if (done.failure && !failure) failure = done.failure;
      reports.emplace_back(done.key, std::move(done.report));
    }
    if (failure) std::rethrow_exception(failure);
    return reports;
  }

  void end() {
    // a callback may have forked the process: the child has the crew's memory, but none of the threads to wait for
    if (crew_ && in_forked_child() != is_of_child_) static_cast<void>(crew_.release());
    if (crew_) without_gil([&] { crew_.reset(); });
    while (!lent_.empty()) take_back(lent_.begin()->first);
  }

 private:
  struct Loan {
    py::object trainer;
    py::object guard;
    std::thread::id lender;
    void (*take_back)(const Loan&) = nullptr;
  };

  void take_back(int key) {
    const auto found = lent_.find(key);
    const Loan& loan = found->second;
    loan.take_back(loan);
    loan.guard.cast<FitGuard&>().lend(false);
    lent_.erase(found);
  }

  bool is_of_child_ = in_forked_child();
  std::unique_ptr<Crew> crew_;
  std::map<int, Loan> lent_;
};

}  // namespace

void register_crew(py::module_& module) {
  py::class_<CrewHandle>(module, "Crew")
      .def(py::init<int>(), py::arg("threads"))
      .def("__enter__", [](py::object self) { return self; })
      .def("__exit__",
           [](CrewHandle& handle, const py::object&, const py::object&, const py::object&) { handle.end(); })
      .def("take", &CrewHandle::take, py::arg("seconds"))
      .def(
          "give",
          [](CrewHandle& handle, int key, const py::object& trainer, const py::object& guard, std::int64_t n_steps,
             int threads) {
            if (py::isinstance<TrainerHandle<float>>(trainer)) {
              handle.give<float>(key, trainer, guard, n_steps, threads);
            } else {
              handle.give<double>(key, trainer, guard, n_steps, threads);
            }
          },
          py::kw_only(), py::arg("key"), py::arg("trainer"), py::arg("guard"), py::arg("n_steps"), py::arg("threads"));
}

}  // namespace fastmlp
