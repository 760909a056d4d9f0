// What the drivers share: memory that ends where the address sanitizer looks, and numbers to fill it.
#pragma once
#include <stddef.h>
#include <stdint.h>

// A block of exactly so many bytes, until `release`. Every second one begins `alignment` bytes after
// a multiple of 16, so that nothing is aligned to more than its elements are.
void *block(size_t bytes, size_t alignment);
void release(void);

// Blocks of numbers: ordinary ones from -4 to 4, and where `wild` is set infinities, NaN, the largest
// and the smallest among them.
extern int wild;
float *floats(size_t count);
uint16_t *bfloats(size_t count);
uint8_t *bytes(size_t count);

// Blocks of zeros: results, and what fills biases up.
float *zeros(size_t count);
float *filled_up(size_t count, size_t to);

// The same numbers in every run.
uint32_t random_below(uint32_t end);

void fail(const char *what);

void drive_rows(void);
void drive_maps(void);
void drive_products(void);
void drive_blocks(void);
void drive_onednn(void);
void drive_ranks(void);
void drive_codecs(void);
void drive_resampling(void);

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define EACH(type, name, ...)                                                       \
  for (const type name##_all[] = {__VA_ARGS__}, *name##_at = name##_all;            \
       name##_at < name##_all + COUNT(name##_all); name##_at++)                     \
    for (type name = *name##_at, name##_once = 1; name##_once; name##_once = 0)
