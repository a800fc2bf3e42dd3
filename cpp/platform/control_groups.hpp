// The quota of processor time that a container has on Linux, read from the files of its control groups
// (linux/threads.cpp says which): text that any system can read, so that it is tested on all.
#pragma once

#include <string>

namespace fastmlp {

// Of the files of control groups below `root`, by the text of /proc/self/cgroup; 0 where there is no quota. A part of a
// processor counts as one.
int processors_in_quota(const std::string& root, const std::string& groups);

}  // namespace fastmlp
