import pytest
import torch
from torch import nn

from linebyline.generative.conditional_vae import ConditionalVAE, Told
from linebyline.generative.vae import VAE, GaussianPixels

LABELS = torch.tensor([2, 0, 1, 2])


def seeded(number=0):
    return torch.Generator().manual_seed(number)


def images(dtype=torch.float32):
    return torch.rand(4, 6, generator=seeded(), dtype=dtype)


def model(**options):
    torch.manual_seed(0)
    return ConditionalVAE(nn.Linear(9, 4), nn.Linear(5, 6), width=2, classes=3, **options)


def test_it_is_a_vae_whose_halves_see_the_label_as_further_columns():
    conditional, x = model().double(), images(torch.float64)
    told = nn.functional.one_hot(LABELS, 3).double()
    mean, log_variance = conditional.encoder(torch.cat([x, told], 1)).chunk(2, 1)
    noise = torch.randn(4, 2, generator=seeded(1), dtype=torch.float64)
    z = mean + (log_variance / 2).exp() * noise
    logits = conditional.decoder(torch.cat([z, told], 1))
    nats = nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    q = torch.distributions.Normal(mean, (log_variance / 2).exp())
    kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0))
    bound = conditional(x, LABELS, generator=seeded(1))
    torch.testing.assert_close(bound.reconstruction, nats)
    torch.testing.assert_close(bound.kl, kl.double())
    found = torch.autograd.grad(bound.value.sum(), [*conditional.parameters()])
    expected = torch.autograd.grad(-(nats + kl.sum(1)).sum(), [*conditional.parameters()])
    torch.testing.assert_close(found, expected)


def test_several_draws_are_told_the_same():
    vae = model().given(LABELS)
    z = torch.randn(3, 4, 2, generator=seeded())
    together = vae.decode(z)
    apart = torch.stack([vae.decode(draw) for draw in z])
    torch.testing.assert_close(together, apart)


def test_it_learns_what_the_label_says():
    """Pictures that depend on the label alone: the code has nothing to say, and costs nothing."""
    patterns = torch.eye(6)[:3]
    labels = torch.arange(60) % 3
    conditional = model()
    optimizer = torch.optim.Adam(conditional.parameters(), lr=0.1)
    for _ in range(80):
        bound = conditional(patterns[labels], labels, generator=seeded())
        optimizer.zero_grad()
        (-bound.value.mean()).backward()
        optimizer.step()
    assert bound.value.mean() > -0.5
    assert bound.kl.sum(1).mean() < 0.1
    asked = torch.tensor([1, 1, 0])
    assert (conditional.generate(asked, generator=seeded()) - patterns[asked]).abs().max() < 0.2


def test_what_is_generated_depends_on_the_label_and_the_generator():
    conditional = model(likelihood=GaussianPixels(0.5))
    first = conditional.generate(LABELS, generator=seeded(1))
    torch.testing.assert_close(first, conditional.generate(LABELS, generator=seeded(1)))
    assert not torch.equal(first, conditional.generate(LABELS, generator=seeded(2)))
    other = conditional.generate(LABELS.flip(0), generator=seeded(1))
    changed = (first != other).any(1)
    assert changed.tolist() == [False, True, True, False]  # 2 and 2 stay where they were


def test_given_shares_the_weights():
    conditional = model()
    vae = conditional.given(LABELS)
    assert isinstance(vae, VAE)
    assert {id(p) for p in vae.parameters()} == {id(p) for p in conditional.parameters()}


@pytest.mark.usefixtures("without_shape_checks")
def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="classes must be at least 1, not 0"):
        ConditionalVAE(nn.Identity(), nn.Identity(), width=2, classes=0)
    with pytest.raises(ValueError, match="width must be at least 1, not 0"):
        ConditionalVAE(nn.Identity(), nn.Identity(), width=0, classes=2)
    with pytest.raises(ValueError, match="labels go from 0 to 3; they must be from 0 to 2"):
        model().given(torch.tensor([0, 3]))
    with pytest.raises(ValueError, match="labels go from -1"):
        model().given(torch.tensor([0, -1]))
    with pytest.raises(ValueError, match="one label an image"):
        model().given(torch.tensor([[0]]))
    with pytest.raises(ValueError, match="rows are 3, which are no whole draws of 2"):
        Told(nn.Identity(), torch.eye(2))(torch.zeros(3, 1))
