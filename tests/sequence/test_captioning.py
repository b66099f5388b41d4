"""A captioner is its decoder over its encoder's grid, and the penalty is its formula."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from linebyline.data.examples import Examples
from linebyline.data.token_pairs import BEGIN, END, shifted
from linebyline.decoding.beam_search import beam_search
from linebyline.decoding.greedy import greedy
from linebyline.layers.attention import GeneralAttention
from linebyline.sequence.attention_decoder import BahdanauDecoder, LuongDecoder
from linebyline.sequence.captioning import (
    Captioned,
    Captioner,
    CaptionLoss,
    doubly_stochastic_penalty,
    pack,
)
from linebyline.sequence.encoder import Encoded
from linebyline.sequence.gru import GRU
from linebyline.sequence.lstm import LSTM
from linebyline.training.loop import fit

SHAPE, VOCABULARY, WIDTH, HIDDEN = (2, 4, 6), 7, 3, 8
Numbers = Callable[..., Tensor]


def captioner(recurrent: Any = LSTM, *, layers: int = 1, gated: bool = True) -> Captioner:
    draw = torch.Generator().manual_seed(0)
    encoder = nn.Conv2d(2, WIDTH, 2, stride=2)
    for parameter in encoder.parameters():
        nn.init.normal_(parameter, std=0.5, generator=draw)
    network = recurrent(5 + WIDTH, HIDDEN, num_layers=layers, generator=draw)
    decoder = BahdanauDecoder(network, VOCABULARY, WIDTH, gated=gated, generator=draw)
    return Captioner(encoder, decoder, SHAPE, generator=draw)


@pytest.mark.parametrize("recurrent", [GRU, LSTM])
@pytest.mark.parametrize("layers", [1, 2])
def test_is_the_decoder_over_the_grid(
    recurrent: Any, layers: int, numbers: Numbers, tokens: Tensor
) -> None:
    model = captioner(recurrent, layers=layers).double()
    images = numbers(3, *SHAPE)
    grid = functional.conv2d(images, model.encoder.weight, model.encoder.bias, stride=2)
    assert grid.shape == (3, WIDTH, 2, 3)
    a = torch.stack([grid[:, :, i, j] for i in range(2) for j in range(3)], dim=1)  # row by row
    mean = grid.mean((2, 3))
    parts = [
        torch.tanh(mean @ map_.weight.T + map_.bias).reshape(3, layers, HIDDEN).transpose(0, 1)
        for map_ in model.first
    ]
    state = parts[0] if len(parts) == 1 else tuple(parts)
    inside = torch.ones(3, 6, dtype=torch.bool)
    expected = model.decoder(tokens, model.decoder.begin(Encoded(a, mean, state, inside), state))
    found = model(pack(images, tokens))
    torch.testing.assert_close(found.logits, expected.logits)
    torch.testing.assert_close(found.weights, expected.weights)
    assert found.weights.shape == (3, 4, 6)
    found.logits.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.any(), name


def test_gradient(numbers: Numbers) -> None:
    model = captioner().double()
    parameters = dict(model.named_parameters())
    inputs = pack(numbers(2, *SHAPE), torch.tensor([[1, 4], [1, 5]]))

    def run(*values: Tensor) -> tuple[Tensor, Tensor]:
        replaced = dict(zip(parameters, values, strict=True))
        return tuple(torch.func.functional_call(model, replaced, (inputs,)))

    assert torch.autograd.gradcheck(run, tuple(parameters.values()), fast_mode=True)


def test_any_decoder_that_looks_at_places(numbers: Numbers, tokens: Tensor) -> None:
    attention = GeneralAttention(HIDDEN, WIDTH)
    decoder = LuongDecoder(GRU(5, HIDDEN), VOCABULARY, attention, WIDTH)
    model = Captioner(nn.Conv2d(2, WIDTH, 2, stride=2), decoder, SHAPE).double()
    assert model(pack(numbers(3, *SHAPE), tokens)).weights.shape == (3, 4, 6)


def spots(count: int) -> tuple[Tensor, Examples]:
    """One bright pixel in one of six fields; the caption says which, and its channel."""
    draw = torch.Generator().manual_seed(1)
    images, rows = torch.zeros(count, *SHAPE), []
    for image in images:
        row, column, channel = (int(torch.randint(n, (1,), generator=draw)) for n in (2, 3, 2))
        image[channel, 2 * row, 2 * column] = 1.0
        rows.append([3 + channel, 5 + channel])
    read, said = shifted(rows)
    return images, Examples(pack(images, read), said)


def test_learns_by_fit_and_is_decoded() -> None:
    model = captioner(GRU)
    images, data = spots(40)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    history = fit(model, CaptionLoss(0.01), optimizer, data, epochs=40, batch_size=40)
    assert history.train_loss[-1] < 0.1 * history.train_loss[0]
    model.eval()
    first = torch.full((40,), BEGIN)
    found = greedy(model.step, first, model.begin(images), end=END, max_length=5)
    assert torch.equal(found.tokens, data.targets)
    beams = beam_search(model.step, first, model.begin(images), end=END, max_length=5, beam_size=2)
    assert torch.equal(beams.tokens[:, 0, :3], data.targets)


def test_pack_keeps_every_number(numbers: Numbers) -> None:
    images, tokens = numbers(3, *SHAPE).float(), torch.tensor([[1, 6], [0, 2], [2**24, 5]])
    packed = pack(images, tokens)
    assert packed.shape == (3, 50)
    model = captioner()
    found = model._unpack(packed)
    assert torch.equal(found[0], images)
    assert torch.equal(found[1], tokens)


def test_penalty_by_hand() -> None:
    weights = torch.tensor([[[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]], [[0.2, 0.8], [0.3, 0.7], [1, 0]]])
    inside = torch.tensor([[True, True, False], [True, False, False]])
    # Looks: 1.5 and 0.5; 0.2 and 0.8.
    expected = ((0.25 + 0.25) + (0.64 + 0.04)) / 2
    assert doubly_stochastic_penalty(weights, inside).item() == pytest.approx(expected)
    even = torch.full((1, 3, 12), 1 / 12)
    least = 12 * (1 - 3 / 12) ** 2
    found = doubly_stochastic_penalty(even, torch.ones(1, 3, dtype=torch.bool))
    assert found.item() == pytest.approx(least)


def test_loss_is_the_sum_of_its_parts(numbers: Numbers) -> None:
    logits, weights = numbers(2, VOCABULARY, 3), numbers(2, 3, 6, seed=1).softmax(2)
    target = torch.tensor([[4, 5, 2], [3, 2, 0]])
    said = functional.cross_entropy(logits, target, ignore_index=0)
    penalty = doubly_stochastic_penalty(weights, target != 0)
    for factor in (0.0, 0.5):
        found = CaptionLoss(factor)(Captioned(logits, weights), target)
        torch.testing.assert_close(found, said + factor * penalty)


def test_gradient_of_the_penalty(numbers: Numbers) -> None:
    inside = torch.tensor([[True, True, False], [True, False, False]])
    weights = numbers(2, 3, 4).requires_grad_()
    assert torch.autograd.gradcheck(lambda w: doubly_stochastic_penalty(w, inside), weights)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m(torch.zeros(2, 48)), r"with 48 numbers of an image of \(2, 4, 6\)"),
        (lambda m: m(torch.zeros(2, 2, 4, 6)), "inputs must be .batch, packed. with 48 numbers"),
        (lambda m: m(torch.full((2, 50), 1.5)), "inputs must end in tokens, whole numbers, from c"),
        (lambda m: m(torch.full((2, 50), 7.0)), "tokens has 7; an id is from 0 to 6"),
        (lambda m: Captioner(nn.Flatten(), m.decoder, SHAPE).begin(torch.zeros(2, *SHAPE)), "enc"),
        (lambda m: Captioner(m.encoder, m.decoder, (3, 4)), r"image_shape must be .* not \(3, 4\)"),
        (lambda m: Captioner(m.encoder, m.decoder, (0, 4, 4)), r"image_shape must be"),
        (
            lambda m: pack(torch.zeros(2, *SHAPE), torch.zeros(3, 2).long()),
            "tokens must be 2 rows, one an image, not 3",
        ),
        (lambda m: CaptionLoss(-1.0), "penalty must be at least 0 and finite, not -1.0"),
        (lambda m: CaptionLoss(float("inf")), "penalty must be at least 0 and finite, not inf"),
    ],
)
def test_refuses(call: Callable, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(captioner())
