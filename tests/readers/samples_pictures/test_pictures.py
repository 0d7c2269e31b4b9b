from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images

from dlviz_docs.readers.samples import _picture_file, _pixels
from dlviz_docs.readers.samples.pictures import look, pictures_of, pictures_of_array, sample
from dlviz_docs.readers.samples.thumbnails import thumbnail


def noise(seed: int = 0, size: tuple[int, int] = (60, 80)) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    for name, pixels in zip(("china", "flower"), load_sample_images().images, strict=True):
        image = Image.fromarray(pixels)
        image.save(folder / f"{name}.jpg", quality=92)
        image.save(folder / f"{name}.png")
        image.resize((320, 214), Image.Resampling.LANCZOS).save(folder / f"{name}_small.webp", quality=70)
    return folder


def test_headers_are_read_of_all(photographs: Path) -> None:
    pictures = pictures_of(photographs, ["china.jpg", "flower.png", "china_small.webp"])
    assert pictures.sizes.tolist() == [[640, 427], [640, 427], [320, 214]]
    assert pictures.modes == ("RGB", "RGB", "RGB")
    assert pictures.octets.tolist() == [(photographs / name).stat().st_size for name in pictures.keys]
    assert pictures.keys == pictures.sources


def test_measures_agree_with_the_whole_picture(photographs: Path) -> None:
    pictures = pictures_of(photographs, ["china.png", "flower.jpg"])
    for row, pixels in enumerate(load_sample_images().images):
        grey = np.asarray(Image.fromarray(pixels).convert("L"), float) / 255
        high, low = pixels.max(axis=2).astype(float), pixels.min(axis=2).astype(float)
        assert pictures.measures["brightness"][row] == pytest.approx(grey.mean(), abs=0.005)
        assert pictures.measures["contrast"][row] == pytest.approx(grey.std(), abs=0.02)
        assert pictures.measures["saturation"][row] == pytest.approx(
            np.mean((high - low) / np.maximum(high, 1)), abs=0.05
        )


def test_known_pictures_have_known_measures(tmp_path: Path) -> None:
    halves = np.zeros((64, 64), np.uint8)
    halves[:, 32:] = 255
    Image.fromarray(halves).save(tmp_path / "halves.png")
    Image.new("RGB", (64, 64), (255, 0, 0)).save(tmp_path / "red.png")
    measures = pictures_of(tmp_path, ["halves.png", "red.png"]).measures
    laplacian = np.zeros((62, 62))
    laplacian[:, 30], laplacian[:, 31] = 255, -255
    assert measures["brightness"] == pytest.approx([0.5, 76 / 255])
    assert measures["contrast"] == pytest.approx([0.5, 0])
    assert measures["sharpness"] == pytest.approx([laplacian.var(), 0])
    assert measures["entropy"] == pytest.approx([1, 0])
    assert measures["saturation"] == pytest.approx([0, 1])


def test_blur_is_less_sharp(tmp_path: Path, photographs: Path) -> None:
    from PIL import ImageFilter

    with Image.open(photographs / "china.png") as image:
        image.filter(ImageFilter.GaussianBlur(6)).save(tmp_path / "blurred.png")
        image.save(tmp_path / "sharp.png")
    blurred, sharp = pictures_of(tmp_path, ["blurred.png", "sharp.png"]).measures["sharpness"]
    assert blurred < sharp / 10


def test_fingerprints_are_alike_for_the_same_scene_only(photographs: Path) -> None:
    names = ["china.jpg", "china.png", "china_small.webp", "flower.jpg", "flower_small.webp"]
    prints = pictures_of(photographs, names).fingerprints
    apart = np.bitwise_count(prints[:, None] ^ prints[None]).astype(int)
    same = np.array([[a[:5] == b[:5] for b in names] for a in names])
    assert apart[same].max() <= 4
    assert apart[~same].min() >= 15


def test_phash_is_that_of_a_transform_written_out(photographs: Path) -> None:
    from scipy.fft import dctn

    pictures = pictures_of(photographs, ["china.jpg", "flower.jpg"])
    for row in range(2):
        low = dctn(pictures.small[row].astype(float), type=2)[:8, :8].ravel()
        wanted = int("".join(str(int(flag)) for flag in low > np.median(low)), 2)
        assert int(pictures.fingerprints[row, 1]) == wanted


def test_even_pictures_have_no_hash_of_noise(tmp_path: Path) -> None:
    for level in (0, 3, 77, 255):
        Image.new("L", (50, 50), level).save(tmp_path / f"{level}.png")
    prints = pictures_of(tmp_path, ["3.png", "77.png", "255.png"]).fingerprints
    assert len(np.unique(prints, axis=0)) == 1


def test_exact_copies_have_equal_contents(tmp_path: Path) -> None:
    for number in range(3):
        noise(number).save(tmp_path / f"{number}.bmp")
    noise(1).save(tmp_path / "copy.bmp")
    noise(9, (5, 5)).save(tmp_path / "alone.bmp")
    contents = pictures_of(tmp_path, ["0.bmp", "1.bmp", "2.bmp", "copy.bmp", "alone.bmp"]).contents
    assert contents[1] == contents[3] != 0
    assert len({*contents[:3].tolist()}) == 3
    assert contents[4] == 0


def test_one_problem_for_each_kind_of_fault(tmp_path: Path) -> None:
    noise().save(tmp_path / "good.png")
    for number in range(5):
        (tmp_path / f"bad{number}.jpg").write_bytes(b"\xff\xd8\xff" + bytes(50))
    whole = (tmp_path / "good.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    names = ["good.png", *(f"bad{number}.jpg" for number in range(5)), "cut.png", "gone.png", "../x.png", "/etc/passwd"]
    pictures, problems = look(tmp_path, names)
    told = {problem.code: problem.what for problem in problems}
    assert set(told) == {"pictures-unreadable", "pictures-cut-off", "pictures-missing", "pictures-outside"}
    assert told["pictures-unreadable"].startswith("5 pictures (bad0.jpg, bad1.jpg, bad2.jpg and 2 more) are not")
    assert told["pictures-cut-off"] == "1 picture (cut.png) breaks off before the end"
    assert pictures.measured.tolist() == [0]
    assert pictures.sizes[1:6].tolist() == [[0, 0]] * 5
    assert len(pictures) == len(pictures.octets) == len(pictures.contents) == len(names)


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def test_bombs_are_not_decoded(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_header(9_000, 9_000))
    (tmp_path / "b.png").write_bytes(png_header(50_000, 50_000))
    extended = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (16_000).to_bytes(3, "little") * 2
    lossless = b"VP8L" + struct.pack("<I", 10) + b"\x2f" + struct.pack("<I", 16_000 | 16_000 << 14) + bytes(10)
    for name, body in (("c", extended), ("d", lossless)):
        (tmp_path / f"{name}.webp").write_bytes(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)
    pictures, problems = look(tmp_path, ["a.png", "b.png", "c.webp", "d.webp"])
    assert [problem.code for problem in problems] == ["pictures-too-large"]
    assert problems[0].what.startswith("4 pictures (a.png, b.png, c.webp and 1 more) have more than 64 megapixels")
    assert not len(pictures.measured)


def test_a_file_of_too_many_bytes_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise().save(tmp_path / "a.png")
    monkeypatch.setattr(_picture_file, "LARGEST", 1000)
    _, problems = look(tmp_path, ["a.png"])
    assert [problem.code for problem in problems] == ["pictures-too-large"]


def test_links_out_of_the_experiment_are_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    noise().save(outside / "a.png")
    noise().save(root / "b.png")
    (root / "file.png").symlink_to(outside / "a.png")
    (root / "folder").symlink_to(outside)
    (root / "inside.png").symlink_to(root / "b.png")
    (root / "loop.png").symlink_to(root / "loop.png")
    os.mkfifo(root / "pipe.png")
    names = ["file.png", "folder/a.png", "loop.png", "pipe.png", "b.png", "inside.png", "b\0.png", "C:\\a.png"]
    pictures, problems = look(root, names)
    assert pictures.measured.tolist() == [4, 5]
    assert {problem.code for problem in problems} == {"pictures-outside", "pictures-missing"}
    assert not pictures.contents[[0, 1, 2, 3]].any()


def test_formats_nobody_asked_for_are_not_opened(tmp_path: Path) -> None:
    for kind in ("tga", "ppm", "ico", "jp2", "eps"):
        noise().save(tmp_path / f"a.{kind}")
        (tmp_path / f"a.{kind}").rename(tmp_path / f"{kind}.png")
    _, problems = look(tmp_path, [f"{kind}.png" for kind in ("tga", "ppm", "ico", "jp2", "eps")])
    assert [problem.code for problem in problems] == ["pictures-unreadable"]


def test_a_sample_is_in_proportion_and_the_same_every_time() -> None:
    strata = ["a"] * 900 + ["b"] * 90 + ["c"] * 10
    rows = sample(strata, 100)
    assert np.unique(rows).tolist() == rows.tolist()
    assert np.bincount([ord(strata[row]) - 97 for row in rows]).tolist() == [90, 9, 1]
    assert rows.tolist() == sample(strata, 100).tolist()
    assert sample(strata, 1000).tolist() == list(range(1000))
    assert len(sample([str(number) for number in range(1000)], 37)) == 37
    assert len(sample([], 5)) == 0


def test_of_many_a_sample_is_measured(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(30)]
    for number, name in enumerate(names):
        noise(number, (10, 10)).save(tmp_path / name)
    pictures, _ = look(tmp_path, names, most=10)
    assert len(pictures) == 30
    assert len(pictures.measured) == len(pictures.small) == len(pictures.fingerprints) == 10
    assert all(len(values) == 10 for values in pictures.measures.values())


def test_chunks_merged_are_the_whole(photographs: Path) -> None:
    names = ["china.jpg", "flower.png", "gone.png", "flower_small.webp"]

    def by_chunks(root: Path, paths: list[str]) -> _pixels.Measured:
        return _pixels.merge([_pixels.measure(root, paths[at : at + 2]) for at in range(0, len(paths), 2)])

    whole, parts = _pixels.measure(photographs, names), by_chunks(photographs, names)
    assert parts.faults == whole.faults == ("", "", "missing", "")
    assert (parts.values == whole.values).all()
    assert (parts.edges == whole.edges).all()
    assert (parts.small == whole.small).all()
    heads = [_pixels.headers(photographs, names[:1]), _pixels.headers(photographs, names[1:])]
    assert (_pixels.merge_headers(heads).sizes == _pixels.headers(photographs, names).sizes).all()
    pictures = pictures_of(photographs, names, measure=by_chunks)  # type: ignore[arg-type]
    assert pictures.measured.tolist() == [0, 1, 3]


def test_no_pictures_are_no_problem(tmp_path: Path) -> None:
    pictures, problems = look(tmp_path, [])
    assert len(pictures) == len(pictures.measured) == 0
    assert problems == ()


def test_a_picture_named_twice_has_two_keys(tmp_path: Path) -> None:
    noise().save(tmp_path / "a.png")
    assert pictures_of(tmp_path, ["a.png", "a.png", "a.png"]).keys == ("a.png", "a.png#2", "a.png#3")


def test_pictures_of_an_array() -> None:
    digits = load_digits().images
    pictures = pictures_of_array("digits.npz", digits)
    assert pictures.keys[17] == "digits.npz#17"
    assert pictures.scale == (0, 16)
    assert pictures.sizes[0].tolist() == [8, 8]
    assert len(pictures.measured) == len(digits)
    assert pictures.measures["brightness"] == pytest.approx(digits.mean(axis=(1, 2)) / 16, abs=0.002)
    assert len(np.unique(pictures.contents)) == len(np.unique(digits.reshape(len(digits), -1), axis=0))


@pytest.mark.parametrize(
    ("array", "scale", "shape"),
    [
        (np.zeros((2, 3, 16, 20), np.float32), (0, 1), (2, 16, 20, 3)),
        (np.full((2, 16, 20, 1), -1.5), (-1.5, -1.5), (2, 16, 20)),
        (np.array([0, np.nan, np.inf, 0.25]).reshape(1, 2, 2), (0, 1), (1, 2, 2)),
        (np.full((2, 5, 5), np.nan), (0, 1), (2, 5, 5)),
        (np.arange(50, dtype=np.int64).reshape(2, 5, 5), (0, 49), (2, 5, 5)),
        (np.zeros((2, 5, 5), bool), (0, 1), (2, 5, 5)),
        (np.array([-1.7e308, 1.7e308]).reshape(1, 1, 2), (-1.7e308, 1.7e308), (1, 1, 2)),
        (np.zeros((0, 5, 5)), (0, 1), (0, 5, 5)),
        (np.full((2, 5, 5, 4), 64, np.uint8), (0, 255), (2, 5, 5, 4)),
        (np.full((2, 5, 5), 16, np.uint8), (0, 16), (2, 5, 5)),
        (np.zeros((2, 5, 5), np.uint8), (0, 1), (2, 5, 5)),
    ],
)
def test_arrays_of_any_numbers(array: np.ndarray, scale: tuple[float, float], shape: tuple[int, ...]) -> None:
    pictures = pictures_of_array("x.npy", array)
    assert pictures.scale == pytest.approx(scale)
    assert pictures.array is not None
    assert pictures.array.shape == shape
    assert all(np.isfinite(values).all() for values in pictures.measures.values())


@pytest.mark.parametrize("shape", [(5, 5), (2, 5, 5, 7), (2, 0, 5), (2, 2, 2, 2, 2)])
def test_arrays_that_are_no_pictures_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="holds no pictures"):
        pictures_of_array("x.npy", np.zeros(shape))


def test_flipped_bytes_are_read_or_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = []
    for kind in ("jpg", "png", "webp", "tif", "gif", "bmp"):
        noise(0, (12, 12)).save(tmp_path / f"a.{kind}")
        whole = (tmp_path / f"a.{kind}").read_bytes()
        for number in range(120):
            flipped = bytearray(whole)
            place = number % 60 if number < 60 else rng.integers(len(whole))
            flipped[place % len(whole)] ^= 1 << int(rng.integers(8))
            names.append(f"{number}.{kind}")
            (tmp_path / names[-1]).write_bytes(flipped)
    pictures, problems = look(tmp_path, names)
    told = sum(int(problem.what.split(" ")[0]) for problem in problems)
    assert told == len(names) - len(pictures.measured)
    assert 0 < told < len(names)
    for row in range(len(names)):
        thumbnail(tmp_path, pictures, row, 40)
