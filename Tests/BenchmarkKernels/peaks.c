#include "BenchmarkKernels.h"
#include <math.h>

#define SUMS 12  // as many as hide an instruction's latency
#define STEPS 64
#define UNROLL _Pragma("clang loop unroll(full)")

// What comes out is kept, so that it is computed.
static volatile float kept;

// `step(sum, a)` again and again on sums that do not wait for each other; `width` multiply-adds each.
#define PEAK(name, isa, vector, one, step, add, width)                        \
  isa static size_t name(size_t rounds) {                                     \
    vector sum[SUMS], a = one;                                                \
    UNROLL for (int s = 0; s < SUMS; s++) sum[s] = one;                       \
    for (size_t r = 0; r < rounds * STEPS; r++) {                             \
      UNROLL for (int s = 0; s < SUMS; s++) sum[s] = step(sum[s], a, a);      \
      __asm__ volatile("" : "+v"(a)); /* not known to be the same */          \
    }                                                                         \
    for (int s = 1; s < SUMS; s++) sum[0] = add(sum[0], sum[s]);              \
    kept = ((float *)sum)[0];                                                 \
    return rounds * STEPS * SUMS * width;                                     \
  }

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET(features) __attribute__((target(features), min_vector_width(512)))
#define FMA_256(sum, a, b) _mm256_fmadd_ps(a, b, sum)
#define FMA_512(sum, a, b) _mm512_fmadd_ps(a, b, sum)
PEAK(float32_256, TARGET("avx2,fma"), __m256, _mm256_set1_ps(0.5f), FMA_256, _mm256_add_ps, 8)
PEAK(float32_512, TARGET("avx512f"), __m512, _mm512_set1_ps(0.5f), FMA_512, _mm512_add_ps, 16)
#define PAIRS(sum, a, b) _mm512_dpbf16_ps(sum, (__m512bh)(a), (__m512bh)(b))
PEAK(bfloat16, TARGET("avx512f,avx512bf16"), __m512, _mm512_set1_ps(0.5f), PAIRS, _mm512_add_ps, 32)
PEAK(int8, TARGET("avx512f,avx512vnni"), __m512i, _mm512_set1_epi32(1), _mm512_dpbusd_epi32,
     _mm512_add_epi32, 64)

size_t vild_peak(enum vild_peak_kind kind, size_t rounds) {
  switch (kind) {
  case VILD_PEAK_FLOAT32:
    if (__builtin_cpu_supports("avx512f")) return float32_512(rounds);
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? float32_256(rounds) : 0;
  case VILD_PEAK_BFLOAT16: return __builtin_cpu_supports("avx512bf16") ? bfloat16(rounds) : 0;
  case VILD_PEAK_INT8: return __builtin_cpu_supports("avx512vnni") ? int8(rounds) : 0;
  }
  return 0;
}

#else

size_t vild_peak(enum vild_peak_kind kind, size_t rounds) {
  (void)kind, (void)rounds;
  return 0;
}

#endif

#if defined(__x86_64__)
#define STORE(a, value) _mm_stream_ps(a, (__m128)(value))
#else
#define STORE(a, value) (*(v4 *)(a) = (value))
#endif

typedef float v4 __attribute__((vector_size(16)));

void vild_triad(float *a, const float *b, const float *c, float s, size_t count) {
  for (size_t i = 0; i < count; i += 4) STORE(a + i, *(const v4 *)(b + i) + s * *(const v4 *)(c + i));
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
void vild_quantise_rows(int8_t *y, float *scales, const float *x, size_t rows, size_t width) {
  for (size_t r = 0; r < rows; r++, x += width, y += width) {
#pragma clang fp reassociate(on)
    float most = 1e-20f;
    for (size_t i = 0; i < width; i++) most = fmaxf(most, fabsf(x[i]));
    scales[r] = most / 127;
    const float factor = 127 / most;
    for (size_t i = 0; i < width; i++) y[i] = (int8_t)rintf(x[i] * factor);
  }
}
