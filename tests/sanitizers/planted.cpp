// Faults on purpose, one for each sanitizer: a sanitizer that does not see its own is not at work, and what it says about
// the core is worth nothing. Never part of the library.
//
//   planted heap        writes one number beyond a network's parameters    (AddressSanitizer)
//   planted overflow    adds beyond the largest int                        (UndefinedBehaviorSanitizer)
//   planted race        two threads of a team write one parameter          (ThreadSanitizer)
//   planted barrier     the same twice, ordered by a barrier and by the end of a team: no fault, and nothing to be said
#include <cstring>
#include <limits>

#include "core/network.hpp"
#include "platform/barrier.hpp"
#include "platform/team.hpp"

extern "C" int plant(const char* fault) {
  using namespace fastmlp;
  Network<float> network(3, {{.units = 2}}, LossKind::mse);
  volatile float* parameters = network.parameters();
  Barrier barrier;
  const bool waits = std::strcmp(fault, "barrier") == 0;
  if (std::strcmp(fault, "heap") == 0) {
    parameters[network.buffer_size()] = 1.0f;
  } else if (std::strcmp(fault, "overflow") == 0) {
    volatile int largest = std::numeric_limits<int>::max();
    largest = largest + 1;
  } else if (std::strcmp(fault, "race") == 0 || waits) {
    for (int team = 0; team < 2; ++team) {
      run_team(2, [&](int thread, int threads) noexcept {
        if (thread == 0) parameters[0] = 1.0f;
        if (waits) barrier.arrive_and_wait(threads);
        if (thread == 1) parameters[0] = parameters[0] + 2.0f;
      });
    }
  } else {
    return 2;
  }
  return 0;
}

int main(int count, char** arguments) { return count == 2 ? plant(arguments[1]) : 2; }
