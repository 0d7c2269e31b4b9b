from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from dlviz_docs.model.samples import Pictures
from dlviz_docs.readers.samples.pictures import look, pictures_of, pictures_of_array
from dlviz_docs.readers.samples.thumbnails import sprite, thumbnail

GPS_LATITUDE = 2
GPS_FOLDER = 0x8825
COLOURS = {"top left": (220, 20, 20), "top right": (20, 200, 20), "bottom left": (20, 20, 220)}
SHOT = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How the sensor's rows lie when the camera writes each orientation: what undoes it, undone."""


def scene(width: int = 240, height: int = 160) -> Image.Image:
    """Red, green and blue corners, and a white one."""
    pixels = np.full((height, width, 3), 255, np.uint8)
    pixels[: height // 2, : width // 2] = COLOURS["top left"]
    pixels[: height // 2, width // 2 :] = COLOURS["top right"]
    pixels[height // 2 :, : width // 2] = COLOURS["bottom left"]
    return Image.fromarray(pixels)


def exif(orientation: int) -> Image.Exif:
    told = Image.Exif()
    told[0x0112] = orientation
    told[0x010F] = "SecretCamera"
    told.get_ifd(GPS_FOLDER)[GPS_LATITUDE] = (51.0, 30.0, 0.0)
    return told


def opened(data: bytes | None) -> Image.Image:
    assert data is not None
    return Image.open(io.BytesIO(data))


def of_file(folder: Path, name: str, side: int = 100) -> Image.Image:
    return opened(thumbnail(folder, pictures_of(folder, [name]), 0, side))


def near(pixel: object, wanted: tuple[int, ...], by: int = 25) -> bool:
    return np.abs(np.array(pixel, int)[:3] - np.array(wanted)).max() <= by


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_upright_and_without_metadata(tmp_path: Path, kind: str, orientation: int) -> None:
    turn = SHOT[orientation]
    stored = scene() if turn is None else scene().transpose(turn)
    stored.save(tmp_path / f"a.{kind}", exif=exif(orientation).tobytes(), **({"quality": 95} if kind != "tif" else {}))
    pictures = pictures_of(tmp_path, [f"a.{kind}"])
    assert pictures.sizes.tolist() == [[240, 160]]
    data = thumbnail(tmp_path, pictures, 0, 120)
    image = opened(data)
    assert image.format == "WEBP"
    assert image.size == (120, 80)
    assert near(image.getpixel((10, 10)), COLOURS["top left"])
    assert near(image.getpixel((110, 10)), COLOURS["top right"])
    assert near(image.getpixel((10, 70)), COLOURS["bottom left"])
    assert not dict(image.getexif())
    assert data is not None
    assert b"SecretCamera" not in data
    assert not {"exif", "xmp", "icc_profile"} & set(image.info)


HELD = {
    "jpg": "1 L RGB CMYK YCbCr",
    "png": "1 L LA P RGB RGBA I;16",
    "webp": "1 L LA P RGB RGBA CMYK YCbCr",
    "tif": "1 L LA P RGB RGBA CMYK YCbCr I I;16 F LAB",
    "gif": "1 L LA P RGB RGBA",
    "bmp": "1 L P RGB RGBA",
}


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in HELD.items() for mode in modes.split()])
def test_every_mode_a_format_can_hold_gives_a_thumbnail(tmp_path: Path, kind: str, mode: str) -> None:
    ramp = np.tile(np.linspace(0, 255, 200), (100, 1))
    if mode == "LAB":
        profile = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
        image = ImageCms.applyTransform(Image.fromarray(ramp.astype(np.uint8)).convert("RGB"), profile)
        assert image is not None
    elif mode == "I;16":
        image = Image.fromarray((ramp * 16).astype(np.uint16))
    else:
        grey = Image.fromarray(ramp.astype(np.uint8))
        image = grey.convert("RGB").convert(mode) if mode not in ("1", "I", "F") else grey.convert(mode)
    image.save(tmp_path / f"a.{kind}")
    shown = of_file(tmp_path, f"a.{kind}", 50).convert("L")
    assert shown.size == (50, 25)
    pixels = np.asarray(shown, int)
    assert pixels[:, -5:].mean() - pixels[:, :5].mean() > 150  # from dark to bright, whatever the numbers are


def test_numbers_beyond_eight_bits_are_scaled_to_their_range(tmp_path: Path) -> None:
    values = np.full((80, 80), 1000, np.uint16)
    values[:, 40:] = 1100
    Image.fromarray(values).save(tmp_path / "a.png")
    pixels = np.asarray(of_file(tmp_path, "a.png").convert("L"), int)
    assert pixels[40, 5] < 10
    assert pixels[40, 75] > 245


def test_floats_with_nan_and_infinity_are_shown(tmp_path: Path) -> None:
    values = np.linspace(-3, 3, 6400, dtype=np.float32).reshape(80, 80)
    values[0, 0], values[0, 1] = np.nan, np.inf
    Image.fromarray(values).save(tmp_path / "a.tif")
    pixels = np.asarray(of_file(tmp_path, "a.tif").convert("L"), int)
    assert pixels[5].mean() < 40
    assert pixels[75].mean() > 215


def test_a_colour_profile_is_applied_and_then_left_out(tmp_path: Path) -> None:
    """A profile whose red and blue are exchanged shows whether anybody looked at it."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.find(b"rXYZ", 128), profile.find(b"bXYZ", 128)
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    Image.new("RGB", (100, 100), (255, 0, 0)).save(tmp_path / "a.png", icc_profile=bytes(profile))
    image = of_file(tmp_path, "a.png")
    assert near(image.getpixel((50, 50)), (0, 0, 255), by=12)
    assert "icc_profile" not in image.info


def test_a_broken_profile_is_passed_over(tmp_path: Path) -> None:
    Image.new("RGB", (100, 100), (200, 100, 50)).save(tmp_path / "a.png", icc_profile=b"x" * 500)
    assert near(of_file(tmp_path, "a.png").getpixel((50, 50)), (200, 100, 50))


def test_a_grey_board_shows_through_transparent_pixels(tmp_path: Path) -> None:
    Image.new("RGBA", (100, 100), (255, 0, 0, 0)).save(tmp_path / "a.png")
    image = of_file(tmp_path, "a.png")
    assert image.mode == "RGB"
    pixels = np.asarray(image, int)
    assert pixels.max() - pixels.min() >= 15
    assert near(pixels[4, 4], (0x8C,) * 3, by=6)
    assert near(pixels[4, 12], (0x74,) * 3, by=6)


def test_of_an_animation_the_first_frame_is_shown(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (90, 90), colour) for colour in ((255, 0, 0), (0, 255, 0))]
    for kind in ("gif", "webp", "png", "tif"):
        frames[0].save(tmp_path / f"a.{kind}", save_all=True, append_images=frames[1:])
        assert near(of_file(tmp_path, f"a.{kind}").convert("RGB").getpixel((45, 45)), (255, 0, 0)), kind


def test_small_pictures_are_enlarged_dot_by_dot_without_loss(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 256, (28, 20, 3), dtype=np.uint8)
    Image.fromarray(values).save(tmp_path / "a.png")
    pixels = np.asarray(of_file(tmp_path, "a.png", 100))
    assert pixels.shape == (84, 60, 3)
    assert (pixels == values.repeat(3, axis=0).repeat(3, axis=1)).all()


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tif"])
def test_a_picture_smaller_than_asked_is_whole_and_without_metadata(tmp_path: Path, kind: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for size in (20, 90):
        scene(size, size).save(tmp_path / f"a.{kind}", icc_profile=profile, exif=exif(1).tobytes())
        pictures = pictures_of(tmp_path, [f"a.{kind}"])
        image = opened(thumbnail(tmp_path, pictures, 0, 120))
        assert near(image.getpixel((5, 5)), COLOURS["top left"])
        assert not {"exif", "xmp", "icc_profile"} & set(image.info)
        image = opened(sprite(tmp_path, pictures, [0], 100))
        assert near(image.getpixel((15, 15)), COLOURS["top left"], by=40)


def test_a_picture_is_not_enlarged(tmp_path: Path) -> None:
    scene(90, 65).save(tmp_path / "a.png")
    assert of_file(tmp_path, "a.png", 400).size == (90, 65)


def test_arrays_are_shown_by_their_own_range() -> None:
    digits = np.zeros((3, 8, 8))
    digits[:, :, 4:] = 16
    image = opened(thumbnail(Path(), pictures_of_array("digits.npz", digits), 1, 80)).convert("L")
    assert image.size == (80, 80)
    assert (image.getpixel((3, 3)), image.getpixel((77, 3))) == (0, 255)


def test_what_cannot_be_read_has_no_thumbnail(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    assert thumbnail(tmp_path, pictures_of(tmp_path, ["a.jpg"]), 0, 50) is None
    assert thumbnail(tmp_path, Pictures(keys=("b.jpg",), sources=("",)), 0, 50) is None
    assert thumbnail(tmp_path, Pictures(keys=("b.jpg",)), 0, 50) is None


def test_a_picture_cut_off_anywhere_is_a_thumbnail_or_none_and_is_told(tmp_path: Path) -> None:
    for kind in ("jpg", "png", "webp", "tif", "gif", "bmp"):
        scene(70, 50).save(tmp_path / f"whole.{kind}")
        whole = (tmp_path / f"whole.{kind}").read_bytes()
        cuts = range(0, len(whole), max(100, len(whole) // 40))
        names = []
        for cut in cuts:
            names.append(f"{cut}.{kind}")
            (tmp_path / names[-1]).write_bytes(whole[:cut])
        pictures, problems = look(tmp_path, names)
        shown = [thumbnail(tmp_path, pictures, row, 40) for row in range(len(names))]
        unread = len(names) - len(pictures.measured)
        assert [data is None for data in shown].count(True) == unread, kind
        told = sum(int(problem.what.split(" ")[0]) for problem in problems)
        assert told == unread, (kind, problems)
        assert unread >= len(names) // 2, kind


def test_a_sprite_is_a_square_of_tiles(tmp_path: Path) -> None:
    for name, colour in (("r", (255, 0, 0)), ("g", (0, 255, 0)), ("b", (0, 0, 255))):
        Image.new("RGB", (100, 50), colour).save(tmp_path / f"{name}.png")
    (tmp_path / "x.png").write_bytes(b"")
    pictures = pictures_of(tmp_path, ["r.png", "x.png", "g.png", "b.png"])
    image = opened(sprite(tmp_path, pictures, [0, 1, 2, 3, 0], 32)).convert("RGBA")
    assert image.size == (96, 64)
    assert near(image.getpixel((16, 16)), (255, 0, 0))
    assert near(image.getpixel((80, 16)), (0, 255, 0))
    assert near(image.getpixel((16, 48)), (0, 0, 255))
    assert near(image.getpixel((48, 48)), (255, 0, 0))
    for hole in ((48, 16), (16, 2), (80, 48)):
        pixel = image.getpixel(hole)
        assert isinstance(pixel, tuple)
        assert pixel[3] == 0
    with pytest.raises(ValueError, match="more than WebP holds"):
        sprite(tmp_path, pictures, [0] * 10_000, 200)
