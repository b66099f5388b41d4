import pytest
import torch

from linebyline.ensembles.averaging import spread, variance_of_average


def members(correlation, count, draws=20_000):
    """Members with a shared part, so that any two have the correlation; variance 9."""
    g = torch.Generator().manual_seed(0)
    shared = torch.randn(draws, 1, 1, generator=g).double()
    own = torch.randn(draws, count, 3, generator=g).double()
    return 3 * (correlation**0.5 * shared + (1 - correlation) ** 0.5 * own) + torch.arange(3)


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.9])
def test_two_members_tell_of_many(correlation):
    drawn = members(correlation, 8)
    found = spread(drawn[:, 0], drawn[:, 1])
    assert found.variance == pytest.approx(9, rel=0.05)
    assert found.correlation == pytest.approx(correlation, abs=0.03)
    told = variance_of_average(*found, torch.tensor([8.0]))
    assert drawn.mean(1).var(0).mean() == pytest.approx(told.item(), rel=0.07)


def test_the_formula_is_exact_where_all_pairs_are_counted():
    """Variances 2 and 2, covariance 1: the mean of two varies by (2 + 2 + 2) / 4 = 1.5."""
    assert variance_of_average(2, 0.5, torch.tensor([1.0, 2])).tolist() == [2, 1.5]


def test_both_members_tell_of_the_variance():
    one, other = torch.tensor([[1.0], [-1]]), torch.tensor([[3.0], [-3]])
    found = spread(one, other)
    assert found.variance == pytest.approx((2 + 18) / 2)
    assert found.correlation == pytest.approx(6 / 10)


def test_points_are_weighed_by_their_variance():
    one = torch.tensor([[1.0, 10], [-1, -10]])
    other = torch.tensor([[1.0, -10], [-1, 10]])
    found = spread(one, other)
    assert found.variance == pytest.approx((2 + 200) / 2)
    assert found.correlation == pytest.approx((2 - 200) / 202)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (torch.rand(1, 2), torch.rand(1, 2), "two draws or more"),
        (torch.rand(3, 2), torch.rand(3, 1), "one shape"),
        (torch.ones(3, 2), torch.ones(3, 2), "never vary"),
    ],
)
def test_refuses(one, other, said, without_shape_checks):
    with pytest.raises(ValueError, match=said):
        spread(one, other)
