// Numbers and tiles of products, included by mbconv.c once for each kind of element and processor, with
//   NAME(f)  what a function is called,
//   HALF     whether elements are bfloat16,
//   LANES    how many floats a register holds; there are 32 registers of 16, else 16 registers.

#if HALF
#define element uint16_t
#else
#define element float
#endif
#define MOST (LANES == 16 ? 12 : 6)  // cells of a tile
#define VECTORS 2                    // of outputs of a tile

typedef float NAME(vector) __attribute__((vector_size(4 * LANES)));
typedef float NAME(anywhere) __attribute__((vector_size(4 * LANES), aligned(4)));
#define vector NAME(vector)
#define FLOATS(p) (*(const NAME(anywhere) *)(p))
#define SET_FLOATS(p) *(NAME(anywhere) *)(p)

static inline vector NAME(load)(const element *p) {
#if HALF
  return (vector)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16);
#else
  return FLOATS(p);
#endif
}

static inline void NAME(store)(element *p, vector value) {
#if HALF
  _mm256_storeu_si256((__m256i *)p, (__m256i)_mm512_cvtneps_pbh((__m512)value));
#else
  SET_FLOATS(p) = value;
#endif
}

// x / (1 + 2^t), t = -x log2(e): the integer of t is split off, a polynomial takes the rest. Relative
// error 3e-7 with fused multiply-add, 3e-6 without, and 1e-4 where results become bfloat16 anyway.
static inline vector NAME(swish)(vector x) {
  const vector bounded = __builtin_elementwise_min(__builtin_elementwise_max(x, (vector){0} - 87.0f), (vector){0} + 87.0f);
#if HALF
  const vector t = bounded * -1.44269504f, n = (vector)_mm512_roundscale_ps((__m512)t, 8), f = t - n;
  vector p = f * 0.05517164245247841f + 0.2426111251115799f;
  p = p * f + 0.6932609677314758f;
  p = p * f + 0.9999280571937561f;
#else
  const vector n = __builtin_elementwise_floor(bounded * -1.44269504f + 0.5f);
  const vector f = bounded * -1.92596303e-8f + (bounded * -1.44269504f - n);
  vector p = f * 0.0013276468962430954f + 0.009675540961325169f;
  p = p * f + 0.05550713464617729f;
  p = p * f + 0.24022120237350464f;
  p = p * f + 0.6931469440460205f;
  p = p * f + 1.0000001192092896f;
#endif
#if LANES == 16
  const vector d = (vector)_mm512_scalef_ps((__m512)p, (__m512)n) + 1.0f;
  const vector r = (vector)_mm512_rcp14_ps((__m512)d);
  return x * (HALF ? r : r + r * (1.0f - d * r));
#else
  typedef int32_t integers __attribute__((vector_size(4 * LANES)));
  const integers power = (__builtin_convertvector(n, integers) + 127) << 23;
  return x / (p * (vector)power + 1.0f);
#endif
}

static inline vector NAME(activate)(vector x, int activation) {
  if (activation == VILD_SWISH) return NAME(swish)(x);
  if (activation == VILD_IDENTITY) return x;
  x = __builtin_elementwise_max(x, (vector){0});
  return activation == VILD_RELU6 ? __builtin_elementwise_min(x, (vector){0} + 6) : x;
}

// sum[m][v] = bias + x[m] weight: M cells by V vectors of outputs, constants at every call.
// `depth` inputs are multiplied, an even number where elements are halves.
VILD_INLINE void NAME(products)(vector *sum, const element *x, size_t stride, const element *weight,
                                const float *bias, size_t depth, const size_t M, const size_t V) {
  UNROLL for (size_t m = 0; m < M; m++)
    UNROLL for (size_t v = 0; v < V; v++) sum[m * V + v] = FLOATS(bias + LANES * v);
#if HALF
  for (size_t k = 0; k < depth; k += 2, weight += 2 * PANEL)
    UNROLL for (size_t m = 0; m < M; m++) {
      int pair;
      memcpy(&pair, x + m * stride + k, sizeof pair);
      const __m512i both = _mm512_set1_epi32(pair);
      UNROLL for (size_t v = 0; v < V; v++)
        sum[m * V + v] = (vector)_mm512_dpbf16_ps((__m512)sum[m * V + v], (__m512bh)both,
                                               (__m512bh)_mm512_loadu_si512(weight + 32 * v));
    }
#else
  for (size_t k = 0; k < depth; k++, weight += PANEL)
    UNROLL for (size_t m = 0; m < M; m++)
      UNROLL for (size_t v = 0; v < V; v++) sum[m * V + v] += x[m * stride + k] * FLOATS(weight + LANES * v);
#endif
}

#define EACH_COUNT CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)

// Rows of `cells` products that stay floats: into a row of the depthwise kernel's input.
static void NAME(expand_cells)(float *y, const element *x, size_t stride, const element *weight,
                               const float *bias, size_t depth, size_t cells, int activation) {
  for (size_t cell = 0, count; cell < cells; cell += count) {
    const size_t left = cells - cell;
    count = left <= MOST ? left : left < 2 * MOST ? (left + 1) / 2 : MOST;
    const element *from = x + cell * stride;
    float *to = y + cell * PANEL;
    for (size_t first = 0; first < PANEL; first += LANES * VECTORS)
      switch (count) {
#define CASE(m) case m: if (m <= MOST) { \
        vector sum[m * VECTORS]; \
        NAME(products)(sum, from, stride, weight + first * (HALF + 1), bias + first, depth, m, VECTORS); \
        UNROLL for (size_t i = 0; i < m * VECTORS; i++) \
          SET_FLOATS(to + i / VECTORS * PANEL + first + i % VECTORS * LANES) = NAME(activate)(sum[i], activation); \
      } break;
      EACH_COUNT
#undef CASE
      }
  }
}

// A map of `outputs` channels from one of `depth`, activated, plus `skip` where there is one.
static void NAME(map_cells)(element *y, const element *x, size_t stride, const element *weight,
                            const float *bias, const element *skip, size_t depth, size_t outputs,
                            size_t cells, int activation) {
  const size_t width = ROUND_UP(outputs, 16), rows = ROUND_UP(depth, 2);
  for (size_t column = 0, vectors; column < width; column += LANES * vectors) {
    vectors = width - column > LANES ? 2 : 1;
    const element *w = weight + column / PANEL * PANEL * rows + column % PANEL * (HALF + 1);
    for (size_t cell = 0, count; cell < cells; cell += count) {
      const size_t left = cells - cell;
      count = left <= MOST ? left : left < 2 * MOST ? (left + 1) / 2 : MOST;
      const element *from = x + cell * stride, *add = skip ? skip + cell * width + column : NULL;
      element *to = y + cell * width + column;
#define TILE(m, V) { \
        vector sum[m * V]; \
        NAME(products)(sum, from, stride, w, bias + column, depth, m, V); \
        UNROLL for (size_t i = 0; i < m * V; i++) { \
          const size_t offset = i / V * width + i % V * LANES; \
          const vector value = NAME(activate)(sum[i], activation); \
          NAME(store)(to + offset, add ? value + NAME(load)(add + offset) : value); \
        } \
      }
      if (vectors == VECTORS)
        switch (count) {
#define CASE(m) case m: if (m <= MOST) TILE(m, VECTORS) break;
        EACH_COUNT
#undef CASE
        }
      else
        switch (count) {
#define CASE(m) case m: if (m <= MOST) TILE(m, 1) break;
        EACH_COUNT
#undef CASE
        }
#undef TILE
    }
  }
}
