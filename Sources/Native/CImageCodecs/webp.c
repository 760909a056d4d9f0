#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

#include "CImageCodecs.h"
#include "message.h"

// A part of the canvas and its place there.
typedef struct {
  const uint8_t *bytes;
  size_t count;
  uint32_t left, top, width, height;
} picture;

static image_status refuse(VP8StatusCode code, char *message) {
  switch (code) {
  case VP8_STATUS_OUT_OF_MEMORY: image_set_message(message, "out of memory"); return IMAGE_OUT_OF_MEMORY;
  case VP8_STATUS_UNSUPPORTED_FEATURE: image_set_message(message, "an unknown feature"); return IMAGE_UNSUPPORTED;
  case VP8_STATUS_NOT_ENOUGH_DATA:
  case VP8_STATUS_SUSPENDED: image_set_message(message, "an early end"); return IMAGE_CORRUPT;
  default: image_set_message(message, "a broken stream of bits"); return IMAGE_CORRUPT;
  }
}

// Lays transparency over the white canvas.
static image_status draw(picture part, uint32_t canvas, uint8_t *pixels, char *message) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return refuse(VP8_STATUS_INVALID_PARAM, message);
  const size_t row = (size_t)part.width * 4, size = row * part.height;
  uint8_t *rgba = malloc(size);
  if (!rgba) return refuse(VP8_STATUS_OUT_OF_MEMORY, message);
  config.output.colorspace = MODE_RGBA;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = (WebPRGBABuffer){.rgba = rgba, .stride = (int)row, .size = size};
  const VP8StatusCode code = WebPDecode(part.bytes, part.count, &config);
  for (uint32_t y = 0; code == VP8_STATUS_OK && y < part.height; y++) {
    const uint8_t *from = rgba + y * row;
    uint8_t *to = pixels + ((size_t)(part.top + y) * canvas + part.left) * 3;
    for (uint32_t x = 0; x < part.width; x++, from += 4, to += 3) {
      for (int c = 0; c < 3; c++) to[c] = (uint8_t)((from[c] * from[3] + 255 * (255 - from[3]) + 127) / 255);
    }
  }
  free(rgba);
  return code == VP8_STATUS_OK ? IMAGE_OK : refuse(code, message);
}

// The first picture of an animation.
static image_status draw_first(
    const uint8_t *bytes, size_t count, uint32_t width, uint8_t *pixels, char *message) {
  const WebPData data = {bytes, count};
  WebPDemuxer *demuxer = WebPDemux(&data);
  if (!demuxer) return refuse(VP8_STATUS_NOT_ENOUGH_DATA, message);
  WebPIterator frame;
  image_status status = IMAGE_CORRUPT;
  if (WebPDemuxGetFrame(demuxer, 1, &frame)) {
    const picture part = {
        frame.fragment.bytes, frame.fragment.size, (uint32_t)frame.x_offset, (uint32_t)frame.y_offset,
        (uint32_t)frame.width, (uint32_t)frame.height};
    status = draw(part, width, pixels, message);
    WebPDemuxReleaseIterator(&frame);
  } else {
    image_set_message(message, "no picture");
  }
  WebPDemuxDelete(demuxer);
  return status;
}

image_status image_decode_webp(
    const uint8_t *bytes, size_t count, uint32_t width, uint32_t height, uint8_t *pixels,
    char message[IMAGE_MESSAGE_SIZE]) {
  WebPBitstreamFeatures features;
  const VP8StatusCode code = WebPGetFeatures(bytes, count, &features);
  if (code != VP8_STATUS_OK) return refuse(code, message);
  if ((uint32_t)features.width != width || (uint32_t)features.height != height) {
    image_set_message(message, "the header names two different sizes");
    return IMAGE_CORRUPT;
  }
  memset(pixels, 255, (size_t)width * height * 3);
  if (features.has_animation) return draw_first(bytes, count, width, pixels, message);
  return draw((picture){bytes, count, 0, 0, width, height}, width, pixels, message);
}
