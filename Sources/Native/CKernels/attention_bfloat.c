#include "attention.h"

#if defined(__x86_64__) && defined(__linux__)

#include <immintrin.h>

typedef struct vild_attention Shape;

#define TARGET                                                                        \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"), min_vector_width(512)))
#define INLINE TARGET VILD_INLINE
#define PANEL 32  // columns of a product that stand together in memory
#define BLOCK 12  // queries at a time

// The numbers of a row are multiplied in pairs.
int vild_attention_in_bfloat(const Shape *s) {
  return s->bfloat && s->head_width % 2 == 0 && s->query_stride % 2 == 0 && vild_has_bfloat();
}

// In this order: keys in transposed panels and pairs of values, both of two numbers in 32 bits, and
// for a block of queries: logits, weights, result.
VILD_INLINE size_t keys_size(const Shape *s) {
  return (s->tokens + PANEL - 1) / PANEL * PANEL * s->head_width / 2;
}
VILD_INLINE size_t values_size(const Shape *s) { return (s->tokens + 1) / 2 * rounded(s->head_width); }

size_t vild_attention_bfloat_scratch(const Shape *s) {
  return keys_size(s) + values_size(s) +
         BLOCK * (rounded(s->tokens) + rounded(s->tokens) / 2 + rounded(s->head_width));
}

// Panels of 32 keys, [head_width / 2][32] pairs each, whole vectors filled up with zeros.
INLINE void transpose_keys(float *panels, const Shape *s, const uint16_t *keys) {
  const size_t pairs = s->head_width / 2;
  for (size_t t = 0; t < s->tokens; t += 16) {
    float *column = panels + t / PANEL * PANEL * pairs + t % PANEL;
    const size_t count = s->tokens - t < 16 ? s->tokens - t : 16;
    for (size_t d = 0; d < pairs; d += 16) {
      const size_t some = pairs - d < 16 ? pairs - d : 16;
      const __mmask16 mask = (__mmask16)((1u << some) - 1);
      v16 rows[16];
      UNROLL for (size_t l = 0; l < 16; l++)
        rows[l] = l < count ? (v16)_mm512_maskz_loadu_epi32(
                                  mask, keys + (t + l) * s->key_stride + 2 * d)
                            : (v16){0};
      transpose16(rows);
      UNROLL for (size_t l = 0; l < 16; l++)
        if (l < some) STORE(column + (d + l) * PANEL, rows[l]);
    }
  }
}

// [tokens / 2][head_width]: the values of two tokens side by side.
INLINE void pair_values(uint32_t *out, const Shape *s, const uint16_t *values) {
  for (size_t t = 0; t < s->tokens; t += 2)
    for (size_t c = 0; c < s->head_width; c += 16, out += 16) {
      const size_t left = s->head_width - c;
      const __mmask16 mask = left < 16 ? (__mmask16)((1u << left) - 1) : 0xffff;
      const uint16_t *row = values + t * s->key_stride + c;
      const __m256i a = _mm256_maskz_loadu_epi16(mask, row);
      const __m256i b = t + 1 < s->tokens ? _mm256_maskz_loadu_epi16(mask, row + s->key_stride)
                                          : _mm256_setzero_si256();
      const __m512i high = _mm512_slli_epi32(_mm512_cvtepu16_epi32(b), 16);
      _mm512_storeu_si512(out, _mm512_or_si512(_mm512_cvtepu16_epi32(a), high));
    }
}

// M rows by V vectors in registers: y = a w, over pairs; strides of a in numbers, of w in pairs.
INLINE void tile(float *y, size_t y_stride, const uint16_t *a, size_t a_stride, const float *w,
                 size_t w_stride, size_t pairs, const size_t M, const size_t V) {
  __m512 sum[M][V];
  UNROLL for (size_t m = 0; m < M; m++)
    UNROLL for (size_t v = 0; v < V; v++) sum[m][v] = _mm512_setzero_ps();
  for (size_t k = 0; k < pairs; k++, w += w_stride) {
    __m512bh b[V];
    UNROLL for (size_t v = 0; v < V; v++) b[v] = (__m512bh)_mm512_loadu_ps(w + 16 * v);
    UNROLL for (size_t m = 0; m < M; m++) {
      int32_t pair;
      memcpy(&pair, a + m * a_stride + 2 * k, sizeof pair);
      const __m512bh row = (__m512bh)_mm512_set1_epi32(pair);
      UNROLL for (size_t v = 0; v < V; v++) sum[m][v] = _mm512_dpbf16_ps(sum[m][v], b[v], row);
    }
  }
  UNROLL for (size_t m = 0; m < M; m++)
    UNROLL for (size_t v = 0; v < V; v++) _mm512_storeu_ps(y + m * y_stride + 16 * v, sum[m][v]);
}

#define CASE(m) case m: tile(y, y_stride, a, a_stride, w, w_stride, pairs, m, V); break;
INLINE void rows_of_a_tile(float *y, size_t y_stride, const uint16_t *a, size_t a_stride,
                           const float *w, size_t w_stride, size_t pairs, size_t rows,
                           const size_t V) {
  switch (rows) {
  CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
  }
}

// y[rows][columns] = a w; `panel_stride` leads from one panel of w to the next.
TARGET static void product(float *y, size_t columns, const uint16_t *a, size_t a_stride,
                           const float *w, size_t w_stride, size_t panel_stride, size_t pairs,
                           size_t rows) {
  for (size_t column = 0; column < columns; column += PANEL, w += panel_stride) {
    if (columns - column > 16)
      rows_of_a_tile(y + column, columns, a, a_stride, w, w_stride, pairs, rows, 2);
    else
      rows_of_a_tile(y + column, columns, a, a_stride, w, w_stride, pairs, rows, 1);
  }
}

INLINE void round_row(uint16_t *out, const float *row, float factor, size_t count) {
  for (size_t c = 0; c < count; c += 16) {
    const size_t left = count - c;
    const __mmask16 mask = left < 16 ? (__mmask16)((1u << left) - 1) : 0xffff;
    const __m512 value = _mm512_mul_ps(_mm512_loadu_ps(row + c), _mm512_set1_ps(factor));
    _mm256_mask_storeu_epi16(out + c, mask, (__m256i)_mm512_cvtneps_pbh(value));
  }
}

TARGET void vild_attention_bfloat(const Shape *s, const uint16_t *q, const uint16_t *k,
                                  const uint16_t *v, uint16_t *out, float *scratch) {
  const size_t width = rounded(s->head_width), columns = rounded(s->tokens);
  float *keys = scratch, *values = keys + keys_size(s), *logits = values + values_size(s),
        *result = logits + BLOCK * columns;
  uint16_t *weights = (uint16_t *)(result + BLOCK * width);
  transpose_keys(keys, s, k);
  pair_values((uint32_t *)values, s, v);
  prefetch_next(q, s->queries, s->query_stride, s->head_width, sizeof *q);
  prefetch_next(k, s->tokens, s->key_stride, s->head_width, sizeof *k);
  prefetch_next(v, s->tokens, s->key_stride, s->head_width, sizeof *v);
  for (size_t row = 0, count; row < s->queries; row += count) {
    const size_t left = s->queries - row;
    count = left <= BLOCK ? left : left < 2 * BLOCK ? (left + 1) / 2 : BLOCK;
    product(logits, columns, q + row * s->query_stride, s->query_stride, keys, PANEL,
            PANEL * s->head_width / 2, s->head_width / 2, count);
    float factors[BLOCK];
    for (size_t r = 0; r < count; r++) {
      factors[r] = exponentials(logits + r * columns, s->tokens);
      round_row(weights + r * columns, logits + r * columns, 1, columns);
    }
    product(result, width, weights, columns, values, width, PANEL, (s->tokens + 1) / 2, count);
    for (size_t r = 0; r < count; r++)
      round_row(out + (row + r) * s->out_stride, result + r * width, factors[r], s->head_width);
  }
}

#else

int vild_attention_in_bfloat(const struct vild_attention *s) { return 0; }
size_t vild_attention_bfloat_scratch(const struct vild_attention *s) { return 0; }
void vild_attention_bfloat(const struct vild_attention *s, const uint16_t *q, const uint16_t *k,
                           const uint16_t *v, uint16_t *out, float *scratch) {}

#endif
