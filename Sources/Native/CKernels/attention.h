// What attention in float32 and in bfloat16 have in common.
#pragma once
#include "CKernels.h"
#include "dispatch.h"
#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT ON
// Vectors are passed between functions that are always inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define LOAD(p) (*(const v16u *)(p))
#define STORE(p, v) (*(v16u *)(p) = (v))
#define UNROLL _Pragma("clang loop unroll(full)")

// Whole vectors of 16.
VILD_INLINE size_t rounded(size_t count) { return (count + 15) / 16 * 16; }

// As in elementwise.c, sixteen at a time.
VILD_INLINE v16 exp16(v16 x) {
  const i16 kept = x >= -87.3f;
  x = __builtin_elementwise_max(x, (v16){0} - 87.3f);
  const v16 n = __builtin_elementwise_floor(x * 1.44269504088896341f + 0.5f);
  const v16 r = x - n * 0.693359375f + n * 2.12194440e-4f;
  v16 p = (v16){0} + 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const i16 scale = (__builtin_convertvector(n, i16) + 127) << 23;
  return (v16)((i16)(p * (v16)scale) & kept);
}

VILD_INLINE float sum16(v16 v) {
  float s[16];
  memcpy(s, &v, sizeof s);
  UNROLL for (size_t step = 8; step > 0; step /= 2)
    UNROLL for (size_t l = 0; l < step; l++) s[l] += s[l + step];
  return s[0];
}

VILD_INLINE float max16(v16 v) {
  float s[16];
  memcpy(s, &v, sizeof s);
  UNROLL for (size_t step = 8; step > 0; step /= 2)
    UNROLL for (size_t l = 0; l < step; l++) s[l] = s[l] > s[l + step] ? s[l] : s[l + step];
  return s[0];
}

// Numerators of the softmax of one row, zero in the columns that fill it up; returns what they are
// to be multiplied with.
VILD_INLINE float exponentials(float *row, size_t count) {
  const size_t padded = rounded(count);
  for (size_t c = count; c < padded; c++) row[c] = -INFINITY;
  v16 largest = LOAD(row), sum = {0};
  for (size_t c = 16; c < padded; c += 16) largest = __builtin_elementwise_max(largest, LOAD(row + c));
  const float shift = max16(largest);
  for (size_t c = 0; c < padded; c += 16) {
    const v16 e = exp16(LOAD(row + c) - shift);
    STORE(row + c, e);
    sum += e;
  }
  return 1 / sum16(sum);
}

// Rows become columns: blocks of 8, 4, 2 and 1 change places across the diagonal.
VILD_INLINE void transpose16(v16 r[16]) {
  UNROLL for (size_t i = 0; i < 8; i++) {
    const v16 a = r[i], b = r[i + 8];
    r[i] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    r[i + 8] = __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29,
                                       30, 31);
  }
  UNROLL for (size_t i = 0; i < 16; i++) if (!(i & 4)) {
    const v16 a = r[i], b = r[i + 4];
    r[i] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
    r[i + 4] = __builtin_shufflevector(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30,
                                       31);
  }
  UNROLL for (size_t i = 0; i < 16; i++) if (!(i & 2)) {
    const v16 a = r[i], b = r[i + 2];
    r[i] = __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
    r[i + 2] = __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30,
                                       31);
  }
  UNROLL for (size_t i = 0; i < 16; i += 2) {
    const v16 a = r[i], b = r[i + 1];
    r[i] = __builtin_shufflevector(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
    r[i + 1] = __builtin_shufflevector(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15,
                                       31);
  }
}

// The next head stands beside this one, and rows are far apart: asked for early, it is there in time.
VILD_INLINE void prefetch_next(const void *rows, size_t count, size_t stride, size_t width,
                               const size_t size) {
  const size_t bytes = width * size;
  for (size_t r = 0; r < count; r++) {
    const char *next = (const char *)rows + r * stride * size + bytes;
    for (size_t b = 0; b < bytes; b += 64) __builtin_prefetch(next + b, 0, 2);
  }
}

// With the products in bfloat16, where the processor has them.
int vild_attention_in_bfloat(const struct vild_attention *s);
size_t vild_attention_bfloat_scratch(const struct vild_attention *s);
void vild_attention_bfloat(const struct vild_attention *s, const uint16_t *q, const uint16_t *k,
                           const uint16_t *v, uint16_t *out, float *scratch);
