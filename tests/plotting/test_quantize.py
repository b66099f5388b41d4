import numpy as np
import pytest
from PIL import Image

from linebyline.plotting.quantize import quantize


def picture(seed=0, colors=5000):
    generator = np.random.default_rng(seed)
    palette = generator.integers([0, 0, 0, 1], 256, size=(colors, 4))  # all visible
    return palette[generator.integers(0, colors, size=(80, 90))].astype(np.uint8)


def on(ground, rgba):
    alpha = rgba[..., 3:] / 255.0
    return rgba[..., :3] * alpha + ground * (1 - alpha)


def test_few_colours_are_kept_exactly_and_in_place():
    rgba = picture(colors=40)
    rgba[:10] = (12, 200, 3, 0)  # invisible green
    out = quantize(Image.fromarray(rgba), 64)
    assert out.mode == "P"
    back = np.asarray(out.convert("RGBA"))
    assert (back[:10] == 0).all()  # what is invisible is one colour: nothing
    np.testing.assert_array_equal(back[10:], rgba[10:])


def test_the_palette_has_no_more_colours_than_asked_for():
    for colors in (2, 16, 256):
        out = quantize(Image.fromarray(picture()), colors)
        assert len(np.unique(np.asarray(out))) == colors


def test_more_colours_serve_the_worst_pixel_better():
    rgba = picture()
    errors = []
    for colors in (8, 32, 128, 256):
        back = np.asarray(quantize(Image.fromarray(rgba), colors).convert("RGBA"))
        errors.append(max(np.abs(on(g, rgba) - on(g, back)).max() for g in (0, 255)))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.55 * errors[0]


def test_every_pixel_gets_the_nearest_entry_as_seen_on_a_ground():
    rgba = picture(colors=300)
    out = quantize(Image.fromarray(rgba), 24)
    entries = np.array(out.getpalette("RGBA"), float).reshape(-1, 4)[:24]

    def seen(colors):
        return np.concatenate([colors[..., :3] * colors[..., 3:] / 255, colors[..., 3:]], axis=-1)

    distances = np.linalg.norm(seen(rgba.astype(float))[:, :, None] - seen(entries), axis=-1)
    chosen = np.take_along_axis(distances, np.asarray(out)[..., None].astype(int), axis=-1)[..., 0]
    np.testing.assert_allclose(chosen, distances.min(axis=-1), atol=1e-3)


def test_frequent_colours_are_exact_however_many_rare_ones_there_are():
    rgba = picture()
    rgba[:60] = (63, 112, 234, 255)
    rgba[60:65] = (123, 123, 123, 51)
    back = np.asarray(quantize(Image.fromarray(rgba), 16).convert("RGBA"))
    np.testing.assert_array_equal(back[:65], rgba[:65])


def test_what_is_transparent_stays_so_and_comes_first_however_little_there_is():
    rgba = picture()
    rgba[0, 0] = 0
    out = quantize(Image.fromarray(rgba), 8)
    assert np.asarray(out)[0, 0] == 0
    assert out.getpalette("RGBA")[3] == 0


@pytest.mark.parametrize(("colors", "mode"), [(1, "RGBA"), (257, "RGBA"), (64, "RGB")])
def test_refuses_by_name(colors, mode):
    name = "image" if mode == "RGB" else "colors"
    with pytest.raises(ValueError, match=f"^{name} must be"):
        quantize(Image.new(mode, (4, 4)), colors)
