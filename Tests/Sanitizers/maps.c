// Kernels that go over maps: depthwise convolutions, cells of region pooling, Winograd's tiles.
#include "CKernels.h"
#include "drive.h"

static void depthwise(size_t side, size_t channels, size_t kernel, size_t stride, ptrdiff_t pad) {
  const ptrdiff_t room = (ptrdiff_t)side + 2 * pad - (ptrdiff_t)kernel;
  if (room < 0) return;
  const size_t out = (size_t)room / stride + 1;
  const struct vild_depthwise s = {
      .height = side, .width = side + 1, .channels = channels, .kernel_height = kernel,
      .kernel_width = kernel, .stride = stride, .pad_top = pad, .pad_left = pad, .out_height = out,
      .out_width = ((size_t)room + 1) / stride + 1};
  const size_t inputs = s.height * s.width * channels, outputs = out * s.out_width * channels;
  const float *x = floats(inputs), *dy = floats(outputs), *w = floats(kernel * kernel * channels);
  vild_depthwise_forward(&s, x, w, floats(channels), zeros(outputs), 0, out, VILD_SWISH);
  vild_depthwise_forward(&s, x, w, NULL, zeros(outputs), out - 1, 1, VILD_IDENTITY);
  vild_depthwise_backward_input(&s, dy, w, zeros(inputs), 0, s.height);
  vild_depthwise_backward_weight(&s, x, dy, zeros(kernel * kernel * channels), 0, out);
  release();
}

// The last cell of a map, and the first.
static void cells(size_t channels) {
  const ptrdiff_t ends[] = {0, 2};
  const float halves[] = {0.5f, 0.5f};
  const struct vild_taps both = {ends, halves, 2}, none = {ends, halves, 0};
  const size_t map = 3 * 3 * channels;
  vild_gather_cells(zeros(channels), floats(map), 3 * channels, channels, both, both, channels);
  vild_gather_cells(zeros(channels), floats(map), 3 * channels, channels, none, both, channels);
  vild_gather_cells_bfloat(bfloats(channels), bfloats(map), 3 * channels, channels, both, both, channels);
  vild_max_cell_bfloat(bfloats(channels), bfloats(channels), channels);
  vild_scatter_cells(floats(map), floats(channels), 3 * channels, channels, both, both, channels);
  vild_scatter_cells(floats(map), floats(channels), 3 * channels, channels, both, none, channels);
  release();
}

static void winograd(size_t images, size_t height, size_t width, size_t inputs, size_t outputs,
                     ptrdiff_t pad) {
  const struct vild_winograd s = {
      .height = height, .width = width, .channels = inputs, .out_height = height + 2 * pad - 2,
      .out_width = width + 2 * pad - 2, .out_channels = outputs, .pad_top = pad, .pad_left = pad};
  if (s.out_height == 0 || s.out_width == 0) return;
  const size_t tiles = images * ((s.out_height + 3) / 4) * ((s.out_width + 3) / 4);
  const size_t gap = VILD_WINOGRAD_GAP, all = images * s.out_height * s.out_width * outputs;
  float *w = floats(9 * inputs * outputs), *u = zeros(36 * inputs * outputs);
  float *v = zeros(36 * tiles * (inputs + gap)), *m = zeros(36 * tiles * (outputs + gap));
  vild_winograd_kernel(w, u, inputs, outputs, 0, inputs, 1);
  vild_winograd_kernel(w, u, inputs, outputs, inputs / 2, inputs, 0);
  vild_winograd_input(&s, floats(images * height * width * inputs), v, 0, tiles, 0, inputs);
  vild_winograd_products(v, u, m, tiles, inputs, outputs);
  for (int activation = VILD_IDENTITY; activation <= VILD_RELU6; activation++)
    vild_winograd_output(&s, m, activation ? floats(outputs) : NULL, zeros(all), 0, tiles, activation);
  vild_winograd_output_gradient(&s, floats(all), m, 0, tiles);
  vild_winograd_outer_products(v, m, u, inputs * outputs, tiles, inputs, outputs);
  vild_winograd_kernel_gradient(u, w, inputs, outputs, 0, inputs);
  const size_t cells = images * height * width * inputs;
  vild_winograd_input_bfloat(&s, bfloats(cells), bfloats(36 * (tiles * inputs + gap) - gap), 0, tiles);
  for (int activation = VILD_IDENTITY; activation <= VILD_RELU6; activation++)
    vild_winograd_output_bfloat(&s, floats(36 * (tiles * outputs + gap) - gap), activation ? floats(outputs) : NULL,
                                activation ? bfloats(all) : NULL, bfloats(all), 0, tiles, activation);
  // The last tile alone, of the last channels alone.
  vild_winograd_input(&s, floats(images * height * width * inputs), zeros(36 * (16 + gap)), tiles - 1,
                      1, inputs - 16, 16);
  vild_winograd_output(&s, floats(36 * (outputs + gap)), NULL, zeros(all), tiles - 1, 1, VILD_IDENTITY);
  release();
}

void drive_maps(void) {
  EACH(size_t, side, 1, 2, 5, 9)
    EACH(size_t, channels, 1, 15, 16, 17, 35)
      EACH(size_t, kernel, 1, 2, 3, 5, 7, 8)
        EACH(size_t, stride, 1, 2, 3)
          EACH(ptrdiff_t, pad, 0, 1, 3) depthwise(side, channels, kernel, stride, pad);
  EACH(size_t, channels, 0, 1, 16, 31, 32, 33, 49) cells(channels);
  EACH(size_t, height, 1, 3, 4, 7)
    EACH(size_t, width, 2, 5, 14)
      EACH(ptrdiff_t, pad, 0, 1) {
        if (height + 2 * (size_t)pad < 3 || width + 2 * (size_t)pad < 3) continue;
        winograd(2, height, width, 16, 48, pad);
        winograd(3, height, width, 48, 16, pad);
      }
}
