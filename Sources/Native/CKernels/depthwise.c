#include "CKernels.h"
#include "dispatch.h"

#pragma STDC FP_CONTRACT ON

typedef struct vild_depthwise Shape;

// Macros, because a vector may not cross a call between instruction sets.
#define LOAD(p) (*(const v16u *)(p))
#define STORE(p, v) (*(v16u *)(p) = (v))

// The kernel columns [from, to) whose input column lies inside the image.
VILD_INLINE void taps(ptrdiff_t start, size_t kernel, size_t size, size_t *from, size_t *to) {
  *from = start < 0 ? (size_t)-start : 0;
  ptrdiff_t end = (ptrdiff_t)size - start;
  *to = end < 0 ? 0 : ((size_t)end < kernel ? (size_t)end : kernel);
}

// Neighbouring outputs, 16 channels at a time. The kernel's width and the stride are constants at
// every call, so that each input is loaded once for all the outputs that see it.
#define OUTPUTS 4
VILD_INLINE void outputs(const Shape *s, const float *x, const float *w, const float *bias, float *y,
                         ptrdiff_t top, ptrdiff_t left, size_t ky0, size_t ky1, size_t kernel_width,
                         size_t stride) {
  const size_t C = s->channels;
  for (size_t c = 0; c + 16 <= C; c += 16) {
    v16 a[OUTPUTS];
    for (size_t o = 0; o < OUTPUTS; o++) a[o] = bias ? LOAD(bias + c) : (v16){0};
    for (size_t ky = ky0; ky < ky1; ky++) {
      const float *row = x + ((size_t)(top + (ptrdiff_t)ky) * s->width + (size_t)left) * C + c;
      const float *wk = w + ky * kernel_width * C + c;
      for (size_t kx = 0; kx < kernel_width; kx++) {
        v16 k = LOAD(wk + kx * C);
        for (size_t o = 0; o < OUTPUTS; o++) a[o] += LOAD(row + (o * stride + kx) * C) * k;
      }
    }
    for (size_t o = 0; o < OUTPUTS; o++) STORE(y + o * C + c, a[o]);
  }
  for (size_t c = C & ~(size_t)15; c < C; c++)
    for (size_t o = 0; o < OUTPUTS; o++) {
      float a = bias ? bias[c] : 0;
      for (size_t ky = ky0; ky < ky1; ky++)
        for (size_t kx = 0; kx < kernel_width; kx++)
          a += x[((size_t)(top + (ptrdiff_t)ky) * s->width + (size_t)left + o * stride + kx) * C + c] *
               w[(ky * kernel_width + kx) * C + c];
      y[o * C + c] = a;
    }
}

VILD_INLINE void output1(const Shape *s, const float *x, const float *w, const float *bias,
                         float *y, ptrdiff_t top, ptrdiff_t left, size_t ky0, size_t ky1,
                         size_t kx0, size_t kx1) {
  const size_t C = s->channels;
  size_t c = 0;
  for (; c + 16 <= C; c += 16) {
    v16 a = bias ? LOAD(bias + c) : (v16){0};
    for (size_t ky = ky0; ky < ky1; ky++)
      for (size_t kx = kx0; kx < kx1; kx++)
        a += LOAD(x + ((size_t)(top + (ptrdiff_t)ky) * s->width + (size_t)(left + (ptrdiff_t)kx)) * C + c) *
             LOAD(w + (ky * s->kernel_width + kx) * C + c);
    STORE(y + c, a);
  }
  for (; c < C; c++) {
    float a = bias ? bias[c] : 0;
    for (size_t ky = ky0; ky < ky1; ky++)
      for (size_t kx = kx0; kx < kx1; kx++)
        a += x[((size_t)(top + (ptrdiff_t)ky) * s->width + (size_t)(left + (ptrdiff_t)kx)) * C + c] *
             w[(ky * s->kernel_width + kx) * C + c];
    y[c] = a;
  }
}

VILD_CLONES
static void forward_rows(const Shape *s, const float *x, const float *w, const float *bias,
                         float *y, size_t row, size_t rows) {
  const size_t C = s->channels;
  for (size_t oy = row; oy < row + rows; oy++) {
    ptrdiff_t top = (ptrdiff_t)(oy * s->stride) - s->pad_top;
    size_t ky0, ky1;
    taps(top, s->kernel_height, s->height, &ky0, &ky1);
    for (size_t ox = 0; ox < s->out_width;) {
      ptrdiff_t left = (ptrdiff_t)(ox * s->stride) - s->pad_left;
      float *out = y + (oy * s->out_width + ox) * C;
      size_t last = (size_t)(left < 0 ? 0 : left) + (OUTPUTS - 1) * s->stride + s->kernel_width;
      if (left >= 0 && last <= s->width && ox + OUTPUTS <= s->out_width) {
        const size_t kw = s->kernel_width, stride = s->stride;
        if (kw == 3 && stride == 1) outputs(s, x, w, bias, out, top, left, ky0, ky1, 3, 1);
        else if (kw == 3 && stride == 2) outputs(s, x, w, bias, out, top, left, ky0, ky1, 3, 2);
        else if (kw == 5 && stride == 1) outputs(s, x, w, bias, out, top, left, ky0, ky1, 5, 1);
        else if (kw == 5 && stride == 2) outputs(s, x, w, bias, out, top, left, ky0, ky1, 5, 2);
        else outputs(s, x, w, bias, out, top, left, ky0, ky1, kw, stride);
        ox += OUTPUTS;
      } else {
        size_t kx0, kx1;
        taps(left, s->kernel_width, s->width, &kx0, &kx1);
        output1(s, x, w, bias, out, top, left, ky0, ky1, kx0, kx1);
        ox++;
      }
    }
  }
}

void vild_depthwise_forward(const Shape *s, const float *x, const float *weight, const float *bias,
                            float *y, size_t row, size_t rows, int activation) {
  for (size_t r = row; r < row + rows; r++) {
    forward_rows(s, x, weight, bias, y, r, 1);
    if (activation != VILD_IDENTITY)  // while the row is still in the cache
      vild_bias_activation(y + r * s->out_width * s->channels, NULL, s->out_width, s->channels, activation);
  }
}

// Gathers instead of scattering, so that rows of dx can be computed independently.
VILD_CLONES
void vild_depthwise_backward_input(const Shape *s, const float *dy, const float *weight, float *dx,
                                   size_t row, size_t rows) {
  const size_t C = s->channels;
  const ptrdiff_t stride = (ptrdiff_t)s->stride;
  for (size_t iy = row; iy < row + rows; iy++)
    for (size_t ix = 0; ix < s->width; ix++) {
      // The taps that reach this pixel from an output inside the map.
      const float *from[64], *with[64];
      size_t count = 0;
      for (size_t ky = 0; ky < s->kernel_height; ky++) {
        ptrdiff_t oy = (ptrdiff_t)iy + s->pad_top - (ptrdiff_t)ky;
        if (oy < 0 || oy % stride || oy / stride >= (ptrdiff_t)s->out_height) continue;
        for (size_t kx = 0; kx < s->kernel_width; kx++) {
          ptrdiff_t ox = (ptrdiff_t)ix + s->pad_left - (ptrdiff_t)kx;
          if (ox < 0 || ox % stride || ox / stride >= (ptrdiff_t)s->out_width) continue;
          from[count] = dy + ((size_t)(oy / stride) * s->out_width + (size_t)(ox / stride)) * C;
          with[count++] = weight + (ky * s->kernel_width + kx) * C;
        }
      }
      float *out = dx + (iy * s->width + ix) * C;
      size_t c = 0;
      for (; c + 16 <= C; c += 16) {
        v16 a = {0};
        for (size_t t = 0; t < count; t++) a += LOAD(from[t] + c) * LOAD(with[t] + c);
        STORE(out + c, a);
      }
      for (; c < C; c++) {
        float a = 0;
        for (size_t t = 0; t < count; t++) a += from[t][c] * with[t][c];
        out[c] = a;
      }
    }
}

// The outputs [*from, *to) of a row for which tap kx reads inside the image.
VILD_INLINE void reached(const Shape *s, size_t kx, size_t *from, size_t *to) {
  ptrdiff_t first = s->pad_left - (ptrdiff_t)kx, stride = (ptrdiff_t)s->stride;
  ptrdiff_t low = first <= 0 ? 0 : (first + stride - 1) / stride;
  ptrdiff_t last = (ptrdiff_t)s->width - 1 + first;
  ptrdiff_t high = last < 0 ? 0 : last / stride + 1, size = (ptrdiff_t)s->out_width;
  *to = (size_t)(high < size ? high : size);
  *from = (size_t)low < *to ? (size_t)low : *to;
}

VILD_CLONES
void vild_depthwise_backward_weight(const Shape *s, const float *x, const float *dy, float *dweight,
                                    size_t row, size_t rows) {
  const size_t C = s->channels, step = s->stride * C;
  for (size_t oy = row; oy < row + rows; oy++) {
    ptrdiff_t top = (ptrdiff_t)(oy * s->stride) - s->pad_top;
    size_t ky0, ky1;
    taps(top, s->kernel_height, s->height, &ky0, &ky1);
    for (size_t ky = ky0; ky < ky1; ky++)
      for (size_t kx = 0; kx < s->kernel_width; kx++) {
        size_t from, to;
        reached(s, kx, &from, &to);
        if (from == to) continue;
        ptrdiff_t left = (ptrdiff_t)(from * s->stride + kx) - s->pad_left;
        const float *in = x + ((size_t)(top + (ptrdiff_t)ky) * s->width + (size_t)left) * C;
        const float *out = dy + (oy * s->out_width + from) * C;
        float *dw = dweight + (ky * s->kernel_width + kx) * C;
        size_t count = to - from, c = 0;
        for (; c + 16 <= C; c += 16) {
          const float *a = in + c, *b = out + c;
          v16 sum0 = LOAD(dw + c), sum1 = {0}, sum2 = {0}, sum3 = {0};
          size_t o = 0;
          for (; o + 4 <= count; o += 4, a += 4 * step, b += 4 * C) {
            sum0 += LOAD(a) * LOAD(b);
            sum1 += LOAD(a + step) * LOAD(b + C);
            sum2 += LOAD(a + 2 * step) * LOAD(b + 2 * C);
            sum3 += LOAD(a + 3 * step) * LOAD(b + 3 * C);
          }
          for (; o < count; o++, a += step, b += C) sum0 += LOAD(a) * LOAD(b);
          STORE(dw + c, (sum0 + sum1) + (sum2 + sum3));
        }
        for (; c < C; c++) {
          float sum = dw[c];
          for (size_t o = 0; o < count; o++) sum += in[o * step + c] * out[o * C + c];
          dw[c] = sum;
        }
      }
  }
}
