// Memory that ends: CImageCodecs is compiled with these in place of the C library's.
#pragma once
#include <stddef.h>

// How many more allocations succeed; below 0, all.
extern int allocations_left;
void *scarce_malloc(size_t size);
void *scarce_calloc(size_t count, size_t size);
void *scarce_realloc(void *memory, size_t size);
