"""Mixup equals the mixing of one-hot labels, draws Beta(α, α), and sleeps in evaluation."""

import copy

import pytest
import torch
from scipy import stats
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from linebyline.data.examples import Examples
from linebyline.data.mixup import Mixup
from linebyline.data.one_hot import one_hot
from linebyline.training.loop import fit


def random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


def test_mixed_losses_are_the_loss_of_mixed_labels() -> None:
    mixup, x = Mixup(0.7, seed=3), random(8, 5)
    weights = [random(5, 4, seed=1).requires_grad_() for _ in range(2)]
    labels = torch.arange(8) % 4
    mixed = mixup(x)
    ours = mixup.loss(cross_entropy)(mixed @ weights[0], labels)
    share, partner = mixup.share, mixup.partner
    reference_x = torch.stack(
        [share * x[i] + (1 - share) * x[j] for i, j in enumerate(partner.tolist())]
    )
    codes = one_hot(labels, 4).double()
    soft = share * codes + (1 - share) * codes[partner]
    theirs = cross_entropy(reference_x @ weights[1], soft)
    torch.testing.assert_close(mixed, reference_x, rtol=1e-14, atol=0)
    torch.testing.assert_close(ours, theirs, rtol=1e-13, atol=0)
    ours.backward()
    theirs.backward()
    torch.testing.assert_close(weights[0].grad, weights[1].grad, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 8])
def test_shares_are_drawn_from_the_beta_distribution(alpha) -> None:
    mixup, shares = Mixup(alpha, seed=1), []
    for _ in range(500):
        mixup(torch.zeros(2, 1))
        shares.append(mixup.share)
    assert stats.kstest(shares, stats.beta(alpha, alpha).cdf).pvalue > 0.01


def test_evaluation_mixes_nothing() -> None:
    mixup, x, labels = Mixup(), random(6, 3), torch.arange(6) % 3
    mixup(x)
    mixup.eval()
    assert mixup(x) is x
    assert torch.equal(mixup.loss(cross_entropy)(x, labels), cross_entropy(x, labels))


def test_repeatable_resumable_and_the_global_generator_left_alone() -> None:
    before, x = torch.get_rng_state(), random(6, 3)
    first, second = Mixup(seed=4), Mixup(seed=4)
    assert torch.equal(first(x), second(x))
    assert not torch.equal(first(x), Mixup(seed=5)(x))
    resumed = Mixup(seed=0)
    resumed.load_state_dict(first.state_dict())
    following = copy.deepcopy(first)(x)
    assert torch.equal(first(x), resumed(x))
    assert torch.equal(following, Mixup.forward(_third(second, x), x))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(Mixup()(x), Mixup(1.0, seed=0)(x))


def test_other_partners_for_each_batch() -> None:
    mixup, partners = Mixup(), set()
    for _ in range(20):
        mixup(random(6, 3))
        assert sorted(mixup.partner.tolist()) == list(range(6))
        partners.add(tuple(mixup.partner.tolist()))
    assert len(partners) > 15


def _third(mixup: Mixup, x: Tensor) -> Mixup:
    mixup(x)
    return mixup


def test_gradient() -> None:
    def run(x: Tensor) -> Tensor:
        return Mixup(seed=2)(x)

    assert torch.autograd.gradcheck(run, random(4, 3).requires_grad_())


def test_learns_by_fit_and_is_judged_unmixed() -> None:
    x = torch.cat([random(40, 2).float() + 3, random(40, 2, seed=1).float() - 3])
    data = Examples(x, (torch.arange(80) >= 40).long())
    mixup = Mixup(seed=0)
    model = nn.Sequential(mixup, nn.Linear(2, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    fit(model, mixup.loss(cross_entropy), optimizer, data, epochs=20, batch_size=16, device="cpu")
    model.eval()
    assert (model(x).argmax(1) == data.targets).all()


@pytest.mark.parametrize("alpha", [0, -1.0, float("nan")])
def test_refuses_alpha(alpha) -> None:
    with pytest.raises(ValueError, match=f"alpha must be above 0, not {alpha}"):
        Mixup(alpha)


def test_refuses_the_labels_of_another_batch() -> None:
    mixup = Mixup()
    mixup(random(6, 3))
    with pytest.raises(ValueError, match="target has 5 examples, but 6 were mixed last"):
        mixup.loss(cross_entropy)(random(5, 3), torch.zeros(5, dtype=torch.long))


def test_refuses_labels_whose_inputs_never_came() -> None:
    """A model without the module at its front would be trained unmixed, and nobody would know."""
    mixup, x, labels = Mixup(), random(6, 3), torch.arange(6) % 3
    with pytest.raises(ValueError, match="no inputs were mixed: put the module at the front"):
        mixup.loss(cross_entropy)(x, labels)
    mixup(x)
    mixup.eval()(x)
    with pytest.raises(ValueError, match="no inputs were mixed"):
        mixup.train().loss(cross_entropy)(x, labels)


def test_prints_its_alpha() -> None:
    assert repr(Mixup(0.4)) == "Mixup(alpha=0.4)"
