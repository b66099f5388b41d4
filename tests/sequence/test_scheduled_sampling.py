"""A coin for every token, and the three decays."""

import math

import pytest
import torch
from torch import Tensor

from linebyline.sequence.decoder import ContextDecoder, DecoderState, Written
from linebyline.sequence.gru import GRU
from linebyline.sequence.scheduled_sampling import (
    exponential_decay,
    inverse_sigmoid_decay,
    linear_decay,
    scheduled_sampling,
)


@pytest.fixture
def decoder() -> ContextDecoder:
    generator = torch.Generator().manual_seed(0)
    return ContextDecoder(GRU(4, 6, generator=generator), 7, generator=generator).double()


def begin(batch: int) -> DecoderState:
    return DecoderState(
        (torch.zeros(batch, 1, 6, dtype=torch.float64),),
        torch.zeros(batch, 1, 0, dtype=torch.float64),
    )


def test_with_all_the_truth_it_is_teacher_forcing(decoder: ContextDecoder, tokens: Tensor) -> None:
    found = scheduled_sampling(decoder, tokens, begin(3), 1.0)
    expected = decoder(tokens, begin(3))
    torch.testing.assert_close(found.logits, expected.logits)
    torch.testing.assert_close(found.state.hidden, expected.state.hidden)


class Watched(ContextDecoder):
    """It says 6 for sure, and remembers what it read."""

    def __init__(self) -> None:
        super().__init__(GRU(4, 6), 7)
        self.read: list[Tensor] = []

    def forward(self, tokens: Tensor, state: DecoderState) -> Written:
        self.read.append(tokens)
        logits = torch.full((len(tokens), 7, 1), -100.0)
        logits[:, 6] = 100.0
        return Written(logits, None, state)


@pytest.mark.parametrize("truth", [0.0, 0.3, 0.8])
def test_reads_the_true_token_as_often_as_told(truth: float) -> None:
    watched = Watched()
    tokens = torch.full((400, 11), 3)
    generator = torch.Generator().manual_seed(0)
    scheduled_sampling(watched, tokens, begin(400), truth, generator=generator)
    read = torch.cat(watched.read, dim=1)
    assert (read[:, 0] == 3).all()  # the first one always
    true = (read[:, 1:] == 3).double()
    assert set(read.unique().tolist()) <= {3, 6}
    assert true.mean().item() == pytest.approx(truth, abs=0.03)
    if truth == 0.3:  # a coin for every token: rows and columns differ
        assert true.mean(0).std() < 0.05
        assert true.mean(1).std() == pytest.approx(math.sqrt(0.3 * 0.7 / 10), rel=0.15)


def test_its_own_tokens_are_drawn_from_its_own_softmax(decoder: ContextDecoder) -> None:
    tokens = torch.full((4000, 2), 3)
    read: list[Tensor] = []
    decoder.register_forward_pre_hook(lambda _, arguments: read.append(arguments[0]))
    generator = torch.Generator().manual_seed(0)
    found = scheduled_sampling(decoder, tokens, begin(4000), 0.0, generator=generator)
    shares = read[1].flatten().bincount(minlength=7) / 4000
    torch.testing.assert_close(shares.double(), found.logits[0, :, 0].softmax(0), rtol=0, atol=0.03)


def test_no_gradient_goes_through_a_draw(decoder: ContextDecoder, tokens: Tensor) -> None:
    """It is the gradient of a decoder that is told the tokens that were drawn."""
    read: list[Tensor] = []
    decoder.register_forward_pre_hook(lambda _, arguments: read.append(arguments[0]))
    generator = torch.Generator().manual_seed(0)
    found = scheduled_sampling(decoder, tokens, begin(3), 0.2, generator=generator)
    drawn = torch.cat(read, dim=1)
    assert not torch.equal(drawn, tokens)
    expected = decoder(drawn, begin(3))
    torch.testing.assert_close(found.logits, expected.logits)
    gradients = [
        torch.autograd.grad(written.logits.square().sum(), list(decoder.parameters()))
        for written in (found, expected)
    ]
    torch.testing.assert_close(gradients[0], gradients[1])


def test_the_generator_draws_all(decoder: ContextDecoder, tokens: Tensor) -> None:
    before = torch.get_rng_state()
    one, again, other = (
        scheduled_sampling(
            decoder, tokens, begin(3), 0.5, generator=torch.Generator().manual_seed(seed)
        ).logits
        for seed in (0, 0, 2)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)


def test_decays_by_hand() -> None:
    assert linear_decay(3, slope=0.1) == pytest.approx(0.7)
    assert linear_decay(30, slope=0.1, least=0.25) == 0.25
    assert linear_decay(1, slope=0.1, first=0.5) == pytest.approx(0.4)
    assert exponential_decay(2, base=0.9) == pytest.approx(0.81)
    assert inverse_sigmoid_decay(0, k=9) == pytest.approx(0.9)
    assert inverse_sigmoid_decay(7, k=4) == pytest.approx(4 / (4 + math.exp(7 / 4)))
    assert inverse_sigmoid_decay(round(500 * math.log(500)), k=500) == pytest.approx(0.5, abs=1e-3)
    assert inverse_sigmoid_decay(10**9, k=2) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear_decay(1, slope=-0.1), "slope must be at least 0, not -0.1"),
        (lambda: linear_decay(1, slope=0.1, least=0.5, first=0.4), "least and first must be"),
        (lambda: linear_decay(1, slope=0.1, first=1.1), "least and first must be"),
        (lambda: exponential_decay(1, base=1.0), "base must be above 0 and below 1, not 1.0"),
        (lambda: inverse_sigmoid_decay(1, k=0.5), "k must be at least 1 and finite, not 0.5"),
    ],
)
def test_decays_refuse(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("truth", [-0.1, 1.1, math.nan])
def test_refuses_no_probability(decoder: ContextDecoder, tokens: Tensor, truth: float) -> None:
    with pytest.raises(ValueError, match="truth must be from 0 to 1, not"):
        scheduled_sampling(decoder, tokens, begin(3), truth)
