#include "CRanks.h"

#include <dlfcn.h>
#include <stdio.h>

const vild_ranks *vild_ranks_open(const char *path, char *why, size_t size) {
  // Its symbols stay its own: another MPI in this process would be another library's.
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    snprintf(why, size, "%s", dlerror());
    return NULL;
  }
  const vild_ranks *(*table)(void) = (const vild_ranks *(*)(void))dlsym(library, "vild_ranks_table");
  if (!table) {
    snprintf(why, size, "it has no vild_ranks_table");
    return NULL;
  }
  const vild_ranks *ranks = table();
  if (ranks->version != VILD_RANKS_VERSION) {
    snprintf(why, size, "it is of version %d, not %d", ranks->version, VILD_RANKS_VERSION);
    return NULL;
  }
  return ranks;
}
