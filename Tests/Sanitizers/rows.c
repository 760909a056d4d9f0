// Kernels that go over rows of numbers: elementwise, sums, norms, optimisers, conversions.
#include "CKernels.h"
#include "drive.h"

// Ends, tails and whole vectors of 4, 8 and 16 numbers.
#define LENGTHS 0, 1, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 63, 65

static void elementwise(size_t count) {
  for (int activation = VILD_IDENTITY; activation <= VILD_TANH_GELU; activation++) {
    vild_activation_backward(zeros(count), floats(count), floats(count), count, activation);
    EACH(size_t, rows, 0, 1, 3) {
      vild_bias_activation(floats(rows * count), floats(count), rows, count, activation);
      vild_bias_activation(floats(rows * count), NULL, rows, count, activation);
    }
  }
  vild_axpy(floats(count), floats(count), 2, count);
  vild_add(zeros(count), floats(count), floats(count), count);
  vild_multiply(zeros(count), floats(count), floats(count), count);
  const float *x = floats(count);
  float *exponentials = floats(count);
  vild_exp_sum(exponentials, vild_max(x, count), count);
  vild_dot(x, exponentials, count);
  vild_dot_wide(x, exponentials, count);
  int32_t *where = block(count * sizeof *where, sizeof *where);
  for (size_t i = 0; i < count; i++) where[i] = -1;
  vild_max_cell(floats(count), where, x, 7, count);
}

static void rows_of(size_t rows, size_t channels) {
  const size_t count = rows * channels;
  const float *x = floats(count), *dy = floats(count), *a = floats(channels), *b = floats(channels);
  vild_sum_rows(zeros(channels), x, rows, channels);
  vild_affine(zeros(count), x, a, b, rows, channels);
  vild_sum_squares(zeros(channels), x, a, rows, channels);
  vild_sum_products(zeros(channels), dy, x, a, rows, channels);
  vild_batch_norm_backward(zeros(count), dy, x, a, b, a, b, rows, channels);
  float *mean = zeros(rows), *inverse = zeros(rows);
  vild_layer_norm(zeros(count), x, a, b, mean, inverse, 1e-5f, rows, channels);
  vild_layer_norm_backward(zeros(count), zeros(channels), zeros(channels), dy, x, a, mean, inverse,
                           rows, channels);
}

static void optimisers(size_t count) {
  const struct vild_adamw_sizes sizes = {1, 0.9f, 0.999f, 1e-8f, 0.99f, 1e-3f, 0.1f};
  vild_sgd(floats(count), floats(count), floats(count), 0.1f, 0.9f, 1e-4f, count);
  vild_adamw(floats(count), floats(count), floats(count), floats(count), &sizes, count);
}

static void conversions(size_t count) {
  uint16_t *halves = block(count * sizeof *halves, sizeof *halves);
  vild_float_to_half(halves, floats(count), count);
  vild_half_to_float(zeros(count), halves, count);
  vild_float_to_bfloat(halves, floats(count), count);
  vild_bfloat_to_float(zeros(count), halves, count);
  uint8_t *high = bytes(count), *low = bytes(count);
  vild_split_halves(high, low, halves, count);
  vild_join_halves(halves, high, low, count);
}

void drive_rows(void) {
  EACH(size_t, count, LENGTHS) {
    elementwise(count);
    EACH(size_t, rows, 0, 1, 2, 5) rows_of(rows, count);
    optimisers(count);
    conversions(count);
    release();
  }
  // All 65,536 numbers of 16 bits.
  uint16_t *every = block(65536 * sizeof *every, sizeof *every);
  for (size_t i = 0; i < 65536; i++) every[i] = (uint16_t)i;
  vild_half_to_float(zeros(65536), every, 65536);
  vild_bfloat_to_float(zeros(65536), every, 65536);
  release();
  vild_give_back_memory();
}
