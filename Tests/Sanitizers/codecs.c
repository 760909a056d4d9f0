// Whole and damaged files of every format, the encoders, and all of it with little memory.
#include <stdlib.h>
#include <string.h>

#include "CImageCodecs.h"
#include "drive.h"
#include "files.h"
#include "scarce.h"

typedef image_status (*decoder)(const uint8_t *, size_t, uint32_t, uint32_t, uint8_t *, char *);

// Decodes a copy that ends where the sanitizer looks.
static image_status decode(decoder decoder, const uint8_t *file, size_t count, uint32_t width,
                           uint32_t height) {
  char message[IMAGE_MESSAGE_SIZE] = "";
  uint8_t *copy = block(count, 1);
  if (count) memcpy(copy, file, count);
  uint8_t *pixels = block((size_t)width * height * 3, 1);
  const image_status status = decoder(copy, count, width, height, pixels, message);
  if (status != IMAGE_OK && !message[0]) fail("a file is refused without a reason");
  release();
  return status;
}

static void damage(decoder decoder, const uint8_t *file, size_t count, uint32_t width,
                   uint32_t height) {
  if (decode(decoder, file, count, width, height) != IMAGE_OK) fail("a whole file is refused");
  decode(decoder, file, count, width + 1, height);
  decode(decoder, file, count, width, height + 1);
  for (size_t end = 0; end < count; end += 1 + count / 100) decode(decoder, file, end, width, height);
  uint8_t *damaged = malloc(count);
  for (int i = 0; i < 200; i++) {
    memcpy(damaged, file, count);
    for (int flips = 1 + i % 4; flips > 0; flips--)
      damaged[random_below((uint32_t)count)] ^= (uint8_t)(1 << random_below(8));
    decode(decoder, damaged, count, width, height);
  }
  free(damaged);
}

static decoder decoder_of(enum kind kind) {
  if (kind < JPEG_KINDS) return image_decode_jpeg;
  if (kind < PNG_KINDS) return image_decode_png;
  return kind < WEBP_KINDS ? image_decode_webp : image_decode_gif;
}

static void whole_and_damaged(uint32_t width, uint32_t height) {
  char message[IMAGE_MESSAGE_SIZE] = "";
  uint8_t *file;
  size_t count;
  const uint8_t *pixels = bytes((size_t)width * height * 3);
  if (image_encode_png(pixels, width, height, &file, &count, message) != IMAGE_OK) fail(message);
  damage(image_decode_png, file, count, width, height);
  free(file);
  pixels = bytes((size_t)width * height * 3);
  EACH(int, quality, 1, 90, 100) {
    if (image_encode_jpeg(pixels, width, height, quality, &file, &count, message) != IMAGE_OK)
      fail(message);
    if (quality == 90) {
      damage(image_decode_jpeg, file, count, width, height);
      pixels = bytes((size_t)width * height * 3);
    }
    free(file);
  }
  for (enum kind kind = 0; kind < KINDS; kind++) {
    file = make_file(kind, width, height, &count);
    damage(decoder_of(kind), file, count, width, height);
    free(file);
  }
  release();
}

// An encoder whose memory ends after each number of allocations says so, and loses none.
static void little_memory(image_status encode(const uint8_t *, uint8_t **, size_t *, char *)) {
  const uint8_t *pixels = bytes(300 * 300 * 3);
  int refused = 0;
  for (allocations_left = 0;; allocations_left = ++refused) {
    char message[IMAGE_MESSAGE_SIZE] = "";
    uint8_t *file;
    size_t count;
    const image_status status = encode(pixels, &file, &count, message);
    if (status == IMAGE_OK) {
      free(file);
      break;
    }
    if (status != IMAGE_OUT_OF_MEMORY) fail(message);
  }
  allocations_left = -1;
  if (refused < 2) fail("an encoder's output does not grow");
  release();
}

static image_status as_jpeg(const uint8_t *pixels, uint8_t **file, size_t *count, char *message) {
  return image_encode_jpeg(pixels, 300, 300, 100, file, count, message);
}

static image_status as_png(const uint8_t *pixels, uint8_t **file, size_t *count, char *message) {
  return image_encode_png(pixels, 300, 300, file, count, message);
}

void drive_codecs(void) {
  whole_and_damaged(1, 1);
  whole_and_damaged(1, 19);
  whole_and_damaged(33, 7);
  whole_and_damaged(64, 48);
  decode(image_decode_jpeg, NULL, 0, 1, 1);
  decode(image_decode_png, NULL, 0, 1, 1);
  decode(image_decode_webp, NULL, 0, 1, 1);
  decode(image_decode_gif, NULL, 0, 1, 1);
  little_memory(as_jpeg);
  little_memory(as_png);
}
