import pytest
import torch

from linebyline.ensembles.bagging import Bag, bag, bootstrap_counts


def means(x, targets, counts):
    """Members that answer the weighted mean of their sample."""
    value = counts @ targets / counts.sum(1, keepdim=True)
    return lambda z: value[:, None].expand(-1, len(z), -1)


def test_every_sample_has_n_draws():
    counts = bootstrap_counts(30, 50, seed=1)
    assert counts.shape == (30, 50)
    assert counts.sum(1).tolist() == [50] * 30
    assert counts.equal(bootstrap_counts(30, 50, seed=1))
    assert not counts.equal(bootstrap_counts(30, 50, seed=2))


def test_an_example_is_left_out_with_the_exact_probability():
    counts = bootstrap_counts(40_000, 5)
    assert (counts == 0).double().mean() == pytest.approx((1 - 1 / 5) ** 5, abs=0.005)
    assert counts.var(0).mean() == pytest.approx(5 * (1 / 5) * (4 / 5), abs=0.02)


def test_the_members_learn_from_their_samples():
    x, t = torch.rand(20, 2).double(), torch.arange(20.0).double()[:, None]
    found = bag(means, x, t, members=7, seed=3)
    samples = [t.repeat_interleave(drawn.long(), dim=0) for drawn in found.counts]
    expected = torch.stack([sample.mean(0) for sample in samples])
    torch.testing.assert_close(found.members(x)[:, 0], expected)
    torch.testing.assert_close(found(x)[0], expected.mean(0))
    assert found.counts.equal(bootstrap_counts(7, 20, seed=3))


def test_out_of_the_bag_are_only_those_who_did_not_see():
    counts = torch.tensor([[2.0, 0, 1], [0, 3, 0], [0, 0, 3]])
    answers = torch.tensor([[1.0, 2, 3], [10, 20, 30], [100, 200, 300]])[..., None]
    found = Bag(lambda x: answers, counts).out_of_bag(torch.zeros(3, 1))
    assert found[:, 0].tolist() == [(10 + 100) / 2, (2 + 200) / 2, 30]


def test_refuses_examples_that_everyone_saw():
    found = Bag(lambda x: torch.zeros(2, 2, 1), torch.tensor([[1.0, 1], [2, 0]]))
    with pytest.raises(ValueError, match="1 examples were drawn for every one of the 2 members"):
        found.out_of_bag(torch.zeros(2, 1))


def test_refuses_other_examples():
    found = Bag(lambda x: torch.zeros(2, 2, 1), torch.tensor([[0.0, 2], [2, 0]]))
    with pytest.raises(ValueError, match="x has 3 examples, but the bag was fitted to 2"):
        found.out_of_bag(torch.zeros(3, 1))


@pytest.mark.parametrize("sizes", [(0, 3), (3, 0)])
def test_refuses_nothing_to_draw(sizes):
    with pytest.raises(ValueError, match="samples and examples must be at least 1"):
        bootstrap_counts(*sizes)


def test_the_smallest_bootstrap_draws_its_one_example():
    assert bootstrap_counts(1, 1).tolist() == [[1.0]]
