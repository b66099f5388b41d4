from base64 import b64decode
from io import BytesIO

import matplotlib as mpl
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

from linebyline.notebook import at_scale, seconds, start


@pytest.fixture(autouse=True)
def _restore():
    with mpl.rc_context():
        yield


def test_the_seed_comes_from_the_environment_and_reaches_torch(monkeypatch):
    monkeypatch.setenv("LINEBYLINE_SEED", "7")
    assert start() == 7
    drawn = torch.rand(3)
    assert torch.equal(drawn, torch.rand(3, generator=torch.Generator().manual_seed(7)))
    monkeypatch.delenv("LINEBYLINE_SEED")
    assert start() == 0


@pytest.mark.parametrize("text", ["", "-1", "1.5", "seven", "²"])
def test_refuses_a_seed_that_is_no_number(monkeypatch, text):
    monkeypatch.setenv("LINEBYLINE_SEED", text)
    with pytest.raises(ValueError, match=r"LINEBYLINE_SEED is .* whole number"):
        start()


def test_figures_are_drawn_on_nothing():
    mpl.rcdefaults()
    start()
    assert mpl.rcParams["savefig.transparent"] or mpl.rcParams["figure.facecolor"] == "none"


def test_in_a_notebook_figures_are_small_and_errors_take_one_line(tmp_path):
    from execution import execute

    cells = (
        "from linebyline.notebook import start\nstart()",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        ":tags: [raises-exception]\n\ndef divide():\n    1 / 0\n\ndivide()",
    )
    chapter = tmp_path / "a.md"
    head = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n\n# A\n\n"
    chapter.write_text(head + "\n\n".join(f"```{{code-cell}}\n{c}\n```" for c in cells))
    _, figure, error = [c.outputs for c in execute(chapter).cells if c.cell_type == "code"]
    picture = Image.open(BytesIO(b64decode(figure[0].data["image/png"])))
    assert picture.mode == "P"  # a palette: `png_bytes` made it
    assert figure[0].metadata["image/png"]["width"] == picture.width // 2
    assert len(error[0].traceback) == 1
    assert "divide()" not in error[0].traceback[0]


def test_scale(monkeypatch):
    monkeypatch.delenv("LINEBYLINE_SCALE", raising=False)
    assert at_scale(cpu=1, gpu=2) == 1
    monkeypatch.setenv("LINEBYLINE_SCALE", "gpu")
    assert at_scale(cpu=1, gpu=2) == 2
    monkeypatch.setenv("LINEBYLINE_SCALE", "tpu")
    with pytest.raises(ValueError, match=r"LINEBYLINE_SCALE is 'tpu'; .* 'cpu' or 'gpu'"):
        at_scale(cpu=1, gpu=2)


def test_seconds_are_marked_for_the_comparison():
    from compare import mask

    assert seconds(3.21) == "⏱ 3.2 s"
    assert mask(f"it took {seconds(3.21)}") == mask(f"it took {seconds(99.9)}")


def test_a_figure_is_shown_at_two_pixels_to_one():
    from linebyline.notebook import _png

    figure = Figure(figsize=(7, 2))
    figure.subplots().plot([1, 2])
    data, metadata = _png(figure)
    assert metadata == {"width": Image.open(BytesIO(data)).width // 2}
