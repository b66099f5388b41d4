"""Whoever remembers whose digit it was is right; place, order and name do not tell."""

import pytest
import torch

from linebyline.data.associative_recall import associative_recall


class TestAssociativeRecall:
    @pytest.mark.parametrize("asked", [1, 2, 3])
    def test_the_answers_are_the_digits_of_the_names_asked(self, asked: int) -> None:
        x, y = associative_recall(40, 6, names=9, digits=4, asked=asked, seed=3)
        assert x.shape == (40, 12, asked * 9 + 4)
        assert x.dtype == torch.float32
        assert y.shape == (40, 6, asked)
        assert y.dtype == torch.int64
        for row, answers in zip(x, y.tolist(), strict=True):
            facts, questions = row[:6], row[6:]
            assert (facts.sum(1) == 2).all()
            assert (questions.sum(1) == asked).all()
            told = dict(
                zip(
                    facts[:, :9].argmax(1).tolist(),
                    facts[:, asked * 9 :].argmax(1).tolist(),
                    strict=True,
                )
            )
            assert len(told) == 6  # all names differ
            blocks = questions[:, : asked * 9].unflatten(1, (asked, 9)).argmax(-1).tolist()
            assert [[told[name] for name in names] for names in blocks] == answers
            assert all(len(set(names)) == asked for names in blocks)
            for block in range(asked):
                assert {names[block] for names in blocks} == set(told)

    def test_place_and_order_do_not_tell_the_digit(self) -> None:
        x, y = associative_recall(5000, 4, digits=2, seed=1)
        at_the_place = x[:, :4, 32:].argmax(-1)
        for shift in range(4):
            same = (at_the_place.roll(shift, 1) == y[..., 0]).double().mean()
            # a question asks for the fact of one place in a quarter of the cases: 1/4 + 3/4 · 1/2
            assert same.item() == pytest.approx(0.625, abs=0.02)

    def test_a_name_does_not_tell_its_digit(self) -> None:
        x, _ = associative_recall(6000, 3, names=6, digits=5, seed=1)
        facts = x[:, :3].flatten(0, 1)
        together = facts[:, :6].T @ facts[:, 6:]  # how often each name was with each digit
        # 18,000 facts, 600 in each of 30 cells, with a standard deviation of 24
        assert (together - 600).abs().max() < 120

    def test_a_seed_gives_the_same(self) -> None:
        one, same, other = (associative_recall(3, 5, seed=seed) for seed in (1, 1, 2))
        assert torch.equal(one.inputs, same.inputs)
        assert torch.equal(one.targets, same.targets)
        assert not torch.equal(one.inputs, other.inputs)
        assert torch.equal(associative_recall(3, 5).inputs, associative_recall(3, 5, seed=0).inputs)

    def test_there_are_32_names_and_10_digits(self) -> None:
        x, y = associative_recall(100, 32)  # as many facts as names
        assert x.shape == (100, 64, 42)
        assert y.shape == (100, 32, 1)
        assert set(y.flatten().tolist()) == set(range(10))

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"count": 0}, "count must be at least 1, not 0"),
            ({"facts": 0}, "facts must be at least 1, not 0"),
            ({"digits": 1}, "digits must be at least 2, not 1"),
            ({"names": 3}, "names must be at least 4, not 3"),
            ({"asked": 0}, "asked must be at least 1, not 0"),
            ({"asked": 5}, "facts must be at least 5, not 4"),
        ],
    )
    def test_refuses(self, change: dict[str, int], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            associative_recall(**{"count": 2, "facts": 4, **change})
