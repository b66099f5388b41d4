"""The ring keeps the newest transitions, whole, and draws each as often as any other."""

import pytest
import torch

from linebyline.reinforcement.replay_buffer import ReplayBuffer, Transitions


def numbered(first: int, count: int) -> Transitions:
    """Transitions whose parts all say which one they belong to."""
    n = torch.arange(first, first + count)
    x = n.float()
    return Transitions(torch.stack([x, -x], 1), n, x / 2, torch.stack([x + 1, x], 1), n % 2 == 1)


def same(a: Transitions, b: Transitions) -> bool:
    return all(torch.equal(p, q) for p, q in zip(a, b, strict=True))


@pytest.mark.parametrize("batches", [[3], [2, 2, 2, 1], [5, 5], [4, 13], [1] * 11])
def test_the_newest_are_kept(batches: list[int]) -> None:
    buffer, first = ReplayBuffer(5, 2), 0
    for count in batches:
        buffer.add(numbered(first, count))
        first += count
    kept = min(first, 5)
    assert len(buffer) == kept
    assert buffer.added == first
    assert same(buffer.latest(kept), numbered(first - kept, kept))


def test_nothing_new_changes_nothing() -> None:
    buffer = ReplayBuffer(5, 2)
    buffer.add(numbered(0, 3))
    buffer.add(numbered(3, 0))
    assert len(buffer) == 3


def test_draws_are_whole_and_uniform() -> None:
    buffer = ReplayBuffer(4, 2)
    buffer.add(numbered(0, 7))
    batch = buffer.sample(4000, torch.Generator().manual_seed(0))
    counts = torch.bincount(batch.actions, minlength=7)
    assert (counts[:3] == 0).all()
    assert (counts[3:].double() / 4000 - 0.25).abs().max() < 0.03
    n = batch.actions
    everything = numbered(0, 7)
    assert same(batch, Transitions(*(part[n] for part in everything)))


def test_what_was_never_added_is_never_drawn() -> None:
    buffer = ReplayBuffer(100, 2)
    buffer.add(numbered(1, 3))
    drawn = buffer.sample(300, torch.Generator().manual_seed(0)).actions
    assert set(drawn.tolist()) == {1, 2, 3}


def test_it_goes_on_where_it_stopped() -> None:
    buffer, other = ReplayBuffer(4, 2), ReplayBuffer(4, 2)
    buffer.add(numbered(0, 6))
    other.load_state_dict(buffer.state_dict())
    for each in (buffer, other):
        each.add(numbered(6, 1))
    assert same(buffer.latest(4), other.latest(4))


def test_bad_arguments_are_refused() -> None:
    g = torch.Generator()
    with pytest.raises(ValueError, match="capacity must be at least 1, not 0"):
        ReplayBuffer(0, 2)
    with pytest.raises(ValueError, match="features must be at least 1, not 0"):
        ReplayBuffer(2, 0)
    buffer = ReplayBuffer(4, 2)
    with pytest.raises(ValueError, match="the buffer is empty: add transitions"):
        buffer.sample(1, g)
    buffer.add(numbered(0, 2))
    with pytest.raises(ValueError, match="batch must be at least 1, not 0"):
        buffer.sample(0, g)
    with pytest.raises(ValueError, match="batch must be from 1 to 2"):
        buffer.latest(3)
    good = numbered(0, 2)
    with pytest.raises(ValueError, match=r"rewards must have the shape \(2,\)"):
        buffer.add(good._replace(rewards=torch.zeros(3)))
    with pytest.raises(ValueError, match=r"observations has the shape \(4, 2\)"):
        ReplayBuffer(5, 2).load_state_dict(buffer.state_dict())


def test_it_lies_where_it_is_told() -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    buffer = ReplayBuffer(4, 2, device=device)
    buffer.add(numbered(0, 6))
    batch = buffer.sample(8, torch.Generator().manual_seed(0))
    assert {part.device.type for part in batch} == {device}
