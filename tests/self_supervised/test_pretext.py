"""Pretext tasks: their answers are true, only what was asked counts, and an encoder learns."""

from __future__ import annotations

import copy
import math
import re

import pytest
import torch
from torch import Generator, nn
from torch.nn import functional

from linebyline.data.digits import digits
from linebyline.data.examples import Examples
from linebyline.layers.linear import Linear
from linebyline.self_supervised.pretext import (
    Answered,
    HiddenSquare,
    NextRow,
    NothingHidden,
    Pretext,
    QuarterTurn,
    Question,
    pretext_loss,
)
from linebyline.training.loop import fit

IMAGES = digits().train.inputs[:200]


def generator(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def model(ask, outputs: int, *, seed: int = 0) -> Pretext:
    first, head = (
        Linear(64, 64, generator=generator(1)),
        Linear(64, outputs, generator=generator(2)),
    )
    return Pretext(nn.Sequential(nn.Flatten(), first, nn.ReLU()), head, ask, seed=seed)


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_a_quarter_turn_is_counter_clockwise_and_told(channels) -> None:
    images = torch.rand(40, *channels, 5, 5, generator=generator(3))
    shown, quarters, asked = QuarterTurn()(images, generator())
    assert asked is None
    assert set(quarters.tolist()) == {0, 1, 2, 3}
    for image, turned, k in zip(images, shown, quarters.tolist(), strict=True):
        assert torch.equal(turned, image.rot90(k, (-2, -1)))
    # A dot in the upper right corner, turned once counter-clockwise, is in the upper left.
    dot = torch.zeros(40, 5, 5)
    dot[:, 0, 4] = 1
    shown, quarters, _ = QuarterTurn()(dot, generator())
    assert (shown[quarters == 1][:, 0, 0] == 1).all()


@pytest.mark.parametrize("channels", [(), (3,)])
def test_a_square_is_hidden_whole_and_anywhere(channels) -> None:
    images = 0.5 + torch.rand(300, *channels, 7, 9, generator=generator(3))
    shown, answers, asked = HiddenSquare(3)(images, generator())
    assert torch.equal(answers, images)
    assert asked.shape == images.shape
    assert (shown[asked] == 0).all()
    assert torch.equal(shown[~asked], images[~asked])
    flat = asked.flatten(1, -3).any(1) if channels else asked
    assert (flat.sum((1, 2)) == 9).all()
    corners = {(int(m.any(1).int().argmax()), int(m.any(0).int().argmax())) for m in flat}
    assert corners == {(row, column) for row in range(5) for column in range(7)}
    for mask, (row, column) in zip(flat, map(_corner, flat), strict=True):
        assert mask[row : row + 3, column : column + 3].all()


def _corner(mask):
    return int(mask.any(1).int().argmax()), int(mask.any(0).int().argmax())


def test_the_next_row_is_asked_and_all_below_is_hidden() -> None:
    images = 0.5 + torch.rand(200, 1, 6, 4, generator=generator(3))
    shown, answers, asked = NextRow(first=2)(images, generator())
    assert torch.equal(answers, images)
    rows = asked[:, 0].all(2)  # (200, 6)
    assert torch.equal(rows[:, None, :, None].expand_as(asked), asked)
    assert (rows.sum(1) == 1).all()
    asked_at = rows.int().argmax(1)
    assert set(asked_at.tolist()) == {2, 3, 4, 5}
    for image, seen, k in zip(images, shown, asked_at.tolist(), strict=True):
        assert torch.equal(seen[:, :k], image[:, :k])
        assert (seen[:, k:] == 0).all()


def test_the_control_hides_nothing() -> None:
    shown, answers, asked = NothingHidden()(IMAGES, generator())
    assert torch.equal(shown, IMAGES)
    assert torch.equal(answers, IMAGES)
    assert asked is None


def test_a_square_may_be_one_pixel() -> None:
    shown, _, asked = HiddenSquare(1)(torch.ones(5, 4, 4), generator())
    assert asked.sum((1, 2)).tolist() == [1] * 5
    assert torch.equal(shown == 0, asked)


@pytest.mark.parametrize("ask", [QuarterTurn(), HiddenSquare(3), NextRow()])
def test_questions_are_drawn_from_the_generator_alone(ask) -> None:
    torch.manual_seed(0)
    first, again, other = (ask(IMAGES, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.shown, again.shown)
    assert not torch.equal(first.shown, other.shown)
    state = torch.get_rng_state()
    torch.manual_seed(0)
    assert torch.equal(state, torch.get_rng_state())


def test_the_loss_of_classes_is_softmax_cross_entropy() -> None:
    said = torch.randn(5, 4, dtype=torch.float64, generator=generator())
    answers = torch.tensor([0, 3, 1, 2, 2])
    found = pretext_loss(Answered(said, Question(IMAGES[:5], answers)))
    torch.testing.assert_close(found, functional.cross_entropy(said, answers))


def test_the_loss_of_pixels_is_the_mean_over_what_was_asked() -> None:
    said = torch.randn(3, 8, dtype=torch.float64, generator=generator()).requires_grad_()
    answers = torch.rand(3, 1, 2, 4, dtype=torch.float64, generator=generator(1))
    asked = torch.rand(3, 1, 2, 4, generator=generator(2)) < 0.4
    for which in (asked, None):
        chosen = torch.ones_like(asked) if which is None else which
        p, x = said.sigmoid().view_as(answers)[chosen], answers[chosen]
        expected = -(x * p.log() + (1 - x) * (1 - p).log()).mean()
        found = pretext_loss(Answered(said, Question(answers, answers, which)))
        torch.testing.assert_close(found, expected)
        (mine,), (theirs,) = (torch.autograd.grad(v, said) for v in (found, expected))
        torch.testing.assert_close(mine, theirs)
    assert torch.autograd.gradcheck(
        lambda z: pretext_loss(Answered(z, Question(answers, answers, asked))), (said,)
    )


def test_a_model_asks_and_its_features_are_of_the_images_as_they_are() -> None:
    pretext = model(HiddenSquare(4), 64, seed=5)
    question = HiddenSquare(4)(IMAGES, generator(5))
    said, asked = pretext(IMAGES)
    assert torch.equal(asked.shown, question.shown)
    torch.testing.assert_close(said, pretext.head(pretext.encoder(question.shown)))
    torch.testing.assert_close(pretext.features(IMAGES), pretext.encoder(IMAGES))
    stored = (255 * IMAGES).round().to(torch.uint8)
    torch.testing.assert_close(pretext.features(stored), pretext.encoder(stored / 255))
    assert "HiddenSquare(size=4)" in repr(pretext)


def test_a_resumed_run_asks_what_it_would_have_asked() -> None:
    pretext = model(QuarterTurn(), 4)
    pretext(IMAGES)
    saved = copy.deepcopy(pretext.state_dict())
    expected = pretext(IMAGES).question
    resumed = model(QuarterTurn(), 4, seed=9)
    resumed.load_state_dict(saved)
    assert torch.equal(resumed(IMAGES).question.shown, expected.shown)


@pytest.mark.parametrize(
    ("ask", "outputs", "guess"),
    [(QuarterTurn(), 4, math.log(4)), (HiddenSquare(4), 64, math.log(2)), (NextRow(2), 64, None)],
)
def test_it_learns_without_a_label(ask, outputs, guess) -> None:
    pretext = model(ask, outputs)
    optimizer = torch.optim.Adam(pretext.parameters(), lr=0.01)
    unlabelled = Examples(IMAGES, torch.zeros(len(IMAGES)))
    history = fit(
        pretext, lambda answered, _: pretext_loss(answered), optimizer, unlabelled, epochs=30
    )
    losses = history.train_loss
    if guess is not None:
        assert losses[0] == pytest.approx(guess, rel=0.25)
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: HiddenSquare(0), "size must be at least 1, not 0"),
        (lambda: HiddenSquare(9)(IMAGES, generator()), "size must be at most the images' 8, not 9"),
        (lambda: NextRow(-1), "first must be at least 0, not -1"),
        (lambda: NextRow(8)(IMAGES, generator()), "first must be below the images' 8 rows, not 8"),
        (
            lambda: QuarterTurn()(torch.rand(2, 3, 4), generator()),
            "images must be square to be turned, not (3, 4) pixels",
        ),
        (
            lambda: pretext_loss(model(NothingHidden(), 4)(IMAGES)),
            "head must give a logit for each pixel, 64 for an image, not 4",
        ),
        (
            lambda: pretext_loss(
                Answered(
                    torch.zeros(2, 64),
                    Question(IMAGES[:2], IMAGES[:2], torch.zeros(2, 8, 8, dtype=torch.bool)),
                )
            ),
            "asked must be true somewhere, but nothing was asked",
        ),
        (
            lambda: Pretext(nn.Identity(), nn.Identity(), NothingHidden())(IMAGES),
            "encoder must give (examples, features)",
        ),
    ],
)
def test_refuses_by_name(call, message, without_shape_checks) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        call()
