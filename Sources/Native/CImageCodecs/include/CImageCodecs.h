// JPEG, PNG, WebP, GIF and resampling behind functions that return a status and a message.
//
// libjpeg and libpng report errors by longjmp, which Swift cannot import; it stays in here.
// Pixels are always 8-bit RGB, interleaved, rows from the top, without padding.
#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stddef.h>
#include <stdint.h>

enum { IMAGE_MESSAGE_SIZE = 200 };

typedef enum {
  IMAGE_OK = 0,
  IMAGE_CORRUPT = 1,       // the bytes are not what the format says
  IMAGE_UNSUPPORTED = 2,   // well formed, but a kind of image that is not read here
  IMAGE_OUT_OF_MEMORY = 3,
} image_status;

// Decode into width x height x 3 bytes; the size is the one the caller found in the header, and
// an image of another size is corrupt. Warnings of libjpeg count as errors, but for bytes between
// the last scan and the end mark. The message, empty at first, says on IMAGE_OK what is odd about a
// file all of whose pixels are there.
image_status image_decode_jpeg(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t *pixels,
    char message[IMAGE_MESSAGE_SIZE]);
// The same for PNG; alpha is composited over white, 16 bits lose the low 8. A failing checksum of
// IHDR, PLTE, tRNS or IDAT is an error; one of a side chunk, and whatever is wrong or missing behind
// the last IDAT, is a message.
image_status image_decode_png(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t *pixels,
    char message[IMAGE_MESSAGE_SIZE]);

// The same for WebP and GIF, of an animation the first picture; what is transparent, or no part of it, is
// white. Neither format has checksums.
image_status image_decode_webp(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t *pixels,
    char message[IMAGE_MESSAGE_SIZE]);
image_status image_decode_gif(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t *pixels,
    char message[IMAGE_MESSAGE_SIZE]);

// Encode; *encoded is malloc'd and the caller's to free when the status is IMAGE_OK.
image_status image_encode_jpeg(
    const uint8_t *pixels, uint32_t width, uint32_t height, int quality, uint8_t **encoded,
    size_t *encoded_count, char message[IMAGE_MESSAGE_SIZE]);
image_status image_encode_png(
    const uint8_t *pixels, uint32_t width, uint32_t height, uint8_t **encoded,
    size_t *encoded_count, char message[IMAGE_MESSAGE_SIZE]);

typedef enum { IMAGE_BILINEAR = 0, IMAGE_BICUBIC = 1 } image_filter;

// A rectangle of an image that may reach over the image's border: black, but for the columns x rows
// pixels from (left, top) on that are stored.
typedef struct {
  const uint8_t *pixels;  // the first one stored
  size_t row_bytes;       // from one row to the next
  int32_t width, height;
  int32_t left, top, columns, rows;
} image_view;

// A part of the resampled image.
typedef struct {
  int32_t left, top, width, height;
} image_window;

// Antialiased resampling of `source` to width x height, equal to Pillow's, of which only `window`
// is computed. Writes its bytes when `bytes` is given, and table[channel x 256 + value] when
// `floats` is. Returns 0 when out of memory.
int image_resample(
    image_view source, image_filter filter, int32_t width, int32_t height, image_window window,
    uint8_t *bytes, float *floats, const float *table);

#endif
