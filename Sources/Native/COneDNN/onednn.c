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

int vild_onednn_has_tiles(void) {
  const dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
  return (isa & dnnl_cpu_isa_avx512_core_amx) == dnnl_cpu_isa_avx512_core_amx;
}

void vild_onednn_use_one_thread(void) {
  // The thread pool is OpenMP's; its headers and link name are not always there.
  void (*set)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
  if (set) set(1);
}

#else

const char *vild_onednn_version(void) { return NULL; }
int vild_onednn_has_bfloat16(void) { return 0; }
int vild_onednn_has_tiles(void) { return 0; }
void vild_onednn_use_one_thread(void) {}

#endif
