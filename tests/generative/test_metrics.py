import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from linebyline.generative.metrics import confident_share, frechet_distance, precision_recall


def cloud(count, width, seed, *, scale=1.0, shift=0.0):
    draw = torch.Generator().manual_seed(seed)
    mixed = torch.randn(count, width, generator=draw) @ torch.randn(width, width, generator=draw)
    return scale * mixed + shift


def frechet_by_root(real, made):
    a, b = real.double().numpy(), made.double().numpy()
    c, d = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(c + d - 2 * sqrtm(c @ d).real)


@pytest.mark.parametrize(("first", "second"), [(60, 60), (40, 90), (300, 21)])
def test_frechet_distance_equals_the_root_of_the_matrix(first, second):
    real, made = cloud(first, 7, 0), cloud(second, 7, 1, scale=0.6, shift=0.4)
    assert frechet_distance(real, made) == pytest.approx(frechet_by_root(real, made), rel=1e-8)


def test_frechet_distance_of_fewer_samples_than_features():
    real, made = cloud(5, 8, 0), cloud(4, 8, 1)
    c, d = (np.cov(part.double().numpy(), rowvar=False) for part in (real, made))
    between = (real.double().mean(0) - made.double().mean(0)).square().sum().item()
    roots = np.sqrt(np.linalg.eigvals(c @ d).real.clip(0)).sum()  # sqrtm fails: C D is singular
    expected = between + np.trace(c + d) - 2 * roots
    assert frechet_distance(real, made) == pytest.approx(expected, rel=1e-5)


def test_frechet_distance_of_a_shift_and_a_scale_is_known():
    real = cloud(50, 3, 0)
    assert frechet_distance(real, real) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(real, real + 2) == pytest.approx(3 * 2**2, rel=1e-5)
    centred = real.double() - real.double().mean(0)
    spread = centred.square().sum().item() / 49
    assert frechet_distance(centred, 3 * centred) == pytest.approx(2**2 * spread, rel=1e-6)
    there, back = frechet_distance(centred, 3 * centred), frechet_distance(3 * centred, centred)
    assert there == pytest.approx(back)


def test_precision_and_recall_of_clouds_on_a_line():
    real = torch.arange(10.0)[:, None]
    # Balls of real points reach 1 (at the ends 2, with two neighbours), so 4.5 and -2 lie inside.
    made = torch.tensor([[4.5], [-2.0], [-2.5], [30.0]])
    found = precision_recall(real, made, neighbours=2)
    assert found.precision == 0.5
    # Balls of the samples reach 7, 6.5, 7 and 32: 4.5 alone covers all from -2 to 11.
    assert found.recall == 1.0
    assert precision_recall(real, made, neighbours=1) == (0.25, 1.0)


def test_one_place_is_precise_and_covers_little():
    real = cloud(200, 4, 0)
    place = real[:1] + 1e-3 * cloud(200, 4, 1)
    found = precision_recall(real, place)
    assert found.precision == 1
    assert found.recall < 0.05
    assert precision_recall(place, real) == (found.recall, found.precision)


def test_confident_share_counts_the_likeliest_class():
    chances = torch.tensor([[0.9, 0.1], [0.84, 0.16], [0.1, 0.9], [0.5, 0.5]])
    assert confident_share(torch.zeros(3, 2), 0.5) == 1  # at least, and not more than
    assert confident_share(chances.log()) == 0.5
    assert confident_share(chances.log(), 0.8) == 0.75
    assert confident_share(chances.log(), 0) == 1


@pytest.mark.parametrize("measure", [frechet_distance, precision_recall])
@pytest.mark.parametrize(
    ("real", "made", "message"),
    [
        (torch.ones(1, 3), torch.ones(9, 3), r"^real must have the shape \(count, features\)"),
        (torch.ones(9, 3), torch.ones(9, 2), "^real has 3 features and made 2"),
        (torch.ones(9, 3), torch.full((9, 3), torch.nan), "^made must be finite"),
    ],
)
def test_refuses_clouds_that_do_not_fit(without_shape_checks, measure, real, made, message):
    with pytest.raises(ValueError, match=message):
        measure(real, made)


def test_refuses_by_name():
    with pytest.raises(ValueError, match=r"^neighbours must be at least 1, not 0"):
        precision_recall(torch.ones(5, 2), torch.ones(5, 2), neighbours=0)
    with pytest.raises(ValueError, match=r"^made must .* at least 4 rows, not \(3, 2\)"):
        precision_recall(torch.ones(5, 2), torch.ones(3, 2))
    with pytest.raises(ValueError, match=r"^threshold must lie between 0 and 1, not 85"):
        confident_share(torch.ones(2, 3), 85)
    with pytest.raises(ValueError, match=r"^logits must hold one row"):
        confident_share(torch.ones(0, 3))
    with pytest.raises(ValueError, match=r"^logits must be finite"):
        confident_share(torch.full((2, 3), torch.nan))
