// Inner loops that want the widest vectors the machine has. Each function is compiled for several
// instruction sets and picked when the program loads; sums are ordered the same way every run.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "mbconv.h"
#include "winograd.h"

// Applied in place after a linear operation; the values match Tensors.Activation.
enum vild_activation {
  VILD_IDENTITY = 0,
  VILD_RELU = 1,
  VILD_RELU6 = 2,
  VILD_SWISH = 3,
  VILD_GELU = 4,
  VILD_QUICK_GELU = 5,
  VILD_SIGMOID = 6,
  VILD_TANH_GELU = 7,
};

// x[r][c] = activation(x[r][c] + bias[c]); bias may be NULL.
void vild_bias_activation(float *x, const float *bias, size_t rows, size_t channels, int activation);

// gradient of the activation: dx[i] = dy[i] * activation'(x[i]). For identity, ReLU and ReLU6 `x`
// may be the output instead of the input.
void vild_activation_backward(float *dx, const float *dy, const float *x, size_t count, int activation);

// y += alpha x
void vild_axpy(float *y, const float *x, float alpha, size_t count);

// out[i] = a[i] + b[i]; out[i] = a[i] * b[i]
void vild_add(float *out, const float *a, const float *b, size_t count);
void vild_multiply(float *out, const float *a, const float *b, size_t count);

// sum[c] += x[r][c]
void vild_sum_rows(float *sum, const float *x, size_t rows, size_t channels);

// x[i] = exp(x[i] - shift), returns their sum
float vild_exp_sum(float *x, float shift, size_t count);

struct vild_depthwise {
  size_t height, width, channels;       // input of one image, channels last
  size_t kernel_height, kernel_width;   // weight is [kernel_height][kernel_width][channels]
  size_t stride;
  ptrdiff_t pad_top, pad_left;
  size_t out_height, out_width;
};

// Output rows [row, row + rows) of one image; bias may be NULL.
void vild_depthwise_forward(const struct vild_depthwise *shape, const float *x, const float *weight,
                            const float *bias, float *y, size_t row, size_t rows, int activation);

// dx rows [row, row + rows) of one image, overwritten.
void vild_depthwise_backward_input(const struct vild_depthwise *shape, const float *dy,
                                   const float *weight, float *dx, size_t row, size_t rows);

// dweight += contribution of the output rows [row, row + rows) of one image.
void vild_depthwise_backward_weight(const struct vild_depthwise *shape, const float *x,
                                    const float *dy, float *dweight, size_t row, size_t rows);

// For one output along one axis: the cells it is made of and their weights.
struct vild_taps {
  const ptrdiff_t *cells;
  const float *weights;
  size_t count;
};

// out[c] = sum over rows and columns of both weights times x[row][column][c]; strides in floats.
void vild_gather_cells(float *out, const float *x, size_t row_stride, size_t cell_stride,
                       struct vild_taps rows, struct vild_taps columns, size_t channels);

// The same of bfloat16 numbers: summed in float32, the result rounded.
void vild_gather_cells_bfloat(uint16_t *out, const uint16_t *x, size_t row_stride, size_t cell_stride,
                              struct vild_taps rows, struct vild_taps columns, size_t channels);

// The reverse: dx[row][column][c] += both weights times dy[c].
void vild_scatter_cells(float *dx, const float *dy, size_t row_stride, size_t cell_stride,
                        struct vild_taps rows, struct vild_taps columns, size_t channels);

// Where x[c] is greater than best[c]: takes it, and notes `cell` in where[c].
void vild_max_cell(float *best, int32_t *where, const float *x, int32_t cell, size_t channels);

// The same of bfloat16 numbers, without the cell's number.
void vild_max_cell_bfloat(uint16_t *best, const uint16_t *x, size_t channels);

// the largest x[i]; minus infinity for none, and NaN is passed over
float vild_max(const float *x, size_t count);

// sum of a[i] b[i]
float vild_dot(const float *a, const float *b, size_t count);

// the same, summed in double precision
double vild_dot_wide(const float *a, const float *b, size_t count);

// out[r][c] = x[r][c] * scale[c] + shift[c]
void vild_affine(float *out, const float *x, const float *scale, const float *shift, size_t rows,
                 size_t channels);

// sum[c] += (x[r][c] - mean[c])^2; sum[c] += dy[r][c] * (x[r][c] - mean[c])
void vild_sum_squares(float *sum, const float *x, const float *mean, size_t rows, size_t channels);
void vild_sum_products(float *sum, const float *dy, const float *x, const float *mean, size_t rows,
                       size_t channels);

// dx[r][c] = of_dy[c] * dy[r][c] + of_x[c] * (x[r][c] - mean[c]) + constant[c]
void vild_batch_norm_backward(float *dx, const float *dy, const float *x, const float *mean,
                              const float *of_dy, const float *of_x, const float *constant,
                              size_t rows, size_t channels);

// y = gamma * (x - mean) / sqrt(variance + epsilon) + beta in each row; keeps each row's mean and
// inverse deviation for the way back, which adds to dgamma and dbeta and overwrites dx.
void vild_layer_norm(float *y, const float *x, const float *gamma, const float *beta, float *mean,
                     float *inverse, float epsilon, size_t rows, size_t channels);
void vild_layer_norm_backward(float *dx, float *dgamma, float *dbeta, const float *dy,
                              const float *x, const float *gamma, const float *mean,
                              const float *inverse, size_t rows, size_t channels);

struct vild_pointwise {
  size_t inputs, outputs;
  const float *panels;  // from vild_pointwise_pack
  const float *bias;    // outputs, then zeros up to a multiple of 32
  int activation;       // identity, ReLU or ReLU6
};

// A matrix [inputs][outputs] in the order vild_pointwise_forward reads it: panels of 32 columns,
// the last one filled up with zeros.
void vild_pointwise_pack(float *panels, const float *weight, size_t inputs, size_t outputs);

// y[cells][outputs] = activation(x[cells][inputs] weight + bias) + skip; skip may be NULL.
void vild_pointwise_forward(const struct vild_pointwise *shape, const float *x, const float *skip,
                            float *y, size_t cells);

enum vild_output {
  VILD_BFLOAT = 0,
  VILD_FLOAT = 1,
  VILD_ADD_FLOAT = 2,  // added to the float32 numbers that are there
};

struct vild_bfloat_linear {
  size_t inputs, outputs;
  size_t stride;           // numbers from row to row of x, at least `inputs`
  const uint16_t *panels;  // from vild_bfloat_pack
  const float *bias;       // outputs, then zeros up to a multiple of 64
  const uint16_t *skip;    // [rows][outputs], added before the activation; may be NULL
  int activation;          // any but the sigmoid
  int output;              // one of vild_output
};

// Whether this processor multiplies bfloat16 in hardware (AVX-512 BF16); the three below need it.
int vild_has_bfloat(void);

// How many numbers vild_bfloat_pack writes.
size_t vild_bfloat_panels(size_t inputs, size_t outputs);

// A matrix [inputs][outputs] rounded, in the order vild_bfloat_forward reads it.
void vild_bfloat_pack(uint16_t *panels, const float *weight, size_t inputs, size_t outputs);

// y[rows][outputs] = activation(x[rows][inputs] weight + bias + skip); products of bfloat16 numbers,
// summed in float32. A row's result does not depend on the other rows.
void vild_bfloat_forward(const struct vild_bfloat_linear *shape, const uint16_t *x, void *y,
                         size_t rows);

// One attention head of one sequence; queries are already divided by sqrt(head_width). Strides, in
// elements, lead from token to token.
struct vild_attention {
  size_t tokens, queries, head_width;
  size_t query_stride, key_stride, out_stride;  // values stand as keys do
  int bfloat;  // whether q, k, v and out are bfloat16 or float32; all sums are float32
};

// Floats that vild_attention_forward needs as scratch memory.
size_t vild_attention_scratch(const struct vild_attention *shape);

// out[queries][head_width] = softmax(q k') v
void vild_attention_forward(const struct vild_attention *shape, const void *q, const void *k,
                            const void *v, void *out, float *scratch);

// Conversions, round to nearest even; infinities and NaN kept.
void vild_half_to_float(float *out, const uint16_t *in, size_t count);
void vild_float_to_half(uint16_t *out, const float *in, size_t count);
void vild_bfloat_to_float(float *out, const uint16_t *in, size_t count);
void vild_float_to_bfloat(uint16_t *out, const float *in, size_t count);

// One SGD step with momentum and L2 decay, as PyTorch's: v = m v + (g + decay w); w -= rate v
void vild_sgd(float *weight, float *velocity, const float *gradient, float rate, float momentum,
              float decay, size_t count);

struct vild_adamw_sizes {
  float factor;  // what the gradient is multiplied by first
  float beta1, beta2, epsilon;
  float keep;  // what the weight is multiplied by
  float rate;  // over the first moment's correction
  float root;  // of the second moment's correction
};

// One step of AdamW, as PyTorch's.
void vild_adamw(float *weight, float *first, float *second, const float *gradient,
                const struct vild_adamw_sizes *sizes, size_t count);

// 16-bit numbers as two planes of bytes, and back.
void vild_split_halves(uint8_t *high, uint8_t *low, const uint16_t *in, size_t count);
void vild_join_halves(uint16_t *out, const uint8_t *high, const uint8_t *low, size_t count);

// Gives memory that was freed back to the system.
void vild_give_back_memory(void);
