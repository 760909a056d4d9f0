"""Writes goldens.json beside this file: what Pillow makes of small images.

    python make_goldens.py

Needs Pillow 13 or later and NumPy: since 13.0 the order of the two passes of a resize depends on
the sizes, which shows in the last bits. Bytes are base64; pixels are 8-bit RGB, rows from the top.
"""

import base64
import io
import json
import pathlib

import numpy
import PIL
from PIL import Image, features

SEED = 7


def packed(data):
    return base64.b64encode(data).decode()


def photo(rng, width, height):
    """Smooth colour with some noise and hard edges, so that overshoot is clipped."""
    y, x = numpy.mgrid[0:height, 0:width]
    base = numpy.stack([x * 255 / max(width - 1, 1), y * 255 / max(height - 1, 1), (x ^ y) * 4 % 256], -1)
    base[height // 3 : height // 2, width // 4 : width // 2] = 255
    base += rng.normal(0, 12, base.shape)
    return Image.fromarray(base.clip(0, 255).astype(numpy.uint8))


def encoded(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def over_white(image):
    image = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def files(rng):
    rgb = photo(rng, 21, 19)
    alpha = rgb.copy()
    alpha.putalpha(Image.fromarray(rng.integers(0, 256, (19, 21), dtype=numpy.uint8)))
    deep = numpy.asarray(rgb.convert("L")).astype(numpy.uint16) * 257 - 100
    deep = deep.clip(0, 65535).astype(numpy.uint16)
    quality = {"format": "JPEG", "quality": 85}
    cmyk = rgb.convert("CMYK")
    plain = {
        "444.jpg": (rgb, dict(quality, subsampling=0)),
        "422.jpg": (rgb, dict(quality, subsampling=1)),
        "420.jpg": (rgb, dict(quality, subsampling=2)),
        "progressive.jpg": (rgb, dict(quality, progressive=True)),
        "restarts.jpg": (rgb, dict(quality, restart_marker_blocks=2)),
        "rgb-coded.jpg": (rgb, dict(quality, keep_rgb=True)),
        "grey.jpg": (rgb.convert("L"), quality),
        "cmyk.jpg": (cmyk, quality),
        "rgb.png": (rgb, {"format": "PNG"}),
        "grey.png": (rgb.convert("L"), {"format": "PNG"}),
        "one-bit.png": (rgb.convert("1"), {"format": "PNG"}),
        "palette.png": (rgb.quantize(16), {"format": "PNG"}),
    }
    for name, (image, options) in plain.items():
        data = encoded(image, **options)
        yield name, data, Image.open(io.BytesIO(data)).convert("RGB")
    yield "alpha.png", encoded(alpha, format="PNG"), over_white(alpha)
    grey_alpha = alpha.convert("LA")
    yield "grey-alpha.png", encoded(grey_alpha, format="PNG"), over_white(grey_alpha)
    see_through = rgb.quantize(16)
    data = encoded(see_through, format="PNG", transparency=3)
    yield "palette-transparent.png", data, over_white(Image.open(io.BytesIO(data)))
    # Pillow clips 16-bit grey at 255 rather than reducing it; the high byte is what is meant.
    high = Image.fromarray((deep >> 8).astype(numpy.uint8)).convert("RGB")
    yield "grey-16.png", encoded(Image.fromarray(deep), format="PNG"), high
    yield from webps(rgb, alpha)
    yield from gifs(rgb)


def webps(rgb, alpha):
    turned = Image.Exif()
    turned[0x0112] = 6
    other = rgb.transpose(Image.Transpose.ROTATE_180)
    for name, image, options in [
        ("lossy.webp", rgb, {"quality": 80}),
        ("lossless.webp", rgb, {"lossless": True}),
        ("lossy-alpha.webp", alpha, {"quality": 80}),
        ("lossless-alpha.webp", alpha, {"lossless": True, "exact": True}),
        ("turned.webp", rgb, {"quality": 80, "exif": turned}),
        ("animated.webp", rgb, {"lossless": True, "save_all": True, "append_images": [other]}),
    ]:
        data = encoded(image, format="WEBP", **options)
        yield name, data, over_white(Image.open(io.BytesIO(data)))


def gifs(rgb):
    palette = rgb.quantize(16)
    other = rgb.transpose(Image.Transpose.ROTATE_180).quantize(16)
    for name, options in [
        ("interlaced.gif", {"interlace": 1}),
        ("plain.gif", {"interlace": 0}),
        ("transparent.gif", {"transparency": 3}),
        ("animated.gif", {"save_all": True, "append_images": [other]}),
    ]:
        data = encoded(palette, format="GIF", **options)
        yield name, data, over_white(Image.open(io.BytesIO(data)))


def sources(rng):
    noise = Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=numpy.uint8))
    return [photo(rng, 40, 30), photo(rng, 1, 50), photo(rng, 90, 1), photo(rng, 23, 61), noise]


def resizes(images):
    targets = [(7, 13), (48, 9), (11, 64), (1, 1), (41, 17), (30, 3)]
    filters = [("bilinear", 2), ("bicubic", 3)]
    for index, image in enumerate(images):
        boxes = [(0, 0, *image.size)]
        if min(image.size) > 10:
            boxes.append((3, 5, image.width - 2, image.height - 8))
        for box in boxes:
            for size in targets:
                name, code = filters[0]
                filters.reverse()
                yield index, box, size, name, image.crop(box).resize(size, code)
            filters.reverse()


def padded(images):
    """Crops over the border: Pillow's crop() makes what lies outside the image black."""
    width, height = images[0].size
    boxes = [
        (-9, -4, width - 5, height + 6),  # over the left, the top and the bottom
        (20, 11, width + 13, height - 2),  # over the right
        (-30, 5, 2 * width, 9),  # the image in the middle of a wide crop
        (3, -2 * height, 8, 3 * height),  # and of a tall one, whose passes go the other way round
        (-12, -10, -3, 40),  # beside the image
    ]
    for box in boxes:
        for name, code in [("bilinear", 2), ("bicubic", 3)]:
            for size in [(7, 13), (48, 33)]:
                yield 0, box, size, name, images[0].crop(box).resize(size, code)


def main():
    rng = numpy.random.default_rng(SEED)
    images = sources(rng)
    goldens = {
        "made_by": f"Pillow {PIL.__version__}, libjpeg-turbo {features.version('libjpeg_turbo')}",
        "seed": SEED,
        "files": [
            {
                "name": name,
                "file": packed(data),
                "width": image.width,
                "height": image.height,
                "pixels": packed(image.tobytes()),
            }
            for name, data, image in files(rng)
        ],
        "sources": [
            {"width": image.width, "height": image.height, "pixels": packed(image.tobytes())}
            for image in images
        ],
        "resizes": [
            {
                "source": index,
                "box": box,
                "width": size[0],
                "height": size[1],
                "filter": name,
                "pixels": packed(result.tobytes()),
            }
            for index, box, size, name, result in [*resizes(images), *padded(images)]
        ],
    }
    path = pathlib.Path(__file__).with_name("goldens.json")
    path.write_text(json.dumps(goldens, indent=0) + "\n")


if __name__ == "__main__":
    main()
