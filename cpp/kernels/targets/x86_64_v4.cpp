// AVX-512 (F, BW, CD, DQ, VL): 32 vector registers of 64 bytes.
#define FASTMLP_TARGET_NAME "x86-64-v4"
#define FASTMLP_TARGET_TABLE kernels_x86_64_v4
#define FASTMLP_VECTOR_BYTES 64
#define FASTMLP_VECTOR_REGISTERS 32
#include "kernels/table-inl.hpp"
