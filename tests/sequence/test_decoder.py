"""A decoder that is handed one vector: equal to torch's modules, all at once as step by step."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from linebyline.decoding.beam_search import select_rows
from linebyline.sequence.decoder import ContextDecoder, DecoderState, sequences_first
from linebyline.sequence.encoder import Encoded
from linebyline.sequence.gru import GRU
from linebyline.sequence.recurrent import Recurrent

VOCABULARY, EMBEDDING, HIDDEN, WIDTH = 7, 3, 5, 4
Make, Numbers = Callable[..., Recurrent], Callable[..., Tensor]


@pytest.fixture(params=[0, WIDTH], ids=["at the beginning", "at every step"])
def decoder(request: pytest.FixtureRequest, make: Make) -> ContextDecoder:
    recurrent = make(EMBEDDING + request.param, HIDDEN, num_layers=2)
    generator = torch.Generator().manual_seed(1)
    module = ContextDecoder(recurrent, VOCABULARY, context_size=request.param, generator=generator)
    return module.double()


@pytest.fixture
def begun(decoder: ContextDecoder, numbers: Numbers) -> tuple[Encoded, Tensor | tuple]:
    """What an encoder may have given, and a first state."""
    context = numbers(3, WIDTH, seed=2)
    inside = torch.ones(3, 6, dtype=torch.bool)
    parts = tuple(numbers(2, 3, HIDDEN, seed=3 + n) for n in range(decoder.recurrent.parts))
    state = parts[0] if len(parts) == 1 else parts
    return Encoded(numbers(3, 6, WIDTH), context, state, inside), state


def test_equals_torch_outputs_and_gradients(
    kind: str, decoder: ContextDecoder, begun: tuple, tokens: Tensor
) -> None:
    encoded, state = begun
    c = encoded.context.clone().requires_grad_()
    size = decoder.context_size
    embedding = nn.Embedding(VOCABULARY, EMBEDDING).double()
    inputs = EMBEDDING + size
    recurrent = getattr(nn, kind)(inputs, HIDDEN, num_layers=2, batch_first=True).double()
    output = nn.Linear(decoder.output.in_features, VOCABULARY).double()
    theirs = nn.ModuleDict({"embedding": embedding, "recurrent": recurrent, "output": output})
    theirs.load_state_dict(decoder.state_dict())
    e, every = embedding(tokens), c[:, None].expand(-1, 4, -1)
    if size:
        h, last = recurrent(torch.cat([e, every], dim=2), state)
        expected = output(torch.cat([h, every, e], dim=2))
    else:
        h, last = recurrent(e, state)
        expected = output(h)
    first = decoder.begin(encoded._replace(context=c), state)
    found = decoder(tokens, first)
    torch.testing.assert_close(found.logits, expected.transpose(1, 2))
    torch.testing.assert_close(found.state.hidden, sequences_first(last))
    assert found.weights is None
    by_c = []
    for logits in (found.logits, expected.transpose(1, 2)):
        functional.cross_entropy(logits, tokens.roll(-1, 1)).backward()
        by_c.append(c.grad)
        c.grad = None
    if size:
        torch.testing.assert_close(by_c[0], by_c[1])
    else:
        assert not by_c[0].any()
    for name, parameter in decoder.named_parameters():
        torch.testing.assert_close(parameter.grad, theirs.get_parameter(name).grad)


def test_step_by_step_is_all_at_once(decoder: ContextDecoder, begun: tuple, tokens: Tensor) -> None:
    state = decoder.begin(*begun)
    expected = decoder(tokens, state)
    for t in range(4):
        logits, state = decoder.step(tokens[:, t], state)
        torch.testing.assert_close(logits, expected.logits[:, :, t])
    torch.testing.assert_close(state.hidden, expected.state.hidden)


def test_sequences_stand_first_in_every_state(
    decoder: ContextDecoder, begun: tuple, tokens: Tensor
) -> None:
    """So a beam search may pick and repeat them."""
    state = decoder.begin(*begun)
    rows = torch.tensor([2, 0, 2, 1])
    picked = decoder(tokens[rows], select_rows(state, rows))
    expected = decoder(tokens, state)
    torch.testing.assert_close(picked.logits, expected.logits[rows])
    assert isinstance(picked.state, DecoderState)


def test_no_answer_depends_on_what_follows(
    decoder: ContextDecoder, begun: tuple, tokens: Tensor
) -> None:
    state, other = decoder.begin(*begun), tokens.clone()
    other[:, 2:] = 5
    one, two = (decoder(ids, state).logits for ids in (tokens, other))
    assert torch.equal(one[:, :, :2], two[:, :, :2])
    assert not torch.allclose(one[0, :, 3], two[0, :, 3])


def test_gradient(tokens: Tensor, numbers: Numbers) -> None:
    generator = torch.Generator().manual_seed(0)
    recurrent = GRU(4, 2, generator=generator)
    decoder = ContextDecoder(recurrent, VOCABULARY, context_size=2, generator=generator).double()
    parameters = dict(decoder.named_parameters())
    memory, hidden = numbers(3, 1, 2).requires_grad_(), numbers(3, 1, 2, seed=1).requires_grad_()

    def run(memory: Tensor, hidden: Tensor, *values: Tensor) -> Tensor:
        replaced = dict(zip(parameters, values, strict=True))
        state = DecoderState((hidden,), memory)
        return torch.func.functional_call(decoder, replaced, (tokens, state)).logits

    assert torch.autograd.gradcheck(run, (memory, hidden, *parameters.values()))


def test_learns_to_say_what_the_context_says(numbers: Numbers) -> None:
    generator = torch.Generator().manual_seed(0)
    decoder = ContextDecoder(
        GRU(8, 16, generator=generator), 7, context_size=4, generator=generator
    )
    targets = torch.randint(3, 7, (10, 4), generator=generator)
    read = torch.cat([torch.ones(10, 1, dtype=torch.long), targets[:, :-1]], dim=1)
    encoded = Encoded(
        torch.zeros(10, 1, 4),
        numbers(10, 4).float(),
        torch.zeros(1, 10, 16),
        torch.ones(10, 1, dtype=torch.bool),
    )
    optimizer = torch.optim.Adam(decoder.parameters(), lr=0.03)
    for _ in range(100):
        logits = decoder(read, decoder.begin(encoded, encoded.state)).logits
        loss = functional.cross_entropy(logits, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (logits.argmax(1) == targets).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ContextDecoder(GRU(3, 2), 0), "vocab_size must be at least 1, not 0"),
        (lambda: ContextDecoder(GRU(3, 2, bidirectional=True), 5), "recurrent must read in one"),
        (
            lambda: ContextDecoder(GRU(3, 2), 5, context_size=3),
            "recurrent must have an input_size of at least 4, for 3 of its inputs .*, not 3",
        ),
        (
            lambda: ContextDecoder(GRU(3, 2), 5, context_size=-1),
            "context_size must be at least 0, not -1",
        ),
    ],
)
def test_refuses_sizes(call: Callable, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_refuses_tokens_and_contexts(decoder: ContextDecoder, begun: tuple) -> None:
    state = decoder.begin(*begun)
    for ids, message in (([[7]] * 3, "tokens has 7; an id is"), ([[]] * 3, "tokens must be")):
        with pytest.raises(ValueError, match=message):
            decoder(torch.tensor(ids, dtype=torch.long), state)
    encoded, first = begun
    if decoder.context_size:
        with pytest.raises(
            ValueError, match=r"context_size must be 3, the encoder's width, or 0, not 4"
        ):
            decoder.begin(encoded._replace(context=encoded.context[:, :3]), first)
