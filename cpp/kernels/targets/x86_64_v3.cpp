// AVX2 and FMA: 16 vector registers of 32 bytes.
#define FASTMLP_TARGET_NAME "x86-64-v3"
#define FASTMLP_TARGET_TABLE kernels_x86_64_v3
#define FASTMLP_VECTOR_BYTES 32
#define FASTMLP_VECTOR_REGISTERS 16
#include "kernels/table-inl.hpp"
