// See fork.hpp.
#include "platform/fork.hpp"

namespace fastmlp {

bool in_forked_child() noexcept { return false; }

}  // namespace fastmlp
