#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdio.h>

#include "CImageCodecs.h"

static inline void image_set_message(char message[IMAGE_MESSAGE_SIZE], const char *text) {
  snprintf(message, IMAGE_MESSAGE_SIZE, "%s", text);
}

#endif
