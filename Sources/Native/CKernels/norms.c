#include "CKernels.h"
#include "dispatch.h"
#include <math.h>

#pragma STDC FP_CONTRACT ON

#define LOAD(p) (*(const v16u *)(p))

// Sixteen running sums, added up in a fixed order at the end.
#define HORIZONTAL(v, sum) \
  for (size_t l = 0; l < 16; l++) (sum) += (v)[l]

VILD_CLONES
float vild_dot(const float *a, const float *b, size_t count) {
  v16 lanes = {0};
  float sum = 0;
  size_t i = 0;
  for (; i + 16 <= count; i += 16) lanes += LOAD(a + i) * LOAD(b + i);
  for (; i < count; i++) sum += a[i] * b[i];
  HORIZONTAL(lanes, sum);
  return sum;
}

VILD_CLONES
double vild_dot_wide(const float *a, const float *b, size_t count) {
  double lanes[8] = {0}, sum = 0;
  size_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (int j = 0; j < 8; j++) lanes[j] += (double)a[i + j] * b[i + j];
  for (; i < count; i++) sum += (double)a[i] * b[i];
  for (int j = 0; j < 8; j++) sum += lanes[j];
  return sum;
}

VILD_CLONES
float vild_max(const float *x, size_t count) {
  float lanes[16], largest = -INFINITY;
  for (size_t l = 0; l < 16; l++) lanes[l] = -INFINITY;
  size_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (size_t l = 0; l < 16; l++) lanes[l] = x[i + l] > lanes[l] ? x[i + l] : lanes[l];
  for (; i < count; i++) largest = x[i] > largest ? x[i] : largest;
  for (size_t l = 0; l < 16; l++) largest = lanes[l] > largest ? lanes[l] : largest;
  return largest;
}

VILD_CLONES
void vild_affine(float *out, const float *x, const float *scale, const float *shift, size_t rows,
                 size_t channels) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < channels; c++)
      out[r * channels + c] = x[r * channels + c] * scale[c] + shift[c];
}

VILD_CLONES
void vild_sum_squares(float *sum, const float *x, const float *mean, size_t rows, size_t channels) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < channels; c++) {
      float d = x[r * channels + c] - mean[c];
      sum[c] += d * d;
    }
}

VILD_CLONES
void vild_sum_products(float *sum, const float *dy, const float *x, const float *mean, size_t rows,
                       size_t channels) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < channels; c++)
      sum[c] += dy[r * channels + c] * (x[r * channels + c] - mean[c]);
}

VILD_CLONES
void vild_batch_norm_backward(float *dx, const float *dy, const float *x, const float *mean,
                              const float *of_dy, const float *of_x, const float *constant,
                              size_t rows, size_t channels) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < channels; c++) {
      size_t i = r * channels + c;
      dx[i] = of_dy[c] * dy[i] + of_x[c] * (x[i] - mean[c]) + constant[c];
    }
}

VILD_CLONES
void vild_layer_norm(float *y, const float *x, const float *gamma, const float *beta, float *mean,
                     float *inverse, float epsilon, size_t rows, size_t channels) {
  for (size_t r = 0; r < rows; r++) {
    const float *in = x + r * channels;
    float *out = y + r * channels;
    v16 lanes = {0};
    float sum = 0, squares = 0;
    size_t c = 0;
    for (; c + 16 <= channels; c += 16) lanes += LOAD(in + c);
    for (; c < channels; c++) sum += in[c];
    HORIZONTAL(lanes, sum);
    float m = sum / (float)channels;
    lanes = (v16){0};
    for (c = 0; c + 16 <= channels; c += 16) {
      v16 d = LOAD(in + c) - m;
      lanes += d * d;
    }
    for (; c < channels; c++) squares += (in[c] - m) * (in[c] - m);
    HORIZONTAL(lanes, squares);
    float scale = 1.0f / sqrtf(squares / (float)channels + epsilon);
    for (c = 0; c < channels; c++) out[c] = (in[c] - m) * scale * gamma[c] + beta[c];
    mean[r] = m;
    inverse[r] = scale;
  }
}

VILD_CLONES
void vild_layer_norm_backward(float *dx, float *dgamma, float *dbeta, const float *dy,
                              const float *x, const float *gamma, const float *mean,
                              const float *inverse, size_t rows, size_t channels) {
  for (size_t r = 0; r < rows; r++) {
    const float *in = x + r * channels, *up = dy + r * channels;
    float m = mean[r], scale = inverse[r];
    v16 lanes = {0}, products = {0};
    float sum = 0, dot = 0;
    size_t c = 0;
    for (; c + 16 <= channels; c += 16) {
      v16 g = LOAD(up + c) * LOAD(gamma + c);
      lanes += g;
      products += g * (LOAD(in + c) - m);
    }
    for (; c < channels; c++) {
      float g = up[c] * gamma[c];
      sum += g;
      dot += g * (in[c] - m);
    }
    HORIZONTAL(lanes, sum);
    HORIZONTAL(products, dot);
    sum /= (float)channels;
    dot = dot * scale * scale / (float)channels;
    for (c = 0; c < channels; c++) {
      float centred = in[c] - m;
      dx[r * channels + c] = scale * (up[c] * gamma[c] - sum - centred * dot);
      dgamma[c] += up[c] * centred * scale;
      dbeta[c] += up[c];
    }
  }
}
