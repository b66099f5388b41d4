"""Multi-head attention equals torch's, on both paths, at once and through a key-value cache."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from linebyline.layers.attention_mask import causal_mask
from linebyline.layers.multi_head_attention import KeyValue, MultiHeadAttention
from linebyline.layers.positional_encoding import Rotary

SIZE, HEADS = 12, 3


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def ours(**options: object) -> MultiHeadAttention:
    layer = MultiHeadAttention(
        SIZE, HEADS, generator=torch.Generator().manual_seed(0), **options
    ).double()
    with torch.no_grad():
        for number, parameter in enumerate(layer.parameters()):
            parameter.copy_(random(*parameter.shape, seed=100 + number))  # biases, too
    return layer


def torchs(layer: MultiHeadAttention) -> nn.MultiheadAttention:
    bias = layer.query.bias is not None
    twin = nn.MultiheadAttention(SIZE, HEADS, bias=bias, batch_first=True).double()
    three = (layer.query, layer.key, layer.value)
    state = {"in_proj_weight": torch.cat([part.weight for part in three])}
    state["out_proj.weight"] = layer.output.weight
    if bias:
        state["in_proj_bias"] = torch.cat([part.bias for part in three])
        state["out_proj.bias"] = layer.output.bias
    twin.load_state_dict(state)
    return twin


def call(layer: MultiHeadAttention, path: str, *args: object, **options: object) -> Tensor:
    answer = getattr(layer, path)(*args, **options)
    return answer[0] if path == "explicit" else answer


def seen(kind: str, queries: int, keys: int) -> tuple[dict[str, object], dict[str, object]]:
    """The same mask for us and for torch, where True hides."""
    padding = torch.arange(keys) < torch.tensor([keys, keys - 2])[:, None]
    each = random(2, queries, keys, seed=9) > 0
    each[..., 0] = True
    triangle = causal_mask(queries, keys)
    heads = each.repeat_interleave(HEADS, dim=0)
    return {
        "none": ({}, {}),
        "one for all": ({"mask": each[0]}, {"attn_mask": ~each[0]}),
        "each": ({"mask": each}, {"attn_mask": ~heads}),
        "padding": ({"mask": padding[:, None]}, {"key_padding_mask": ~padding}),
        "causal": ({"causal": True}, {"attn_mask": ~triangle}),
        "causal and padding": (
            {"causal": True, "mask": padding[:, None]},
            {"attn_mask": ~triangle, "key_padding_mask": ~padding},
        ),
    }[kind]


KINDS = ["none", "one for all", "each", "padding", "causal", "causal and padding"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("inputs", ["self", "cross", "three"])
@pytest.mark.parametrize("bias", [True, False])
def test_equals_torchs(path: str, kind: str, inputs: str, bias: bool) -> None:
    layer = ours(bias=bias)
    twin = torchs(layer)
    queries = 5 if inputs == "self" else 3
    x = [random(2, queries, SIZE), random(2, 5, SIZE, seed=1), random(2, 5, SIZE, seed=2)]
    x = x[: {"self": 1, "cross": 2, "three": 3}[inputs]]
    mask, theirs = seen(kind, queries, 5)
    mine = [tensor.clone().requires_grad_() for tensor in x]
    torchs_x = [tensor.clone().requires_grad_() for tensor in x]
    answer = call(layer, path, *mine, **mask)
    three = [*torchs_x, *[torchs_x[-1]] * (3 - len(x))]
    expected, weights = twin(*three, average_attn_weights=False, **theirs)
    torch.testing.assert_close(answer, expected, rtol=1e-11, atol=1e-12)
    if path == "explicit":
        found = layer.explicit(*mine, **mask)[1]
        torch.testing.assert_close(found, weights, rtol=1e-11, atol=1e-12)
    upstream = random(*answer.shape, seed=3)
    for each in (answer, expected):
        (upstream * each).sum().backward()
    for one, other in zip(mine, torchs_x, strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-10, atol=1e-11)
    three = (layer.query, layer.key, layer.value)
    packed = torch.cat([part.weight.grad for part in three])
    torch.testing.assert_close(packed, twin.in_proj_weight.grad, rtol=1e-10, atol=1e-11)
    torch.testing.assert_close(
        layer.output.weight.grad, twin.out_proj.weight.grad, rtol=1e-10, atol=1e-11
    )


def test_one_head_by_hand(path: str) -> None:
    """Two heads of one feature: each attends by itself, and W^O = 1 lays them side by side."""
    layer = MultiHeadAttention(2, 2).double()
    with torch.no_grad():
        for part in (layer.query, layer.key, layer.value, layer.output):
            part.weight.copy_(torch.eye(2))
    x = torch.tensor([[[0.0, 1.0], [5.0, math.log(3.0)]]], dtype=torch.float64)
    answer = call(layer, path, x[:, :1], x)
    # Head 0 asks with 0: both weights are ½. Head 1 asks with 1: e = 1 and log 3, e^1 : 3.
    expected = [2.5, (math.e + 3 * math.log(3.0)) / (math.e + 3)]
    torch.testing.assert_close(answer[0, 0], torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("pieces", [(1, 1, 1, 1, 1), (2, 3), (4, 1)])
def test_the_cache_changes_nothing(path: str, rotary: bool, pieces: tuple[int, ...]) -> None:
    layer = ours(rotary=Rotary(SIZE // HEADS) if rotary else None)
    x = random(2, sum(pieces), SIZE)
    whole = call(layer, path, x, causal=True)
    memory, answers = None, []
    for piece in x.split(pieces, dim=1):
        start = 0 if memory is None else memory.key.shape[2]
        more = layer.keys_values(piece, start=start)
        memory = more if memory is None else memory.extended(more)
        answers.append(layer.read(piece, memory, causal=True))
    assert isinstance(memory, KeyValue)
    assert memory.value.shape == (2, HEADS, 5, SIZE // HEADS)
    torch.testing.assert_close(torch.cat(answers, dim=1), whole, rtol=1e-12, atol=1e-12)


def test_the_last_queries_see_what_they_would_in_the_whole(path: str) -> None:
    layer, x = ours(), random(2, 5, SIZE)
    whole = call(layer, path, x, causal=True)
    last = call(layer, path, x[:, 3:], x, causal=True)
    torch.testing.assert_close(last, whole[:, 3:], rtol=1e-12, atol=1e-12)


def test_what_is_hidden_has_no_weight_and_no_gradient(path: str) -> None:
    layer, x = ours(), random(1, 4, SIZE).requires_grad_()
    call(layer, path, x, causal=True)[:, 1].sum().backward()
    assert (x.grad[:, :2] != 0).all()
    assert (x.grad[:, 2:] == 0).all()


def test_with_rotary_only_distances_count(path: str) -> None:
    """Turned by hand: queries by their positions, keys by theirs, values not at all."""
    layer, x = ours(rotary=Rotary(SIZE // HEADS)), random(2, 4, SIZE)
    answer = call(layer, path, x)
    far = layer.read(x, layer.keys_values(x))
    torch.testing.assert_close(answer, far)
    plain = ours()
    q, (k, v) = plain._heads(plain.query(x)), plain.keys_values(x)
    q, k = layer.rotary.explicit(q), layer.rotary.explicit(k)
    context = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(SIZE / HEADS), -1) @ v
    expected = plain.output(context.transpose(1, 2).flatten(2))
    torch.testing.assert_close(answer, expected, rtol=1e-11, atol=1e-11)


def test_gradient(path: str) -> None:
    layer = ours(rotary=Rotary(SIZE // HEADS))

    def run(x: Tensor) -> Tensor:
        return call(layer, path, x, causal=True)

    assert torch.autograd.gradcheck(run, random(1, 3, SIZE).requires_grad_())


def test_dropout_drops_weights_in_training_only(path: str) -> None:
    layer, x = ours(dropout=0.5), random(1, 4, SIZE)
    still = call(layer.eval(), path, x)
    torch.testing.assert_close(still, call(ours(), path, x))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer.train()
        answers = torch.stack([call(layer, path, x) for _ in range(4000)])
    assert (answers.std(0) > 0).all()
    # The mean over drops is what there is without them.
    error = answers.std(0) / math.sqrt(4000)
    assert ((answers.mean(0) - still).abs() < 5 * error).all()


def test_learns_to_look_at_the_marked_position() -> None:
    generator = torch.Generator().manual_seed(0)
    layer = MultiHeadAttention(8, 2, generator=generator)
    x = torch.randn(64, 5, 8, generator=generator)
    marked = torch.randint(5, (64,), generator=generator)
    x[:, :, 0] = 0
    x[torch.arange(64), marked, 0] = 4
    y = x[torch.arange(64), marked]
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.02)
    for _ in range(200):
        optimizer.zero_grad()
        loss = (layer(x)[:, 0] - y).square().mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05 * y.var().item()


def test_starts_as_glorot_and_bengio_have_it() -> None:
    layer = MultiHeadAttention(64, 4, generator=torch.Generator().manual_seed(0))
    for part in (layer.query, layer.key, layer.value, layer.output):
        bound = math.sqrt(6 / 128)
        assert part.weight.abs().max() <= bound
        assert part.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.03)
        assert (part.bias == 0).all()
    assert not torch.equal(layer.query.weight, layer.key.weight)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((0, 1), {}, "model_size must be at least 1, not 0"),
        ((8, 0), {}, "num_heads must be at least 1, not 0"),
        ((8, 3), {}, "num_heads must divide model_size=8, not 3"),
        ((8, 2), {"dropout": 1.0}, "dropout must be at least 0 and below 1, not 1.0"),
        ((8, 2), {"rotary": Rotary(8)}, "rotary must be of a head's size, 4, not 8"),
    ],
)
def test_refuses_sizes(
    arguments: tuple[int, int], options: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        MultiHeadAttention(*arguments, **options)


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(2, 3, 8)], r"query must be \(batch, time, 12\).* its shape is \(2, 3, 8\)"),
        ([(3, 12)], r"query must be \(batch, time, 12\).* its shape is \(3, 12\)"),
        ([(2, 3, 12), (2, 0, 12)], r"key must be .* its shape is \(2, 0, 12\)"),
        ([(2, 3, 12), (2, 4, 12), (2, 4, 6)], r"value must be .* its shape is \(2, 4, 6\)"),
        ([(2, 3, 12), (2, 4, 12), (2, 5, 12)], r"value must be as many as key, .* is \(2, 5, 12\)"),
        ([(2, 3, 12), (3, 4, 12)], r"query must have as many sequences as key, 3, .* \(2, 3, 12\)"),
    ],
)
def test_refuses_inputs(path: str, shapes: list[tuple[int, ...]], message: str) -> None:
    first = "key" if len(shapes) == 1 else None
    if first:  # self-attention meets it as a key
        message = message.replace("query", "key")
    with pytest.raises(ValueError, match=message):
        getattr(ours(), path)(*[random(*shape) for shape in shapes])


def test_refuses_masks(path: str) -> None:
    layer, x = ours(), random(2, 4, SIZE)
    message = r"mask must broadcast to \(batch, queries, keys\), \(2, 4, 4\), but its shape is"
    for shape in [(2, 4, 5), (3, 4, 4), (2, 3, 4, 4)]:
        with pytest.raises(ValueError, match=message):
            getattr(layer, path)(x, mask=torch.ones(shape, dtype=torch.bool))
    mask = torch.ones(2, 4, 4, dtype=torch.bool)
    mask[1, 2:] = False
    with pytest.raises(ValueError, match=r"mask .* but hides all 4 from 2 of 8"):
        getattr(layer, path)(x, mask=mask)
    left = torch.tensor([[True] * 4, [False, True, True, True]])[:, None]
    with pytest.raises(ValueError, match=r"mask .* but hides all 4 from 1 of 8"):
        getattr(layer, path)(x, mask=left, causal=True)
    with pytest.raises(ValueError, match="of 4 queries and 2 keys, the first would see none"):
        getattr(layer, path)(x, x[:, :2], causal=True)


def test_prints_its_arguments() -> None:
    assert repr(MultiHeadAttention(8, 2, dropout=0.1)).startswith(
        "MultiHeadAttention(\n  num_heads=2, dropout=0.1\n"
    )
