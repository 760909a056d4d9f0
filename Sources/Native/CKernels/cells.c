#include "CKernels.h"
#include "dispatch.h"
#include "either.h"

#pragma STDC FP_CONTRACT ON

VILD_INLINE void gather(void *out, const void *x, size_t row_stride, size_t cell_stride, struct vild_taps rows,
                        struct vild_taps columns, size_t channels, const int half) {
  size_t c = 0;
  for (; c + 32 <= channels; c += 32) {
    v16 sum0 = {0}, sum1 = {0};
    for (size_t r = 0; r < rows.count; r++) {
      const size_t row = (size_t)rows.cells[r] * row_stride + c;
      v16 line0 = {0}, line1 = {0};
      for (size_t k = 0; k < columns.count; k++) {
        const size_t cell = row + (size_t)columns.cells[k] * cell_stride;
        line0 += load16(x, cell, half) * columns.weights[k];
        line1 += load16(x, cell + 16, half) * columns.weights[k];
      }
      sum0 += line0 * rows.weights[r];
      sum1 += line1 * rows.weights[r];
    }
    store16(out, c, sum0, half);
    store16(out, c + 16, sum1, half);
  }
  for (; c < channels; c++) {
    float sum = 0;
    for (size_t r = 0; r < rows.count; r++) {
      const size_t row = (size_t)rows.cells[r] * row_stride + c;
      float line = 0;
      for (size_t k = 0; k < columns.count; k++)
        line += load1(x, row + (size_t)columns.cells[k] * cell_stride, half) * columns.weights[k];
      sum += line * rows.weights[r];
    }
    store1(out, c, sum, half);
  }
}

VILD_CLONES
void vild_gather_cells(float *out, const float *x, size_t row_stride, size_t cell_stride,
                       struct vild_taps rows, struct vild_taps columns, size_t channels) {
  gather(out, x, row_stride, cell_stride, rows, columns, channels, 0);
}

VILD_CLONES
void vild_gather_cells_bfloat(uint16_t *out, const uint16_t *x, size_t row_stride, size_t cell_stride,
                              struct vild_taps rows, struct vild_taps columns, size_t channels) {
  gather(out, x, row_stride, cell_stride, rows, columns, channels, 1);
}

VILD_CLONES
void vild_scatter_cells(float *dx, const float *dy, size_t row_stride, size_t cell_stride,
                        struct vild_taps rows, struct vild_taps columns, size_t channels) {
  for (size_t r = 0; r < rows.count; r++)
    for (size_t k = 0; k < columns.count; k++) {
      float *to = dx + (size_t)rows.cells[r] * row_stride + (size_t)columns.cells[k] * cell_stride;
      float weight = rows.weights[r] * columns.weights[k];
      for (size_t c = 0; c < channels; c++) to[c] += weight * dy[c];
    }
}

VILD_CLONES
void vild_max_cell(float *best, int32_t *where, const float *x, int32_t cell, size_t channels) {
  for (size_t c = 0; c < channels; c++) {
    int better = !(x[c] <= best[c]);  // a NaN wins, as in PyTorch
    best[c] = better ? x[c] : best[c];
    where[c] = better ? cell : where[c];
  }
}

VILD_INLINE void take_larger(uint16_t *best, const uint16_t *x, size_t channels) {
  size_t c = 0;
  for (; c + 16 <= channels; c += 16) {
    const v16 here = load16(x, c, 1), known = load16(best, c, 1);
    const i16 keeps = here <= known;
    store16(best, c, (v16)((keeps & (i16)known) | (~keeps & (i16)here)), 1);
  }
  for (; c < channels; c++)
    best[c] = !(load1(x, c, 1) <= load1(best, c, 1)) ? x[c] : best[c];
}

VILD_CLONES
void vild_max_cell_bfloat(uint16_t *best, const uint16_t *x, size_t channels) {
  take_larger(best, x, channels);
}
