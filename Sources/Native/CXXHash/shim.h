#include <xxhash.h>
#if defined(__x86_64__)
// Puts kernels that are chosen by the processor in the place of SSE2's, three times as fast.
#include <xxh_x86dispatch.h>
#endif

static inline XXH128_hash_t vild_xxh3(const void *bytes, size_t count) { return XXH3_128bits(bytes, count); }

static inline XXH_errorcode vild_xxh3_update(XXH3_state_t *state, const void *bytes, size_t count) {
  return XXH3_128bits_update(state, bytes, count);
}
