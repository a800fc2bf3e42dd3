// Whether the system would start the threads of a team (threads.hpp): libgomp ends the process where it cannot have
// one, for a limit on processes (ulimit -u, a container's) or for want of address space for their stacks (ulimit -v).
//
// So as many plain threads are started first, with stacks like theirs, all there at once, and ended again: what the
// system gave a moment ago it gives once more, unless another process was quicker. About 20 us a thread, as much as
// libgomp's own, and a turn of the scheduler where all processors are busy; only where a team grows.
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cctype>
#include <climits>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

#include "platform/threads.hpp"

namespace fastmlp {
namespace {

// A thread that waits until all are there.
struct Trial {
  pthread_t thread;
  pthread_mutex_t* gate;
  long id;
  // What libgomp takes for each of its own: 300 bytes were counted, and it ends the process without them.
  char room[960];

  static void* wait(void* argument) noexcept {
    auto& trial = *static_cast<Trial*>(argument);
    trial.id = syscall(SYS_gettid);
    pthread_mutex_lock(trial.gate);
    pthread_mutex_unlock(trial.gate);
    return nullptr;
  }
};
constexpr int kTeamRoom = 4;  // trials: for what libgomp takes besides, 2 KB

// As libgomp reads the variables of the stack's size: a number with a letter for its unit, or of KB; 0: the default.
std::size_t read_stack_size() noexcept {
  for (const char* name : {"OMP_STACKSIZE", "GOMP_STACKSIZE"}) {
    const char* text = std::getenv(name);
    if (text == nullptr) continue;
    char* end = nullptr;
    const std::size_t number = std::strtoul(text, &end, 10);
    if (end == text) continue;
    while (std::isspace(static_cast<unsigned char>(*end))) ++end;
    int shift = 10;
    switch (std::tolower(static_cast<unsigned char>(*end))) {
      case 'b': shift = 0; break;
      case 'm': shift = 20; break;
      case 'g': shift = 30; break;
      default: break;
    }
    if (number <= SIZE_MAX >> shift) return number << shift;
  }
  return 0;
}

// Read when the library is loaded, as libgomp does.
const std::size_t stack_size = read_stack_size();

// A thread that was joined is still counted for a moment; it is no longer when its number is nobody's.
void wait_until_gone(long id) noexcept {
  constexpr int kSpins = 1000;    // about 200 us; who yields on a busy machine gets its processor back after 4 ms
  constexpr int kTurns = 10'000;  // a debugger may keep it longer
  for (int turn = 0; turn < kTurns && syscall(SYS_tgkill, getpid(), id, 0) == 0; ++turn) {
    if (turn >= kSpins) sched_yield();
  }
}

}  // namespace

int startable_threads(int wanted) noexcept {
  const std::unique_ptr<Trial[]> trials(new (std::nothrow) Trial[static_cast<std::size_t>(wanted + kTeamRoom)]);
  if (trials == nullptr) return 0;
  pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return 0;
  if (stack_size > 0) pthread_attr_setstacksize(&attributes, stack_size);  // what is no size libgomp refuses as well
  pthread_mutex_lock(&gate);
  int started = 0;
  while (started < wanted) {
    Trial& trial = trials[static_cast<std::size_t>(started)];
    trial.gate = &gate;
    if (pthread_create(&trial.thread, &attributes, Trial::wait, &trial) != 0) break;
    ++started;
  }
  pthread_mutex_unlock(&gate);
  for (int i = 0; i < started; ++i) {
    pthread_join(trials[static_cast<std::size_t>(i)].thread, nullptr);
    wait_until_gone(trials[static_cast<std::size_t>(i)].id);
  }
  pthread_attr_destroy(&attributes);
  return started;
}

}  // namespace fastmlp
