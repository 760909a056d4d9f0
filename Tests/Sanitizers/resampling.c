// Resampling of views that reach over the border, to one pixel and to many, in windows.
#include "CImageCodecs.h"
#include "drive.h"
#include "scarce.h"

static int resample(image_view view, image_filter filter, int32_t width, int32_t height,
                    image_window window) {
  const size_t count = (size_t)window.width * window.height * 3;
  float *const table = floats(3 * 256);
  const int enough = image_resample(view, filter, width, height, window, block(count, 1),
                                    block(count * sizeof(float), sizeof(float)), table);
  release();
  return enough;
}

// A view of the last columns and rows of an image that has no byte more.
static image_view corner(int32_t width, int32_t height, int32_t border) {
  const int32_t columns = width > border ? width - border : 0;
  const int32_t rows = height > border ? height - border : 0;
  const size_t row_bytes = ((size_t)columns + 2) * 3;
  const uint8_t *image = bytes(row_bytes * (size_t)rows);
  return (image_view){
      .pixels = rows ? image + 6 : image, .row_bytes = row_bytes, .width = width, .height = height,
      .left = 0, .top = border, .columns = rows ? columns : 0, .rows = columns ? rows : 0};
}

void drive_resampling(void) {
  EACH(int32_t, width, 1, 2, 17, 200)
    EACH(int32_t, height, 1, 5, 130)
      EACH(int32_t, border, 0, 1, 3)
        EACH(int32_t, to_width, 1, 3, 16, 61)
          EACH(int32_t, to_height, 1, 2, 33)
            for (int filter = IMAGE_BILINEAR; filter <= IMAGE_BICUBIC; filter++) {
              const image_window whole = {0, 0, to_width, to_height};
              const image_window end = {to_width - 1, to_height / 2, 1, to_height - to_height / 2};
              if (!resample(corner(width, height, border), filter, to_width, to_height, whole) ||
                  !resample(corner(width, height, border), filter, to_width, to_height, end))
                fail("resampling found no memory");
            }
  // The longest side that is decoded, to one pixel.
  resample(corner(65535, 1, 0), IMAGE_BICUBIC, 1, 1, (image_window){0, 0, 1, 1});
  resample(corner(1, 65535, 0), IMAGE_BICUBIC, 1, 1, (image_window){0, 0, 1, 1});
  resample(corner(1, 1, 0), IMAGE_BILINEAR, 2000, 1, (image_window){1999, 0, 1, 1});
  int refused = 0;
  for (allocations_left = 0;
       !resample(corner(40, 40, 0), IMAGE_BICUBIC, 7, 7, (image_window){0, 0, 7, 7});
       allocations_left = ++refused) {
  }
  allocations_left = -1;
  if (refused < 8) fail("resampling asks for less memory than it needs");
}
