// Fused inverted residual blocks and their stem, float32 and, where the processor has it, bfloat16.
#include "CKernels.h"
#include "drive.h"

static size_t up(size_t n, size_t to) { return (n + to - 1) / to * to; }

static void *map(size_t cells, size_t channels, int half) {
  const size_t count = cells * up(channels, 16);
  return half ? (void *)bfloats(count) : floats(count);
}

static void *packed(size_t inputs, size_t outputs, int half) {
  void *panels = block(vild_mbconv_packed_size(inputs, outputs) * (half ? 2 : 4), 4);
  vild_mbconv_pack(panels, floats(inputs * outputs), inputs, outputs, half);
  return panels;
}

static void inverted(size_t side, size_t inputs, size_t expanded, size_t outputs, size_t kernel,
                     size_t stride, size_t squeezed, int half) {
  const size_t pad = kernel / 2, out = (side + 2 * pad - kernel) / stride + 1;
  const size_t across = (side + 1 + 2 * pad - kernel) / stride + 1, width = up(expanded, 32);
  float *depthwise = zeros(kernel * kernel * width);
  vild_mbconv_pack_depthwise(depthwise, floats(kernel * kernel * expanded), kernel * kernel, expanded);
  const int is_wide = expanded != inputs;
  const struct vild_mbconv b = {
      .height = side, .width = side + 1, .inputs = inputs, .expanded = expanded, .outputs = outputs,
      .kernel = kernel, .stride = stride, .pad_top = pad, .pad_left = pad, .out_height = out,
      .out_width = across, .activation = VILD_RELU + (int)(side % 3),
      .skip = inputs == outputs && stride == 1,
      .expand = is_wide ? packed(inputs, expanded, half) : NULL,
      .expand_bias = filled_up(expanded, width), .depthwise = depthwise,
      .depthwise_bias = filled_up(expanded, width), .squeezed = squeezed,
      .squeeze = zeros(squeezed * width), .squeeze_bias = floats(squeezed),
      .excite = zeros(squeezed * width), .excite_bias = filled_up(expanded, width),
      .project = packed(up(expanded, 32), outputs, half),
      .project_bias = filled_up(outputs, up(outputs, 32))};
  vild_mbconv(&b, map(side * (side + 1), inputs, half), map(out * across, outputs, half),
              block(vild_mbconv_scratch(&b, half), 4), half);
  release();
}

static void stem(size_t side, size_t outputs, size_t pad, int half) {
  const size_t out = (side + 2 * pad - 3) / 2 + 1;
  const struct vild_stem s = {
      .height = side, .width = side, .outputs = outputs, .pad_top = pad, .pad_left = pad,
      .out_height = out, .out_width = out, .activation = VILD_SWISH,
      .weight = packed(27, outputs, half), .bias = filled_up(outputs, up(outputs, 32))};
  vild_stem(&s, floats(side * side * 3), map(out * out, outputs, half),
            block(out * 28 * (half ? 2 : 4), 4), half);
  release();
}

void drive_blocks(void) {
  for (int half = 0; half <= vild_mbconv_has_bfloat16(); half++) {
    EACH(size_t, side, 1, 2, 7, 13, 31)
      EACH(size_t, kernel, 3, 5, 7)
        EACH(size_t, stride, 1, 2) {
          inverted(side, 16, 16, 24, kernel, stride, 0, half);
          inverted(side, 24, 40, 24, kernel, stride, 6, half);
          inverted(side, 17, 33, 49, kernel, stride, 1, half);
        }
    EACH(size_t, side, 3, 4, 27)
      EACH(size_t, outputs, 8, 16, 33) {
        stem(side, outputs, 0, half);
        stem(side, outputs, 1, half);
      }
    EACH(size_t, cells, 1, 5) vild_map_mean(zeros(32), map(cells, 32, half), cells, 32, half);
    release();
  }
}
