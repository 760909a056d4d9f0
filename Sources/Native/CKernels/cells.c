#include "CKernels.h"
#include "dispatch.h"

#pragma STDC FP_CONTRACT ON

#define LOAD(p) (*(const v16u *)(p))
#define STORE(p, v) (*(v16u *)(p) = (v))

VILD_CLONES
void vild_gather_cells(float *out, const float *x, size_t row_stride, size_t cell_stride,
                       struct vild_taps rows, struct vild_taps columns, size_t channels) {
  size_t c = 0;
  for (; c + 32 <= channels; c += 32) {
    v16 sum0 = {0}, sum1 = {0};
    for (size_t r = 0; r < rows.count; r++) {
      const float *row = x + (size_t)rows.cells[r] * row_stride + c;
      v16 line0 = {0}, line1 = {0};
      for (size_t k = 0; k < columns.count; k++) {
        const float *cell = row + (size_t)columns.cells[k] * cell_stride;
        line0 += LOAD(cell) * columns.weights[k];
        line1 += LOAD(cell + 16) * columns.weights[k];
      }
      sum0 += line0 * rows.weights[r];
      sum1 += line1 * rows.weights[r];
    }
    STORE(out + c, sum0);
    STORE(out + c + 16, sum1);
  }
  for (; c < channels; c++) {
    float sum = 0;
    for (size_t r = 0; r < rows.count; r++) {
      const float *row = x + (size_t)rows.cells[r] * row_stride + c;
      float line = 0;
      for (size_t k = 0; k < columns.count; k++)
        line += row[(size_t)columns.cells[k] * cell_stride] * columns.weights[k];
      sum += line * rows.weights[r];
    }
    out[c] = sum;
  }
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
