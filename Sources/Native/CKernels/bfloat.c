#include "CKernels.h"
#include "dispatch.h"
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)

#include <immintrin.h>

typedef struct vild_bfloat_linear Shape;

#define TARGET                                                                        \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"), min_vector_width(512)))
#define INLINE TARGET VILD_INLINE
#define UNROLL _Pragma("clang loop unroll(full)")
#define PANEL 64      // output channels that stand together in memory
#define VECTORS 4     // of 16 float32 sums, in a panel
#define ROWS 6        // in registers at a time
#define CHUNK 196608  // inputs of rows that stay in the second-level cache while panels pass by

int vild_has_bfloat(void) {
  return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}

size_t vild_bfloat_panels(size_t inputs, size_t outputs) {
  return (inputs + 1) / 2 * 2 * ((outputs + PANEL - 1) / PANEL * PANEL);
}

void vild_bfloat_pack(uint16_t *panels, const float *weight, size_t inputs, size_t outputs) {
  for (size_t first = 0; first < outputs; first += PANEL)
    for (size_t k = 0; k < inputs; k += 2)
      for (size_t o = first; o < first + PANEL; o++)
        for (size_t pair = k; pair < k + 2; pair++) {
          const float value = o < outputs && pair < inputs ? weight[pair * outputs + o] : 0;
          vild_float_to_bfloat(panels++, &value, 1);
        }
}

// 2^x for x up to 30; relative error 1e-4, a fiftieth of bfloat16's.
INLINE __m512 exp2_rounded(__m512 x) {
  const __m512 whole = _mm512_roundscale_ps(x, 8), r = _mm512_sub_ps(x, whole);
  __m512 p = _mm512_set1_ps(0.05517166f);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.24261112f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.69326099f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.99992807f));
  return _mm512_scalef_ps(p, whole);
}

// x / (1 + exp(-alpha x))
INLINE __m512 swish(__m512 x, float alpha) {
  const __m512 scaled = _mm512_mul_ps(x, _mm512_set1_ps(alpha * 1.44269504f));
  const __m512 e = exp2_rounded(_mm512_min_ps(scaled, _mm512_set1_ps(30)));
  const __m512 inverse = _mm512_rcp14_ps(_mm512_add_ps(e, _mm512_set1_ps(1)));
  return _mm512_mul_ps(_mm512_mul_ps(x, e), inverse);
}

// x sigmoid(2 u), as in elementwise.c
INLINE __m512 tanh_gelu(__m512 x) {
  const __m512 cube = _mm512_mul_ps(_mm512_mul_ps(x, x), _mm512_set1_ps(0.044715f));
  const __m512 u = _mm512_fmadd_ps(cube, x, x);
  const __m512 scaled = _mm512_mul_ps(u, _mm512_set1_ps(2 * 0.79788456f * 1.44269504f));
  // Below -1000 nothing is left of x; above 30 all of it.
  const __m512 bounded = _mm512_max_ps(_mm512_min_ps(scaled, _mm512_set1_ps(30)), _mm512_set1_ps(-1000));
  const __m512 e = exp2_rounded(bounded);
  const __m512 inverse = _mm512_rcp14_ps(_mm512_add_ps(e, _mm512_set1_ps(1)));
  return _mm512_mul_ps(_mm512_mul_ps(x, e), inverse);
}

// x Phi(x), as in elementwise.c
INLINE __m512 gelu(__m512 x) {
  const __m512 one = _mm512_set1_ps(1), z = _mm512_mul_ps(_mm512_abs_ps(x), _mm512_set1_ps(0.70710678f));
  const __m512 t = _mm512_rcp14_ps(_mm512_fmadd_ps(z, _mm512_set1_ps(0.3275911f), one));
  __m512 p = _mm512_set1_ps(1.061405429f);
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(-1.453152027f));
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(1.421413741f));
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(-0.284496736f));
  p = _mm512_fmadd_ps(p, t, _mm512_set1_ps(0.254829592f));
  const __m512 square = _mm512_mul_ps(_mm512_mul_ps(z, z), _mm512_set1_ps(-1.44269504f));
  const __m512 e = exp2_rounded(_mm512_max_ps(square, _mm512_set1_ps(-1000)));
  const __m512 tail = _mm512_mul_ps(_mm512_mul_ps(_mm512_set1_ps(0.5f), _mm512_mul_ps(p, t)), e);
  const __mmask16 negative = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
  return _mm512_mul_ps(x, _mm512_mask_blend_ps(negative, _mm512_sub_ps(one, tail), tail));
}

// Kernels are compiled for each of these.
enum family { LINEAR, RECTIFIED, SWISH, GELU, TANH_GELU };

INLINE __m512 activated(const Shape *s, __m512 x, const enum family family) {
  switch (family) {
  case RECTIFIED:
    x = _mm512_max_ps(x, _mm512_setzero_ps());
    return s->activation == VILD_RELU6 ? _mm512_min_ps(x, _mm512_set1_ps(6)) : x;
  case SWISH: return swish(x, s->activation == VILD_QUICK_GELU ? 1.702f : 1);
  case GELU: return gelu(x);
  case TANH_GELU: return tanh_gelu(x);
  default: return x;
  }
}

INLINE __m512 widened(const uint16_t *x, __mmask16 mask) {
  return (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, x)), 16);
}

INLINE void store(const Shape *s, void *y, size_t offset, __m512 value, __mmask16 mask) {
  float *out = (float *)y + offset;
  if (s->output == VILD_BFLOAT)
    _mm256_mask_storeu_epi16((uint16_t *)y + offset, mask, (__m256i)_mm512_cvtneps_pbh(value));
  else if (s->output == VILD_FLOAT)
    _mm512_mask_storeu_ps(out, mask, value);
  else
    _mm512_mask_storeu_ps(out, mask, _mm512_add_ps(value, _mm512_maskz_loadu_ps(mask, out)));
}

// M rows by a panel in registers.
INLINE void tile(const Shape *s, const uint16_t *x, size_t stride, const uint16_t *skip, void *y,
                 size_t column, const size_t M, const enum family family) {
  const size_t pairs = (s->inputs + 1) / 2;
  const uint16_t *w = s->panels + column * 2 * pairs;
  __m512 sum[M][VECTORS];
  UNROLL for (size_t m = 0; m < M; m++)
    UNROLL for (size_t v = 0; v < VECTORS; v++) sum[m][v] = _mm512_loadu_ps(s->bias + column + 16 * v);
  for (size_t k = 0; k < pairs; k++, w += 2 * PANEL) {
    __m512bh b[VECTORS];
    UNROLL for (size_t v = 0; v < VECTORS; v++) b[v] = (__m512bh)_mm512_loadu_si512(w + 32 * v);
    UNROLL for (size_t m = 0; m < M; m++) {
      int32_t pair;
      memcpy(&pair, x + m * stride + 2 * k, sizeof pair);
      const __m512bh a = (__m512bh)_mm512_set1_epi32(pair);
      UNROLL for (size_t v = 0; v < VECTORS; v++) sum[m][v] = _mm512_dpbf16_ps(sum[m][v], b[v], a);
    }
  }
  const size_t left = s->outputs - column;
  UNROLL for (size_t v = 0; v < VECTORS; v++) {
    const __mmask16 mask = left >= 16 * (v + 1) ? 0xffff
                           : left > 16 * v      ? (__mmask16)((1u << (left - 16 * v)) - 1)
                                                : 0;
    UNROLL for (size_t m = 0; m < M; m++) {
      const size_t offset = m * s->outputs + column + 16 * v;
      const __m512 value = skip ? _mm512_add_ps(sum[m][v], widened(skip + offset, mask)) : sum[m][v];
      store(s, y, offset, activated(s, value, family), mask);
    }
  }
}

#define CASE(m, family) case m: tile(s, x, stride, skip, y, column, m, family); break;
#define TILES(name, family)                                                           \
  TARGET static void name(const Shape *s, const uint16_t *x, size_t stride,           \
                          const uint16_t *skip, void *y, size_t column, size_t rows) { \
    switch (rows) {                                                                   \
      CASE(1, family) CASE(2, family) CASE(3, family)                                 \
      CASE(4, family) CASE(5, family) CASE(6, family)                                 \
    }                                                                                 \
  }
TILES(linear, LINEAR)
TILES(rectified, RECTIFIED)
TILES(swished, SWISH)
TILES(gelued, GELU)
TILES(tanh_gelued, TANH_GELU)

typedef void (*Tile)(const Shape *, const uint16_t *, size_t, const uint16_t *, void *, size_t, size_t);
static Tile tile_of(int activation) {
  switch (activation) {
  case VILD_RELU: case VILD_RELU6: return rectified;
  case VILD_SWISH: case VILD_QUICK_GELU: return swished;
  case VILD_GELU: return gelued;
  case VILD_TANH_GELU: return tanh_gelued;
  default: return linear;
  }
}

// As in pointwise.c: rows whose strides alias in the first-level cache, and odd ones, are copied.
TARGET static void all_rows(const Shape *s, const uint16_t *x, void *y, size_t rows) {
  const size_t K = s->inputs, tiles = CHUNK / (K * ROWS + 1);
  const size_t step = ROWS * (tiles < 1 ? 1 : tiles > 64 ? 64 : tiles);
  const int copied = s->stride % 1024 == 0 || K % 2 != 0;
  const size_t stride = copied ? (K + 1) / 2 * 2 + 32 : s->stride;
  const size_t size = s->output == VILD_BFLOAT ? 2 : 4;
  uint16_t *copy = NULL;
  if (copied && !(copy = malloc(step * stride * sizeof *copy))) abort();
  const Tile rows_of_a_tile = tile_of(s->activation);
  for (size_t chunk = 0; chunk < rows; chunk += step) {
    const size_t end = chunk + step < rows ? chunk + step : rows;
    const uint16_t *inputs = x + chunk * s->stride;
    if (copied) {
      for (size_t row = chunk; row < end; row++) {
        memcpy(copy + (row - chunk) * stride, x + row * s->stride, K * sizeof *copy);
        copy[(row - chunk) * stride + K] = 0;
      }
      inputs = copy;
    }
    for (size_t column = 0; column < s->outputs; column += PANEL)
      for (size_t row = chunk, count; row < end; row += count) {
        const size_t left = end - row;
        count = left <= ROWS ? left : left < 2 * ROWS ? (left + 1) / 2 : ROWS;
        rows_of_a_tile(s, inputs + (row - chunk) * stride, stride, s->skip ? s->skip + row * s->outputs : NULL,
                       (char *)y + row * s->outputs * size, column, count);
      }
  }
  free(copy);
}

void vild_bfloat_forward(const Shape *s, const uint16_t *x, void *y, size_t rows) {
  all_rows(s, x, y, rows);
}

#else

int vild_has_bfloat(void) { return 0; }
size_t vild_bfloat_panels(size_t inputs, size_t outputs) { return inputs * outputs; }
void vild_bfloat_pack(uint16_t *panels, const float *weight, size_t inputs, size_t outputs) { abort(); }
void vild_bfloat_forward(const struct vild_bfloat_linear *s, const uint16_t *x, void *y, size_t rows) {
  abort();
}

#endif
