"""Attention equals torch's where torch has it, and else its equation in loops."""

import math
import re
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.attention import (
    AdditiveAttention,
    DotAttention,
    GeneralAttention,
    additive_scores,
    attend,
    dot_scores,
    general_scores,
    scaled_dot_product_attention,
)


def random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def some_seen(*shape: int) -> Tensor:
    """A random mask, in which every query sees a key."""
    mask = random(*shape, seed=5) > 0
    mask[..., -1] |= ~mask.any(-1)
    return mask


@settings(deadline=None, max_examples=80)
@given(
    batch=st.lists(st.integers(1, 3), max_size=2),
    queries=st.integers(1, 4),
    keys=st.integers(1, 5),
    sizes=st.tuples(st.integers(1, 4), st.integers(1, 3)),
    masked=st.sampled_from([None, "each", "all", "causal"]),
    scaled=st.booleans(),
)
def test_products_are_torchs(batch, queries, keys, sizes, masked, scaled) -> None:
    query, key = random(*batch, queries, sizes[0]), random(*batch, keys, sizes[0], seed=1)
    value = random(*batch, keys, sizes[1], seed=2)
    mask = {
        None: None,
        "each": some_seen(*batch, queries, keys),
        "all": some_seen(*batch, 1, keys),
        "causal": torch.ones(queries, keys, dtype=torch.bool).tril(),
    }[masked]
    ours = [tensor.clone().requires_grad_() for tensor in (query, key, value)]
    theirs = [tensor.clone().requires_grad_() for tensor in (query, key, value)]
    context, weights = DotAttention(scaled=scaled)(*ours, mask)
    scale = None if scaled else 1.0
    expected = functional.scaled_dot_product_attention(*theirs, attn_mask=mask, scale=scale)
    torch.testing.assert_close(context, expected, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(weights @ value, expected, rtol=1e-11, atol=1e-12)
    upstream = random(*context.shape, seed=3)
    found = torch.autograd.grad((upstream * context).sum(), ours)
    wanted = torch.autograd.grad((upstream * expected).sum(), theirs)
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-12)
    if scaled:
        again = scaled_dot_product_attention(query, key, value, mask)
        assert torch.equal(again[0], context)
        assert torch.equal(again[1], weights)


def test_weights_by_hand() -> None:
    query, key = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0], [math.log(3.0), 5.0]])
    value = torch.tensor([[10.0], [20.0]])
    context, weights = attend(dot_scores(query, key), value)  # e = 0 and log 3
    torch.testing.assert_close(weights, torch.tensor([[0.25, 0.75]]))
    torch.testing.assert_close(context, torch.tensor([[17.5]]))
    scaled = dot_scores(query, key, scaled=True)
    torch.testing.assert_close(scaled, torch.tensor([[0.0, math.log(3.0) / math.sqrt(2)]]))


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_additive_scores_are_their_equation(batch: tuple[int, ...]) -> None:
    query, key = random(*batch, 2, 3), random(*batch, 4, 5, seed=1)
    W, U, v = random(6, 3, seed=2), random(6, 5, seed=3), random(6, seed=4)
    found = additive_scores(query, key, W, U, v)
    assert found.shape == (*batch, 2, 4)
    for i in range(2):
        for j in range(4):
            q, k = query[..., i, :], key[..., j, :]
            hidden = torch.tanh(functional.linear(q, W) + functional.linear(k, U))
            torch.testing.assert_close(found[..., i, j], (v * hidden).sum(-1))


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_general_scores_are_torchs_bilinear(batch: tuple[int, ...]) -> None:
    query, key, W = random(*batch, 2, 3), random(*batch, 4, 5, seed=1), random(3, 5, seed=2)
    found = general_scores(query, key, W)
    for i in range(2):
        for j in range(4):
            expected = functional.bilinear(query[..., i, :], key[..., j, :], W[None])
            torch.testing.assert_close(found[..., i, j], expected.squeeze(-1))


def modules() -> dict[str, nn.Module]:
    return {
        "dot": DotAttention(),
        "scaled": DotAttention(scaled=True),
        "general": GeneralAttention(3, 3, generator=generator()).double(),
        "additive": AdditiveAttention(3, 3, 4, generator=generator()).double(),
    }


each = pytest.mark.parametrize("name", list(modules()))


@each
def test_weights_are_a_distribution_over_what_is_seen(name: str) -> None:
    query, key, value = random(2, 3, 3), random(2, 5, 3, seed=1), random(2, 5, 4, seed=2)
    mask = some_seen(2, 3, 5)
    key_hidden = key.clone().requires_grad_()
    context, weights = modules()[name](query, key_hidden, value, mask)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3, dtype=torch.float64))
    assert torch.equal(weights > 0, mask)
    torch.testing.assert_close(context, weights @ value)
    hidden = torch.tensor([True, False, True, True, True])
    (gradient,) = torch.autograd.grad(
        modules()[name](query, key_hidden, value, hidden)[0].sum(), key_hidden
    )
    assert torch.equal(gradient[:, 1], torch.zeros(2, 3, dtype=torch.float64))
    few = modules()[name](query, key[:, hidden], value[:, hidden])[0]
    torch.testing.assert_close(modules()[name](query, key, value, hidden)[0], few)


@each
def test_gradient(name: str) -> None:
    module, mask = modules()[name], some_seen(2, 2, 3)
    inputs = random(2, 2, 3), random(2, 3, 3, seed=1), random(2, 3, 2, seed=2)

    def run(query: Tensor, key: Tensor, value: Tensor, *_: Tensor) -> tuple[Tensor, Tensor]:
        return module(query, key, value, mask)  # gradcheck moves the parameters themselves

    every = [tensor.requires_grad_() for tensor in inputs]
    assert torch.autograd.gradcheck(run, (*every, *module.parameters()))


def test_modules_score_with_their_own_weights() -> None:
    query, key, value = random(2, 3, 6), random(2, 5, 4, seed=1), random(2, 5, 2, seed=2)
    general = GeneralAttention(6, 4, generator=generator()).double()
    scores = general_scores(query, key, general.key.weight)
    assert torch.equal(general(query, key, value)[0], attend(scores, value)[0])
    additive = AdditiveAttention(6, 4, 7, generator=generator()).double()
    weights = additive.query.weight, additive.key.weight, additive.score.weight[0]
    assert [tuple(weight.shape) for weight in weights] == [(7, 6), (7, 4), (7,)]
    scores = additive_scores(query, key, *weights)
    assert torch.equal(additive(query, key, value)[0], attend(scores, value)[0])


def test_a_generator_leaves_the_global_one_alone() -> None:
    before = torch.get_rng_state()
    one, other = (AdditiveAttention(3, 4, 5, generator=generator()) for _ in range(2))
    GeneralAttention(3, 4, generator=generator())
    assert torch.equal(before, torch.get_rng_state())
    torch.testing.assert_close(dict(one.state_dict()), dict(other.state_dict()))


@pytest.mark.parametrize(
    "make",
    [
        lambda: GeneralAttention(4, 4, generator=generator()),
        lambda: AdditiveAttention(4, 4, 16, generator=generator()),
    ],
    ids=["general", "additive"],
)
def test_learns_which_key_goes_with_a_query(make: Callable[[], nn.Module]) -> None:
    """A query names a key by another name: the keys are the names, exchanged."""
    module = make()
    names = torch.eye(4)
    order = torch.tensor([2, 0, 3, 1])
    query, key, value = names[None], names[order][None], names[None]
    optimizer = torch.optim.Adam(module.parameters(), lr=0.1)
    for _ in range(120):
        optimizer.zero_grad()
        context, weights = module(query, key, value)
        loss = (context - names).square().sum()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05
    assert weights[0].argmax(-1).tolist() == [0, 1, 2, 3]


@each
def test_refuses_a_mask_that_hides_all(name: str) -> None:
    mask = torch.tensor([[True, False], [False, False]])
    inputs = random(1, 2, 3), random(1, 2, 3), random(1, 2, 3)
    with pytest.raises(ValueError, match="mask must leave each query at least one key"):
        modules()[name](*inputs, mask)


@pytest.mark.parametrize("shape", [(2, 2), (3, 1, 1, 1, 2)])
def test_refuses_a_mask_of_another_shape(shape: tuple[int, ...]) -> None:
    message = f"mask must broadcast to the scores, (1, 2, 3), (..., queries, keys), .* {shape}"
    expected = re.escape(message).replace(re.escape(".*"), ".*")
    with pytest.raises(ValueError, match=expected):
        attend(random(1, 2, 3), random(1, 3, 3), torch.ones(shape, dtype=torch.bool))


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_other_sizes() -> None:
    query, key, value = random(1, 2, 4), random(1, 3, 5), random(1, 3, 2)
    with pytest.raises(ValueError, match=re.escape("key must be as long as query on its last")):
        dot_scores(query, key)
    for make in (GeneralAttention, lambda *sizes: AdditiveAttention(*sizes, 3)):
        with pytest.raises(ValueError, match=re.escape("query must have 3 features on its last")):
            make(3, 5).double()(query, key, value)
        with pytest.raises(
            ValueError, match=re.escape("key must have 6 features on its last axis")
        ):
            make(4, 6).double()(query, key, value)


@pytest.mark.parametrize("name", ["query_size", "key_size", "hidden_size"])
def test_refuses_a_size_below_one(name: str) -> None:
    sizes = {"query_size": 3, "key_size": 4, "hidden_size": 5, name: 0}
    with pytest.raises(ValueError, match=f"{name} must be at least 1, not 0"):
        AdditiveAttention(**sizes)
    if name != "hidden_size":
        del sizes["hidden_size"]
        with pytest.raises(ValueError, match=f"{name} must be at least 1, not 0"):
            GeneralAttention(**sizes)


def test_prints_its_scale() -> None:
    assert repr(DotAttention(scaled=True)) == "DotAttention(scaled=True)"
    assert repr(DotAttention()) == "DotAttention(scaled=False)"


def test_modules_have_no_bias() -> None:
    assert list(dict(GeneralAttention(2, 3).named_parameters())) == ["key.weight"]
    names = ["query.weight", "key.weight", "score.weight"]
    assert list(dict(AdditiveAttention(2, 3, 4).named_parameters())) == names


def test_a_hidden_key_counts_for_nothing_however_low_the_others_are() -> None:
    scores, mask = torch.tensor([[-2e9, -2e9, 0.0]]), torch.tensor([True, True, False])
    _, weights = attend(scores, torch.zeros(3, 1), mask)
    assert weights.tolist() == [[0.5, 0.5, 0.0]]


def test_keys_are_projected_once_for_all_queries() -> None:
    attention = AdditiveAttention(3, 5, 4, generator=generator()).double()
    query, key, value = random(2, 6, 3), random(2, 7, 5, seed=1), random(2, 7, 2, seed=2)
    mask = some_seen(2, 1, 7)
    expected = attention(query, key, value, mask)
    projected = attention.project(key)
    assert projected.shape == (2, 7, 4)
    for t in range(6):
        found = attention(query[:, t : t + 1], key, value, mask, projected=projected)
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other[:, t : t + 1])
    other = attention(query, key, value, mask, projected=2 * projected)
    assert not torch.allclose(other[1], expected[1])
    with pytest.raises(ValueError, match="key must have 5 features"):
        attention.project(query)
