"""Make the pictures beside this file: one of every kind that OpenCV cannot write itself.

Needs Pillow; run by hand, never by the tests. All show the same 36 × 24 pixels: red and green above
blue and yellow, each a quarter, so that any turn, mirror or swapped channel is seen.
"""

from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent / "pictures"
COLOURS = (((255, 0, 0), (0, 255, 0)), ((0, 0, 255), (255, 255, 0)))


def main() -> None:
    """Write every picture."""
    quarters = np.zeros((24, 36, 3), np.uint8)
    for row, colours in enumerate(COLOURS):
        for column, colour in enumerate(colours):
            quarters[12 * row : 12 * row + 12, 18 * column : 18 * column + 18] = colour
    rgb = Image.fromarray(quarters)
    rgb.save(HERE / "baseline.jpg", quality=95)
    rgb.save(HERE / "progressive.jpg", quality=95, progressive=True)
    rgb.convert("CMYK").save(HERE / "cmyk.jpg", quality=95)
    rgb.convert("L").save(HERE / "grey.jpg", quality=95)
    for number in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = number
        for end, options in (("jpg", {"quality": 95}), ("png", {}), ("tif", {})):
            rgb.save(HERE / f"exif{number}.{end}", exif=exif, **options)
        rgb.save(HERE / f"exif{number}.webp", exif=exif, lossless=True)
    rgba = rgb.copy()
    opacity = np.full((24, 36), 255, np.uint8)
    opacity[:6], opacity[6:12] = 0, 128
    rgba.putalpha(Image.fromarray(opacity))
    for name in ("alpha.png", "alpha.webp", "alpha.tif"):
        rgba.save(HERE / name, **({"lossless": True, "exact": True} if "webp" in name else {}))
    palette = rgb.quantize(4)
    palette.save(HERE / "palette.png")
    palette.save(HERE / "palette.bmp")
    palette.save(HERE / "palette.gif")
    opaque = [255, 255, 255, 255]
    opaque[palette.getpixel((0, 0))] = 0
    palette.save(HERE / "palette-alpha.png", transparency=bytes(opaque))
    palette.save(HERE / "palette-alpha.gif", transparency=palette.getpixel((0, 0)))
    rgba.convert("LA").save(HERE / "grey-alpha.png")
    rgb.convert("1", dither=Image.Dither.NONE).save(HERE / "bilevel.png")
    others = [Image.new("RGB", (36, 24), colour) for colour in ("white", "black")]
    for name in ("animated.gif", "animated.webp", "animated.png", "pages.tif"):
        lossless = {"lossless": True} if "webp" in name else {}
        rgb.save(HERE / name, save_all=True, append_images=others, **lossless)
    rgb.save(HERE / "lossy.webp", quality=95)
    rgb.save(HERE / "plain.bmp")
    rgb.save(HERE / "plain.ppm")
    rgb.save(HERE / "lzw.tif", compression="tiff_lzw")
    rgb.save(HERE / "big.tif", big_tiff=True)
    rgb.convert("CMYK").save(HERE / "cmyk.tif")
    Image.fromarray(quarters[..., 0].astype(np.float32) / 255).save(HERE / "float.tif")


if __name__ == "__main__":
    main()
