#include "scarce.h"

#include <stdlib.h>

int allocations_left = -1;

static int is_out(void) {
  if (allocations_left > 0) allocations_left--;
  else if (allocations_left == 0) return 1;
  return 0;
}

void *scarce_malloc(size_t size) { return is_out() ? NULL : malloc(size); }
void *scarce_calloc(size_t count, size_t size) { return is_out() ? NULL : calloc(count, size); }
void *scarce_realloc(void *memory, size_t size) { return is_out() ? NULL : realloc(memory, size); }
