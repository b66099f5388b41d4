"""SimCLR: views, what is projected and what is not, and that it learns without a label."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence

import pytest
import torch
from torch import Generator, Tensor, nn

from linebyline.data.augmentations import RandomAffine, RandomErase
from linebyline.data.digits import digits
from linebyline.data.examples import Examples
from linebyline.layers.linear import Linear
from linebyline.losses.nt_xent import nt_xent
from linebyline.self_supervised.knn import KNN
from linebyline.self_supervised.simclr import ProjectionHead, SimCLR
from linebyline.training.loop import fit

IMAGES = digits().train.inputs[:96]


def generator(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def noise(images: Tensor, generator: Generator) -> Tensor:
    return images + 0.1 * torch.rand(images.shape, generator=generator).to(images)


def model(augment: Sequence = (noise,), *, seed: int = 0, head: nn.Module | None = None) -> SimCLR:
    first, second = (Linear(64, 64, generator=generator(number)) for number in (1, 2))
    encoder = nn.Sequential(nn.Flatten(), first, nn.ReLU(), second, nn.ReLU())
    head = ProjectionHead(64, 32, generator=generator()) if head is None else head
    return SimCLR(encoder, head, augment, seed=seed)


def test_the_head_is_two_products() -> None:
    head = ProjectionHead(6, 3, generator=generator()).double()
    assert [tuple(w.shape) for w in head.parameters()] == [(6, 6), (3, 6)]
    h = torch.randn(5, 6, dtype=torch.float64, generator=generator(1))
    theirs = nn.Sequential(nn.Linear(6, 6, bias=False), nn.ReLU(), nn.Linear(6, 3, bias=False))
    with torch.no_grad():
        for mine, other in zip(head.parameters(), theirs.double().parameters(), strict=True):
            other.copy_(mine)
    torch.testing.assert_close(head(h), theirs(h))
    assert torch.autograd.gradcheck(head, (h.requires_grad_(),))
    assert torch.equal(
        ProjectionHead(6, 3, generator=generator()).hidden.weight, head.hidden.weight.float()
    )


def test_projections_are_those_of_two_draws() -> None:
    simclr = model(seed=3)
    first, second = simclr(IMAGES)
    draws = generator(3)
    for found in (first, second):
        x = noise(IMAGES, draws)
        torch.testing.assert_close(found, simclr.head(simclr.encoder(x)))
    assert first.shape == (96, 32)
    assert not torch.allclose(first, second)


def test_augmentations_come_in_their_order() -> None:
    simclr = model([lambda x, _: x + 1, lambda x, _: 2 * x])
    assert torch.equal(simclr.view(torch.zeros(2, 8, 8)), torch.full((2, 8, 8), 2.0))


def test_features_are_the_encoder_s_of_images_as_they_are() -> None:
    simclr = model()
    expected = simclr.encoder(IMAGES)
    for _ in range(2):
        assert torch.equal(simclr.features(IMAGES), expected)
    stored = (255 * IMAGES).round().to(torch.uint8)  # bytes, as they are in files
    torch.testing.assert_close(simclr.features(stored), simclr.encoder(stored / 255))
    assert torch.equal(model().view(stored), model().view(stored / 255))


def test_both_views_are_one_batch_of_the_encoder() -> None:
    seen = []

    class Watching(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            seen.append(len(x))
            return x.flatten(1)

    SimCLR(Watching(), nn.Identity(), [noise])(IMAGES)
    assert seen == [192]


def test_draws_are_the_seed_s_and_go_on_after_a_stop() -> None:
    before = torch.get_rng_state()
    one, other = model(seed=5), model(seed=5)
    assert torch.equal(one(IMAGES).first, other(IMAGES).first)
    assert not torch.equal(one(IMAGES).first, model(seed=6)(IMAGES).first)
    resumed = model()
    resumed.load_state_dict(copy.deepcopy(one.state_dict()))
    assert torch.equal(one(IMAGES).first, resumed(IMAGES).first)
    assert torch.equal(before, torch.get_rng_state())


def test_without_a_label_it_learns_what_digits_are_alike(without_shape_checks: None) -> None:
    """The neighbours know better which digit an image is, and which view is its partner."""
    data = digits()
    images, targets = data.train.inputs[:512], data.train.targets[:512]
    simclr = model([RandomAffine(shift=1, turn=15, zoom=0.2)])

    def accuracy() -> float:
        with torch.no_grad():
            votes = KNN(simclr.features(images), targets, k=5)(simclr.features(data.test.inputs))
        return (votes.argmax(1) == data.test.targets).float().mean().item()

    before = accuracy()
    optimizer = torch.optim.Adam(simclr.parameters(), lr=0.003)
    history = fit(
        simclr,
        lambda views, _: nt_xent(*views, temperature=0.2),
        optimizer,
        Examples(images, targets),
        epochs=30,
        batch_size=128,
        device="cpu",
    )
    assert history.train_loss[-1] < 0.7 * history.train_loss[0]
    assert accuracy() > before + 0.01


def test_refuses_what_makes_no_views() -> None:
    with pytest.raises(ValueError, match="augment must hold at least one"):
        model([])
    with pytest.raises(ValueError, match=r"inputs must be bytes .* not torch\.int64"):
        model()(torch.ones(3, 8, 8, dtype=torch.int64))


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_an_encoder_that_gives_maps() -> None:
    simclr = SimCLR(nn.Identity(), nn.Identity(), [noise])
    message = (
        "encoder must give (examples, features), 4 rows here, but its answer is of shape (4, 8,"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        simclr.features(IMAGES[:4])
    with pytest.raises(ValueError, match="8 rows here"):
        simclr(IMAGES[:4])


@pytest.mark.parametrize("name", ["feature_size", "projection_size"])
def test_refuses_sizes_of_the_head(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be at least 1, not 0"):
        ProjectionHead(**({"feature_size": 3, "projection_size": 2} | {name: 0}))


def test_prints_its_augmentations() -> None:
    assert "augment=[RandomErase(size=2, share=1.0)]" in repr(model([RandomErase(2)]))
