// Libraries for MPI that are none.
#include "CRanks.h"

#include <string.h>

#include "drive.h"

void drive_ranks(void) {
  EACH(size_t, size, 1, 8, 1000) {
    char *why = block(size, 1);
    if (vild_ranks_open("/nowhere/libvild-mpi.so", why, size) || strlen(why) >= size) fail("opened nothing");
    if (vild_ranks_open("/proc/self/status", why, size)) fail("opened a text");
    if (vild_ranks_open("libm.so.6", why, size)) fail("opened a library without the table");
    release();
  }
}
