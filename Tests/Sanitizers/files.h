// Kinds of files that the program's own encoders do not write, made by the formats' libraries themselves.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum kind {
  GREY_JPEG, PROGRESSIVE_JPEG, CMYK_JPEG, JPEG_KINDS,
  GREY_PNG = JPEG_KINDS, PALETTE_PNG, DEEP_INTERLACED_PNG, PNG_KINDS,
  LOSSY_WEBP = PNG_KINDS, LOSSLESS_WEBP, WEBP_KINDS,
  PLAIN_GIF = WEBP_KINDS, INTERLACED_GIF, KINDS,
};

// Malloc'd, the caller's to free.
uint8_t *make_file(enum kind kind, uint32_t width, uint32_t height, size_t *count);
