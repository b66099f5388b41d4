"""The loss is that of K + 1 classes, its slope what was derived; and the game learns."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from linebyline.data.examples import Examples
from linebyline.generative.gan import Generator, normal_noise
from linebyline.generative.semi_supervised_gan import (
    Answer,
    LabelledTerm,
    NoisyClassifier,
    data_logit,
    feature_matching_loss,
    midpoints,
    unlabelled_loss,
    unlabelled_loss_explicit,
    with_made_class,
)
from linebyline.training.adversarial import Player, play


def logits(seed: int = 0, count: int = 5, classes: int = 3) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    values = 2 * torch.randn(count, classes, generator=draw, dtype=torch.float64)
    return values.requires_grad_()


def test_the_loss_is_cross_entropy_of_one_more_class() -> None:
    """Class 3 of four is what is made; data are any of the other three."""
    real, made = logits(0), logits(1, 4)
    is_made = cross_entropy(with_made_class(made), torch.full((4,), 3))
    is_data = -(with_made_class(real).log_softmax(1)[:, :3].logsumexp(1)).mean()
    for ours in (unlabelled_loss(real, made), unlabelled_loss_explicit(real, made)):
        torch.testing.assert_close(ours, is_data + is_made)
        for mine, wanted in zip(
            torch.autograd.grad(ours, (real, made)),
            torch.autograd.grad(is_data + is_made, (real, made), retain_graph=True),
            strict=True,
        ):
            torch.testing.assert_close(mine, wanted)


def test_the_slope_is_a_softmax_times_what_d_is_off() -> None:
    real, made = logits(0), logits(1)
    d_real, d_made = data_logit(real).sigmoid(), data_logit(made).sigmoid()
    slopes = torch.autograd.grad(unlabelled_loss(real, made), (real, made))
    torch.testing.assert_close(slopes[0], (d_real - 1)[:, None] * real.softmax(1) / 5)
    torch.testing.assert_close(slopes[1], d_made[:, None] * made.softmax(1) / 5)


def test_one_logit_too_many_is_what_the_fixed_one_saves() -> None:
    """K + 1 free logits less the last: the same probabilities."""
    free = logits(2, classes=4)
    torch.testing.assert_close(
        with_made_class(free[:, :3] - free[:, 3:]).softmax(1), free.softmax(1)
    )


def test_gradients_are_the_numerical_ones() -> None:
    assert torch.autograd.gradcheck(unlabelled_loss, (logits(0), logits(1)))

    def matching(made: Tensor, real: Tensor) -> Tensor:
        return feature_matching_loss(Answer(made, made), Answer(real, real))

    assert torch.autograd.gradcheck(matching, (logits(0), logits(1)))


def test_no_logit_makes_the_loss_infinite() -> None:
    far = torch.full((2, 3), 200.0)
    assert unlabelled_loss(-far, far).isfinite()
    assert unlabelled_loss_explicit(-far, far).isinf()


def test_feature_matching_compares_means() -> None:
    made = Answer(torch.zeros(2, 1), torch.tensor([[0.0, 4.0], [2.0, 0.0]]))  # mean 1, 2
    real = Answer(torch.zeros(1, 1), torch.tensor([[2.0, 2.0]]))
    assert feature_matching_loss(made, real).item() == 0.5  # (1 + 0) / 2


def test_the_classifier_is_an_mlp_with_noise_in_training() -> None:
    draw = torch.Generator().manual_seed(0)
    model = NoisyClassifier((6, 8, 4, 3), input_noise=0.3, hidden_noise=0.5, generator=draw)
    x = torch.randn(5, 2, 3, generator=draw)
    answer = model.eval()(x)
    hidden = list(model.network.layer_outputs(x.flatten(1)))
    torch.testing.assert_close(answer.logits, hidden[-1])
    torch.testing.assert_close(answer.features, hidden[-2])
    model.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        seen = model(x)
        torch.manual_seed(3)
        first, second, last = model.network.layers
        h = x.flatten(1) + 0.3 * torch.randn(5, 6)
        h = first(h).relu()
        h = second(h + 0.5 * torch.randn(5, 8)).relu()
        torch.testing.assert_close(seen.features, h)
        torch.testing.assert_close(seen.logits, last(h + 0.5 * torch.randn(5, 4)))
    still = NoisyClassifier((6, 4, 3)).train()
    torch.testing.assert_close(still(x).logits, still(x).logits, rtol=0, atol=0)


def test_the_labelled_term_draws_its_own_batches() -> None:
    examples = Examples(torch.randn(20, 4), torch.arange(20) % 2)
    model = NoisyClassifier((4, 5, 2)).eval()
    term = LabelledTerm(examples, batch_size=7, seed=2)
    draw = torch.Generator().manual_seed(2)
    for _ in range(2):
        rows = torch.randint(20, (7,), generator=draw)
        wanted = cross_entropy(model(examples.inputs[rows]).logits, examples.targets[rows])
        torch.testing.assert_close(term(model), wanted)


def test_midpoints_lie_in_the_middle() -> None:
    data = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 4.0]])
    made = midpoints(data, 200, torch.Generator().manual_seed(0))
    ways = {(0.0, 0.0), (1.0, 0.0), (0.0, 2.0), (1.0, 2.0), (2.0, 0.0), (0.0, 4.0)}
    assert set(map(tuple, made.tolist())) == ways


def test_the_game_learns_both_parts() -> None:
    """Two clusters on a line, one label each: the classes, and a generator that comes near."""
    draw = torch.Generator().manual_seed(0)
    data = torch.randn(200, 1, generator=draw) * 0.2
    data[:100] -= 2
    data[100:] += 2
    term = LabelledTerm(Examples(data[[0, 199]], torch.tensor([0, 1])), batch_size=2)
    model = NoisyClassifier((1, 16, 2), generator=draw)
    made = Generator(2, (16,), (1,), generator=draw)
    adam = [torch.optim.Adam(net.parameters(), lr=0.02) for net in (model, made)]
    tell = Player(model, lambda real, fake: unlabelled_loss(real.logits, fake.logits), adam[0])
    match = Player(made, feature_matching_loss, adam[1])
    play(
        tell,
        match,
        data,
        normal_noise(2),
        rounds=60,
        batch_size=32,
        regularizer=term,
        shows_data=True,
        device="cpu",
    )
    right = model.eval()(data).logits.argmax(1) == (data[:, 0] > 0)
    assert right.all()
    made_points = made(normal_noise(2)(500, draw))
    assert abs(made_points.abs().mean().item() - 2) < 1


@pytest.mark.usefixtures("without_shape_checks")
def test_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="sizes must name"):
        NoisyClassifier((4, 2))
    with pytest.raises(ValueError, match="input_noise"):
        NoisyClassifier((4, 3, 2), input_noise=-1.0)
    with pytest.raises(ValueError, match="hidden_noise"):
        NoisyClassifier((4, 3, 2), hidden_noise=float("nan"))
    with pytest.raises(ValueError, match="logits must have"):
        data_logit(torch.zeros(3))
    with pytest.raises(ValueError, match="logits must have"):
        data_logit(torch.zeros(3, 0))
    none, some = Answer(torch.zeros(0, 2), torch.zeros(0, 2)), Answer(*torch.zeros(2, 3, 2))
    with pytest.raises(ValueError, match="made must hold"):
        feature_matching_loss(none, some)
    with pytest.raises(ValueError, match="real must hold"):
        feature_matching_loss(some, none)
    examples = Examples(torch.zeros(2, 3), torch.zeros(2, dtype=torch.long))
    with pytest.raises(ValueError, match="batch_size"):
        LabelledTerm(examples, batch_size=0)
    with pytest.raises(ValueError, match="examples must be"):
        LabelledTerm(Examples(torch.zeros(0, 3), torch.zeros(0)), batch_size=1)
    with pytest.raises(ValueError, match="data must hold"):
        midpoints(torch.zeros(0, 2), 3, torch.Generator())


def test_with_one_class_the_evidence_is_its_logit() -> None:
    assert data_logit(torch.tensor([[0.3], [-2.0]])).tolist() == pytest.approx([0.3, -2.0])
