#include "attention.h"

#pragma STDC FP_CONTRACT ON

typedef struct vild_attention Shape;
typedef uint32_t u16 __attribute__((vector_size(64)));
typedef uint16_t h16u __attribute__((vector_size(32), aligned(2)));

#define PANEL 32  // columns of a product that stand together in memory

// Scratch memory, in this order: queries, keys in transposed panels, values, weights of a block of
// queries, their result.
#define BLOCK 12
VILD_INLINE size_t panels_size(size_t tokens, size_t width) {
  return (tokens + PANEL - 1) / PANEL * PANEL * width;
}

size_t vild_attention_scratch(const Shape *s) {
  if (vild_attention_in_bfloat(s)) return vild_attention_bfloat_scratch(s);
  const size_t width = rounded(s->head_width);
  return s->queries * width + panels_size(s->tokens, s->head_width) + s->tokens * width +
         BLOCK * (rounded(s->tokens) + width);
}

VILD_INLINE v16 load(const void *p, size_t i, const int bfloat) {
  if (!bfloat) return LOAD((const float *)p + i);
  const h16u halves = *(const h16u *)((const uint16_t *)p + i);
  return (v16)(__builtin_convertvector(halves, u16) << 16);
}

VILD_INLINE float load_one(const void *p, size_t i, const int bfloat) {
  if (!bfloat) return ((const float *)p)[i];
  union { uint32_t u; float f; } v = {.u = (uint32_t)((const uint16_t *)p)[i] << 16};
  return v.f;
}

VILD_INLINE const void *at(const void *p, size_t i, const int bfloat) {
  return bfloat ? (const void *)((const uint16_t *)p + i) : (const void *)((const float *)p + i);
}

// Rows of a head, in float32 and filled up with zeros to whole vectors.
VILD_INLINE void copy_rows(float *out, const void *rows, size_t count, size_t stride, size_t width,
                           const int bfloat) {
  const size_t padded = rounded(width);
  for (size_t r = 0; r < count; r++, out += padded) {
    const void *row = at(rows, r * stride, bfloat);
    size_t c = 0;
    for (; c + 16 <= width; c += 16) STORE(out + c, load(row, c, bfloat));
    for (; c < width; c++) out[c] = load_one(row, c, bfloat);
    for (; c < padded; c++) out[c] = 0;
  }
}

// Keys, transposed: panels of 32 keys, [head_width][32] each, whole vectors filled up with zeros.
VILD_INLINE void transpose_keys(float *panels, const Shape *s, const void *keys, const int bfloat) {
  for (size_t t = 0; t < s->tokens; t += 16) {
    float *column = panels + t / PANEL * PANEL * s->head_width + t % PANEL;
    const size_t count = s->tokens - t < 16 ? s->tokens - t : 16;
    size_t d = 0;
    for (; d + 16 <= s->head_width; d += 16) {
      v16 rows[16];
      UNROLL for (size_t l = 0; l < 16; l++)
        rows[l] = l < count ? load(at(keys, (t + l) * s->key_stride, bfloat), d, bfloat) : (v16){0};
      transpose16(rows);
      UNROLL for (size_t l = 0; l < 16; l++) STORE(column + (d + l) * PANEL, rows[l]);
    }
    for (; d < s->head_width; d++)
      for (size_t l = 0; l < 16; l++)
        column[d * PANEL + l] =
            l < count ? load_one(at(keys, (t + l) * s->key_stride, bfloat), d, bfloat) : 0;
  }
}

// M rows by V vectors in registers: y = a w.
VILD_INLINE void tile(float *y, size_t y_stride, const float *a, size_t a_stride, const float *w,
                      size_t w_stride, size_t inner, const size_t M, const size_t V) {
  v16 sum[M][V];
  UNROLL for (size_t m = 0; m < M; m++)
    UNROLL for (size_t v = 0; v < V; v++) sum[m][v] = (v16){0};
  for (size_t k = 0; k < inner; k++, w += w_stride) {
    UNROLL for (size_t m = 0; m < M; m++)
      UNROLL for (size_t v = 0; v < V; v++) sum[m][v] += a[m * a_stride + k] * LOAD(w + 16 * v);
  }
  UNROLL for (size_t m = 0; m < M; m++)
    UNROLL for (size_t v = 0; v < V; v++) STORE(y + m * y_stride + 16 * v, sum[m][v]);
}

#define CASE(m) case m: tile(y, y_stride, a, a_stride, w, w_stride, inner, m, V); break;
VILD_INLINE void rows_of_a_tile(float *y, size_t y_stride, const float *a, size_t a_stride,
                                const float *w, size_t w_stride, size_t inner, size_t rows,
                                const size_t V) {
  switch (rows) {
  CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
  }
}

// y[rows][columns] = a[rows][inner] w; `panel_stride` leads from one panel of w to the next.
VILD_INLINE void product(float *y, size_t columns, const float *a, size_t a_stride, const float *w,
                         size_t w_stride, size_t panel_stride, size_t inner, size_t rows,
                         const size_t V) {
  for (size_t column = 0; column < columns; column += 16 * V) {
    const float *from = w + column / PANEL * panel_stride + column % PANEL;
    if (V == 2 && columns - column > 16)
      rows_of_a_tile(y + column, columns, a, a_stride, from, w_stride, inner, rows, 2);
    else
      rows_of_a_tile(y + column, columns, a, a_stride, from, w_stride, inner, rows, 1);
  }
}

VILD_INLINE void store_row(void *out, const float *row, float factor, size_t width,
                           const int bfloat) {
  for (size_t c = 0; c < width; c++) {
    union { float f; uint32_t u; } v = {.f = row[c] * factor};
    if (bfloat)
      ((uint16_t *)out)[c] = (uint16_t)((v.u + 0x7fff + ((v.u >> 16) & 1)) >> 16);
    else
      ((float *)out)[c] = v.f;
  }
}

VILD_INLINE void head(const Shape *s, const void *q, const void *k, const void *v, void *out,
                      float *scratch, const size_t most, const size_t V, const int bfloat) {
  const size_t width = rounded(s->head_width), columns = rounded(s->tokens);
  float *queries = scratch, *keys = queries + s->queries * width,
        *values = keys + panels_size(s->tokens, s->head_width),
        *weights = values + s->tokens * width, *result = weights + BLOCK * columns;
  copy_rows(queries, q, s->queries, s->query_stride, s->head_width, bfloat);
  transpose_keys(keys, s, k, bfloat);
  copy_rows(values, v, s->tokens, s->key_stride, s->head_width, bfloat);
  const size_t size = bfloat ? 2 : 4;
  prefetch_next(q, s->queries, s->query_stride, s->head_width, size);
  prefetch_next(k, s->tokens, s->key_stride, s->head_width, size);
  prefetch_next(v, s->tokens, s->key_stride, s->head_width, size);
  for (size_t row = 0, count; row < s->queries; row += count) {
    const size_t left = s->queries - row;
    count = left <= most ? left : left < 2 * most ? (left + 1) / 2 : most;
    product(weights, columns, queries + row * width, width, keys, PANEL, PANEL * s->head_width,
            s->head_width, count, V);
    float factors[BLOCK];
    for (size_t r = 0; r < count; r++) factors[r] = exponentials(weights + r * columns, s->tokens);
    product(result, width, weights, columns, values, width, PANEL, s->tokens, count, V);
    for (size_t r = 0; r < count; r++)
      store_row((void *)(uintptr_t)at(out, (row + r) * s->out_stride, bfloat), result + r * width,
                factors[r], s->head_width, bfloat);
  }
}

#if defined(__x86_64__) && defined(__linux__)
__attribute__((target("arch=x86-64-v4"), min_vector_width(512))) static void wide(
    const Shape *s, const void *q, const void *k, const void *v, void *out, float *scratch) {
  if (s->bfloat)
    head(s, q, k, v, out, scratch, 12, 2, 1);
  else
    head(s, q, k, v, out, scratch, 12, 2, 0);
}
#endif

VILD_CLONES
static void narrow(const Shape *s, const void *q, const void *k, const void *v, void *out,
                   float *scratch) {
  if (s->bfloat)
    head(s, q, k, v, out, scratch, 6, 1, 1);
  else
    head(s, q, k, v, out, scratch, 6, 1, 0);
}

void vild_attention_forward(const Shape *s, const void *q, const void *k, const void *v, void *out,
                            float *scratch) {
  if (vild_attention_in_bfloat(s)) return vild_attention_bfloat(s, q, k, v, out, scratch);
#if defined(__x86_64__) && defined(__linux__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
    return wide(s, q, k, v, out, scratch);
#endif
  narrow(s, q, k, v, out, scratch);
}
