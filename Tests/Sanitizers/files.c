#include "files.h"

#include <gif_lib.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <webp/encode.h>

#include "drive.h"

static uint8_t *jpeg(enum kind kind, uint32_t width, uint32_t height, size_t *count) {
  struct jpeg_compress_struct info;
  struct jpeg_error_mgr error;
  unsigned char *file = NULL;
  unsigned long size = 0;
  info.err = jpeg_std_error(&error);
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, &file, &size);
  info.image_width = width;
  info.image_height = height;
  info.input_components = kind == GREY_JPEG ? 1 : kind == CMYK_JPEG ? 4 : 3;
  info.in_color_space = kind == GREY_JPEG ? JCS_GRAYSCALE : kind == CMYK_JPEG ? JCS_CMYK : JCS_RGB;
  jpeg_set_defaults(&info);
  info.restart_interval = 3;
  if (kind == PROGRESSIVE_JPEG) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < height) {
    JSAMPROW row = bytes((size_t)width * 4);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  *count = size;
  return file;
}

typedef struct {
  uint8_t *file;
  size_t count;
} output;

static void append(output *out, const void *from, size_t count) {
  out->file = realloc(out->file, out->count + count);
  if (!out->file) fail("out of memory");
  memcpy(out->file + out->count, from, count);
  out->count += count;
}

static void append_png(png_structp png, png_bytep from, size_t count) {
  append(png_get_io_ptr(png), from, count);
}

static void flush(png_structp png) { (void)png; }

static uint8_t *png(enum kind kind, uint32_t width, uint32_t height, size_t *count) {
  output out = {0};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png))) fail("libpng writes no file");
  png_set_write_fn(png, &out, append_png, flush);
  const png_color colours[4] = {{1, 2, 3}, {255, 0, 0}, {0, 255, 0}, {9, 9, 9}};
  const png_byte opacities[2] = {0, 128};
  png_set_IHDR(png, info, width, height, kind == GREY_PNG ? 1 : kind == PALETTE_PNG ? 2 : 16,
               kind == GREY_PNG      ? PNG_COLOR_TYPE_GRAY
               : kind == PALETTE_PNG ? PNG_COLOR_TYPE_PALETTE
                                     : PNG_COLOR_TYPE_RGB_ALPHA,
               kind == DEEP_INTERLACED_PNG ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (kind == PALETTE_PNG) {
    png_set_PLTE(png, info, colours, 4);
    png_set_tRNS(png, info, opacities, 2, NULL);
  }
  png_write_info(png, info);
  for (int pass = png_set_interlace_handling(png); pass > 0; pass--)
    for (uint32_t y = 0; y < height; y++) png_write_row(png, bytes((size_t)width * 8));
  png_write_end(png, NULL);
  png_destroy_write_struct(&png, &info);
  *count = out.count;
  return out.file;
}

static uint8_t *webp(enum kind kind, uint32_t width, uint32_t height, size_t *count) {
  const uint8_t *rgba = bytes((size_t)width * height * 4);
  const int row = (int)width * 4;
  uint8_t *made = NULL;
  *count = kind == LOSSY_WEBP ? WebPEncodeRGBA(rgba, (int)width, (int)height, row, 70, &made)
                              : WebPEncodeLosslessRGBA(rgba, (int)width, (int)height, row, &made);
  if (!*count) fail("libwebp writes no file");
  uint8_t *file = malloc(*count);
  memcpy(file, made, *count);
  WebPFree(made);
  return file;
}

static int append_gif(GifFileType *gif, const GifByteType *from, int count) {
  append(gif->UserData, from, (size_t)count);
  return count;
}

static uint8_t *gif(enum kind kind, uint32_t width, uint32_t height, size_t *count) {
  output out = {0};
  int error;
  GifFileType *gif = EGifOpen(&out, append_gif, &error);
  ColorMapObject *colours = GifMakeMapObject(256, NULL);
  memcpy(colours->Colors, bytes(256 * 3), 256 * 3);
  const GraphicsControlBlock control = {.DisposalMode = 0, .UserInputFlag = 0, .DelayTime = 0, .TransparentColor = 7};
  GifByteType extension[4];
  const size_t length = EGifGCBToExtension(&control, extension);
  EGifSetGifVersion(gif, 1);
  if (EGifPutScreenDesc(gif, (int)width, (int)height, 8, 0, colours) != GIF_OK ||
      EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, (int)length, extension) != GIF_OK ||
      EGifPutImageDesc(gif, 0, 0, (int)width, (int)height, kind == INTERLACED_GIF, NULL) != GIF_OK)
    fail("giflib writes no file");
  for (uint32_t y = 0; y < height; y++)
    if (EGifPutLine(gif, bytes(width), (int)width) != GIF_OK) fail("giflib writes no row");
  EGifCloseFile(gif, &error);
  GifFreeMapObject(colours);
  *count = out.count;
  return out.file;
}

uint8_t *make_file(enum kind kind, uint32_t width, uint32_t height, size_t *count) {
  if (kind < JPEG_KINDS) return jpeg(kind, width, height, count);
  if (kind < PNG_KINDS) return png(kind, width, height, count);
  return (kind < WEBP_KINDS ? webp : gif)(kind, width, height, count);
}
