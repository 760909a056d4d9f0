#include "mbconv.h"
#include "CKernels.h"
#include "dispatch.h"
#include <string.h>

#pragma STDC FP_CONTRACT ON

#define PANEL 32   // channels that stand together in memory
#define CHUNK_BYTES (384 << 10)  // of cells that a kernel passes by, in the second-level cache
#define UNROLL _Pragma("clang loop unroll(full)")
#define ROUND_UP(n, to) (((n) + (to) - 1) / (to) * (to))

typedef struct vild_mbconv Block;
typedef struct vild_stem Stem;

// The two headers are the same code for each kind of element and processor.
#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>

#define LANES 16
#define HALF 0
#define NAME(f) f##_float_v4
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"), min_vector_width(512))), apply_to = function)
#include "mbconv_products.h"
#include "mbconv_kernels.h"
#pragma clang attribute pop
#undef HALF
#undef NAME

#define HALF 1
#define NAME(f) f##_half
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4,avx512bf16"), min_vector_width(512))), apply_to = function)
#include "mbconv_products.h"
#include "mbconv_kernels.h"
#pragma clang attribute pop
#undef HALF
#undef NAME
#undef LANES

#define LANES 8
#define HALF 0
#define NAME(f) f##_float_v3
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#include "mbconv_products.h"
#include "mbconv_kernels.h"
#pragma clang attribute pop
#undef NAME
#undef HALF
#undef LANES
#endif

#define LANES 4
#define HALF 0
#define NAME(f) f##_float
#include "mbconv_products.h"
#include "mbconv_kernels.h"
#undef NAME

#if defined(__x86_64__) && defined(__linux__)
static int is_v4(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
static int is_v3(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

int vild_mbconv_has_bfloat16(void) { return is_v4() && __builtin_cpu_supports("avx512bf16"); }

#define CALL(f, ...)                               \
  (half      ? f##_half(__VA_ARGS__)               \
   : is_v4() ? f##_float_v4(__VA_ARGS__)           \
   : is_v3() ? f##_float_v3(__VA_ARGS__)           \
             : f##_float(__VA_ARGS__))
#else
int vild_mbconv_has_bfloat16(void) { return 0; }
#define CALL(f, ...) ((void)half, f##_float(__VA_ARGS__))
#endif

void vild_mbconv(const Block *b, const void *x, void *y, void *scratch, int half) {
  CALL(block, b, x, y, scratch);
}

void vild_stem(const Stem *s, const float *x, void *y, void *scratch, int half) {
  CALL(stem, s, x, y, scratch);
}

void vild_map_mean(float *mean, const void *x, size_t cells, size_t channels, int half) {
  CALL(map_mean, mean, x, cells, channels);
}

size_t vild_mbconv_packed_size(size_t inputs, size_t outputs) {
  return ROUND_UP(inputs, 2) * ROUND_UP(outputs, PANEL);
}

static uint16_t to_bfloat(float value) {
  uint16_t half;
  vild_float_to_bfloat(&half, &value, 1);
  return half;
}

void vild_mbconv_pack(void *packed, const float *weight, size_t inputs, size_t outputs, int half) {
  const size_t rows = ROUND_UP(inputs, 2);
  for (size_t o = 0; o < ROUND_UP(outputs, PANEL); o++)
    for (size_t k = 0; k < rows; k++) {
      const float value = o < outputs && k < inputs ? weight[k * outputs + o] : 0;
      const size_t panel = o / PANEL * PANEL * rows, column = o % PANEL;
      if (half)  // two inputs of one output beside each other
        ((uint16_t *)packed)[panel + k / 2 * 2 * PANEL + column * 2 + k % 2] = to_bfloat(value);
      else
        ((float *)packed)[panel + k * PANEL + column] = value;
    }
}

void vild_mbconv_pack_depthwise(float *packed, const float *weight, size_t taps, size_t channels) {
  for (size_t c = 0; c < ROUND_UP(channels, PANEL); c++)
    for (size_t t = 0; t < taps; t++)
      packed[(c / PANEL * taps + t) * PANEL + c % PANEL] = c < channels ? weight[t * channels + c] : 0;
}

// The parts of a block's scratch memory, each aligned to 64 bytes.
size_t vild_mbconv_scratch(const Block *b, int half) {
  const size_t size = half ? 2 : 4, channels = ROUND_UP(b->expanded, PANEL);
  const size_t row = (b->width + b->kernel + 32) * PANEL;
  return b->kernel * row * sizeof(float) + (2 * channels + ROUND_UP(b->squeezed, 16)) * sizeof(float) +
         b->out_height * b->out_width * channels * size + CHUNK_BYTES + 96 * channels * size + 64;
}
