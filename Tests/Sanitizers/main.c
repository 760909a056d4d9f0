// Drives every kernel and codec of Sources/Native with edge shapes; the sanitizers say what is wrong.
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drive.h"

int wild = 0;

static void **blocks = NULL;
static size_t block_count = 0, block_room = 0;

void *block(size_t size, size_t alignment) {
  const size_t offset = block_count % 2 ? alignment : 0;
  char *base = malloc(size + offset);
  if (block_count == block_room) {
    block_room = block_room * 2 + 64;
    blocks = realloc(blocks, block_room * sizeof *blocks);
  }
  if (!base || !blocks) fail("out of memory");
  blocks[block_count++] = base;
  return base + offset;
}

void release(void) {
  while (block_count > 0) free(blocks[--block_count]);
}

uint32_t random_below(uint32_t end) {
  static uint64_t state = 1;
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return (uint32_t)((z ^ (z >> 31)) % end);
}

float *floats(size_t count) {
  static const float odd[] = {INFINITY, -INFINITY, NAN, FLT_MAX, -FLT_MAX, 1e-42f, -1e-42f, 0, -0.0f,
                              88.5f,    -88.5f,    1e5f, -1e5f};
  float *x = block(count * sizeof *x, sizeof *x);
  for (size_t i = 0; i < count; i++)
    x[i] = wild && random_below(4) == 0 ? odd[random_below(COUNT(odd))]
                                        : (float)random_below(8001) / 1000 - 4;
  return x;
}

uint16_t *bfloats(size_t count) {
  const float *x = floats(count);
  uint16_t *halves = block(count * sizeof *halves, sizeof *halves);
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, x + i, sizeof bits);
    halves[i] = (uint16_t)(bits >> 16);
  }
  return halves;
}

uint8_t *bytes(size_t count) {
  uint8_t *x = block(count, 1);
  for (size_t i = 0; i < count; i++) x[i] = (uint8_t)random_below(256);
  return x;
}

float *zeros(size_t count) {
  float *x = block(count * sizeof *x, sizeof *x);
  for (size_t i = 0; i < count; i++) x[i] = 0;
  return x;
}

float *filled_up(size_t count, size_t to) {
  float *x = zeros(to), *some = floats(count);
  if (count) memcpy(x, some, count * sizeof *x);
  return x;
}

void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

int main(void) {
  for (wild = 0; wild < 2; wild++) {
    drive_rows();
    drive_maps();
    drive_products();
    drive_blocks();
  }
  drive_onednn();
  drive_ranks();
  drive_codecs();
  drive_resampling();
  free(blocks);
  return 0;
}
