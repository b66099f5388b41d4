"""The stored study is the one that the script makes: what needs no training is made once more."""

import pytest
import torch
from torch import nn

from linebyline.generative.principal_components import principal_components
from linebyline.studies.narrow_door import (
    KINDS,
    PIXELS,
    RATES,
    STARTS,
    WIDTHS,
    flat_digits,
    network,
    share_left,
    trained,
)


@pytest.fixture(scope="module")
def data():
    return tuple(part.inputs for part in flat_digits(STARTS[0]))


def test_components_end_as_stored(stored, data):
    train, test = data
    found = principal_components(train)
    for width in WIDTHS:
        left = share_left(found.network(width), test, train.mean(0))
        assert left == pytest.approx(stored["components"][str(width)][0], abs=2e-4)


def test_the_rate_is_the_best_of_those_tried_and_the_ends_lose_where_it_matters(stored):
    assert set(stored["networks"]) == set(KINDS)
    for kind, widths in KINDS.items():
        for width in widths:
            row = stored["networks"][kind][str(width)]
            assert row["rate"] == RATES[row["tried"].index(min(row["tried"]))]
            assert len(row["left"]) == len(STARTS)
    assert stored["networks"]["deep"]["8"]["rate"] == RATES[1]


def test_a_short_run_is_on_its_way_to_what_is_stored(stored, data):
    train, test = data
    rate = stored["networks"]["deep"]["8"]["rate"]
    model = network("deep", 8, STARTS[0])
    before = share_left(model, test, train.mean(0))
    trained(model, train, rate=rate, seed=STARTS[0], passes=3)
    after = share_left(model, test, train.mean(0))
    assert stored["networks"]["deep"]["8"]["left"][0] < after < 0.75 < before


def test_the_same_seed_trains_the_same_network_and_draws_from_nobody(data):
    images = data[0][:200]
    state = torch.random.get_rng_state()
    first, again = (
        trained(network("flat", 2, 0), images, rate=0.003, seed=1, passes=1) for _ in range(2)
    )
    assert torch.equal(first(images), again(images))
    assert torch.equal(state, torch.random.get_rng_state())
    assert not first.training


def test_the_rate_falls_to_zero(data):
    images = data[0][:20]
    ours = trained(network("flat", 2, 0), images, rate=0.01, seed=0, passes=2, batch_size=20)
    theirs = network("flat", 2, 0)
    optimizer = torch.optim.Adam(theirs.parameters())
    for rate in (0.01, 0.005):
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        (theirs(images) - images).square().sum(1).mean().backward()
        optimizer.step()
    torch.testing.assert_close(ours(images), theirs(images), atol=1e-4, rtol=1e-4)


def test_controls_take_the_bends_away():
    x, y = torch.rand(2, 3, PIXELS, generator=torch.Generator().manual_seed(0))
    for kind, straight in (("deep", False), ("flat", False), ("straight", True)):
        model = network(kind, 4, 0)
        middle = model((x + y) / 2), (model(x) + model(y)) / 2
        assert torch.allclose(*middle, atol=1e-5) == straight
    flat = network("flat", 4, 0).decoder
    z, w = torch.rand(2, 3, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(flat((z + w) / 2), (flat(z) + flat(w)) / 2)


class Times(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return self.factor * x


def test_share_left():
    images = torch.tensor([[1.0, 0.0], [0.0, 3.0]])
    mean = torch.zeros(2)
    assert share_left(Times(1), images, mean) == 0
    assert share_left(Times(0), images, mean) == 1
    assert share_left(Times(0.5), images, mean) == pytest.approx(0.25)


def test_refuses_a_kind():
    with pytest.raises(ValueError, match="kind must be 'deep', 'straight' or 'flat', not 'wide'"):
        network("wide", 8, 0)
