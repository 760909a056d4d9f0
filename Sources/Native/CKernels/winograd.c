#include "CKernels.h"
#include "dispatch.h"
#include "either.h"

#pragma STDC FP_CONTRACT ON

// Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray, 2016) with the points 0, a, -a, b, -b and
// infinity. a = 11/16 and b = 2a round less than the usual 1 and 2: errors are a quarter.
//
// A tile is 6x6 cells of the input and 4x4 of the output. Everything lies channels last, in planes:
// one for each of the 36 points.

typedef struct vild_winograd Shape;

#define LOAD(p) (*(const v16u *)(p))
#define STORE(p, v) (*(v16u *)(p) = (v))
#define UNROLL _Pragma("clang loop unroll(full)")

#define A 0.6875f
#define B 1.375f
#define A2 (A * A)
#define B2 (B * B)

// Of six cells along an axis, their values at the points.
VILD_INLINE void spread_input(const v16 *x, v16 *t) {
  const v16 even_a = x[4] - B2 * x[2], odd_a = A * (x[3] - B2 * x[1]);
  const v16 even_b = x[4] - A2 * x[2], odd_b = B * (x[3] - A2 * x[1]);
  t[0] = A2 * B2 * x[0] - (A2 + B2) * x[2] + x[4];
  t[1] = even_a + odd_a;
  t[2] = even_a - odd_a;
  t[3] = even_b + odd_b;
  t[4] = even_b - odd_b;
  t[5] = A2 * B2 * x[1] - (A2 + B2) * x[3] + x[5];
}

// Of the values at the points, four outputs.
VILD_INLINE void gather_output(const v16 *m, v16 *y) {
  const v16 sum_a = m[1] + m[2], difference_a = A * (m[1] - m[2]);
  const v16 sum_b = m[3] + m[4], difference_b = B * (m[3] - m[4]);
  y[0] = m[0] + sum_a + sum_b;
  y[1] = difference_a + difference_b;
  y[2] = A2 * sum_a + B2 * sum_b;
  y[3] = A2 * difference_a + B2 * difference_b + m[5];
}

// The transpose of `gather_output`: gradients of four outputs to the points.
VILD_INLINE void spread_gradient(const v16 *y, v16 *m) {
  const v16 even_a = y[0] + A2 * y[2], odd_a = A * (y[1] + A2 * y[3]);
  const v16 even_b = y[0] + B2 * y[2], odd_b = B * (y[1] + B2 * y[3]);
  m[0] = y[0];
  m[1] = even_a + odd_a;
  m[2] = even_a - odd_a;
  m[3] = even_b + odd_b;
  m[4] = even_b - odd_b;
  m[5] = y[3];
}

// Three taps at the points.
#define AT_ZERO (1 / (A2 * B2))
#define AT_A (1 / (2 * A2 * (A2 - B2)))
#define AT_B (1 / (2 * B2 * (B2 - A2)))
VILD_INLINE void spread_kernel(const v16 *w, v16 *u) {
  const v16 even_a = AT_A * (w[0] + A2 * w[2]), odd_a = (AT_A * A) * w[1];
  const v16 even_b = AT_B * (w[0] + B2 * w[2]), odd_b = (AT_B * B) * w[1];
  u[0] = AT_ZERO * w[0];
  u[1] = even_a + odd_a;
  u[2] = even_a - odd_a;
  u[3] = even_b + odd_b;
  u[4] = even_b - odd_b;
  u[5] = w[2];
}

// The transpose of `spread_kernel`.
VILD_INLINE void gather_kernel(const v16 *u, v16 *w) {
  const v16 sum_a = AT_A * (u[1] + u[2]), sum_b = AT_B * (u[3] + u[4]);
  w[0] = AT_ZERO * u[0] + sum_a + sum_b;
  w[1] = (AT_A * A) * (u[1] - u[2]) + (AT_B * B) * (u[3] - u[4]);
  w[2] = A2 * sum_a + B2 * sum_b + u[5];
}

// MARK: kernels

VILD_CLONES
void vild_winograd_kernel(const float *weight, float *u, size_t inputs, size_t outputs, size_t from,
                          size_t to, int transposed) {
  const size_t plane = inputs * outputs;
  for (size_t input = from; input < to; input++)
    for (size_t output = 0; output < outputs; output += 16) {
      v16 rows[6][3], w[3], all[6];
      for (size_t kx = 0; kx < 3; kx++) {
        for (size_t ky = 0; ky < 3; ky++) {
          // The gradient's kernel is turned by 180 degrees.
          const size_t tap = transposed ? 8 - (3 * ky + kx) : 3 * ky + kx;
          w[ky] = LOAD(weight + (tap * inputs + input) * outputs + output);
        }
        spread_kernel(w, all);
        for (size_t i = 0; i < 6; i++) rows[i][kx] = all[i];
      }
      for (size_t i = 0; i < 6; i++) {
        spread_kernel(rows[i], all);
        for (size_t j = 0; j < 6; j++) {
          float *to = u + (6 * i + j) * plane;
          if (!transposed) {
            STORE(to + (output / 16 * inputs + input) * 16, all[j]);
          } else {
            float *at = to + input / 16 * 16 * outputs + output * 16 + input % 16;
            for (size_t o = 0; o < 16; o++) at[16 * o] = all[j][o];
          }
        }
      }
    }
}

VILD_CLONES
void vild_winograd_kernel_gradient(const float *u, float *weight, size_t inputs, size_t outputs,
                                   size_t from, size_t to) {
  const size_t plane = inputs * outputs;
  for (size_t at = from * outputs; at < to * outputs; at += 16) {
    v16 rows[3][6], column[6], w[3];
    for (size_t j = 0; j < 6; j++) {
      for (size_t i = 0; i < 6; i++) column[i] = LOAD(u + (6 * i + j) * plane + at);
      gather_kernel(column, w);
      for (size_t ky = 0; ky < 3; ky++) rows[ky][j] = w[ky];
    }
    for (size_t ky = 0; ky < 3; ky++) {
      gather_kernel(rows[ky], w);
      for (size_t kx = 0; kx < 3; kx++) STORE(weight + (3 * ky + kx) * plane + at, w[kx]);
    }
  }
}

// MARK: tiles

// Where a tile stands.
typedef struct {
  size_t image, row, column;
} Place;

VILD_INLINE Place place_of(const Shape *s, size_t tile) {
  const size_t across = (s->out_width + 3) / 4, down = (s->out_height + 3) / 4;
  const size_t line = tile / across;
  return (Place){line / down, line % down * 4, tile % across * 4};
}

// Distances of the tiles' values: rows of floats stand apart from each other, of bfloat16 the planes do.
typedef struct {
  size_t row, plane;
} Distances;

VILD_INLINE Distances distances(size_t tiles, size_t channels, const int half) {
  const size_t row = channels + (half ? 0 : VILD_WINOGRAD_GAP);
  return (Distances){row, tiles * row + (half ? VILD_WINOGRAD_GAP : 0)};
}

VILD_INLINE void input(const Shape *s, const void *x, void *v, size_t tile, size_t tiles, size_t channel,
                       size_t channels, const int half) {
  const Distances d = distances(tiles, channels, half);
  for (size_t t = 0; t < tiles; t++) {
    const Place p = place_of(s, tile + t);
    const size_t image = p.image * s->height * s->width * s->channels + channel;
    for (size_t c = 0; c < channels; c += 16) {
      v16 rows[6][6], cells[6], all[6];
      for (size_t j = 0; j < 6; j++) {
        const ptrdiff_t column = (ptrdiff_t)(p.column + j) - s->pad_left;
        const int inside = column >= 0 && column < (ptrdiff_t)s->width;
        for (size_t i = 0; i < 6; i++) {
          const ptrdiff_t row = (ptrdiff_t)(p.row + i) - s->pad_top;
          cells[i] = inside && row >= 0 && row < (ptrdiff_t)s->height
                         ? load16(x, image + (row * s->width + column) * s->channels + c, half)
                         : (v16){0};
        }
        spread_input(cells, all);
        for (size_t i = 0; i < 6; i++) rows[i][j] = all[i];
      }
      for (size_t i = 0; i < 6; i++) {
        spread_input(rows[i], all);
        for (size_t j = 0; j < 6; j++) store16(v, (6 * i + j) * d.plane + t * d.row + c, all[j], half);
      }
    }
  }
}

VILD_CLONES
void vild_winograd_input(const Shape *s, const float *x, float *v, size_t tile, size_t tiles,
                         size_t channel, size_t channels) {
  input(s, x, v, tile, tiles, channel, channels, 0);
}

VILD_CLONES
void vild_winograd_input_bfloat(const Shape *s, const uint16_t *x, uint16_t *v, size_t tile, size_t tiles) {
  input(s, x, v, tile, tiles, 0, s->channels, 1);
}

VILD_INLINE void output(const Shape *s, const float *m, const float *bias, const uint16_t *skip, void *y,
                        size_t tile, size_t tiles, int activation, const int half) {
  const size_t channels = s->out_channels;
  const Distances d = distances(tiles, channels, half);
  for (size_t t = 0; t < tiles; t++) {
    const Place p = place_of(s, tile + t);
    const size_t image = p.image * s->out_height * s->out_width * channels;
    for (size_t c = 0; c < channels; c += 16) {
      const v16 shift = bias ? LOAD(bias + c) : (v16){0};
      v16 rows[4][6], cells[6], all[4];
      for (size_t j = 0; j < 6; j++) {
        for (size_t i = 0; i < 6; i++) cells[i] = LOAD(m + (6 * i + j) * d.plane + t * d.row + c);
        gather_output(cells, all);
        for (size_t i = 0; i < 4; i++) rows[i][j] = all[i];
      }
      for (size_t i = 0; i < 4 && p.row + i < s->out_height; i++) {
        gather_output(rows[i], all);
        for (size_t j = 0; j < 4 && p.column + j < s->out_width; j++) {
          const size_t at = image + ((p.row + i) * s->out_width + p.column + j) * channels + c;
          v16 value = all[j] + shift;
          if (skip) value += load16(skip, at, 1);
          if (activation == VILD_RELU || activation == VILD_RELU6)
            value = __builtin_elementwise_max(value, (v16){0});
          if (activation == VILD_RELU6) value = __builtin_elementwise_min(value, (v16){0} + 6);
          store16(y, at, value, half);
        }
      }
    }
  }
}

VILD_CLONES
void vild_winograd_output(const Shape *s, const float *m, const float *bias, float *y, size_t tile,
                          size_t tiles, int activation) {
  output(s, m, bias, NULL, y, tile, tiles, activation, 0);
}

VILD_CLONES
void vild_winograd_output_bfloat(const Shape *s, const float *m, const float *bias, const uint16_t *skip,
                                 uint16_t *y, size_t tile, size_t tiles, int activation) {
  output(s, m, bias, skip, y, tile, tiles, activation, 1);
}

VILD_CLONES
void vild_winograd_output_gradient(const Shape *s, const float *dy, float *m, size_t tile,
                                   size_t tiles) {
  const size_t channels = s->out_channels, stride = channels + VILD_WINOGRAD_GAP;
  const size_t plane = tiles * stride;
  for (size_t t = 0; t < tiles; t++) {
    const Place p = place_of(s, tile + t);
    const float *image = dy + p.image * s->out_height * s->out_width * channels;
    for (size_t c = 0; c < channels; c += 16) {
      v16 rows[6][4], cells[4], all[6];
      for (size_t j = 0; j < 4; j++) {
        for (size_t i = 0; i < 4; i++)
          cells[i] = p.row + i < s->out_height && p.column + j < s->out_width
                         ? LOAD(image + ((p.row + i) * s->out_width + p.column + j) * channels + c)
                         : (v16){0};
        spread_gradient(cells, all);
        for (size_t i = 0; i < 6; i++) rows[i][j] = all[i];
      }
      for (size_t i = 0; i < 6; i++) {
        spread_gradient(rows[i], all);
        for (size_t j = 0; j < 6; j++) STORE(m + (6 * i + j) * plane + t * stride + c, all[j]);
      }
    }
  }
}

// MARK: products at the points

// M tiles by 16 output channels, in registers: M is constant at every call.
VILD_INLINE void product(const float *v, size_t inputs, const float *u, float *m, size_t stride,
                         const size_t M) {
  const size_t width = inputs + VILD_WINOGRAD_GAP;
  v16 sum[M];
  UNROLL for (size_t i = 0; i < M; i++) sum[i] = (v16){0};
  for (size_t k = 0; k < inputs; k++) {
    const v16 w = LOAD(u + 16 * k);
    UNROLL for (size_t i = 0; i < M; i++) sum[i] += v[i * width + k] * w;
  }
  UNROLL for (size_t i = 0; i < M; i++) STORE(m + i * stride, sum[i]);
}

#define CASE(n) case n: product(v + t * width, inputs, panel, to, stride, n); break;
VILD_INLINE void products(const float *v, const float *u, float *m, size_t tiles, size_t inputs,
                          size_t outputs, const size_t most) {
  const size_t width = inputs + VILD_WINOGRAD_GAP, stride = outputs + VILD_WINOGRAD_GAP;
  for (size_t point = 0; point < 36; point++) {
    for (size_t o = 0; o < outputs; o += 16) {
      const float *panel = u + o * inputs;
      for (size_t t = 0, count; t < tiles; t += count) {
        float *to = m + t * stride + o;
        count = tiles - t < most ? tiles - t : most;
        switch (count) {
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
        }
      }
    }
    v += tiles * width;
    m += tiles * stride;
    u += inputs * outputs;
  }
}

// M input by 16 output channels of a kernel's gradient, summed over the tiles.
VILD_INLINE void outer_product(const float *v, size_t width, const float *m, size_t stride,
                               float *u, size_t outputs, size_t tiles, const size_t M) {
  v16 sum[M];
  UNROLL for (size_t i = 0; i < M; i++) sum[i] = LOAD(u + i * outputs);
  for (size_t t = 0; t < tiles; t++) {
    const v16 w = LOAD(m + t * stride);
    UNROLL for (size_t i = 0; i < M; i++) sum[i] += v[t * width + i] * w;
  }
  UNROLL for (size_t i = 0; i < M; i++) STORE(u + i * outputs, sum[i]);
}

#define OUTER(n) case n: outer_product(v + c, width, m + o, stride, at, outputs, tiles, n); break;
VILD_INLINE void outer_products(const float *v, const float *m, float *u, size_t plane,
                                size_t tiles, size_t inputs, size_t outputs, const size_t most) {
  const size_t width = inputs + VILD_WINOGRAD_GAP, stride = outputs + VILD_WINOGRAD_GAP;
  for (size_t point = 0; point < 36; point++) {
    for (size_t o = 0; o < outputs; o += 16)
      for (size_t c = 0, count; c < inputs; c += count) {
        float *at = u + c * outputs + o;
        count = inputs - c < most ? inputs - c : most;
        switch (count) {
        OUTER(1) OUTER(2) OUTER(3) OUTER(4) OUTER(5) OUTER(6) OUTER(7) OUTER(8) OUTER(9) OUTER(10) OUTER(11) OUTER(12)
        }
      }
    v += tiles * width;
    m += tiles * stride;
    u += plane;
  }
}

#if defined(__x86_64__) && defined(__linux__)
#define WIDE __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
// 32 registers of 16 floats.
WIDE static void products_wide(const float *v, const float *u, float *m, size_t tiles, size_t inputs,
                               size_t outputs) {
  products(v, u, m, tiles, inputs, outputs, 12);
}
WIDE static void outer_products_wide(const float *v, const float *m, float *u, size_t plane,
                                     size_t tiles, size_t inputs, size_t outputs) {
  outer_products(v, m, u, plane, tiles, inputs, outputs, 12);
}
static int is_wide(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#else
#define products_wide products_narrow
#define outer_products_wide outer_products_narrow
static int is_wide(void) { return 0; }
#endif

VILD_CLONES
static void products_narrow(const float *v, const float *u, float *m, size_t tiles, size_t inputs,
                            size_t outputs) {
  products(v, u, m, tiles, inputs, outputs, 6);
}

VILD_CLONES
static void outer_products_narrow(const float *v, const float *m, float *u, size_t plane,
                                  size_t tiles, size_t inputs, size_t outputs) {
  outer_products(v, m, u, plane, tiles, inputs, outputs, 6);
}

void vild_winograd_products(const float *v, const float *u, float *m, size_t tiles, size_t inputs,
                            size_t outputs) {
  (is_wide() ? products_wide : products_narrow)(v, u, m, tiles, inputs, outputs);
}

void vild_winograd_outer_products(const float *v, const float *m, float *u, size_t plane,
                                  size_t tiles, size_t inputs, size_t outputs) {
  (is_wide() ? outer_products_wide : outer_products_narrow)(v, m, u, plane, tiles, inputs, outputs);
}
