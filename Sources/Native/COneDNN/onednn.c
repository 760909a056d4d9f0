#define _GNU_SOURCE
#include "COneDNN.h"

#ifdef VILD_ONEDNN

#include <dlfcn.h>
#include <dnnl.h>
#include <stdio.h>

const char *vild_onednn_version(void) {
  static _Thread_local char text[32];
  const dnnl_version_t *v = dnnl_version();
  snprintf(text, sizeof text, "%d.%d.%d", v->major, v->minor, v->patch);
  return text;
}

int vild_onednn_has_bfloat16(void) {
  const dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
  return (isa & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16;
}

int vild_onednn_has_wide_vectors(void) {
  const dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
  return (isa & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core;
}

int vild_onednn_has_tiles(void) {
  const dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
  return (isa & dnnl_cpu_isa_avx512_core_amx) == dnnl_cpu_isa_avx512_core_amx;
}

void vild_onednn_use_one_thread(void) {
  static _Thread_local int prepared = 0;
  if (prepared) return;
  prepared = 1;
  // The thread pool is OpenMP's; its headers and link name are not always there.
  void (*set)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (set) set(1);
}

int vild_onednn_multiply(int a_transposed, int b_transposed, size_t m, size_t n, size_t k, float scale,
                         const float *a, size_t a_stride, const float *b, size_t b_stride, int adding,
                         float *c, size_t c_stride) {
  vild_onednn_use_one_thread();
  return dnnl_sgemm(a_transposed ? 'T' : 'N', b_transposed ? 'T' : 'N', (dnnl_dim_t)m, (dnnl_dim_t)n,
                    (dnnl_dim_t)k, scale, a, (dnnl_dim_t)a_stride, b, (dnnl_dim_t)b_stride,
                    adding ? 1 : 0, c, (dnnl_dim_t)c_stride) == dnnl_success;
}

#else

const char *vild_onednn_version(void) { return NULL; }
int vild_onednn_has_bfloat16(void) { return 0; }
int vild_onednn_has_wide_vectors(void) { return 0; }
int vild_onednn_has_tiles(void) { return 0; }
void vild_onednn_use_one_thread(void) {}

int vild_onednn_multiply(int a_transposed, int b_transposed, size_t m, size_t n, size_t k, float scale,
                         const float *a, size_t a_stride, const float *b, size_t b_stride, int adding,
                         float *c, size_t c_stride) {
  (void)a_transposed, (void)b_transposed, (void)m, (void)n, (void)k, (void)scale, (void)a,
      (void)a_stride, (void)b, (void)b_stride, (void)adding, (void)c, (void)c_stride;
  return 0;
}

#endif
