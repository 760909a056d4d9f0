#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include <jerror.h>

#include "CImageCodecs.h"
#include "message.h"

// A real progressive file has about ten scans; thousands of tiny ones only burn time.
enum { MOST_SCANS = 200 };

typedef struct {
  struct jpeg_error_mgr base;  // first, so that libjpeg's pointer is ours
  jmp_buf jump;
  image_status status;
  char *message;
  long padding;  // bytes that were skipped between the pixels and the end mark
} error_manager;

static void fail(j_common_ptr info, image_status status) {
  error_manager *error = (error_manager *)info->err;
  char text[JMSG_LENGTH_MAX];
  error->base.format_message(info, text);
  image_set_message(error->message, text);
  error->status = status;
  longjmp(error->jump, 1);
}

static void error_exit(j_common_ptr info) {
  switch (info->err->msg_code) {
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_J_COLORSPACE:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_NOTIMPL:
    case JERR_SOF_UNSUPPORTED:
      fail(info, IMAGE_UNSUPPORTED);
    case JERR_OUT_OF_MEMORY:
      fail(info, IMAGE_OUT_OF_MEMORY);
    default:
      fail(info, IMAGE_CORRUPT);
  }
}

// libjpeg goes on after damage and fills the rest with grey; here damage ends the decoding.
static void emit_message(j_common_ptr info, int level) {
  if (level >= 0) return;  // a trace, not a warning
  switch (info->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
      return;  // an unknown version of a side segment; the pixels are whole
    case JWRN_EXTRANEOUS_DATA:
      // Padding between header segments is harmless; after the first scan has begun, skipped
      // bytes are pixels that were lost.
      if (info->is_decompressor && ((j_decompress_ptr)info)->input_scan_number == 0) return;
      // Right before the end mark nothing comes that could be pixels: where some are missing, other
      // warnings say so.
      if (info->err->msg_parm.i[1] == JPEG_EOI) {
        ((error_manager *)info->err)->padding += info->err->msg_parm.i[0];
        return;
      }
      break;
    default:
      break;
  }
  fail(info, IMAGE_CORRUPT);
}

static struct jpeg_error_mgr *start_errors(error_manager *error, char *message) {
  jpeg_std_error(&error->base);
  error->base.error_exit = error_exit;
  error->base.emit_message = emit_message;
  error->status = IMAGE_OK;
  error->message = message;
  error->padding = 0;
  return &error->base;
}

static void limit_scans(j_common_ptr info) {
  if (((j_decompress_ptr)info)->input_scan_number > MOST_SCANS) {
    error_manager *error = (error_manager *)info->err;
    image_set_message(error->message, "more progressive scans than any encoder writes");
    error->status = IMAGE_CORRUPT;
    longjmp(error->jump, 1);
  }
}

// a * b / 255, rounded to nearest.
static inline unsigned scaled(unsigned a, unsigned b) {
  const unsigned product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

// Every encoder follows Adobe and stores CMYK inverted: 255 is no ink.
static void rgb_from_inverted_cmyk(const uint8_t *cmyk, uint8_t *rgb, uint32_t width) {
  for (uint32_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
    const unsigned light = cmyk[3];
    for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)(light - scaled(255 - cmyk[c], light));
  }
}

image_status image_decode_jpeg(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t *pixels,
    char message[IMAGE_MESSAGE_SIZE]) {
  struct jpeg_decompress_struct info;
  struct jpeg_progress_mgr progress = {.progress_monitor = limit_scans};
  error_manager error;
  info.err = start_errors(&error, message);
  if (setjmp(error.jump)) {
    jpeg_destroy_decompress(&info);
    return error.status;
  }
  jpeg_create_decompress(&info);
  info.progress = &progress;
  jpeg_mem_src(&info, bytes, count);
  jpeg_read_header(&info, TRUE);
  if (info.image_width != width || info.image_height != height) {
    image_set_message(message, "the header names two different sizes");
    jpeg_destroy_decompress(&info);
    return IMAGE_CORRUPT;
  }
  const int cmyk = info.num_components == 4;
  info.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&info);
  // libjpeg's own pool, so that a longjmp frees it.
  JSAMPARRAY ink = cmyk ? info.mem->alloc_sarray((j_common_ptr)&info, JPOOL_IMAGE, width * 4, 1)
                        : NULL;
  while (info.output_scanline < height) {
    uint8_t *row = pixels + (size_t)info.output_scanline * width * 3;
    if (cmyk) {
      jpeg_read_scanlines(&info, ink, 1);
      rgb_from_inverted_cmyk(ink[0], row, width);
    } else {
      jpeg_read_scanlines(&info, &row, 1);
    }
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  if (error.padding > 0) {
    snprintf(
        message, IMAGE_MESSAGE_SIZE, "%ld bytes between the pixels and the end mark",
        error.padding);
  }
  return IMAGE_OK;
}

// Output that grows. libjpeg's own frees what it has outgrown and tells its owner only at the end, so
// that after an error nobody knows what there is to free.
typedef struct {
  struct jpeg_destination_mgr base;  // first, so that libjpeg's pointer is ours
  uint8_t *bytes;
  size_t capacity;
} destination;

static void go_on_at(destination *to, size_t count) {
  to->base.next_output_byte = to->bytes + count;
  to->base.free_in_buffer = to->capacity - count;
}

// Called when all of it is full, with `free_in_buffer` at whatever it is.
static boolean grow(j_compress_ptr info) {
  destination *to = (destination *)info->dest;
  const size_t count = to->capacity, capacity = count ? count * 2 : 1 << 16;
  uint8_t *grown = realloc(to->bytes, capacity);
  if (!grown) ERREXIT1(info, JERR_OUT_OF_MEMORY, 0);
  to->bytes = grown;
  to->capacity = capacity;
  go_on_at(to, count);
  return TRUE;
}

static void start_output(j_compress_ptr info) { grow(info); }
static void end_output(j_compress_ptr info) { (void)info; }

image_status image_encode_jpeg(
    const uint8_t *pixels, uint32_t width, uint32_t height, int quality, uint8_t **encoded,
    size_t *encoded_count, char message[IMAGE_MESSAGE_SIZE]) {
  struct jpeg_compress_struct info;
  error_manager error;
  destination output = {
      .base = {.init_destination = start_output, .empty_output_buffer = grow,
               .term_destination = end_output}};
  info.err = start_errors(&error, message);
  if (setjmp(error.jump)) {
    jpeg_destroy_compress(&info);
    free(output.bytes);
    return error.status;
  }
  jpeg_create_compress(&info);
  info.dest = &output.base;
  info.image_width = width;
  info.image_height = height;
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < height) {
    JSAMPROW row = (JSAMPROW)(pixels + (size_t)info.next_scanline * width * 3);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  *encoded = output.bytes;
  *encoded_count = output.capacity - output.base.free_in_buffer;
  return IMAGE_OK;
}
