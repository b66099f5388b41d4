import matplotlib as mpl
import pytest
import torch

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


@pytest.mark.parametrize("text", ["", "-1", "1.5", "seven"])
def test_refuses_a_seed_that_is_no_number(monkeypatch, text):
    monkeypatch.setenv("LINEBYLINE_SEED", text)
    with pytest.raises(ValueError, match="LINEBYLINE_SEED is"):
        start()


def test_figures_are_drawn_on_nothing():
    mpl.rcdefaults()
    start()
    assert mpl.rcParams["savefig.transparent"] or mpl.rcParams["figure.facecolor"] == "none"


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

    assert mask(f"it took {seconds(3.21)}") == mask(f"it took {seconds(99.9)}")
