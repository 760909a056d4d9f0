#pragma once
#include "dispatch.h"
#include <stdint.h>

// Numbers that are floats, or, where `half` is not 0, bfloat16: loops over either are written once. What
// is stored is rounded to nearest even; a NaN stays one as long as its low bits are 0, as those of sums are.

// Vectors are passed by no call: all of this is inlined.
#pragma clang diagnostic ignored "-Wpsabi"

typedef uint16_t u16x16 __attribute__((vector_size(32), aligned(2)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));

VILD_INLINE v16 load16(const void *x, size_t at, const int half) {
  if (!half) return *(const v16u *)((const float *)x + at);
  return (v16)(__builtin_convertvector(*(const u16x16 *)((const uint16_t *)x + at), u32x16) << 16);
}

VILD_INLINE void store16(void *y, size_t at, v16 value, const int half) {
  if (!half) {
    *(v16u *)((float *)y + at) = value;
  } else {
    const u32x16 bits = (u32x16)value, rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    *(u16x16 *)((uint16_t *)y + at) = __builtin_convertvector(rounded, u16x16);
  }
}

VILD_INLINE float load1(const void *x, size_t at, const int half) {
  if (!half) return ((const float *)x)[at];
  const union { uint32_t bits; float value; } wide = {.bits = (uint32_t)((const uint16_t *)x)[at] << 16};
  return wide.value;
}

VILD_INLINE void store1(void *y, size_t at, float value, const int half) {
  if (!half) {
    ((float *)y)[at] = value;
  } else {
    const union { float value; uint32_t bits; } wide = {.value = value};
    ((uint16_t *)y)[at] = (uint16_t)((wide.bits + 0x7fff + ((wide.bits >> 16) & 1)) >> 16);
  }
}
