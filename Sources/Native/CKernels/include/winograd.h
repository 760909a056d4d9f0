// 3x3 convolutions with stride 1 by Winograd's minimal filtering, F(4x4, 3x3): 36 products instead of
// 144 a tile of 4x4 outputs. Channels are multiples of 16.
//
// Tiles are counted over all images, row by row. Values at the 36 points stand in planes of
// [tiles][channels + VILD_WINOGRAD_GAP], so that rows do not fall on each other in the cache.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define VILD_WINOGRAD_GAP 16

struct vild_winograd {
  size_t height, width, channels;  // input of one image, channels last
  size_t out_height, out_width, out_channels;
  ptrdiff_t pad_top, pad_left;
};

// weight [3][3][inputs][outputs], of which the inputs [from, to), to u [36][outputs/16][inputs][16].
// `transposed`: turned by 180 degrees, u is [36][inputs/16][outputs][16], for the input's gradient.
void vild_winograd_kernel(const float *weight, float *u, size_t inputs, size_t outputs, size_t from,
                          size_t to, int transposed);

// The gradient [36][inputs][outputs] at the points to that of weight [3][3][inputs][outputs], for the
// inputs [from, to).
void vild_winograd_kernel_gradient(const float *u, float *weight, size_t inputs, size_t outputs,
                                   size_t from, size_t to);

// Tiles of the input to the points; some of its channels alone.
void vild_winograd_input(const struct vild_winograd *shape, const float *x, float *v, size_t tile,
                         size_t tiles, size_t channel, size_t channels);

// Tiles at the points to outputs; bias may be NULL. Identity, ReLU and ReLU6.
void vild_winograd_output(const struct vild_winograd *shape, const float *m, const float *bias, float *y,
                          size_t tile, size_t tiles, int activation);

// The same of maps in bfloat16, computed in float32. Values of the input at the points are rounded, so
// that their products are those of vild_bfloat_forward, a call a point; values of the output are float32.
// Planes are [tiles][channels], VILD_WINOGRAD_GAP numbers apart. `skip` is like y, added before the
// activation, and may be NULL.
void vild_winograd_input_bfloat(const struct vild_winograd *shape, const uint16_t *x, uint16_t *v,
                                size_t tile, size_t tiles);
void vild_winograd_output_bfloat(const struct vild_winograd *shape, const float *m, const float *bias,
                                 const uint16_t *skip, uint16_t *y, size_t tile, size_t tiles,
                                 int activation);

// Gradients of outputs to the points.
void vild_winograd_output_gradient(const struct vild_winograd *shape, const float *dy, float *m,
                                   size_t tile, size_t tiles);

// m = v u at each point.
void vild_winograd_products(const float *v, const float *u, float *m, size_t tiles, size_t inputs,
                            size_t outputs);

// u += v' m at each point; u's planes [inputs][outputs] are `plane` numbers apart.
void vild_winograd_outer_products(const float *v, const float *m, float *u, size_t plane, size_t tiles,
                                  size_t inputs, size_t outputs);
