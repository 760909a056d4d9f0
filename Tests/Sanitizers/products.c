// Matrix products of linear layers and attention, float32 and bfloat16.
#include "CKernels.h"
#include "drive.h"

static void pointwise(size_t inputs, size_t outputs, size_t cells) {
  const size_t width = (outputs + 31) / 32 * 32;
  float *panels = zeros(width * inputs);
  vild_pointwise_pack(panels, floats(inputs * outputs), inputs, outputs);
  for (int activation = VILD_IDENTITY; activation <= VILD_RELU6; activation++) {
    const struct vild_pointwise s = {inputs, outputs, panels, filled_up(outputs, width), activation};
    const float *x = floats(cells * inputs), *skip = activation ? floats(cells * outputs) : NULL;
    vild_pointwise_forward(&s, x, skip, zeros(cells * outputs), cells);
  }
  release();
}

static void bfloat(size_t inputs, size_t outputs, size_t rows) {
  uint16_t *panels = block(vild_bfloat_panels(inputs, outputs) * 2, 2);
  vild_bfloat_pack(panels, floats(inputs * outputs), inputs, outputs);
  for (int activation = VILD_IDENTITY; activation <= VILD_TANH_GELU; activation++)
    for (int output = VILD_BFLOAT; output <= VILD_ADD_FLOAT; output++) {
      if (activation == VILD_SIGMOID) continue;
      // Rows one behind the other, and some apart, which end with the last of them.
      EACH(size_t, apart, 0, 3) {
        const size_t stride = inputs + apart, all = rows ? (rows - 1) * stride + inputs : 0;
        const struct vild_bfloat_linear s = {
            inputs, outputs, stride, panels, filled_up(outputs, (outputs + 63) / 64 * 64),
            apart ? bfloats(rows * outputs) : NULL, activation, output};
        void *y = output == VILD_BFLOAT ? (void *)bfloats(rows * outputs) : floats(rows * outputs);
        vild_bfloat_forward(&s, bfloats(all), y, rows);
      }
    }
  release();
}

// `heads` beside one another, and of them the last.
static void attention(size_t tokens, size_t queries, size_t width, size_t heads, int is_bfloat) {
  const size_t all = heads * width, first = all - width, size = is_bfloat ? 2 : 4;
  const struct vild_attention s = {
      .tokens = tokens, .queries = queries, .head_width = width, .query_stride = all,
      .key_stride = all, .out_stride = all, .bfloat = is_bfloat};
  const char *q = is_bfloat ? (char *)bfloats(queries * all) : (char *)floats(queries * all);
  const char *k = is_bfloat ? (char *)bfloats(tokens * all) : (char *)floats(tokens * all);
  const char *v = is_bfloat ? (char *)bfloats(tokens * all) : (char *)floats(tokens * all);
  char *out = block(queries * all * size, size);
  float *scratch = block(vild_attention_scratch(&s) * sizeof *scratch, sizeof *scratch);
  vild_attention_forward(&s, q + first * size, k + first * size, v + first * size,
                         out + first * size, scratch);
  release();
}

void drive_products(void) {
  EACH(size_t, cells, 0, 1, 5, 6, 7, 12, 13, 25)
    EACH(size_t, outputs, 1, 15, 16, 17, 32, 33, 70)
      EACH(size_t, inputs, 1, 2, 19) {
        pointwise(inputs, outputs, cells);
        if (vild_has_bfloat()) bfloat(inputs, outputs, cells);
      }
  // Rows that are copied closer together, and more of them than go at a time.
  pointwise(512, 17, 30);
  pointwise(1024, 3, 211);
  if (vild_has_bfloat()) bfloat(1024, 65, 400);
  EACH(size_t, tokens, 1, 2, 15, 16, 17, 33, 50)
    EACH(size_t, queries, 0, 1, 6, 11, 13, 25)
      EACH(size_t, width, 1, 2, 15, 16, 18, 33, 64)
        EACH(size_t, heads, 1, 2) {
          attention(tokens, queries, width, heads, 0);
          attention(tokens, queries, width, heads, 1);
        }
}
