// NEON, which every 64-bit ARM has: 32 vector registers of 16 bytes.
#define FASTMLP_TARGET_NAME "aarch64"
#define FASTMLP_TARGET_TABLE kernels_aarch64
#define FASTMLP_VECTOR_BYTES 16
#define FASTMLP_VECTOR_REGISTERS 32
#include "kernels/table-inl.hpp"
