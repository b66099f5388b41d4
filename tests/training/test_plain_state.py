"""Plain state comes back as it was, bit for bit and type for type; what is not plain is refused."""

import json
import math
import random
from collections import Counter, OrderedDict
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from linebyline.training.plain_state import flatten, unflatten

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
states = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(states)
def test_comes_back_equal_with_its_types(state: Any) -> None:
    text, tensors = flatten(state)
    assert not tensors
    assert repr(unflatten(text, tensors)) == repr(state)  # repr tells 1 from 1.0 and -0.0 from 0.0


def test_nan_and_infinity_come_back() -> None:
    back = unflatten(*flatten([math.inf, -math.inf, math.nan]))
    assert back[:2] == [math.inf, -math.inf]
    assert math.isnan(back[2])


def test_a_dict_that_looks_like_a_note_of_ours_comes_back() -> None:
    state = {"tensor": "x", "tuple": [1], "dict": {"dict": []}, "one": {"tensor": "weight"}}
    assert unflatten(*flatten(state)) == state


def test_tensors_are_named_by_the_way_to_them() -> None:
    state = {"model": {"a.weight": torch.ones(2)}, "state": {0: (torch.zeros(()), 3)}}
    text, tensors = flatten(state)
    assert set(tensors) == {"model.a.weight", "state.0.0"}
    back = unflatten(text, tensors)
    assert back["state"][0][1] == 3
    assert torch.equal(back["model"]["a.weight"], torch.ones(2))
    assert flatten(torch.ones(1))[1].keys() == {"tensor"}


def test_two_ways_that_read_alike_are_kept_apart() -> None:
    state = {"a.b": torch.tensor(1), "a": {"b": torch.tensor(2)}, 0: {0: torch.tensor(3)}}
    back = unflatten(*flatten(state))
    assert (back["a.b"].item(), back["a"]["b"].item(), back[0][0].item()) == (1, 2, 3)


def test_three_ways_that_read_alike_are_kept_apart() -> None:
    one, two, three = map(torch.tensor, (1, 2, 3))
    state = {"a.b.c": one, "a.b": {"c": two}, "a": {"b.c": three}}
    assert unflatten(*flatten(state)) == state


def test_a_parameter_is_stored_without_its_gradient() -> None:
    (stored,) = flatten(nn.Linear(2, 2, bias=False).weight)[1].values()
    assert not stored.requires_grad


def test_a_shared_tensor_is_stored_once() -> None:
    tied = nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 5, bias=False))
    tied[1].weight = tied[0].weight
    text, tensors = flatten(tied.state_dict())
    assert list(tensors) == ["0.weight"]
    assert torch.equal(unflatten(text, tensors)["1.weight"], tied[0].weight)


def test_views_are_stored_apart_and_without_the_rest() -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    state = [whole[0], whole[:2], whole.T, whole[:, 1], whole[:0], torch.ones(1).expand(4)]
    text, tensors = flatten(state)
    for name, tensor in tensors.items():
        assert tensor.is_contiguous(), name
        assert tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size(), name
    assert len({t.data_ptr() for t in tensors.values() if t.numel()}) == 5
    for back, was in zip(unflatten(text, tensors), state, strict=True):
        assert torch.equal(back, was)


def test_the_same_memory_read_in_another_way_is_another_tensor() -> None:
    square = torch.arange(4.0).view(2, 2)
    state = [square, square.T, square[:1], square.view(torch.int32)]
    for back, was in zip(unflatten(*flatten(state)), state, strict=True):
        assert back.dtype == was.dtype
        assert torch.equal(back, was)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.uint8])
def test_half_of_a_tensor_is_stored_as_half(dtype: torch.dtype) -> None:
    (stored,) = flatten(torch.ones(8, dtype=dtype)[:4])[1].values()
    assert stored.untyped_storage().nbytes() == 4 * dtype.itemsize


def test_counters_stay_counters() -> None:
    back = unflatten(*flatten({"milestones": Counter([3, 5, 5])}))
    assert type(back["milestones"]) is Counter
    assert back["milestones"] == Counter([3, 5, 5])
    assert type(unflatten(*flatten(OrderedDict(a=1)))) is dict


def test_pythons_generator_comes_back() -> None:
    state = random.Random(3).getstate()
    assert unflatten(*flatten(state)) == state


@pytest.mark.parametrize("culprit", [print, {1, 2}, b"x", 1j, torch.float32])
def test_refuses_what_is_not_plain_and_says_where(culprit: object) -> None:
    with pytest.raises(
        TypeError, match=rf"state at 'groups\.1' is of type {type(culprit).__name__}"
    ):
        flatten({"groups": [0, culprit]})
    with pytest.raises(TypeError, match="state is of type"):
        flatten(culprit)


def test_refuses_keys_that_are_no_names() -> None:
    with pytest.raises(TypeError, match=r"state at 'a' has the key \(1, 2\)"):
        flatten({"a": {(1, 2): 3}})
    with pytest.raises(TypeError, match="has the key True"):  # it would come back as "true"
        flatten({True: 3})


@pytest.mark.parametrize("text", ['{"module": "os"}', '{"dict": [], "tuple": []}', "[{}]"])
def test_refuses_text_that_it_did_not_write(text: str) -> None:
    with pytest.raises(ValueError, match="what flatten writes, but holds "):
        unflatten(text, {})


def test_a_missing_tensor_is_missed() -> None:
    with pytest.raises(KeyError):
        unflatten(json.dumps({"tensor": "lost"}), {})
