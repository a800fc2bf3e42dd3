// The system's header, without what its names would break.
#pragma once

#define WIN32_LEAN_AND_MEAN
#ifndef NOMINMAX  // which libstdc++ defines
#define NOMINMAX
#endif
#include <windows.h>
