// What the processor can do at most, and products that the project does not use, for vild-bench.
#ifndef VILD_BENCHMARK_KERNELS_H
#define VILD_BENCHMARK_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum vild_peak_kind { VILD_PEAK_FLOAT32, VILD_PEAK_BFLOAT16, VILD_PEAK_INT8 };

/// Multiply-adds of the widest instruction of a kind, on registers alone: `rounds` times a fixed number, which
/// is returned; 0 where this processor has no such instruction.
size_t vild_peak(enum vild_peak_kind kind, size_t rounds);

/// a[i] = b[i] + s c[i], by stores that pass by the caches where there are such; counts are multiples of 16, and
/// addresses of 64 bytes.
void vild_triad(float *a, const float *b, const float *c, float s, size_t count);

/// Rows to symmetric int8, each with its largest number at 127; `scales` [rows] are what brings them back.
void vild_quantise_rows(int8_t *y, float *scales, const float *x, size_t rows, size_t width);

enum vild_product { VILD_S8S8, VILD_U8S8, VILD_BF16 };

/// oneDNN's product [rows][inputs] x [inputs][outputs] to float32 on this thread, int8 with a scale an output
/// channel, weights in its own order, on numbers of its own. NULL where oneDNN does not do it, or this program
/// was built without it.
struct vild_product_timing;
struct vild_product_timing *vild_product_create(enum vild_product kind, size_t rows, size_t inputs,
                                                size_t outputs);
/// Computes it once. Returns 0 where oneDNN fails.
int vild_product_run(struct vild_product_timing *product);
/// oneDNN's name of the kernel.
const char *vild_product_kernel(const struct vild_product_timing *product);
void vild_product_destroy(struct vild_product_timing *product);

#endif
