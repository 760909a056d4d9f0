#include "CKernels.h"
#include "dispatch.h"

VILD_CLONES
void vild_split_halves(uint8_t *high, uint8_t *low, const uint16_t *in, size_t count) {
  for (size_t i = 0; i < count; i++) {
    high[i] = (uint8_t)(in[i] >> 8);
    low[i] = (uint8_t)in[i];
  }
}

VILD_CLONES
void vild_join_halves(uint16_t *out, const uint8_t *high, const uint8_t *low, size_t count) {
  for (size_t i = 0; i < count; i++) out[i] = (uint16_t)(high[i] << 8 | low[i]);
}
