// Whether the system would start the threads of a team: libgomp ends the process where it cannot have one of them, for
// a limit on processes (ulimit -u, a container's) or for want of address space for their stacks (ulimit -v).
//
// So as many plain threads are started first, with stacks like theirs, all there at once, and ended again: what the
// system gave a moment ago it gives once more, unless another process was quicker. About 20 us a thread, as much as
// libgomp's own, and a turn of the scheduler where all processors are busy; only where a team grows.
#pragma once

namespace fastmlp {

// How many of so many more threads there could be beside those that this process has.
int startable_threads(int wanted) noexcept;

}  // namespace fastmlp
