// SSE4.2, no fused multiply-add: every fma is a call of the C library's, slow but the same bits.
#define FASTMLP_TARGET_NAME "x86-64-v2"
#define FASTMLP_TARGET_TABLE kernels_x86_64_v2
#define FASTMLP_VECTOR_BYTES 16
#define FASTMLP_VECTOR_REGISTERS 16
#include "kernels/table-inl.hpp"
