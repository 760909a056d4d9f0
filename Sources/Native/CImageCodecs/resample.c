// Antialiased resampling with the arithmetic of Pillow's Image.resize, so that a teacher sees the
// very pixels it was trained on: weights in double precision, rounded to 22 bits; a pass
// along one axis, rounded to a byte; then one along the other.
//
// Pixels travel as 4 bytes (the fourth is ignored), so that 4 taps are 16 lanes of int32. Integer
// sums do not depend on their order, so every instruction set gives the same image.

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "CImageCodecs.h"

#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__) && defined(__linux__)
#define EACH_INSTRUCTION_SET \
  __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define EACH_INSTRUCTION_SET
#endif
#define INLINE static inline __attribute__((always_inline))

enum {
  PRECISION = 22,    // bits of a weight: 32 less 8 for the byte and 2 for the sum's overshoot
  LANES = 16,
  ROWS = 4,          // rows of the horizontal pass that share the loading of weights
  PIXELS = LANES / 4,
};

typedef int32_t lanes __attribute__((vector_size(4 * LANES)));
typedef uint8_t bytes16 __attribute__((vector_size(LANES)));
typedef int32_t lanes4 __attribute__((vector_size(16)));
typedef uint8_t bytes4 __attribute__((vector_size(4)));

// For each output position along one axis: where its taps begin, how many there are, and their
// weights; a row of weights is `stride` long, zero after its last tap.
typedef struct {
  int32_t *first, *taps, *weights;
  int32_t stride;
} axis;

static double bilinear(double x) {
  x = fabs(x);
  return x < 1.0 ? 1.0 - x : 0.0;
}

static double bicubic(double x) {
  const double a = -0.5;
  x = fabs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

static void free_axis(axis *a) {
  free(a->first);
  free(a->taps);
  free(a->weights);
}

// Not among the clones: fused multiply-adds would change the weights.
// The outputs wanted are `count` of the `out` there are, from `start` on.
static int make_axis(
    axis *result, int32_t in, int32_t out, int32_t start, int32_t count, image_filter filter) {
  double (*const curve)(double) = filter == IMAGE_BICUBIC ? bicubic : bilinear;
  const double scale = (double)in / out;
  const double stretch = scale < 1.0 ? 1.0 : scale;
  const double support = (filter == IMAGE_BICUBIC ? 2.0 : 1.0) * stretch;
  const double shrink = 1.0 / stretch;
  const int32_t most = (int32_t)ceil(support) * 2 + 1;
  result->stride = (most + PIXELS - 1) / PIXELS * PIXELS;
  result->first = malloc((size_t)count * sizeof(int32_t));
  result->taps = malloc((size_t)count * sizeof(int32_t));
  result->weights = calloc((size_t)count * result->stride, sizeof(int32_t));
  double *exact = malloc((size_t)most * sizeof(double));
  if (!result->first || !result->taps || !result->weights || !exact) {
    free_axis(result);
    free(exact);
    return 0;
  }
  for (int32_t i = 0; i < count; i++) {
    const double center = (start + i + 0.5) * scale;
    int32_t begin = (int32_t)(center - support + 0.5);
    int32_t end = (int32_t)(center + support + 0.5);
    if (begin < 0) begin = 0;
    if (end > in) end = in;
    double sum = 0.0;
    for (int32_t t = 0; t < end - begin; t++) {
      exact[t] = curve((t + begin - center + 0.5) * shrink);
      sum += exact[t];
    }
    int32_t *weights = result->weights + (size_t)i * result->stride;
    for (int32_t t = 0; t < end - begin; t++) {
      const double weight = (sum != 0.0 ? exact[t] / sum : exact[t]) * (1 << PRECISION);
      weights[t] = (int32_t)(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    result->first[i] = begin;
    result->taps[i] = end - begin;
  }
  free(exact);
  return 1;
}

INLINE void expand_row(const uint8_t *rgb, uint8_t *rgbx, int32_t width) {
  for (int32_t x = 0; x < width - 1; x++) memcpy(rgbx + 4 * x, rgb + 3 * x, 4);
  memcpy(rgbx + 4 * (width - 1), rgb + 3 * (width - 1), 3);
}

// ROWS rows of 4-byte pixels, each `in_stride` bytes, to ROWS rows of `width` pixels.
INLINE void resample_rows(
    const uint8_t *in, size_t in_stride, const axis *a, int32_t width, uint8_t *out,
    size_t out_stride) {
  for (int32_t x = 0; x < width; x++) {
    const uint8_t *from = in + 4 * (size_t)a->first[x];
    const int32_t *weights = a->weights + (size_t)x * a->stride;
    lanes sums[ROWS] = {0};
    for (int32_t t = 0; t < a->taps[x]; t += PIXELS) {
      lanes4 w;
      memcpy(&w, weights + t, sizeof w);
      const lanes each =
          __builtin_shufflevector(w, w, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
      for (int r = 0; r < ROWS; r++) {
        bytes16 p;
        memcpy(&p, from + r * in_stride + 4 * t, sizeof p);
        sums[r] += __builtin_convertvector(p, lanes) * each;
      }
    }
    for (int r = 0; r < ROWS; r++) {
      const lanes s = sums[r];
      lanes4 total = __builtin_shufflevector(s, s, 0, 1, 2, 3) +
                     __builtin_shufflevector(s, s, 4, 5, 6, 7) +
                     __builtin_shufflevector(s, s, 8, 9, 10, 11) +
                     __builtin_shufflevector(s, s, 12, 13, 14, 15);
      total = (total + (1 << (PRECISION - 1))) >> PRECISION;
      total = __builtin_elementwise_min(__builtin_elementwise_max(total, (lanes4){0}),
                                        (lanes4){0} + 255);
      const bytes4 pixel = __builtin_convertvector(total, bytes4);
      memcpy(out + r * out_stride + 4 * x, &pixel, sizeof pixel);
    }
  }
}

// The first `row_bytes` of one row of output, rounded up to 4 * LANES, from the `taps` rows that
// begin at row `first`; row y is in place y % ring_rows.
INLINE void resample_column(
    const uint8_t *ring, int32_t ring_rows, size_t stride, size_t row_bytes, int32_t first,
    int32_t taps, const int32_t *weights, uint8_t *out) {
  for (size_t x = 0; x < row_bytes; x += 4 * LANES) {
    lanes sums[4];
    for (int i = 0; i < 4; i++) sums[i] = (lanes){0} + (1 << (PRECISION - 1));
    int32_t row = first % ring_rows;
    for (int32_t t = 0; t < taps; t++) {
      const uint8_t *from = ring + row * stride + x;
      for (int i = 0; i < 4; i++) {
        bytes16 p;
        memcpy(&p, from + i * LANES, sizeof p);
        sums[i] += __builtin_convertvector(p, lanes) * weights[t];
      }
      if (++row == ring_rows) row = 0;
    }
    for (int i = 0; i < 4; i++) {
      const lanes level = __builtin_elementwise_min(
          __builtin_elementwise_max(sums[i] >> PRECISION, (lanes){0}), (lanes){0} + 255);
      const bytes16 p = __builtin_convertvector(level, bytes16);
      memcpy(out + x + i * LANES, &p, sizeof p);
    }
  }
}

// Everything one call works with. `ring` holds the rows that the vertical pass still needs, row y
// in place y % ring_rows; `block` holds ROWS rows beside the horizontal pass, `finished` as many
// after the last pass.
typedef struct {
  image_view source;
  axis across, down;
  int32_t width, height;
  uint8_t *ring, *block, *finished;
  int32_t ring_rows;
  size_t stride;  // bytes from row to row of all three: a multiple of 4 * LANES, roomy enough
  uint8_t *bytes;
  float *floats;
  const float *table;
} work;

INLINE void emit(const work *w, const uint8_t *row, int32_t y) {
  const size_t start = (size_t)y * w->width * 3;
  if (w->bytes) {
    uint8_t *to = w->bytes + start;
    for (int32_t x = 0; x < w->width; x++) memcpy(to + 3 * x, row + 4 * x, 3);
  }
  if (w->floats) {
    float *to = w->floats + start;
    for (int32_t x = 0; x < w->width; x++) {
      for (int c = 0; c < 3; c++) to[3 * x + c] = w->table[256 * c + row[4 * x + c]];
    }
  }
}

INLINE void expand_source(const work *w, int32_t y, uint8_t *to) {
  const image_view *s = &w->source;
  if (y < s->top || y >= s->top + s->rows) {
    memset(to, 0, 4 * (size_t)s->width);
    return;
  }
  const int32_t right = s->left + s->columns;
  memset(to, 0, 4 * (size_t)s->left);
  expand_row(s->pixels + (size_t)(y - s->top) * s->row_bytes, to + 4 * s->left, s->columns);
  memset(to + 4 * right, 0, 4 * (size_t)(s->width - right));
}

INLINE void vertical_pass(const work *w, int32_t y, size_t row_bytes, uint8_t *to) {
  resample_column(
      w->ring, w->ring_rows, w->stride, row_bytes, w->down.first[y], w->down.taps[y],
      w->down.weights + (size_t)y * w->down.stride, to);
}

EACH_INSTRUCTION_SET
static void horizontal_first(const work *w) {
  // Source rows up to here are in the ring, or not needed.
  int32_t ready = w->down.first[0] / ROWS * ROWS;
  for (int32_t y = 0; y < w->height; y++) {
    for (; ready < w->down.first[y] + w->down.taps[y]; ready += ROWS) {
      for (int r = 0; r < ROWS && ready + r < w->source.height; r++) {
        expand_source(w, ready + r, w->block + r * w->stride);
      }
      uint8_t *to = w->ring + (ready % w->ring_rows) * w->stride;
      resample_rows(w->block, w->stride, &w->across, w->width, to, w->stride);
    }
    vertical_pass(w, y, (size_t)w->width * 4, w->finished);
    emit(w, w->finished, y);
  }
}

EACH_INSTRUCTION_SET
static void vertical_first(const work *w) {
  int32_t ready = w->down.first[0];
  for (int32_t y = 0; y < w->height; y += ROWS) {
    const int rows = w->height - y < ROWS ? w->height - y : ROWS;
    for (int r = 0; r < rows; r++) {
      for (; ready < w->down.first[y + r] + w->down.taps[y + r]; ready++) {
        expand_source(w, ready, w->ring + (ready % w->ring_rows) * w->stride);
      }
      vertical_pass(w, y + r, (size_t)w->source.width * 4, w->block + r * w->stride);
    }
    resample_rows(w->block, w->stride, &w->across, w->width, w->finished, w->stride);
    for (int r = 0; r < rows; r++) emit(w, w->finished + r * w->stride, y + r);
  }
}

int image_resample(
    image_view source, image_filter filter, int32_t width, int32_t height, image_window window,
    uint8_t *bytes, float *floats, const float *table) {
  work w = {
      .source = source, .width = window.width, .height = window.height, .bytes = bytes,
      .floats = floats, .table = table};
  if (!make_axis(&w.across, source.width, width, window.left, window.width, filter)) return 0;
  if (!make_axis(&w.down, source.height, height, window.top, window.height, filter)) {
    free_axis(&w.across);
    return 0;
  }
  // Taps are read in groups of PIXELS, which may reach past the last pixel of a row.
  const size_t widest = ((size_t)(source.width > w.width ? source.width : w.width) + PIXELS) * 4;
  w.stride = (widest + 4 * LANES - 1) / (4 * LANES) * (4 * LANES);
  // Whole groups of ROWS: the rows of one output and the group that completes them.
  const int32_t taps = w.down.stride < source.height ? w.down.stride : source.height;
  w.ring_rows = (taps / ROWS + 2) * ROWS;
  uint8_t *memory = calloc(w.ring_rows + 2 * ROWS, w.stride);
  const int enough = memory != NULL;
  if (enough) {
    w.ring = memory;
    w.block = w.ring + w.ring_rows * w.stride;
    w.finished = w.block + ROWS * w.stride;
    // Rounding between the passes makes their order visible. This is Pillow's choice since 13.0;
    // before, it was always horizontal first.
    const int64_t fewer_rows = (int64_t)source.height - height;
    const int64_t fewer_columns = (int64_t)source.width - width;
    if (fewer_rows > 0 && fewer_rows > 2 * fewer_columns) {
      vertical_first(&w);
    } else {
      horizontal_first(&w);
    }
    free(memory);
  }
  free_axis(&w.across);
  free_axis(&w.down);
  return enough;
}
