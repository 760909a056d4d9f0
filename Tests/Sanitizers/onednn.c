// Linear layers by oneDNN, where this machine has it; what it cannot do is refused by NULL.
#include "COneDNN.h"
#include "drive.h"

// oneDNN wants its rows aligned to 64 bytes.
static void *aligned_rows(void *base) { return (void *)(((uintptr_t)base + 63) / 64 * 64); }

static void linear(size_t inputs, size_t outputs, int activation) {
  float *bias = activation % 2 ? floats(outputs) : NULL;
  struct vild_onednn_linear *l = vild_onednn_linear_create(floats(inputs * outputs), bias, inputs,
                                                           outputs, activation, 3);
  if (l)
    EACH(size_t, rows, 0, 1, 3, 8)
      for (int output = VILD_ONEDNN_BFLOAT16; output <= VILD_ONEDNN_ADD_FLOAT32; output++)
        vild_onednn_linear_run(l, aligned_rows(block(rows * inputs * 2 + 64, 4)),
                               aligned_rows(zeros(rows * outputs + 16)), rows, output);
  vild_onednn_linear_destroy(l);
  release();
}

void drive_onednn(void) {
  if (!vild_onednn_version()) return;
  vild_onednn_has_bfloat16();
  vild_onednn_has_tiles();
  EACH(int, activation, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8) {
    linear(1, 1, activation);
    linear(17, 33, activation);
  }
  linear(0, 4, 0);
}
