#include "BenchmarkKernels.h"
#include <stdlib.h>
#include <string.h>

#ifdef VILD_ONEDNN

#include <dnnl.h>

#endif

#if defined(VILD_ONEDNN) && DNNL_VERSION_MAJOR == 2

struct vild_product_timing {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  dnnl_primitive_desc_t description;
  dnnl_primitive_t primitive;
  dnnl_memory_t source, weights, destination;
};

static dnnl_memory_t memory(const dnnl_memory_desc_t *layout, dnnl_engine_t engine) {
  dnnl_memory_t made = NULL;
  void *data = NULL;
  if (dnnl_memory_create(&made, layout, engine, DNNL_MEMORY_ALLOCATE) != dnnl_success) return NULL;
  // Small numbers of any type, and none that is no number.
  if (dnnl_memory_get_data_handle(made, &data) == dnnl_success)
    memset(data, 1, dnnl_memory_desc_get_size(layout));
  return made;
}

static dnnl_status_t describe(struct vild_product_timing *p, dnnl_data_type_t source,
                              dnnl_data_type_t weights, size_t rows, size_t inputs, size_t outputs) {
  const dnnl_dims_t x = {(dnnl_dim_t)rows, (dnnl_dim_t)inputs};
  const dnnl_dims_t w = {(dnnl_dim_t)inputs, (dnnl_dim_t)outputs};
  const dnnl_dims_t y = {(dnnl_dim_t)rows, (dnnl_dim_t)outputs};
  dnnl_memory_desc_t in, kernel, out;
  dnnl_matmul_desc_t operation;
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_memory_desc_init_by_tag(&in, 2, x, source, dnnl_ab);
  dnnl_memory_desc_init_by_tag(&kernel, 2, w, weights, dnnl_format_tag_any);
  dnnl_memory_desc_init_by_tag(&out, 2, y, dnnl_f32, dnnl_ab);
  dnnl_status_t status = dnnl_matmul_desc_init(&operation, &in, &kernel, NULL, &out);
  float *scales = malloc(outputs * sizeof *scales);
  if (!scales) return dnnl_out_of_memory;
  for (size_t i = 0; i < outputs; i++) scales[i] = 0.5f;
  if (status == dnnl_success) status = dnnl_primitive_attr_create(&attributes);
  if (status == dnnl_success && source != dnnl_bf16)
    status = dnnl_primitive_attr_set_output_scales(attributes, (dnnl_dim_t)outputs, 2, scales);
  if (status == dnnl_success)
    status = dnnl_primitive_desc_create(&p->description, &operation, attributes, p->engine, NULL);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  free(scales);
  return status;
}

struct vild_product_timing *vild_product_create(enum vild_product kind, size_t rows, size_t inputs,
                                                size_t outputs) {
  struct vild_product_timing *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  const dnnl_data_type_t source = kind == VILD_BF16 ? dnnl_bf16 : kind == VILD_S8S8 ? dnnl_s8 : dnnl_u8;
  if (dnnl_engine_create(&p->engine, dnnl_cpu, 0) == dnnl_success &&
      dnnl_stream_create(&p->stream, p->engine, dnnl_stream_default_flags) == dnnl_success &&
      describe(p, source, kind == VILD_BF16 ? dnnl_bf16 : dnnl_s8, rows, inputs, outputs) == dnnl_success &&
      dnnl_primitive_create(&p->primitive, p->description) == dnnl_success) {
    p->source = memory(dnnl_primitive_desc_query_md(p->description, dnnl_query_src_md, 0), p->engine);
    p->weights = memory(dnnl_primitive_desc_query_md(p->description, dnnl_query_weights_md, 0), p->engine);
    p->destination = memory(dnnl_primitive_desc_query_md(p->description, dnnl_query_dst_md, 0), p->engine);
    if (p->source && p->weights && p->destination) return p;
  }
  vild_product_destroy(p);
  return NULL;
}

int vild_product_run(struct vild_product_timing *p) {
  const dnnl_exec_arg_t arguments[] = {
      {DNNL_ARG_SRC, p->source}, {DNNL_ARG_WEIGHTS, p->weights}, {DNNL_ARG_DST, p->destination}};
  return dnnl_primitive_execute(p->primitive, p->stream, 3, arguments) == dnnl_success &&
         dnnl_stream_wait(p->stream) == dnnl_success;
}

const char *vild_product_kernel(const struct vild_product_timing *p) {
  const char *name = NULL;
  dnnl_primitive_desc_query(p->description, dnnl_query_impl_info_str, 0, &name);
  return name;
}

void vild_product_destroy(struct vild_product_timing *p) {
  if (!p) return;
  if (p->source) dnnl_memory_destroy(p->source);
  if (p->weights) dnnl_memory_destroy(p->weights);
  if (p->destination) dnnl_memory_destroy(p->destination);
  if (p->primitive) dnnl_primitive_destroy(p->primitive);
  if (p->description) dnnl_primitive_desc_destroy(p->description);
  if (p->stream) dnnl_stream_destroy(p->stream);
  if (p->engine) dnnl_engine_destroy(p->engine);
  free(p);
}

#else

struct vild_product_timing *vild_product_create(enum vild_product kind, size_t rows, size_t inputs,
                                                size_t outputs) {
  (void)kind, (void)rows, (void)inputs, (void)outputs;
  return NULL;
}

int vild_product_run(struct vild_product_timing *p) { return (void)p, 0; }
const char *vild_product_kernel(const struct vild_product_timing *p) { return (void)p, NULL; }
void vild_product_destroy(struct vild_product_timing *p) { (void)p; }

#endif
