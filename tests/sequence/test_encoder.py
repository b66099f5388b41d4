"""The encoder reads each source to its own end, in either order."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from linebyline.sequence.encoder import Encoder, turned
from linebyline.sequence.recurrent import Recurrent

VOCABULARY, INPUTS, HIDDEN = 7, 3, 5
LENGTHS = torch.tensor([4, 2, 5])


def encoder(recurrent: Recurrent, **options) -> Encoder:
    generator = torch.Generator().manual_seed(1)
    return Encoder(recurrent, VOCABULARY, generator=generator, **options).double()


@pytest.mark.parametrize("both", [False, True])
def test_equals_torch_outputs_and_gradients(
    kind: str, make: Callable[..., Recurrent], source: Tensor, both: bool
) -> None:
    ours = encoder(make(INPUTS, HIDDEN, num_layers=2, bidirectional=both))
    embedding = nn.Embedding(VOCABULARY, INPUTS).double()
    options = {"num_layers": 2, "bidirectional": both, "batch_first": True}
    recurrent = getattr(nn, kind)(INPUTS, HIDDEN, **options).double()
    theirs = nn.ModuleDict({"embedding": embedding, "recurrent": recurrent})
    theirs.load_state_dict(ours.state_dict())
    packed = pack_padded_sequence(
        embedding(source), LENGTHS, batch_first=True, enforce_sorted=False
    )
    packed, state = recurrent(packed)
    outputs, _ = pad_packed_sequence(packed, batch_first=True)
    last = state if isinstance(state, Tensor) else state[0]
    context = torch.cat([last[-2], last[-1]], dim=1) if both else last[-1]
    found = ours(source)
    torch.testing.assert_close(found.outputs, outputs)
    torch.testing.assert_close(found.context, context)
    torch.testing.assert_close(found.state, state)
    assert found.inside.sum(1).tolist() == LENGTHS.tolist()
    assert ours.width == found.outputs.shape[2] == HIDDEN * (1 + both)
    for y, c in ((found.outputs, found.context), (outputs, context)):
        (y.square().sum() + c.sin().sum()).backward()
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad, theirs.get_parameter(name).grad)


def test_padding_changes_nothing(make: Callable[..., Recurrent], source: Tensor) -> None:
    model = encoder(make(INPUTS, HIDDEN, bidirectional=True))
    alone = model(source[1:2, :2])
    found = model(source)
    torch.testing.assert_close(found.outputs[1:2, :2], alone.outputs)
    torch.testing.assert_close(found.context[1:2], alone.context)
    assert found.outputs[1, 2:].eq(0).all()
    assert found.inside[1].tolist() == [True, True, False, False, False]


def test_backwards_is_the_source_turned(make: Callable[..., Recurrent], source: Tensor) -> None:
    recurrent = make(INPUTS, HIDDEN)
    forwards, backwards = encoder(recurrent), encoder(recurrent, backwards=True)
    back = torch.tensor([[6, 5, 4, 3, 0], [3, 6, 0, 0, 0], [6, 3, 4, 5, 5]])
    found, expected = backwards(source), forwards(back)
    torch.testing.assert_close(found.context, expected.context)
    torch.testing.assert_close(found.state, expected.state)
    assert torch.equal(found.inside, source != 0)
    for n, length in enumerate(LENGTHS):  # outputs in the order of the source
        torch.testing.assert_close(found.outputs[n, :length], expected.outputs[n, :length].flip(0))
        assert found.outputs[n, length:].eq(0).all()
    assert not torch.allclose(found.context, forwards(source).context)


def test_turned_by_hand() -> None:
    x = torch.tensor([[1, 2, 3, 9], [4, 8, 8, 8]])
    assert turned(x, torch.tensor([3, 1])).tolist() == [[3, 2, 1, 9], [4, 8, 8, 8]]


def test_gradient(make: Callable[..., Recurrent], source: Tensor) -> None:
    model = encoder(make(2, 2))
    parameters = dict(model.named_parameters())

    def run(*values: Tensor) -> tuple[Tensor, Tensor]:
        replaced = dict(zip(parameters, values, strict=True))
        found = torch.func.functional_call(model, replaced, (source,))
        return found.outputs, found.context

    assert torch.autograd.gradcheck(run, tuple(parameters.values()))


def test_a_generator_decides(make: Callable[..., Recurrent]) -> None:
    before = torch.get_rng_state()
    one, other = encoder(make(2, 2)), encoder(make(2, 2))
    assert torch.equal(one.embedding.weight, other.embedding.weight)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([[3, 7]], "source has 7; an id is from 0 to 6"),
        ([[3, -1]], "source has -1; an id is from 0 to 6"),
        ([[3, 4], [0, 0]], "source must have a token in each row, but row 1 is empty"),
        ([[3, 4], [0, 4]], "source must have its padding, 0, behind all tokens, but row 1 has it"),
        ([], r"source must be \(batch, time\)"),
        ([[]], r"source must be \(batch, time\)"),
    ],
)
def test_refuses(ids: list, message: str, make: Callable[..., Recurrent]) -> None:
    with pytest.raises(ValueError, match=message):
        encoder(make(2, 2))(
            torch.tensor(ids, dtype=torch.long).reshape(len(ids), -1 if ids and ids[0] else 0)
        )


def test_refuses_an_empty_vocabulary(make: Callable[..., Recurrent]) -> None:
    with pytest.raises(ValueError, match="vocab_size must be at least 1, not 0"):
        Encoder(make(2, 2), 0)
