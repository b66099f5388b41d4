"""The ring has its centres, its spread and its seed."""

import math

import pytest
import torch

from linebyline.data.gaussian_ring import gaussian_ring, ring_centres


def test_centres_lie_evenly_on_the_circle() -> None:
    centres = ring_centres(6, radius=3.0)
    torch.testing.assert_close(centres.norm(dim=1), torch.full((6,), 3.0))
    torch.testing.assert_close(centres[0], torch.tensor([3.0, 0.0]))
    steps = (centres - centres.roll(1, 0)).norm(dim=1)
    torch.testing.assert_close(steps, torch.full((6,), 2 * 3.0 * math.sin(math.pi / 6)))


def test_each_mode_has_its_share_and_its_spread() -> None:
    points = gaussian_ring(8000, modes=8, radius=2.0, spread=0.05, seed=1)
    centres = ring_centres(8)
    nearest = torch.cdist(points, centres).argmin(1)
    assert torch.bincount(nearest).tolist() == [1000] * 8
    off = points - centres[nearest]
    torch.testing.assert_close(off.std(0), torch.full((2,), 0.05), rtol=0.03, atol=0)
    assert off.mean(0).abs().max() < 0.003
    assert points.shape == (8000, 2)
    assert points.dtype == torch.float32
    assert len(set(nearest[:100].tolist())) == 8  # shuffled


def test_a_seed_is_a_set() -> None:
    assert gaussian_ring(50, seed=3).equal(gaussian_ring(50, seed=3))
    assert not gaussian_ring(50, seed=3).equal(gaussian_ring(50, seed=4))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"modes": 0}, "modes must be at least 1, not 0"),
        ({"radius": 0.0}, "radius must be above 0, not 0.0"),
        ({"count": 7}, "count must be at least 8, one for each mode, not 7"),
        ({"spread": 0.0}, "spread must be above 0, not 0.0"),
    ],
)
def test_bad_arguments_are_named(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        gaussian_ring(**wrong)  # type: ignore[arg-type]
