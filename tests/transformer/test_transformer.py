"""The Transformer equals torch's, whole and step by step, and learns to translate."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from linebyline.data.token_pairs import BEGIN, END, PADDING
from linebyline.decoding.beam_search import beam_search
from linebyline.decoding.greedy import greedy
from linebyline.layers.positional_encoding import sinusoidal
from linebyline.layers.recorded_weights import recorded_weights
from linebyline.transformer.block import BlockConfig
from linebyline.transformer.decoder import Decoder
from linebyline.transformer.encoder import Encoder
from linebyline.transformer.transformer import Transformer

Random = Callable[..., Tensor]
Small = Callable[..., BlockConfig]
Model = Callable[[nn.Module], nn.Module]
SOURCE = torch.tensor([[5, 6, 7, 8], [9, 4, PADDING, PADDING]])
TARGET = torch.tensor([[BEGIN, 3, 4, 5], [BEGIN, 6, END, PADDING]])


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")  # torch's own wish
@pytest.mark.parametrize("norm_first", [False, True])
def test_both_halves_are_torchs(
    norm_first: bool, random: Random, small: Small, shaken: Model, copy_block: Callable[..., None]
) -> None:
    """`torch.nn.Transformer` has a last normalization in both halves and in both orders."""
    config = small(norm_first=norm_first)
    ours = shaken(
        nn.ModuleDict(
            {
                "encoder": Encoder(config, 2, final_norm=True),
                "decoder": Decoder(config, 3, final_norm=True),
            }
        )
    )
    theirs = nn.Transformer(
        12, 3, 2, 3, 20, 0.0, batch_first=True, norm_first=norm_first, dtype=torch.float64
    )
    for half in ("encoder", "decoder"):
        for their, our in zip(getattr(theirs, half).layers, ours[half].blocks, strict=True):
            copy_block(their, our)
        getattr(theirs, half).norm.load_state_dict(ours[half].norm.state_dict())
    hidden = ~torch.ones(5, 5, dtype=torch.bool).tril()
    inside = torch.tensor([[True] * 4, [True, True, False, False]])
    source = [random(2, 4, 12).requires_grad_() for _ in range(2)]
    target = [random(2, 5, 12, seed=1).requires_grad_() for _ in range(2)]
    memory = ours["encoder"](source[0], inside[:, None])
    found = ours["decoder"](target[0], memory, inside[:, None])
    expected = theirs(
        source[1], target[1], tgt_mask=hidden, src_key_padding_mask=~inside,
        memory_key_padding_mask=~inside,
    )  # fmt: skip
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-11)
    for each in (found, expected):
        (random(2, 5, 12, seed=2) * each).sum().backward()
    for pair in (source, target):
        torch.testing.assert_close(pair[0].grad, pair[1].grad, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("sizes", [(11,), (11, 7)], ids=["one vocabulary", "two"])
def test_what_enters_and_what_leaves(sizes: tuple[int, ...], small: Small, shaken: Model) -> None:
    """Section 3.4: √d E[x] + PE, and logits by the same E."""
    model = shaken(Transformer(small(), 2, *sizes)).eval()
    source_rows, target_rows = model.source.weight, model.target.weight
    assert (source_rows is target_rows) == (len(sizes) == 1)
    waves, inside = sinusoidal(4, 12), (SOURCE != PADDING)[:, None]
    memory = model.encoder(math.sqrt(12) * source_rows[SOURCE] + waves, inside)
    h = model.decoder(math.sqrt(12) * target_rows[TARGET] + waves, memory, inside)
    found = model(torch.stack([SOURCE, TARGET], dim=1))
    torch.testing.assert_close(found, (h @ target_rows.T).transpose(1, 2))


@pytest.mark.parametrize("norm_first", [False, True])
def test_steps_give_the_logits_of_the_whole(norm_first: bool, small: Small, shaken: Model) -> None:
    model = shaken(Transformer(small(norm_first=norm_first), 2, 11)).eval()
    whole = model(torch.stack([SOURCE, TARGET], dim=1))
    state = model.begin(SOURCE)
    for t in range(4):
        logits, state = model.step(TARGET[:, t], state)
        torch.testing.assert_close(logits, whole[:, :, t], rtol=1e-11, atol=1e-11)


def test_padding_of_a_source_changes_nothing(small: Small, shaken: Model) -> None:
    model = shaken(Transformer(small(), 2, 11)).eval()
    whole = model(torch.stack([SOURCE, TARGET], dim=1))
    alone, _ = model.continue_from(model.begin(SOURCE[1:, :2]), TARGET[1:, :3])
    torch.testing.assert_close(whole[1:, :, :3], alone, rtol=1e-11, atol=1e-11)


def test_what_comes_later_changes_nothing(small: Small, shaken: Model) -> None:
    model = shaken(Transformer(small(), 2, 11)).eval()
    later = TARGET.clone()
    later[:, 2:] = 9
    one, other = (model(torch.stack([SOURCE, each], dim=1)) for each in (TARGET, later))
    torch.testing.assert_close(one[:, :, :2], other[:, :, :2], rtol=1e-12, atol=1e-12)
    assert (one[:, :, 2:] - other[:, :, 2:]).abs().max() > 0.01


def test_what_enters_is_dropped_in_training(small: Small, shaken: Model) -> None:
    """Section 5.4: dropout of the sums of the embeddings and the positions."""
    model, inputs = shaken(Transformer(small(dropout=0.5), 1, 11)), torch.stack([SOURCE, TARGET], 1)
    model.encoder.eval()
    model.decoder.eval()
    assert not torch.equal(model(inputs), model(inputs))
    model.eval()
    assert torch.equal(model(inputs), model(inputs))


def test_starts_with_features_as_large_as_the_positions(small: Small) -> None:
    config = small(model_size=64, num_heads=4)
    model = Transformer(config, 1, 500, generator=generator())
    assert model.source.weight.std().item() == pytest.approx(64**-0.5, rel=0.02)
    again = Transformer(config, 1, 500, generator=generator())
    assert all(map(torch.equal, model.parameters(), again.parameters()))


def test_learns_to_reverse_and_both_searches_say_it(small: Small) -> None:
    """As a translation: sources of three tokens, answered from the last to the first."""
    tokens = torch.cartesian_prod(*[torch.arange(3, 7)] * 3)  # 64 sources
    target = torch.cat([torch.full((64, 1), BEGIN), tokens.flip(1), torch.full((64, 1), END)], 1)
    inputs = torch.zeros(64, 2, 4, dtype=torch.int64)
    inputs[:, 0, :3], inputs[:, 1] = tokens, target[:, :-1]
    config = small(model_size=32, num_heads=4, hidden_size=64, norm_first=True)
    model = Transformer(config, 1, 7, generator=generator())
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(120):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(inputs), target[:, 1:], ignore_index=PADDING)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05
    model.eval()
    first = torch.full((64,), BEGIN)
    said = greedy(model.step, first, model.begin(inputs[:, 0]), end=END, max_length=6).tokens
    assert (said == target[:, 1:]).all(1).float().mean() > 0.95
    state = model.begin(inputs[:, 0])
    beams = beam_search(model.step, first, state, end=END, max_length=6, beam_size=3)
    assert (beams.tokens[:, 0, :4] == target[:, 1:]).all(1).float().mean() > 0.95
    with recorded_weights(model) as weights:
        model(inputs)
    cross = weights["decoder.blocks.0.cross_attention"][0].mean(1)  # over the heads
    assert cross.shape == (64, 4, 4)
    assert (cross[:, :, 3] == 0).all()  # padding


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (torch.zeros(2, 3, dtype=torch.int64), r"inputs must be \(batch, 2, time\).* \(2, 3\)"),
        (torch.zeros(2, 3, 4, dtype=torch.int64), r"inputs must be .* is \(2, 3, 4\)"),
        (torch.tensor([[[3, 11], [3, 3]]]), "source has 11; an id is from 0 to 10"),
        (torch.tensor([[[3, 3], [3, 7]]]), "target has 7; an id is from 0 to 6"),
        (torch.tensor([[[0, 0], [3, 3]]]), "hides all 2 from 2 of 2"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_inputs(inputs: Tensor, message: str, small: Small) -> None:
    with pytest.raises(ValueError, match=message):
        Transformer(small(), 1, 11, 7)(inputs)


def test_refuses_sizes(small: Small) -> None:
    with pytest.raises(ValueError, match="source_size must be at least 1, not 0"):
        Transformer(small(), 1, 0)
    with pytest.raises(ValueError, match="target_size must be at least 1, not 0"):
        Transformer(small(), 1, 3, 0)
    with pytest.raises(ValueError, match=r"size must be even, two .* not 9"):
        Transformer(small(model_size=9), 1, 3)
