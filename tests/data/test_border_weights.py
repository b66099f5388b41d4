"""Border weights by hand and by brute force."""

import math

import pytest
import torch

from linebyline.data.border_weights import border_weights
from linebyline.data.cells import cell_images


def test_by_hand():
    row = torch.tensor([[[1, 1, 0, 2, 2, 0, 0]]])
    w = border_weights(row, w0=10, sigma=2)[0, 0]
    # In the gap both cells are 1 away; beside it 1 and 2; at the left end 2 and 3.
    for place, total in ((2, 2), (1, 3), (3, 3), (0, 5), (5, 5), (6, 7)):
        assert w[place].item() == pytest.approx(10 * math.exp(-(total**2) / 8), rel=1e-5)


def test_it_is_equation_2_by_brute_force():
    instances = cell_images(2, seed=1).instances[:, :20, :24]
    found = border_weights(instances, w0=3, sigma=4)
    places = torch.cartesian_prod(torch.arange(20.0), torch.arange(24.0))
    apart = torch.cdist(places, places)
    for image, weights in zip(instances, found, strict=True):
        flat = image.flatten()
        to = []
        for number in flat.unique():
            if number:
                own = flat == number
                across = own[:, None] != own
                to.append(apart.masked_fill(~across, torch.inf).min(1).values)
        d = torch.stack(to).sort(0).values
        expected = 3 * torch.exp(-((d[0] + d[1]) ** 2) / 32)
        torch.testing.assert_close(weights.flatten(), expected)


def test_the_gap_weighs_most():
    cells = cell_images(5, seed=0)
    w = border_weights(cells.instances, sigma=2)
    assert w[cells.instances == 0].max() > w[cells.instances > 0].max()


def test_one_cell_has_no_gap():
    one = torch.ones(1, 4, 4, dtype=torch.long)
    one[0, 0] = 0
    assert not border_weights(one).any()
    assert not border_weights(torch.zeros(1, 4, 4, dtype=torch.long)).any()
    assert not border_weights(torch.ones(1, 4, 4, dtype=torch.long)).any()


def test_defaults_are_the_papers():
    instances = cell_images(1).instances
    assert torch.equal(border_weights(instances), border_weights(instances, w0=10, sigma=5))


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name():
    instances = torch.zeros(1, 4, 4, dtype=torch.long)
    with pytest.raises(ValueError, match=r"^instances must be \(images, height, width\)"):
        border_weights(instances[0])
    with pytest.raises(ValueError, match=r"^w0 must not be negative"):
        border_weights(instances, w0=-1)
    with pytest.raises(ValueError, match=r"^sigma must be above 0, not 0"):
        border_weights(instances, sigma=0)
