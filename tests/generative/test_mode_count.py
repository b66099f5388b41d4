"""Modes and near samples are counted as by hand, and as scikit-learn finds neighbours."""

from typing import Any

import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from linebyline.generative.mode_count import count_modes

CENTRES = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])


def test_a_count_by_hand() -> None:
    """Two near the first, one at its edge, one outside; one near the second."""
    samples = torch.tensor([[0.1, 0.0], [0.0, 0.0], [2.99, 0.0], [3.01, 0.0], [10.0, 1.0]])
    count = count_modes(samples, CENTRES, 1.0)
    assert count.covered == 2
    assert count.near == pytest.approx(0.8)
    assert count.shares.tolist() == pytest.approx([0.6, 0.2, 0.0])
    assert count_modes(samples, CENTRES, 1.0, least=0.3).covered == 1
    assert count_modes(samples, CENTRES, 1.0, within=3.1).near == 1


def test_what_lies_at_the_edge_is_near() -> None:
    assert count_modes(torch.tensor([[3.0, 0.0], [0.0, 13.0]]), CENTRES, 1.0).near == 1


def test_far_from_the_origin_the_count_is_the_same() -> None:
    draw = torch.Generator().manual_seed(0)
    samples = CENTRES[torch.randint(3, (600,), generator=draw)] / 10
    samples = samples + 0.01 * torch.randn(samples.shape, generator=draw)
    near = count_modes(samples, CENTRES / 10, 0.01).near
    assert count_modes(samples + 1000, CENTRES / 10 + 1000, 0.01).near == pytest.approx(
        near, abs=0.01
    )


def test_shares_are_those_of_a_search_for_neighbours() -> None:
    samples = 4 * torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    distance, nearest = NearestNeighbors(n_neighbors=1).fit(CENTRES).kneighbors(samples)
    wanted = [float(((nearest == k) & (distance <= 3)).mean()) for k in range(3)]
    assert count_modes(samples, CENTRES, 1.0).shares.tolist() == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"samples": torch.zeros(0, 2)}, "samples must hold at least one point"),
        ({"centres": torch.zeros(0, 2)}, "centres must hold at least one point"),
        ({"spread": 0.0}, "spread must be above 0, not 0.0"),
        ({"spread": float("nan")}, "spread must be above 0, not nan"),
        ({"within": 0.0}, "within must be above 0, not 0.0"),
        ({"least": 0.0}, "least must be above 0 and at most 1, not 0.0"),
        ({"least": 1.5}, "least must be above 0 and at most 1, not 1.5"),
    ],
)
def test_bad_arguments_are_named(wrong: dict[str, Any], said: str) -> None:
    right: dict[str, Any] = {"samples": CENTRES, "centres": CENTRES, "spread": 1.0}
    with pytest.raises(ValueError, match=said):
        count_modes(**(right | wrong))
