#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

#include "CImageCodecs.h"
#include "message.h"

typedef struct {
  const uint8_t *bytes;
  size_t left;
} input;

static int read_input(GifFileType *gif, GifByteType *into, int count) {
  input *in = gif->UserData;
  const size_t some = (size_t)count < in->left ? (size_t)count : in->left;
  memcpy(into, in->bytes, some);
  in->bytes += some;
  in->left -= some;
  return (int)some;
}

static image_status refuse(int error, char *message) {
  const char *text = GifErrorString(error);
  image_set_message(message, error == D_GIF_ERR_EOF_TOO_SOON ? "an early end" : text ? text : "a broken picture");
  return error == D_GIF_ERR_NOT_ENOUGH_MEM ? IMAGE_OUT_OF_MEMORY : IMAGE_CORRUPT;
}

static image_status corrupt(const char *text, char *message) {
  image_set_message(message, text);
  return IMAGE_CORRUPT;
}

// Where row `index` of a picture stands among those that are stored.
static uint32_t place_of_row(uint32_t index, uint32_t height, int is_interlaced) {
  static const uint32_t first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
  for (int pass = 0; is_interlaced && pass < 4; pass++) {
    const uint32_t rows = height > first[pass] ? (height - first[pass] + step[pass] - 1) / step[pass] : 0;
    if (index < rows) return first[pass] + index * step[pass];
    index -= rows;
  }
  return index;
}

// Draws the picture whose description was just read over the white canvas; what lies outside is cut off.
static image_status draw(GifFileType *gif, int transparent, uint8_t *pixels, char *message) {
  const GifImageDesc *at = &gif->Image;
  const ColorMapObject *colors = at->ColorMap ? at->ColorMap : gif->SColorMap;
  if (!colors) return corrupt("no table of colours", message);
  if (at->Width <= 0 || at->Height <= 0) return corrupt("a picture without pixels", message);
  GifPixelType *row = malloc((size_t)at->Width);
  if (!row) return refuse(D_GIF_ERR_NOT_ENOUGH_MEM, message);
  image_status status = IMAGE_OK;
  for (uint32_t index = 0; status == IMAGE_OK && index < (uint32_t)at->Height; index++) {
    if (DGifGetLine(gif, row, at->Width) != GIF_OK) {
      status = refuse(gif->Error, message);
      break;
    }
    const int64_t y = (int64_t)at->Top + place_of_row(index, (uint32_t)at->Height, at->Interlace);
    for (int column = 0; column < at->Width && status == IMAGE_OK; column++) {
      const int64_t x = (int64_t)at->Left + column;
      if (row[column] == transparent || x >= gif->SWidth || y >= gif->SHeight) continue;
      if (row[column] >= colors->ColorCount) {
        status = corrupt("a colour that is not in the table", message);
        break;
      }
      const GifColorType color = colors->Colors[row[column]];
      uint8_t *to = pixels + ((size_t)y * (size_t)gif->SWidth + (size_t)x) * 3;
      to[0] = color.Red;
      to[1] = color.Green;
      to[2] = color.Blue;
    }
  }
  free(row);
  return status;
}

// Reads an extension; of the one that names the transparent colour, the colour.
static int read_extension(GifFileType *gif, int *transparent) {
  int code;
  GifByteType *block;
  if (DGifGetExtension(gif, &code, &block) != GIF_OK) return GIF_ERROR;
  GraphicsControlBlock control;
  if (code == GRAPHICS_EXT_FUNC_CODE && block && block[0] == 4) {
    if (DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) *transparent = control.TransparentColor;
  }
  while (block) {
    if (DGifGetExtensionNext(gif, &block) != GIF_OK) return GIF_ERROR;
  }
  return GIF_OK;
}

static image_status draw_first(GifFileType *gif, uint8_t *pixels, char *message) {
  int transparent = NO_TRANSPARENT_COLOR;
  while (1) {
    GifRecordType kind;
    if (DGifGetRecordType(gif, &kind) != GIF_OK) return refuse(gif->Error, message);
    switch (kind) {
    case EXTENSION_RECORD_TYPE:
      if (read_extension(gif, &transparent) != GIF_OK) return refuse(gif->Error, message);
      break;
    case IMAGE_DESC_RECORD_TYPE:
      if (DGifGetImageDesc(gif) != GIF_OK) return refuse(gif->Error, message);
      return draw(gif, transparent, pixels, message);
    default: return corrupt("no picture", message);
    }
  }
}

image_status image_decode_gif(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t *pixels,
    char message[IMAGE_MESSAGE_SIZE]) {
  input in = {bytes, count};
  int error = 0;
  GifFileType *gif = DGifOpen(&in, read_input, &error);
  if (!gif) return refuse(error, message);
  image_status status;
  if ((uint32_t)gif->SWidth != width || (uint32_t)gif->SHeight != height) {
    status = corrupt("the header names two different sizes", message);
  } else {
    memset(pixels, 255, (size_t)width * height * 3);
    status = draw_first(gif, pixels, message);
  }
  DGifCloseFile(gif, &error);
  return status;
}
