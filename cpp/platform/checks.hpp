// The one assertion of the core. Users' mistakes are caught in Python with a sentence; what fails here is our own bug,
// so it is compiled in test builds only (FASTMLP_CHECKED) and ends the process with the place that was wrong.
#pragma once

#ifdef FASTMLP_CHECKED
#include <cstdio>
#include <cstdlib>
#define FASTMLP_ASSERT(condition)                                                   \
  do {                                                                              \
    if (!(condition)) {                                                             \
      std::fprintf(stderr, "fastmlp: %s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                 \
    }                                                                               \
  } while (false)
#else
#define FASTMLP_ASSERT(condition) static_cast<void>(0)
#endif
