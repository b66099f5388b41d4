from io import BytesIO
from itertools import combinations, pairwise

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from linebyline.plotting import style
from linebyline.plotting.style import DIVERGING, INK, INK_MAP, PALETTE, SEQUENTIAL, png_bytes

GROUNDS = ("#ffffff", "#14181e", "#121212")

# Machado, Oliveira, Fernandes (2009), severity 1; they act on linear RGB.
VISION = {
    "all cones": np.eye(3),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def linear(color):
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """WCAG 2.2, "contrast ratio"."""
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    """CIELAB, white D65, of linear RGB."""
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    xyz = to_xyz @ np.clip(rgb, 0, 1) / [0.95047, 1.0, 1.08883]
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (xyz * 24389 / 27 + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def on(ground, rgba):
    rgba = np.asarray(rgba, float)
    return rgba[..., :3] * rgba[..., 3:] + np.array(to_rgb(ground)) * (1 - rgba[..., 3:])


def test_the_formulas_on_known_colours():
    assert contrast("white", "black") == pytest.approx(21)
    assert contrast("#767676", "white") == pytest.approx(4.54, abs=0.01)
    np.testing.assert_allclose(lab(linear("#ff0000")), [53.24, 80.09, 67.20], atol=0.05)


@pytest.mark.parametrize("ground", GROUNDS)
def test_everything_stands_out_on_every_ground(ground):
    assert contrast(INK, ground) >= 4.2
    for color in PALETTE:
        assert contrast(color, ground) >= 3, color


@pytest.mark.parametrize(("vision", "least"), [*zip(VISION, (25, 20, 20, 20), strict=True)])
def test_any_two_colours_differ_whoever_looks(vision, least):
    seen = [lab(VISION[vision] @ linear(color)) for color in PALETTE]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) >= least


def test_colour_is_never_the_only_cue():
    assert len(PALETTE) == len(set(PALETTE)) >= 5
    for cues in (style.MARKERS, style.LINE_STYLES):
        assert len(cues) == len(set(cues)) == len(PALETTE)
    one, two = (plt.gca().plot([0, 1])[0] for _ in range(2))
    assert one.get_color() != two.get_color()
    assert one.get_linestyle() != two.get_linestyle()


def test_type_is_read_on_a_phone():
    """A figure of 7 inches, shown 350 pixels wide."""
    ax = plt.gca()
    ax.set(title="title", xlabel="x", ylabel="y")
    ax.legend(handles=ax.plot([0, 1]), labels=["line"])
    ax.text(0, 0, "note")
    ax.figure.draw_without_rendering()
    words = ax.findobj(mpl.text.Text)
    shown = {word.get_text(): word.get_fontsize() / 72 * 350 / style.WIDTH for word in words}
    assert min(shown.values()) >= 8
    assert all(shown[name] >= 9 for name in ("title", "x", "y", "note"))
    assert ax.figure.get_figwidth() == style.WIDTH


def test_the_style_is_set_on_request_and_twice_is_once():
    with mpl.rc_context():
        mpl.rcdefaults()
        assert mpl.rcParams["figure.facecolor"] == "white"
        style.use()
        style.use()
        assert mpl.rcParams["figure.facecolor"] == "none"
        assert not mpl.rcParams["axes.spines.top"]
        saved = BytesIO()
        plt.figure().savefig(saved, format="png")
        assert (np.asarray(Image.open(saved).convert("RGBA"))[..., 3] == 0).all()
        assert plt.imshow([[0, 1]]).get_cmap().name == SEQUENTIAL.name
    for name in ("ink", "sequential", "diverging"):
        assert f"linebyline.{name}" in mpl.colormaps


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("colormap", [INK_MAP, SEQUENTIAL], ids=lambda colormap: colormap.name)
def test_a_map_begins_as_the_ground_and_grows_away_from_it(colormap, ground):
    seen = [linear(color) for color in on(ground, colormap(np.linspace(0, 1, 40)))]
    np.testing.assert_allclose(seen[0], linear(ground), atol=1e-6)
    away = [np.linalg.norm(lab(color) - lab(linear(ground))) for color in seen]
    assert all(later > earlier + 0.2 for earlier, later in pairwise(away))
    assert contrast(on(ground, colormap(1.0)), ground) >= 3


def test_the_diverging_map_is_nothing_at_zero_and_fades_alike_on_both_sides():
    values = np.linspace(0, 1, 255)
    colors = DIVERGING(values)
    assert colors[127, 3] == 0
    np.testing.assert_allclose(colors[:, 3], colors[::-1, 3], atol=0.01)
    assert (np.diff(colors[127:, 3]) > 0).all()
    np.testing.assert_allclose(colors[:127, :3], np.tile(to_rgb(PALETTE[1]), (127, 1)), atol=1e-6)
    np.testing.assert_allclose(colors[128:, :3], np.tile(to_rgb(PALETTE[0]), (127, 1)), atol=1e-6)


def count(rgba):
    """Distinct colours."""
    return len(np.unique(np.ascontiguousarray(rgba.astype(np.uint8)).view("<u4")))


def line_plot():
    x = np.linspace(0, 10, 200)
    figure, ax = plt.subplots()
    ax.plot(x, np.sin(x))
    ax.plot(x, np.exp(-x))
    ax.set(xlabel="step", ylabel="loss")
    return figure


def test_a_line_plot_is_small_transparent_and_true_to_its_colours(pixels):
    png = png_bytes(line_plot())
    assert png == png_bytes(line_plot())  # the same bytes each time: a figure is kept in git
    assert png[25] == 3  # a palette, says the header
    assert len(png) < 20_000
    few = pixels(png)
    assert few.shape[1] >= style.WIDTH * style.DPI
    assert (few[[0, 0, -1, -1], [0, -1, 0, -1], 3] == 0).all()
    for color in (INK, *PALETTE[:2]):
        exact = (few == [*(round(255 * part) for part in to_rgb(color)), 255]).all(axis=-1)
        assert exact.sum() > 200, color


def test_no_pixel_changes_its_hue_visibly(pixels, monkeypatch):
    few = pixels(png_bytes(line_plot()))
    monkeypatch.setattr(style, "quantize", lambda picture, colors: picture)
    all_colors = pixels(png_bytes(line_plot()))
    assert count(all_colors) > 300  # anti-aliased
    assert count(few) <= 64
    for ground in GROUNDS[:2]:
        error = np.abs(on(ground, few / 255) - on(ground, all_colors / 255))
        assert error.max() < 0.1
        assert np.percentile(error, 99.5) < 0.02


def test_a_narrow_figure_is_centred_on_a_page_and_its_type_stays_its_size(pixels):
    figure = plt.figure(figsize=(2, 2), layout="none")
    figure.add_axes((0, 0, 1, 1)).axvspan(0, 1, color=PALETTE[0])
    drawn = pixels(png_bytes(figure))[..., 3].max(axis=0) > 0
    assert len(drawn) == style.WIDTH * style.DPI
    left, right = np.flatnonzero(drawn)[[0, -1]]
    assert right - left == pytest.approx(2 * style.DPI, rel=0.2)
    assert abs(left - (len(drawn) - 1 - right)) < 0.2 * style.DPI


def test_the_ground_is_transparent_even_where_matplotlib_s_own_style_is_used(pixels):
    with mpl.rc_context():
        mpl.rcdefaults()
        figure = line_plot()
        assert (pixels(png_bytes(figure))[..., 3] == 0).mean() > 0.8


def test_photographs_get_the_whole_palette(pixels):
    noise = np.random.default_rng(0).random((20, 20, 3))
    figure, ax = plt.subplots(figsize=(2, 2))
    ax.imshow(noise)
    assert count(pixels(png_bytes(figure))) == 256
    assert count(pixels(png_bytes(figure, colors=20))) == 20


def test_the_figure_is_left_open_and_as_it_was():
    figure = line_plot()
    before = figure.get_size_inches().tolist(), figure.get_dpi()
    png_bytes(figure)
    assert plt.fignum_exists(figure.number)
    assert (figure.get_size_inches().tolist(), figure.get_dpi()) == before


def test_refuses_an_impossible_palette():
    with pytest.raises(ValueError, match="colors must be between 2 and 256, was 1"):
        png_bytes(plt.figure(), colors=1)
