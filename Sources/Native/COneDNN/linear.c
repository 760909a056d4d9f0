#include "COneDNN.h"

#ifdef VILD_ONEDNN

#include <dnnl.h>
#include <pthread.h>
#include <stdlib.h>

// A layout is a value in version 2 and a handle in version 3.
#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t LayoutRef;
#define REF(layout) (layout)
#define MAKE_LAYOUT(layout, dims, type, tag) \
  dnnl_memory_desc_create_with_tag(layout, 2, dims, type, tag)
#define COPY_LAYOUT(to, from) dnnl_memory_desc_clone(to, from)
#define FREE_LAYOUT(layout) dnnl_memory_desc_destroy(layout)
#define APPEND_ELTWISE(ops, kind, a, b) dnnl_post_ops_append_eltwise(ops, kind, a, b)
#define APPEND_SUM(ops) dnnl_post_ops_append_sum(ops, 1, 0, dnnl_data_type_undef)
#else
typedef const dnnl_memory_desc_t *LayoutRef;
#define REF(layout) (&(layout))
#define MAKE_LAYOUT(layout, dims, type, tag) dnnl_memory_desc_init_by_tag(layout, 2, dims, type, tag)
#define COPY_LAYOUT(to, from) (*(to) = *(from), dnnl_success)
#define FREE_LAYOUT(layout) ((void)(layout))
#define APPEND_ELTWISE(ops, kind, a, b) dnnl_post_ops_append_eltwise(ops, 1, kind, a, b)
#define APPEND_SUM(ops) dnnl_post_ops_append_sum(ops, 1)
#endif

// The product for one number of rows and one kind of output.
struct plan {
  size_t rows;
  enum vild_onednn_output output;
  dnnl_memory_desc_t source, destination;
  dnnl_primitive_desc_t description;
  dnnl_primitive_t primitive;
  struct plan *next;
};

struct vild_onednn_linear {
  size_t inputs, outputs;
  int activation;
  dnnl_memory_desc_t weights, bias;
  void *weights_data, *bias_data;
  int has_bias;
  pthread_mutex_t lock;  // of the list of plans
  struct plan *plans;
};

static dnnl_engine_t engine;
static pthread_once_t engine_once = PTHREAD_ONCE_INIT;
static void make_engine(void) {
  if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
}

static void *aligned(size_t bytes) { return aligned_alloc(64, (bytes + 64) & ~(size_t)63); }

static int append_activation(dnnl_post_ops_t ops, int activation) {
  switch (activation) {
  case 0: return 1;
  case 1: return APPEND_ELTWISE(ops, dnnl_eltwise_relu, 0, 0) == dnnl_success;
  case 2: return APPEND_ELTWISE(ops, dnnl_eltwise_clip, 0, 6) == dnnl_success;
  case 3: return APPEND_ELTWISE(ops, dnnl_eltwise_swish, 1, 0) == dnnl_success;
  case 4: return APPEND_ELTWISE(ops, dnnl_eltwise_gelu_erf, 0, 0) == dnnl_success;
  case 5: return APPEND_ELTWISE(ops, dnnl_eltwise_swish, 1.702f, 0) == dnnl_success;
  case 6: return APPEND_ELTWISE(ops, dnnl_eltwise_logistic, 0, 0) == dnnl_success;
  case 7: return APPEND_ELTWISE(ops, dnnl_eltwise_gelu_tanh, 0, 0) == dnnl_success;
  default: return 0;
  }
}

static dnnl_status_t describe(dnnl_primitive_desc_t *description,
                              const struct vild_onednn_linear *l, const struct plan *plan,
                              LayoutRef weights, dnnl_primitive_attr_t attributes) {
  const LayoutRef bias = l->has_bias ? REF(l->bias) : NULL;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_matmul_primitive_desc_create(description, engine, plan->source, weights, bias,
                                           plan->destination, attributes);
#else
  dnnl_matmul_desc_t operation;
  const dnnl_status_t status = dnnl_matmul_desc_init(&operation, &plan->source, weights, bias,
                                                     &plan->destination);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(description, &operation, attributes, engine, NULL);
#endif
}

static void free_plan(struct plan *plan) {
  if (plan->primitive) dnnl_primitive_destroy(plan->primitive);
  if (plan->description) dnnl_primitive_desc_destroy(plan->description);
  FREE_LAYOUT(plan->source);
  FREE_LAYOUT(plan->destination);
  free(plan);
}

static struct plan *make_plan(const struct vild_onednn_linear *l, size_t rows,
                              enum vild_onednn_output output, LayoutRef weights) {
  struct plan *plan = calloc(1, sizeof *plan);
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_post_ops_t ops = NULL;
  if (!plan) return NULL;
  plan->rows = rows;
  plan->output = output;
  const dnnl_dims_t in = {(dnnl_dim_t)rows, (dnnl_dim_t)l->inputs};
  const dnnl_dims_t out = {(dnnl_dim_t)rows, (dnnl_dim_t)l->outputs};
  const dnnl_data_type_t type = output == VILD_ONEDNN_BFLOAT16 ? dnnl_bf16 : dnnl_f32;
  const int made = MAKE_LAYOUT(&plan->source, in, dnnl_bf16, dnnl_ab) == dnnl_success &&
                   MAKE_LAYOUT(&plan->destination, out, type, dnnl_ab) == dnnl_success &&
                   dnnl_post_ops_create(&ops) == dnnl_success &&
                   append_activation(ops, l->activation) &&
                   (output != VILD_ONEDNN_ADD_FLOAT32 || APPEND_SUM(ops) == dnnl_success) &&
                   dnnl_primitive_attr_create(&attributes) == dnnl_success &&
                   dnnl_primitive_attr_set_post_ops(attributes, ops) == dnnl_success &&
                   dnnl_primitive_attr_set_scratchpad_mode(
                       attributes, dnnl_scratchpad_mode_user) == dnnl_success &&
                   describe(&plan->description, l, plan, weights, attributes) == dnnl_success &&
                   dnnl_primitive_create(&plan->primitive, plan->description) == dnnl_success;
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  if (ops) dnnl_post_ops_destroy(ops);
  if (made) return plan;
  free_plan(plan);
  return NULL;
}

static LayoutRef layout_of(const struct plan *plan, dnnl_query_t what) {
  return dnnl_primitive_desc_query_md(plan->description, what, 0);
}

// Every argument of an execution, or a reorder's two.
static int execute(dnnl_primitive_t primitive, int count, const int *names, const LayoutRef *layouts,
                   void *const *data) {
  vild_onednn_use_one_thread();
  dnnl_exec_arg_t arguments[5] = {{0}};
  dnnl_stream_t stream = NULL;
  int good = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) == dnnl_success;
  for (int i = 0; i < count && good; i++) {
    arguments[i].arg = names[i];
    good = dnnl_memory_create(&arguments[i].memory, layouts[i], engine, data[i]) == dnnl_success;
  }
  good = good && dnnl_primitive_execute(primitive, stream, count, arguments) == dnnl_success &&
         dnnl_stream_wait(stream) == dnnl_success;
  for (int i = 0; i < count; i++)
    if (arguments[i].memory) dnnl_memory_destroy(arguments[i].memory);
  if (stream) dnnl_stream_destroy(stream);
  return good;
}

// Rounds the weights and brings them into the order the product wants.
static int pack(struct vild_onednn_linear *l, const float *weight, LayoutRef plain, LayoutRef packed) {
  dnnl_primitive_desc_t description = NULL;
  dnnl_primitive_t reorder = NULL;
  l->weights_data = aligned(dnnl_memory_desc_get_size(packed));
  const int good = l->weights_data &&
                   COPY_LAYOUT(&l->weights, packed) == dnnl_success &&
                   dnnl_reorder_primitive_desc_create(&description, plain, engine, packed, engine,
                                                      NULL) == dnnl_success &&
                   dnnl_primitive_create(&reorder, description) == dnnl_success &&
                   execute(reorder, 2, (int[]){DNNL_ARG_FROM, DNNL_ARG_TO},
                           (LayoutRef[]){plain, packed},
                           (void *[]){(void *)(uintptr_t)weight, l->weights_data});
  if (reorder) dnnl_primitive_destroy(reorder);
  if (description) dnnl_primitive_desc_destroy(description);
  return good;
}

struct vild_onednn_linear *vild_onednn_linear_create(const float *weight, const float *bias,
                                                     size_t inputs, size_t outputs, int activation,
                                                     size_t rows) {
  // oneDNN 2.6 divides by them on some processors.
  if (!inputs || !outputs || !rows) return NULL;
  pthread_once(&engine_once, make_engine);
  struct vild_onednn_linear *l = engine ? calloc(1, sizeof *l) : NULL;
  if (!l) return NULL;
  pthread_mutex_init(&l->lock, NULL);
  l->inputs = inputs;
  l->outputs = outputs;
  l->activation = activation;
  l->has_bias = bias != NULL;
  const dnnl_dims_t matrix = {(dnnl_dim_t)inputs, (dnnl_dim_t)outputs};
  const dnnl_dims_t row = {1, (dnnl_dim_t)outputs};
  dnnl_memory_desc_t any, plain;
  l->bias_data = aligned(outputs * sizeof(float));
  int good = l->bias_data != NULL;
  if (good && bias)
    for (size_t i = 0; i < outputs; i++) ((float *)l->bias_data)[i] = bias[i];
  good = good && MAKE_LAYOUT(&l->bias, row, dnnl_f32, dnnl_ab) == dnnl_success;
  if (good && MAKE_LAYOUT(&any, matrix, dnnl_bf16, dnnl_format_tag_any) == dnnl_success) {
    if (MAKE_LAYOUT(&plain, matrix, dnnl_f32, dnnl_ab) == dnnl_success) {
      l->plans = make_plan(l, rows, VILD_ONEDNN_BFLOAT16, REF(any));
      good = l->plans && pack(l, weight, REF(plain), layout_of(l->plans, dnnl_query_weights_md));
      FREE_LAYOUT(plain);
    } else {
      good = 0;
    }
    FREE_LAYOUT(any);
  } else {
    good = 0;
  }
  if (good) return l;
  vild_onednn_linear_destroy(l);
  return NULL;
}

int vild_onednn_linear_run(struct vild_onednn_linear *l, const void *x, void *y, size_t rows,
                           enum vild_onednn_output output) {
  if (rows == 0) return 1;
  pthread_mutex_lock(&l->lock);
  struct plan *plan = l->plans;
  while (plan && (plan->rows != rows || plan->output != output)) plan = plan->next;
  if (!plan && (plan = make_plan(l, rows, output, REF(l->weights)))) {
    plan->next = l->plans;
    l->plans = plan;
  }
  pthread_mutex_unlock(&l->lock);
  if (!plan) return 0;
  const LayoutRef scratch = layout_of(plan, dnnl_query_scratchpad_md);
  void *memory = aligned(dnnl_memory_desc_get_size(scratch));
  if (!memory) return 0;
  const int good = execute(
      plan->primitive, l->has_bias ? 5 : 4,
      (int[]){DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_SCRATCHPAD, DNNL_ARG_BIAS},
      (LayoutRef[]){REF(plan->source), REF(l->weights), REF(plan->destination), scratch,
                    REF(l->bias)},
      (void *[]){(void *)(uintptr_t)x, l->weights_data, y, memory, l->bias_data});
  free(memory);
  return good;
}

void vild_onednn_linear_destroy(struct vild_onednn_linear *l) {
  if (!l) return;
  for (struct plan *plan = l->plans, *next; plan; plan = next) {
    next = plan->next;
    free_plan(plan);
  }
  if (l->weights_data) FREE_LAYOUT(l->weights);
  FREE_LAYOUT(l->bias);
  free(l->weights_data);
  free(l->bias_data);
  pthread_mutex_destroy(&l->lock);
  free(l);
}

#else

struct vild_onednn_linear *vild_onednn_linear_create(const float *weight, const float *bias,
                                                     size_t inputs, size_t outputs, int activation,
                                                     size_t rows) {
  (void)weight, (void)bias, (void)inputs, (void)outputs, (void)activation, (void)rows;
  return NULL;
}

int vild_onednn_linear_run(struct vild_onednn_linear *l, const void *x, void *y, size_t rows,
                           enum vild_onednn_output output) {
  (void)l, (void)x, (void)y, (void)rows, (void)output;
  return 0;
}

void vild_onednn_linear_destroy(struct vild_onednn_linear *l) { (void)l; }

#endif
