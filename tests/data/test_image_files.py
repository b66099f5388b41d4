"""Files come back as they were written, the right way up, in order, and bad ones are named."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_image

from linebyline.data.image_files import read_folder, read_image, write_image


def noise(channels: int = 3, height: int = 5, width: int = 7, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    shape = (channels, height, width)
    return torch.randint(256, shape, generator=generator, dtype=torch.uint8)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("suffix", ["png", "bmp"])
def test_a_file_gives_every_pixel_back(tmp_path: Path, channels: int, suffix: str) -> None:
    path = tmp_path / f"image.{suffix}"
    write_image(path, noise(channels))
    assert torch.equal(read_image(path, channels=channels), noise(channels))


def test_reads_a_photograph_as_pillow_does(tmp_path: Path) -> None:
    china = load_sample_image("china.jpg")  # (H, W, C)
    Image.fromarray(china).save(tmp_path / "china.png")
    image = read_image(tmp_path / "china.png")
    assert image.shape == (3, 427, 640)
    np.testing.assert_array_equal(image.permute(1, 2, 0).numpy(), china)
    assert image.is_contiguous()


def test_converts_colour_to_grey_and_grey_to_colour(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    write_image(path, noise(3))
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    grey = (noise(3) * weights).sum(0)
    assert (read_image(path, channels=1)[0] - grey).abs().max() <= 1
    write_image(path, noise(1))
    assert torch.equal(read_image(path), noise(1).expand(3, 5, 7))


def test_heeds_the_note_how_the_camera_was_held(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter, clockwise
    path = tmp_path / "image.png"
    Image.fromarray(noise().permute(1, 2, 0).numpy()).save(path, exif=exif)
    assert torch.equal(read_image(path), noise().rot90(-1, (1, 2)))


def test_a_folder_of_folders(tmp_path: Path) -> None:
    for place, seed in (("dog/b.png", 1), ("cat/z.png", 2), ("dog/a.PNG", 3)):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        write_image(tmp_path / place, noise(seed=seed))
    (tmp_path / "cat/notes.txt").write_text("no image")
    (tmp_path / "list.txt").write_text("no class")
    (inputs, targets), names = read_folder(tmp_path)
    assert names == ["cat", "dog"]
    assert targets.tolist() == [0, 1, 1]
    assert torch.equal(inputs, torch.stack([noise(seed=seed) for seed in (2, 3, 1)]))
    grey = read_folder(str(tmp_path), channels=1)[0].inputs
    assert torch.equal(grey[0], read_image(tmp_path / "cat/z.png", channels=1))


def test_a_folder_in_alphabetical_order_whatever_the_format(tmp_path: Path) -> None:
    names = "gcafbhed"
    suffixes = ("png", "jpg", "jpeg", "bmp", "webp", "png", "JPG", "Png")
    for value, (name, suffix) in enumerate(zip(names, suffixes, strict=True)):
        (tmp_path / name).mkdir()
        for shade in (value + 1, 0, value):  # the files are sorted, too
            path = tmp_path / name / f"{shade}.{suffix}"
            write_image(path, torch.full((3, 8, 8), 20 * shade, dtype=torch.uint8))
    (inputs, targets), found = read_folder(tmp_path)
    assert found == sorted(names)
    shades = [sorted({0, names.index(name), names.index(name) + 1}) for name in found]
    expected = [20.0 * shade for row in shades for shade in row]
    assert inputs.float().mean((1, 2, 3)).tolist() == pytest.approx(expected, abs=3)
    assert targets.tolist() == [label for label, row in enumerate(shades) for _ in row]


def test_refuses_a_file_that_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    write_image(path, noise(height=50, width=50))
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ValueError, match=r"image\.png is no image that can be read"):
        read_image(path)
    write_image(path, noise(height=200, width=300))
    parts = path.read_bytes().split(b"IDAT")
    path.write_bytes(b"IDAT".join(parts[:2]) + b"I AT" + b"IDAT".join(parts[2:]))
    with pytest.raises(ValueError, match=r"can be read: broken PNG file"):
        read_image(path)
    path.write_text("no image")
    with pytest.raises(ValueError, match=r"image\.png is no image that can be read"):
        read_image(path)


def test_refuses_a_file_with_two_bytes_for_each_grey(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    Image.fromarray(noise(1)[0].numpy().astype(np.uint16) * 257).save(path)
    with pytest.raises(
        ValueError, match=r"image\.png must have one byte for each colour, not .*16"
    ):
        read_image(path, channels=1)


def test_a_file_that_is_missing_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "none.png")


def test_refuses_other_channels(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="channels must be 1 or 3, not 4"):
        read_image(tmp_path / "image.png", channels=4)


@pytest.mark.parametrize("image", [noise(2), noise().float() / 255, noise()[0], noise()[:, 0]])
def test_refuses_to_write_what_is_no_image(tmp_path: Path, image, without_shape_checks) -> None:
    with pytest.raises((ValueError, TypeError), match="image"):
        write_image(tmp_path / "image.png", image)


def test_refuses_folders_that_are_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no folders"):
        read_folder(tmp_path)
    (tmp_path / "cat").mkdir()
    with pytest.raises(ValueError, match="cat holds no image"):
        read_folder(tmp_path)
    write_image(tmp_path / "cat/1.png", noise())
    write_image(tmp_path / "cat/2.png", noise(height=6))
    with pytest.raises(ValueError, match=r"2\.png is \(6, 7\) pixels .* the first image \(5, 7\)"):
        read_folder(tmp_path)
    write_image(tmp_path / "cat/2.png", noise(width=6))
    with pytest.raises(ValueError, match=r"2\.png is \(5, 6\) pixels .* the first image \(5, 7\)"):
        read_folder(tmp_path)
