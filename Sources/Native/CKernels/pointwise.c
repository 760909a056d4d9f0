#include "CKernels.h"
#include "dispatch.h"
#include <stdlib.h>
#include <string.h>

#pragma STDC FP_CONTRACT ON

typedef struct vild_pointwise Shape;

#define LOAD(p) (*(const v16u *)(p))
#define STORE(p, v) (*(v16u *)(p) = (v))
#define PANEL 32  // output channels that stand together in memory
#define CHUNK 131072  // inputs of cells that stay in the second-level cache while panels pass by
#define UNROLL _Pragma("clang loop unroll(full)")

void vild_pointwise_pack(float *panels, const float *weight, size_t inputs, size_t outputs) {
  for (size_t first = 0; first < outputs; first += PANEL)
    for (size_t k = 0; k < inputs; k++)
      for (size_t o = first; o < first + PANEL; o++)
        *panels++ = o < outputs ? weight[k * outputs + o] : 0;
}

// M cells by V vectors of output channels, in registers: M and V are constants at every call.
VILD_INLINE void tile(const Shape *s, const float *x, size_t stride, const float *skip, float *y,
                      size_t column, const size_t M, const size_t V) {
  const size_t K = s->inputs, N = s->outputs;
  const float *w = s->panels + column / PANEL * PANEL * K + column % PANEL;
  v16 sum[M][V];
  UNROLL for (size_t m = 0; m < M; m++)
    UNROLL for (size_t v = 0; v < V; v++) sum[m][v] = LOAD(s->bias + column + 16 * v);
  for (size_t k = 0; k < K; k++, w += PANEL) {
    UNROLL for (size_t m = 0; m < M; m++)
      UNROLL for (size_t v = 0; v < V; v++) sum[m][v] += x[m * stride + k] * LOAD(w + 16 * v);
  }
  UNROLL for (size_t m = 0; m < M; m++)
    UNROLL for (size_t v = 0; v < V; v++) {
      const size_t first = column + 16 * v, offset = m * N + first;
      v16 value = sum[m][v];
      if (s->activation == VILD_RELU || s->activation == VILD_RELU6)
        value = __builtin_elementwise_max(value, (v16){0});
      if (s->activation == VILD_RELU6) value = __builtin_elementwise_min(value, (v16){0} + 6);
      if (first + 16 <= N) {
        STORE(y + offset, skip ? value + LOAD(skip + offset) : value);
      } else {
        for (size_t c = 0; first + c < N; c++)
          y[offset + c] = value[c] + (skip ? skip[offset + c] : 0);
      }
    }
}

#define CASE(m) case m: tile(s, x, stride, skip, y, column, m, V); break;
VILD_INLINE void cells_of_a_tile(const Shape *s, const float *x, size_t stride, const float *skip,
                                 float *y, size_t column, size_t cells, const size_t V) {
  switch (cells) {
  CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
  }
}

// Cells so far apart in memory that those of a tile would push each other out of the first-level
// cache are copied closer together, a chunk at a time.
VILD_INLINE int is_aliased(size_t inputs) { return inputs % 512 == 0; }

// Tiles of at most `most` cells; the last two of a chunk share what is left evenly.
VILD_INLINE void all_cells(const Shape *s, const float *x, const float *skip, float *y,
                           size_t cells, const size_t most, const size_t V) {
  const size_t K = s->inputs, N = s->outputs, tiles = CHUNK / (K * most + 1);
  const size_t step = most * (tiles < 1 ? 1 : tiles > 16 ? 16 : tiles);
  const size_t stride = is_aliased(K) ? K + 16 : K;
  float *copy = NULL;
  if (is_aliased(K) && !(copy = malloc(step * stride * sizeof(float)))) abort();
  for (size_t chunk = 0; chunk < cells; chunk += step) {
    const size_t end = chunk + step < cells ? chunk + step : cells;
    const float *inputs = x + chunk * K;
    if (copy) {
      for (size_t cell = chunk; cell < end; cell++)
        memcpy(copy + (cell - chunk) * stride, x + cell * K, K * sizeof(float));
      inputs = copy;
    }
    for (size_t column = 0; column < N; column += 16 * V)
      for (size_t cell = chunk, count; cell < end; cell += count) {
        const size_t left = end - cell;
        count = left <= most ? left : left < 2 * most ? (left + 1) / 2 : most;
        const float *from = inputs + (cell - chunk) * stride;
        const float *add = skip ? skip + cell * N : NULL;
        if (V == 2 && N - column > 16)
          cells_of_a_tile(s, from, stride, add, y + cell * N, column, count, 2);
        else
          cells_of_a_tile(s, from, stride, add, y + cell * N, column, count, 1);
      }
  }
  free(copy);
}

#if defined(__x86_64__) && defined(__linux__)
// 32 registers of 16 floats.
__attribute__((target("arch=x86-64-v4"), min_vector_width(512))) static void wide(const Shape *s, const float *x,
                                                           const float *skip, float *y,
                                                           size_t cells) {
  all_cells(s, x, skip, y, cells, 12, 2);
}
#endif

VILD_CLONES
static void narrow(const Shape *s, const float *x, const float *skip, float *y, size_t cells) {
  all_cells(s, x, skip, y, cells, 6, 1);
}

void vild_pointwise_forward(const Shape *s, const float *x, const float *skip, float *y,
                            size_t cells) {
#if defined(__x86_64__) && defined(__linux__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
    return wide(s, x, skip, y, cells);
#endif
  narrow(s, x, skip, y, cells);
}
