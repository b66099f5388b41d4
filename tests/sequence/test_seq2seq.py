"""The whole: equal to torch's modules, taught by `fit`, and decoded in every way."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence

from linebyline.data.examples import Examples
from linebyline.data.token_pairs import BEGIN, END, PADDING, padded, shifted
from linebyline.decoding.beam_search import beam_search
from linebyline.decoding.greedy import greedy
from linebyline.layers.attention import GeneralAttention
from linebyline.losses.cross_entropy import CrossEntropy
from linebyline.sequence.attention_decoder import BahdanauDecoder, LuongDecoder
from linebyline.sequence.decoder import ContextDecoder
from linebyline.sequence.encoder import Encoder
from linebyline.sequence.gru import GRU
from linebyline.sequence.lstm import LSTM
from linebyline.sequence.seq2seq import Seq2Seq, trimmed
from linebyline.training.loop import fit

VOCABULARY, SIZE, HIDDEN = 8, 6, 12


def model(which: str, *, recurrent: Any = GRU, both: bool = False, **options: Any) -> Seq2Seq:
    draw = torch.Generator().manual_seed(0)
    network = recurrent(SIZE, HIDDEN, bidirectional=both, generator=draw)
    encoder = Encoder(network, VOCABULARY, generator=draw)
    D = encoder.width

    def read(beside: int) -> Any:
        return recurrent(SIZE + beside, HIDDEN, generator=draw)

    if which == "state":
        decoder: Any = ContextDecoder(read(0), VOCABULARY, generator=draw)
    elif which == "every step":
        decoder = ContextDecoder(read(D), VOCABULARY, context_size=D, generator=draw)
    elif which == "bahdanau":
        decoder = BahdanauDecoder(read(D), VOCABULARY, D, generator=draw)
    else:
        attention = GeneralAttention(HIDDEN, D, generator=draw)
        decoder = LuongDecoder(read(0), VOCABULARY, attention, D, generator=draw)
    return Seq2Seq(encoder, decoder, generator=draw, **options)


every = pytest.mark.parametrize("which", ["state", "every step", "bahdanau", "luong"])


@pytest.fixture
def inputs(source: Tensor, tokens: Tensor) -> Tensor:
    return torch.stack([source, functional.pad(tokens, (0, 1))], dim=1)


def test_equals_torch_outputs_and_gradients(inputs: Tensor) -> None:
    """Sutskever's form, an LSTM that begins where an LSTM ended."""
    ours = model("state", recurrent=LSTM).double()
    parts = {
        "embedding": nn.Embedding(VOCABULARY, SIZE),
        "recurrent": nn.LSTM(SIZE, HIDDEN, batch_first=True),
    }
    encoder = nn.ModuleDict(parts).double()
    parts = {
        "embedding": nn.Embedding(VOCABULARY, SIZE),
        "recurrent": nn.LSTM(SIZE, HIDDEN, batch_first=True),
        "output": nn.Linear(HIDDEN, VOCABULARY),
    }
    decoder = nn.ModuleDict(parts).double()
    theirs = nn.ModuleDict({"encoder": encoder, "decoder": decoder})
    theirs.load_state_dict(ours.state_dict())
    source, tokens = inputs[:, 0], inputs[:, 1, :4]
    e, lengths = encoder["embedding"](source), (source != 0).sum(1)
    packed = pack_padded_sequence(e, lengths, batch_first=True, enforce_sorted=False)
    _, state = encoder["recurrent"](packed)
    h, _ = decoder["recurrent"](decoder["embedding"](tokens), state)
    expected = decoder["output"](h).transpose(1, 2)
    found = ours(inputs)
    torch.testing.assert_close(found[:, :, :4], expected)
    assert found.shape == (3, VOCABULARY, 5)
    assert found[:, :, 4].eq(0).all()
    targets = torch.tensor([[3, 4, 5, 2, 0], [6, 2, 0, 0, 0], [4, 4, 2, 0, 0]])
    CrossEntropy(ignore_index=PADDING)(found, targets).backward()
    functional.cross_entropy(expected, targets[:, :4], ignore_index=0).backward()
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad, theirs.get_parameter(name).grad)


@every
def test_padding_changes_nothing(which: str, inputs: Tensor) -> None:
    """Not more of it, not of either side, and not other sentences in the batch."""
    ours = model(which, both=True).double()
    found = ours(inputs)
    wider = ours(functional.pad(inputs, (0, 3)))
    torch.testing.assert_close(wider[:, :, :5], found)
    assert wider[:, :, 5:].eq(0).all()
    alone = ours(inputs[1:2, :, :2])
    torch.testing.assert_close(found[1:2, :, :2], alone)


@every
@pytest.mark.parametrize("both", [False, True])
def test_every_parameter_has_a_gradient(which: str, both: bool, inputs: Tensor) -> None:
    ours = model(which, both=both).double()
    loss = CrossEntropy(ignore_index=PADDING)(ours(inputs), inputs[:, 1])
    loss.backward()
    for name, parameter in ours.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.any(), name


def reversal(count: int, seed: int) -> Examples:
    """Texts of one to five tokens, to be said from the last to the first."""
    draw = torch.Generator().manual_seed(seed)
    rows = [
        torch.randint(3, VOCABULARY, (int(length),), generator=draw).tolist()
        for length in torch.randint(1, 6, (count,), generator=draw)
    ]
    read, said = shifted([row[::-1] for row in rows])
    return Examples(torch.stack([padded(rows, time=6), read], dim=1), said)


@every
def test_learns_to_turn_round_and_is_decoded(which: str) -> None:
    """By `fit`; then greedily, and by a beam, which is at least as probable."""
    data = reversal(40, seed=0)
    ours = model(which)
    optimizer = torch.optim.Adam(ours.parameters(), lr=0.03)
    loss = CrossEntropy(ignore_index=PADDING)
    fit(ours, loss, optimizer, data, epochs=60, batch_size=40)
    ours.eval()
    source = data.inputs[:, 0]
    first = torch.full((len(source),), BEGIN)
    found = greedy(ours.step, first, ours.begin(source), end=END, max_length=6)
    right = []
    for answer, target in zip(found.tokens.tolist(), data.targets.tolist(), strict=True):
        said = answer[: answer.index(END)] if END in answer else answer
        right.append(said == target[: target.index(END)])
    assert sum(right) >= 38
    beams = beam_search(ours.step, first, ours.begin(source), end=END, max_length=6, beam_size=3)
    assert (beams.log_probs[:, 0] >= found.log_probs - 1e-4).all()
    # What the beam says of its answers is what the model says when it is told them.
    for n in range(0, 40, 7):
        for k in range(2):
            said = beams.tokens[n, k, : beams.lengths[n, k]]
            read = torch.cat([torch.tensor([BEGIN]), said[:-1]])[None]
            logits = ours.write(source[n : n + 1], read).logits[0]
            log_p = logits.log_softmax(0)[said, torch.arange(len(said))].sum()
            torch.testing.assert_close(log_p, beams.log_probs[n, k], rtol=1e-3, atol=1e-4)


def test_shows_where_it_looked(source: Tensor, tokens: Tensor) -> None:
    ours = model("bahdanau").double()
    weights = ours.write(source, tokens).weights
    assert weights.shape == (3, 4, 5)
    torch.testing.assert_close(weights.sum(2), torch.ones(3, 4).double())
    assert weights[source.eq(PADDING)[:, None].expand_as(weights)].eq(0).all()
    _, state = ours.step(tokens[:, 0], ours.begin(source))
    torch.testing.assert_close(state.weights, weights[:, 0])


def test_reads_its_own_words_in_training_only(inputs: Tensor) -> None:
    ours = model("state").double()
    taught = ours(inputs)
    ours.truth = 0.0
    torch.manual_seed(0)
    own = ours(inputs)
    torch.testing.assert_close(own[:, :, 0], taught[:, :, 0])
    assert not torch.allclose(own[:, :, 1], taught[:, :, 1])
    torch.testing.assert_close(ours.eval()(inputs), taught)


def test_truth_can_fall_as_training_goes_on() -> None:
    ours, data, seen = model("state"), reversal(20, seed=0), []
    optimizer = torch.optim.Adam(ours.parameters(), lr=0.01)

    def fall(*_: Any) -> None:
        seen.append(ours.truth)
        ours.truth -= 0.25

    optimizer.register_step_post_hook(fall)
    fit(ours, CrossEntropy(ignore_index=PADDING), optimizer, data, epochs=4, batch_size=20)
    assert seen == [1.0, 0.75, 0.5, 0.25]


def test_a_bridge_where_it_is_asked_for() -> None:
    assert not list(model("state").bridge.parameters())
    assert len(list(model("state", learned_bridge=True).bridge.parameters())) == 2
    assert len(list(model("state", recurrent=LSTM, learned_bridge=True).bridge.parameters())) == 4


def test_trimmed() -> None:
    ids = torch.tensor([[1, 0, 0, 0], [1, 0, 2, 0]])
    assert trimmed(ids).tolist() == [[1, 0, 0], [1, 0, 2]]
    assert trimmed(torch.zeros(2, 3).long()).shape == (2, 1)
    assert trimmed(ids[:, :1]).tolist() == [[1], [1]]


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m, x: m(x[:, 0]), r"inputs must be \(batch, 2, time\)"),
        (lambda m, x: m(x[:, :1]), r"inputs must be \(batch, 2, time\)"),
        (lambda m, x: m(x + 8 * (x == 6)), "source has 14; an id is from 0 to 7"),
        (lambda m, x: m(x * torch.tensor([[1], [0]]) * 0), "source must have a token in each row"),
        (lambda m, x: (setattr(m, "truth", 1.5), m(x)), "truth must be from 0 to 1, not 1.5"),
    ],
)
def test_refuses(change: Callable, message: str, inputs: Tensor) -> None:
    with pytest.raises(ValueError, match=message):
        change(model("state"), inputs)
