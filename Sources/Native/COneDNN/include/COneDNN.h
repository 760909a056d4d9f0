// oneDNN behind a small C surface that builds against its versions 2.x and 3.x, and also without
// it: then `vild_onednn_version` is NULL, this processor has nothing, and nothing is to be computed.
#ifndef VILD_ONEDNN_H
#define VILD_ONEDNN_H

#include <stddef.h>
#include <stdint.h>

/// The library's version, such as "2.6.3"; NULL where this program was built without it.
const char *vild_onednn_version(void);

/// Whether this processor multiplies bfloat16 in hardware.
int vild_onednn_has_bfloat16(void);

/// Whether this processor has AVX-512, or may use it: oneDNN reads ONEDNN_MAX_CPU_ISA.
int vild_onednn_has_wide_vectors(void);

/// Whether this processor multiplies whole tiles of bfloat16 (AMX), and this build knows how.
int vild_onednn_has_tiles(void);

/// Calls of this thread use this thread alone: work is split over cores by the caller.
void vild_onednn_use_one_thread(void);

/// c[m][n] = scale a b, or c += scale a b, in float32 on the calling thread; strides are elements from row to
/// row of the memory, in which a transposed a is [k][m] and a transposed b [n][k]. Returns 0 where oneDNN
/// fails, as without memory.
int vild_onednn_multiply(int a_transposed, int b_transposed, size_t m, size_t n, size_t k, float scale,
                         const float *a, size_t a_stride, const float *b, size_t b_stride, int adding,
                         float *c, size_t c_stride);

enum vild_onednn_output {
  VILD_ONEDNN_BFLOAT16,
  VILD_ONEDNN_FLOAT32,
  VILD_ONEDNN_ADD_FLOAT32,  // added to the float32 numbers that are there
};

/// A linear layer whose inputs and weights are bfloat16, summed in float32; its weights are packed
/// once. Several threads may run one layer at the same time.
struct vild_onednn_linear;

/// `weight` is [inputs][outputs] in float32, rounded here; `bias` [outputs] or NULL; neither is kept.
/// `activation` is one of CKernels' `vild_activation`. Weights are laid out for `rows` rows at a
/// time; other numbers work too. NULL where oneDNN cannot do it.
struct vild_onednn_linear *vild_onednn_linear_create(const float *weight, const float *bias,
                                                     size_t inputs, size_t outputs, int activation,
                                                     size_t rows);

/// y[rows][outputs] = activation(x[rows][inputs] weight + bias), both aligned to 64 bytes, x in
/// bfloat16 and y as `output` says. Returns 0 where oneDNN fails.
int vild_onednn_linear_run(struct vild_onednn_linear *linear, const void *x, void *y, size_t rows,
                           enum vild_onednn_output output);

void vild_onednn_linear_destroy(struct vild_onednn_linear *linear);

#endif
