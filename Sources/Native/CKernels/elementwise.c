#include "CKernels.h"
#include "dispatch.h"

#pragma STDC FP_CONTRACT ON

// exp by splitting off the power of two and a polynomial on the rest (Cephes' coefficients);
// relative error about 1e-7 on the whole range; below it exactly zero, so that a logit of minus
// infinity has no probability.
VILD_INLINE float exp_fast(float x) {
  float kept = x < -87.3f ? 0.0f : 1.0f;
  x = x < -87.3f ? -87.3f : (x > 88.0f ? 88.0f : x);
  float n = __builtin_floorf(x * 1.44269504088896341f + 0.5f);
  float r = x - n * 0.693359375f + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  // A NaN is in p; as a whole number it would be anything.
  union { int32_t i; float f; } scale = {.i = ((int32_t)(n == n ? n : 0) + 127) << 23};
  return kept * p * scale.f;
}

VILD_INLINE float sigmoid_of(float x) { return 1.0f / (1.0f + exp_fast(-x)); }

// The normal distribution function, absolute error below 2e-7 (Abramowitz and Stegun 7.1.26).
// Unlike erff it vectorises.
VILD_INLINE float normal_cdf(float x) {
  float z = __builtin_fabsf(x) * 0.70710678118654752f;
  float t = 1.0f / (1.0f + 0.3275911f * z);
  float p = 1.061405429f;
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  float tail = 0.5f * p * t * exp_fast(-z * z);
  return x < 0 ? tail : 1.0f - tail;
}

// x Phi(x) is about x sigmoid(2 u) with this u (Hendrycks and Gimpel, 2016); (1 + tanh u) / 2 is
// sigmoid(2 u).
VILD_INLINE float tanh_gelu_argument(float x) {
  return 0.79788456080286536f * (x + 0.044715f * x * x * x);
}

VILD_INLINE void activate_row(float *x, const float *bias, size_t channels, int activation) {
  if (bias)
    for (size_t c = 0; c < channels; c++) x[c] += bias[c];
  switch (activation) {
  case VILD_RELU:
    for (size_t c = 0; c < channels; c++) x[c] = x[c] > 0 ? x[c] : 0;
    break;
  case VILD_RELU6:
    for (size_t c = 0; c < channels; c++) {
      float v = x[c] > 0 ? x[c] : 0;
      x[c] = v < 6 ? v : 6;
    }
    break;
  case VILD_SWISH:
    for (size_t c = 0; c < channels; c++) x[c] *= sigmoid_of(x[c]);
    break;
  case VILD_QUICK_GELU:
    for (size_t c = 0; c < channels; c++) x[c] *= sigmoid_of(1.702f * x[c]);
    break;
  case VILD_GELU:
    for (size_t c = 0; c < channels; c++) x[c] *= normal_cdf(x[c]);
    break;
  case VILD_TANH_GELU:
    for (size_t c = 0; c < channels; c++) x[c] *= sigmoid_of(2 * tanh_gelu_argument(x[c]));
    break;
  case VILD_SIGMOID:
    for (size_t c = 0; c < channels; c++) x[c] = sigmoid_of(x[c]);
    break;
  default: break;
  }
}

VILD_CLONES
void vild_bias_activation(float *x, const float *bias, size_t rows, size_t channels, int activation) {
  for (size_t r = 0; r < rows; r++) activate_row(x + r * channels, bias, channels, activation);
}

VILD_CLONES
void vild_activation_backward(float *dx, const float *dy, const float *x, size_t count,
                              int activation) {
  switch (activation) {
  case VILD_RELU:
    for (size_t i = 0; i < count; i++) dx[i] = x[i] > 0 ? dy[i] : 0;
    break;
  case VILD_RELU6:
    for (size_t i = 0; i < count; i++) dx[i] = ((x[i] > 0) & (x[i] < 6)) ? dy[i] : 0;
    break;
  case VILD_SWISH:
    for (size_t i = 0; i < count; i++) {
      float s = sigmoid_of(x[i]);
      dx[i] = dy[i] * (s + x[i] * s * (1 - s));
    }
    break;
  case VILD_QUICK_GELU:
    for (size_t i = 0; i < count; i++) {
      float s = sigmoid_of(1.702f * x[i]);
      dx[i] = dy[i] * (s + 1.702f * x[i] * s * (1 - s));
    }
    break;
  case VILD_GELU:
    for (size_t i = 0; i < count; i++) {
      dx[i] = dy[i] * (normal_cdf(x[i]) + x[i] * 0.39894228040143268f * exp_fast(-0.5f * x[i] * x[i]));
    }
    break;
  case VILD_TANH_GELU:
    for (size_t i = 0; i < count; i++) {
      float s = sigmoid_of(2 * tanh_gelu_argument(x[i]));
      float slope = 0.79788456080286536f * (1 + 3 * 0.044715f * x[i] * x[i]);
      dx[i] = dy[i] * (s + 2 * slope * x[i] * s * (1 - s));
    }
    break;
  case VILD_SIGMOID:
    for (size_t i = 0; i < count; i++) {
      float s = sigmoid_of(x[i]);
      dx[i] = dy[i] * s * (1 - s);
    }
    break;
  default:
    for (size_t i = 0; i < count; i++) dx[i] = dy[i];
  }
}

VILD_CLONES
void vild_axpy(float *y, const float *x, float alpha, size_t count) {
  for (size_t i = 0; i < count; i++) y[i] += alpha * x[i];
}

VILD_CLONES
void vild_add(float *out, const float *a, const float *b, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = a[i] + b[i];
}

VILD_CLONES
void vild_multiply(float *out, const float *a, const float *b, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = a[i] * b[i];
}

VILD_CLONES
void vild_sum_rows(float *sum, const float *x, size_t rows, size_t channels) {
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < channels; c++) sum[c] += x[r * channels + c];
}

VILD_CLONES
float vild_exp_sum(float *x, float shift, size_t count) {
  float lanes[16] = {0};
  size_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (size_t l = 0; l < 16; l++) {
      float e = exp_fast(x[i + l] - shift);
      x[i + l] = e;
      lanes[l] += e;
    }
  float sum = 0;
  for (; i < count; i++) sum += x[i] = exp_fast(x[i] - shift);
  for (size_t l = 0; l < 16; l++) sum += lanes[l];
  return sum;
}

VILD_CLONES
void vild_sgd(float *weight, float *velocity, const float *gradient, float rate, float momentum,
              float decay, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float v = momentum * velocity[i] + (gradient[i] + decay * weight[i]);
    velocity[i] = v;
    weight[i] -= rate * v;
  }
}

VILD_CLONES
void vild_adamw(float *weight, float *first, float *second, const float *gradient,
                const struct vild_adamw_sizes *sizes, size_t count) {
  struct vild_adamw_sizes s = *sizes;
  for (size_t i = 0; i < count; i++) {
    float g = s.factor * gradient[i];
    float m = s.beta1 * first[i] + (1 - s.beta1) * g;
    float v = s.beta2 * second[i] + (1 - s.beta2) * g * g;
    first[i] = m;
    second[i] = v;
    weight[i] = s.keep * weight[i] - s.rate * m / (__builtin_sqrtf(v) / s.root + s.epsilon);
  }
}
