#include "CKernels.h"
#include "dispatch.h"

VILD_INLINE float from_bits(uint32_t bits) {
  union { uint32_t u; float f; } v = {.u = bits};
  return v.f;
}

VILD_INLINE uint32_t to_bits(float value) {
  union { float f; uint32_t u; } v = {.f = value};
  return v.u;
}

// Branch-free so that it vectorises: subnormals come out right by one float subtraction.
VILD_INLINE float half_to_float(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, magnitude = (uint32_t)(h & 0x7fff) << 13;
  uint32_t exponent = magnitude & 0x0f800000;
  uint32_t normal = magnitude + (112u << 23);
  uint32_t special = magnitude + (224u << 23);
  uint32_t subnormal = to_bits(from_bits(magnitude + (113u << 23)) - from_bits(113u << 23));
  uint32_t bits = exponent == 0 ? subnormal : (exponent == 0x0f800000 ? special : normal);
  return from_bits(sign | bits);
}

VILD_INLINE uint16_t float_to_half(float value) {
  uint32_t bits = to_bits(value), sign = (bits >> 16) & 0x8000, magnitude = bits & 0x7fffffff;
  uint32_t special = magnitude > 0x7f800000 ? 0x7e00 : 0x7c00;
  uint32_t subnormal = to_bits(from_bits(magnitude) + 0.5f) - to_bits(0.5f);
  uint32_t normal = (magnitude - (112u << 23) + 0xfff + ((magnitude >> 13) & 1)) >> 13;
  uint32_t half = magnitude >= 0x47800000 ? special : (magnitude < 0x38800000 ? subnormal : normal);
  return (uint16_t)(sign | half);
}

VILD_CLONES
void vild_half_to_float(float *out, const uint16_t *in, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = half_to_float(in[i]);
}

VILD_CLONES
void vild_float_to_half(uint16_t *out, const float *in, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = float_to_half(in[i]);
}

VILD_CLONES
void vild_bfloat_to_float(float *out, const uint16_t *in, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = from_bits((uint32_t)in[i] << 16);
}

VILD_CLONES
void vild_float_to_bfloat(uint16_t *out, const float *in, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits = to_bits(in[i]);
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    out[i] = (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16) | 0x40 : rounded);
  }
}
