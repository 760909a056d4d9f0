// oneDNN behind a small C surface that builds against its versions 2.x and 3.x, and also without
// it: then `vild_onednn_version` is NULL and nothing else may be called.
#ifndef VILD_ONEDNN_H
#define VILD_ONEDNN_H

#include <stddef.h>
#include <stdint.h>

/// The library's version, such as "2.6.3"; NULL where this program was built without it.
const char *vild_onednn_version(void);

/// Whether this processor multiplies bfloat16 in hardware.
int vild_onednn_has_bfloat16(void);

/// Calls of this thread use this thread alone: work is split over cores by the caller.
void vild_onednn_use_one_thread(void);

#endif
