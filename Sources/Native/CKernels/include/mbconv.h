// Inverted residual blocks (MobileNet's MBConv, EfficientNet's block) for inference, one image at a
// time: what the expansion makes of a row goes through the depthwise kernel while it is in the
// nearest cache, 32 channels at a time, and is never written to memory.
//
// Maps are [cells][channels], channels filled up with zeros to a multiple of 16. Their elements, and
// those of packed kernels, are float, or bfloat16 where `half` is not 0: then products are of
// bfloat16 numbers and everything between them is float.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct vild_mbconv {
  size_t height, width;              // of the input map
  size_t inputs, expanded, outputs;  // channels
  size_t kernel, stride;             // 3, 5 or 7; 1 or 2
  size_t pad_top, pad_left, out_height, out_width;
  int activation;                    // VILD_RELU, VILD_RELU6 or VILD_SWISH
  int skip;                          // whether the input is added to the output
  const void *expand;                // packed [inputs][expanded]; NULL: the input is expanded already
  const float *expand_bias;          // like all biases filled up with zeros to a multiple of 32
  const float *depthwise;            // from vild_mbconv_pack_depthwise
  const float *depthwise_bias;
  size_t squeezed;                   // 0: channels are not weighed
  const float *squeeze;              // [squeezed][expanded, filled up to a multiple of 32]
  const float *squeeze_bias;         // [squeezed]
  const float *excite;               // like squeeze
  const float *excite_bias;
  const void *project;               // packed [expanded, filled up to a multiple of 32][outputs]
  const float *project_bias;
};

// Whether this processor multiplies bfloat16 numbers.
int vild_mbconv_has_bfloat16(void);

// A matrix [inputs][outputs] as the kernels read it; the size of it in elements.
size_t vild_mbconv_packed_size(size_t inputs, size_t outputs);
void vild_mbconv_pack(void *packed, const float *weight, size_t inputs, size_t outputs, int half);

// A kernel [taps][channels] as blocks of 32 channels, filled up with zeros.
void vild_mbconv_pack_depthwise(float *packed, const float *weight, size_t taps, size_t channels);

// Bytes that vild_mbconv needs besides its input and output.
size_t vild_mbconv_scratch(const struct vild_mbconv *block, int half);

// One block on one image: x [height][width][inputs] to y [out_height][out_width][outputs].
void vild_mbconv(const struct vild_mbconv *block, const void *x, void *y, void *scratch, int half);

struct vild_stem {
  size_t height, width, outputs;
  size_t pad_top, pad_left, out_height, out_width;
  int activation;
  const void *weight;  // packed [27][outputs]: kernel row, kernel column, colour
  const float *bias;
};

// The first convolution, 3 x 3 with stride 2, on a picture [height][width][3] of floats.
// `scratch` has room for out_width x 28 elements.
void vild_stem(const struct vild_stem *stem, const float *x, void *y, void *scratch, int half);

// mean[c] of a map's cells; channels are a multiple of 16
void vild_map_mean(float *mean, const void *x, size_t cells, size_t channels, int half);
