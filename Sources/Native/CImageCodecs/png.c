#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "CImageCodecs.h"
#include "message.h"

// What libpng's callbacks see: input that is read, or output that grows, and where errors go.
typedef struct {
  const uint8_t *input;
  size_t left;
  size_t left_after_pixels;  // of the input, once the last chunk of pixels is read
  int rows_are_read;         // all of them
  int is_whole;              // whatever is wrong lies behind the pixels
  uint8_t *output;
  size_t count, capacity;
  image_status status;
  char *message;
} stream;

static void on_error(png_structp png, png_const_charp text) {
  stream *s = png_get_error_ptr(png);
  image_set_message(s->message, text);
  if (s->rows_are_read && s->left < s->left_after_pixels) s->is_whole = 1;
  if (s->status == IMAGE_OK && !s->is_whole) s->status = IMAGE_CORRUPT;
  png_longjmp(png, 1);
}

// Side chunks are of no consequence to the pixels, but for the one of transparency.
static void on_warning(png_structp png, png_const_charp text) {
  stream *s = png_get_error_ptr(png);
  if (!strstr(text, "CRC error")) return;
  if (strstr(text, "tRNS")) png_error(png, text);
  if (s->message[0] == 0) image_set_message(s->message, text);
}

static void read_input(png_structp png, png_bytep into, size_t count) {
  stream *s = png_get_io_ptr(png);
  if (count > s->left) {
    if (s->rows_are_read && s->left <= s->left_after_pixels) s->is_whole = 1;
    png_error(png, "an early end");
  }
  memcpy(into, s->input, count);
  s->input += count;
  s->left -= count;
}

static void write_output(png_structp png, png_bytep from, size_t count) {
  stream *s = png_get_io_ptr(png);
  if (count > s->capacity - s->count) {
    const size_t capacity = (s->count + count) * 2;
    uint8_t *grown = realloc(s->output, capacity);
    if (!grown) {
      s->status = IMAGE_OUT_OF_MEMORY;
      png_error(png, "out of memory");
    }
    s->output = grown;
    s->capacity = capacity;
  }
  memcpy(s->output + s->count, from, count);
  s->count += count;
}

static void flush_output(png_structp png) { (void)png; }

static uint32_t big_endian(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

// How many bytes follow the last chunk of pixels that is there in full.
static size_t count_after_pixels(const uint8_t *bytes, size_t count) {
  size_t after = 0;
  for (size_t at = 8; count >= 12 && at <= count - 12;) {
    const size_t length = big_endian(bytes + at);
    if (length > count - 12 - at) break;
    if (memcmp(bytes + at + 4, "IDAT", 4) == 0) after = count - (at + 12 + length);
    at += 12 + length;
  }
  return after;
}

// Whatever is stored, rows of 8-bit RGB come out; transparency goes over white.
static void convert_to_rgb(png_structp png, png_infop info) {
  const int depth = png_get_bit_depth(png, info);
  const int transparent = (png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA) ||
                          png_get_valid(png, info, PNG_INFO_tRNS);
  png_set_expand(png);
  png_set_gray_to_rgb(png);
  if (transparent) {
    const png_uint_16 level = depth == 16 ? 65535 : 255;
    const png_color_16 white = {.red = level, .green = level, .blue = level, .gray = level};
    png_set_background(png, &white, PNG_BACKGROUND_GAMMA_SCREEN, 0, 1.0);
  }
  png_set_strip_16(png);
}

image_status image_decode_png(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t *pixels,
    char message[IMAGE_MESSAGE_SIZE]) {
  stream input = {
      .input = bytes, .left = count, .left_after_pixels = count_after_pixels(bytes, count),
      .status = IMAGE_OK, .message = message};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &input, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    image_set_message(message, "out of memory");
    return IMAGE_OUT_OF_MEMORY;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    return input.status;
  }
  png_set_read_fn(png, &input, read_input);
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_WARN_DISCARD);
  // Nothing in the side chunks (profiles, text, gamma) is wanted; failing checksums are told.
  // A count of -1 spares tRNS.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_read_info(png, info);
  if (png_get_image_width(png, info) != width || png_get_image_height(png, info) != height) {
    png_error(png, "the header names two different sizes");
  }
  convert_to_rgb(png, info);
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  if (png_get_rowbytes(png, info) != (size_t)width * 3) png_error(png, "rows are not RGB");
  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t y = 0; y < height; y++) {
      png_read_row(png, pixels + (size_t)y * width * 3, NULL);
    }
  }
  input.rows_are_read = 1;
  png_read_end(png, NULL);
  png_destroy_read_struct(&png, &info, NULL);
  return IMAGE_OK;
}

image_status image_encode_png(
    const uint8_t *pixels, uint32_t width, uint32_t height, uint8_t **encoded,
    size_t *encoded_count, char message[IMAGE_MESSAGE_SIZE]) {
  stream output = {.status = IMAGE_OK, .message = message};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &output, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_write_struct(&png, NULL);
    image_set_message(message, "out of memory");
    return IMAGE_OUT_OF_MEMORY;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    free(output.output);
    return output.status;
  }
  png_set_write_fn(png, &output, write_output, flush_output);
  png_set_IHDR(
      png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (uint32_t y = 0; y < height; y++) png_write_row(png, pixels + (size_t)y * width * 3);
  png_write_end(png, NULL);
  png_destroy_write_struct(&png, &info);
  *encoded = output.output;
  *encoded_count = output.count;
  return IMAGE_OK;
}
