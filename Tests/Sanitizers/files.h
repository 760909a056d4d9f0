// Kinds of files that the program's own encoders do not write, made by libjpeg and libpng themselves.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum kind {
  GREY_JPEG, PROGRESSIVE_JPEG, CMYK_JPEG, JPEG_KINDS,
  GREY_PNG = JPEG_KINDS, PALETTE_PNG, DEEP_INTERLACED_PNG, KINDS,
};

// Malloc'd, the caller's to free.
uint8_t *make_file(enum kind kind, uint32_t width, uint32_t height, size_t *count);
