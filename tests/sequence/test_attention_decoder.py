"""Both decoders equal their equations, written with torch's cells and loops."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from linebyline.decoding.beam_search import select_rows
from linebyline.layers.attention import DotAttention, GeneralAttention
from linebyline.sequence.attention_decoder import BahdanauDecoder, LuongDecoder
from linebyline.sequence.decoder import Decoder, DecoderState
from linebyline.sequence.encoder import Encoded
from linebyline.sequence.gru import GRU
from linebyline.sequence.lstm import LSTM

VOCABULARY, EMBEDDING, HIDDEN, WIDTH, PLACES = 7, 3, 5, 4, 6
INSIDE = torch.arange(PLACES) < torch.tensor([4, 2, 6])[:, None]
Numbers = Callable[..., Tensor]


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def bahdanau(gated: bool = False, recurrent: Any = GRU, layers: int = 1) -> BahdanauDecoder:
    network = recurrent(EMBEDDING + WIDTH, HIDDEN, num_layers=layers, generator=generator())
    return BahdanauDecoder(
        network, VOCABULARY, WIDTH, attention_size=8, gated=gated, generator=generator()
    ).double()


def luong(feeding: bool = False, recurrent: Any = GRU, layers: int = 1) -> LuongDecoder:
    inputs = EMBEDDING + (HIDDEN if feeding else 0)
    network = recurrent(inputs, HIDDEN, num_layers=layers, generator=generator())
    attention = GeneralAttention(HIDDEN, WIDTH, generator=generator())
    return LuongDecoder(
        network, VOCABULARY, attention, WIDTH, input_feeding=feeding, generator=generator()
    ).double()


KINDS = {
    "bahdanau": bahdanau,
    "gated": lambda **options: bahdanau(True, **options),
    "luong": luong,
    "input feeding": lambda **options: luong(True, **options),
}


@pytest.fixture(params=list(KINDS))
def which(request: pytest.FixtureRequest) -> str:
    return request.param


def begun(decoder: Decoder, numbers: Numbers, memory: Tensor | None = None) -> DecoderState:
    layers, parts = decoder.recurrent.num_layers, decoder.recurrent.parts
    states = tuple(numbers(layers, 3, HIDDEN, seed=3 + n) for n in range(parts))
    memory = numbers(3, PLACES, WIDTH, seed=2) if memory is None else memory
    state = states[0] if parts == 1 else states
    return decoder.begin(Encoded(memory, memory[:, 0], state, INSIDE), state)


def torchs_cell(decoder: Decoder) -> nn.GRUCell:
    """With the weights of the decoder's only layer."""
    cell = nn.GRUCell(decoder.recurrent.input_size, HIDDEN).double()
    cell.load_state_dict(
        {name.removesuffix("_l0"): w for name, w in decoder.recurrent.state_dict().items()}
    )
    return cell


@pytest.mark.parametrize("gated", [False, True])
def test_bahdanaus_equations(gated: bool, numbers: Numbers, tokens: Tensor) -> None:
    decoder = bahdanau(gated)
    cell, attention = torchs_cell(decoder), decoder.attention
    memory = numbers(3, PLACES, WIDTH, seed=2)
    found = decoder(tokens, begun(decoder, numbers))
    first = numbers(1, 3, HIDDEN, seed=3)[0]
    for n in range(3):
        s, length = first[n], int(INSIDE[n].sum())
        for t, token in enumerate(tokens[n]):
            scores = torch.stack(
                [
                    attention.score.weight[0]
                    @ torch.tanh(attention.query.weight @ s + attention.key.weight @ h)
                    for h in memory[n, :length]
                ]
            )
            alpha = torch.softmax(scores, dim=0)
            c = sum(a * h for a, h in zip(alpha, memory[n], strict=False))
            if gated:
                c = torch.sigmoid(decoder.gate.weight[0] @ s + decoder.gate.bias) * c
            e = decoder.embedding.weight[token]
            s = cell(torch.cat([e, c])[None], s[None])[0]
            logits = decoder.output.weight @ torch.cat([s, c, e]) + decoder.output.bias
            torch.testing.assert_close(found.logits[n, :, t], logits)
            torch.testing.assert_close(found.weights[n, t, :length], alpha)
            assert found.weights[n, t, length:].eq(0).all()


@pytest.mark.parametrize("feeding", [False, True])
def test_luongs_equations(feeding: bool, numbers: Numbers, tokens: Tensor) -> None:
    decoder = luong(feeding)
    cell, W_a = torchs_cell(decoder), decoder.attention.key.weight
    memory = numbers(3, PLACES, WIDTH, seed=2)
    found = decoder(tokens, begun(decoder, numbers))
    first = numbers(1, 3, HIDDEN, seed=3)[0]
    for n in range(3):
        h, told, length = first[n], torch.zeros(HIDDEN).double(), int(INSIDE[n].sum())
        for t, token in enumerate(tokens[n]):
            e = decoder.embedding.weight[token]
            x = torch.cat([e, told]) if feeding else e
            h = cell(x[None], h[None])[0]
            alpha = torch.softmax(torch.stack([h @ W_a @ m for m in memory[n, :length]]), dim=0)
            c = sum(a * m for a, m in zip(alpha, memory[n], strict=False))
            told = torch.tanh(decoder.combine.weight @ torch.cat([c, h]))
            logits = decoder.output.weight @ told + decoder.output.bias
            torch.testing.assert_close(found.logits[n, :, t], logits)
            torch.testing.assert_close(found.weights[n, t, :length], alpha)
            assert found.weights[n, t, length:].eq(0).all()


@pytest.mark.parametrize("recurrent", [GRU, LSTM])
def test_step_by_step_is_all_at_once(
    which: str, recurrent: Any, numbers: Numbers, tokens: Tensor
) -> None:
    """Outputs, and the gradients by every parameter and by the memory."""
    decoder = KINDS[which](recurrent=recurrent, layers=2)
    gradients = []
    for at_once in (True, False):
        memory = numbers(3, PLACES, WIDTH, seed=2).requires_grad_()
        state = begun(decoder, numbers, memory)
        if at_once:
            logits, weights, state = decoder(tokens, state)
            expected = logits, weights, state.hidden
            assert torch.equal(state.weights, weights[:, -1])
        else:
            said, looked = [], []
            for t in range(tokens.shape[1]):
                one, state = decoder.step(tokens[:, t], state)
                said.append(one)
                looked.append(state.weights)
            logits, weights = torch.stack(said, dim=2), torch.stack(looked, dim=1)
            torch.testing.assert_close((logits, weights, state.hidden), expected)
        loss = functional.cross_entropy(logits, tokens) + weights.square().sum()
        gradients.append(torch.autograd.grad(loss, [memory, *decoder.parameters()]))
    torch.testing.assert_close(gradients[0], gradients[1])
    assert all(gradient.any() for gradient in gradients[0])


def test_of_several_layers_the_top_one_asks(numbers: Numbers, tokens: Tensor) -> None:
    decoder = bahdanau(layers=3)
    memory, top = numbers(3, PLACES, WIDTH, seed=2), numbers(3, 3, HIDDEN, seed=3)[-1]
    _, expected = decoder.attention(top[:, None], memory, memory, INSIDE[:, None])
    found = decoder(tokens[:, :1], begun(decoder, numbers))
    torch.testing.assert_close(found.weights, expected)


def test_sequences_stand_first_in_every_state(which: str, numbers: Numbers, tokens: Tensor) -> None:
    decoder = KINDS[which](layers=2)
    _, _, state = decoder(tokens[:, :2], begun(decoder, numbers))
    rows = torch.tensor([2, 0, 2, 1])
    picked = decoder(tokens[rows, 2:], select_rows(state, rows))
    expected = decoder(tokens[:, 2:], state)
    torch.testing.assert_close(picked.logits, expected.logits[rows])
    torch.testing.assert_close(picked.weights, expected.weights[rows])


def test_what_is_hidden_has_no_part(which: str, numbers: Numbers, tokens: Tensor) -> None:
    decoder = KINDS[which]()
    memory = numbers(3, PLACES, WIDTH, seed=2)
    other = torch.where(INSIDE[..., None], memory, 100.0)
    one, two = (decoder(tokens, begun(decoder, numbers, m)).logits for m in (memory, other))
    torch.testing.assert_close(one, two)


def test_no_answer_depends_on_what_follows(which: str, numbers: Numbers, tokens: Tensor) -> None:
    decoder, other = KINDS[which](), tokens.clone()
    other[:, 2:] = 6
    one, two = (decoder(ids, begun(decoder, numbers)).logits for ids in (tokens, other))
    torch.testing.assert_close(one[:, :, :2], two[:, :, :2])
    assert not torch.allclose(one[:, :, 2], two[:, :, 2])


def test_gradient(which: str, numbers: Numbers) -> None:
    decoder = KINDS[which]()
    parameters = dict(decoder.named_parameters())
    memory = numbers(3, PLACES, WIDTH, seed=2).requires_grad_()
    tokens = torch.tensor([[1, 4], [1, 5], [1, 3]])

    def run(memory: Tensor, *values: Tensor) -> tuple[Tensor, Tensor]:
        replaced = dict(zip(parameters, values, strict=True))

        class Whole(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.decoder = decoder

            def forward(self) -> tuple[Tensor, Tensor]:
                found = decoder(tokens, begun(decoder, numbers, memory))
                return found.logits, found.weights

        named = {f"decoder.{name}": value for name, value in replaced.items()}
        return torch.func.functional_call(Whole(), named, ())

    assert torch.autograd.gradcheck(run, (memory, *parameters.values()), fast_mode=True)


def test_learns_to_point_at_the_places_in_turn(which: str) -> None:
    """The answer's t-th token stands at place t: no state alone could know them all."""
    draw = generator()
    targets = torch.randint(3, VOCABULARY, (24, 5), generator=draw)
    memory = functional.one_hot(targets, VOCABULARY).float() * 2
    memory = torch.cat([memory, 2 * torch.eye(5).expand(24, 5, 5)], dim=2)  # what, and where
    read = torch.cat([torch.ones(24, 1, dtype=torch.long), targets[:, :-1]], dim=1)
    width, hidden, size = memory.shape[2], 16, 8
    if which in ("bahdanau", "gated"):
        network = GRU(size + width, hidden, generator=draw)
        gated = which == "gated"
        decoder: Decoder = BahdanauDecoder(network, 7, width, gated=gated, generator=draw)
    else:
        feeding = which == "input feeding"
        network = GRU(size + hidden * feeding, hidden, generator=draw)
        attention = GeneralAttention(hidden, width, generator=draw)
        decoder = LuongDecoder(network, 7, attention, width, input_feeding=feeding, generator=draw)
    zero = torch.zeros(1, 24, hidden)
    encoded = Encoded(memory, memory[:, 0], zero, torch.ones(24, 5, dtype=torch.bool))
    optimizer = torch.optim.Adam(decoder.parameters(), lr=0.03)
    for _ in range(150):
        logits, _, _ = decoder(read, decoder.begin(encoded, zero))
        loss = functional.cross_entropy(logits, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (logits.argmax(1) == targets).float().mean() > 0.97


def test_any_attention_can_be_given(numbers: Numbers, tokens: Tensor) -> None:
    network = GRU(EMBEDDING, WIDTH, generator=generator())
    decoder = LuongDecoder(network, VOCABULARY, DotAttention(), WIDTH).double()
    memory = numbers(3, PLACES, WIDTH, seed=2)
    state = numbers(1, 3, WIDTH)
    first = decoder.begin(Encoded(memory, memory[:, 0], state, INSIDE), state)
    found = decoder(tokens, first)
    h, _ = decoder.recurrent(decoder.embedding(tokens), state)
    scores = (h @ memory.transpose(1, 2)).masked_fill(~INSIDE[:, None], -torch.inf)
    torch.testing.assert_close(found.weights, scores.softmax(2))


def test_the_default_attention_is_as_wide_as_the_state() -> None:
    decoder = BahdanauDecoder(GRU(EMBEDDING + WIDTH, HIDDEN), VOCABULARY, WIDTH)
    assert decoder.attention.score.weight.shape == (1, HIDDEN)
    assert decoder.gate is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: BahdanauDecoder(GRU(4, 2), 5, 4), "input_size of at least 5, for 4 of its inputs"),
        (
            lambda: LuongDecoder(GRU(5, 5), 5, DotAttention(), 5, input_feeding=True),
            "input_size of at least 6, for 5 of its inputs",
        ),
        (
            lambda: BahdanauDecoder(GRU(9, 2), 5, 4, attention_size=0),
            "hidden_size must be at least 1, not 0",
        ),
    ],
)
def test_refuses_sizes(call: Callable, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_refuses_another_memory(which: str, numbers: Numbers) -> None:
    decoder = KINDS[which]()
    with pytest.raises(ValueError, match=r"memory_size must be 3, as the encoder's .*, not 4"):
        begun(decoder, numbers, numbers(3, PLACES, 3))
