#pragma once

// One body, several instruction sets, chosen by the loader.
#if defined(__x86_64__) && defined(__linux__)
#define VILD_CLONES \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define VILD_CLONES
#endif

#define VILD_INLINE static inline __attribute__((always_inline))

// Sixteen floats that may stand at any address; lowered to what the instruction set has.
typedef float v16 __attribute__((vector_size(64)));
typedef int32_t i16 __attribute__((vector_size(64)));
typedef float v16u __attribute__((vector_size(64), aligned(4)));
