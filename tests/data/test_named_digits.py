"""Names with digits: the draws, and Bayes' rule against a sum over all mappings."""

from itertools import product

import pytest
import torch

from linebyline.data.named_digits import best_guesses, named_digits

KNOWN = torch.tensor([2, 0, 1, 2])


def drawn(**options):
    return named_digits(
        **{"count": 500, "pairs": 9, "known": KNOWN, "digits": 3, "share": 0.4} | options
    )


def test_a_name_keeps_its_digit_and_old_sequences_have_the_known_ones():
    data = drawn()
    names, answers = data.ids[:, ::2], data.ids[:, 1::2] - 4
    assert (names.min(), names.max()) == (0, 3)
    assert (answers.min(), answers.max()) == (0, 2)
    rows = zip(names.tolist(), answers.tolist(), data.fresh.tolist(), strict=True)
    for row, digits, fresh in rows:
        mapping = dict(zip(row, digits, strict=True))
        assert [mapping[name] for name in row] == digits
        if not fresh:
            assert digits == KNOWN[row].tolist()
    same = (answers == KNOWN[names])[data.fresh].double().mean().item()
    assert same == pytest.approx(1 / 3, abs=0.04)


def test_share_is_that_of_old_sequences():
    assert (~drawn(count=5000).fresh).double().mean().item() == pytest.approx(0.4, abs=0.03)
    assert not drawn(share=1.0).fresh.any()
    assert drawn(share=0.0).fresh.all()


def test_names_are_drawn_evenly():
    counts = drawn(count=2000).ids[:, ::2].flatten().bincount()
    assert (counts.double() / counts.sum() - 0.25).abs().max() < 0.02


def test_seen_names_stood_before():
    data = drawn(count=50)
    for row, seen in zip(data.ids[:, ::2].tolist(), data.seen.tolist(), strict=True):
        assert seen == [row[t] in row[:t] for t in range(len(row))]


def test_a_seed_is_one_draw():
    assert torch.equal(drawn(seed=1).ids, drawn(seed=1).ids)
    assert not torch.equal(drawn(seed=1).ids, drawn(seed=2).ids)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_best_guesses_are_the_sum_over_all_mappings(share):
    known, digits = torch.tensor([1, 0, 1]), 2
    data = named_digits(40, 5, known, digits=digits, share=share, seed=3)
    prior = dict.fromkeys(product(range(2), repeat=3), (1 - share) / 8)
    prior[(1, 0, 1)] += share
    found = best_guesses(data.ids, known, digits=digits, share=share)
    for row, guesses in zip(data.ids, found, strict=True):
        names, answers = row[::2].tolist(), (row[1::2] - 3).tolist()
        for t, name in enumerate(names):
            fits = {
                m: p
                for m, p in prior.items()
                if all(m[n] == a for n, a in zip(names[:t], answers[:t], strict=True))
            }
            total = sum(fits.values())
            truth = [sum(p for m, p in fits.items() if m[name] == d) / total for d in (0, 1)]
            assert guesses[t].tolist() == pytest.approx(truth, abs=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "count must be at least 1, not 0"),
        ({"pairs": 0}, "pairs must be at least 1, not 0"),
        ({"digits": 0}, "digits must be at least 1, not 0"),
        ({"known": torch.tensor([0, 3])}, r"known must be digits from 0 to 2, but is \[0, 3\]"),
        ({"known": torch.tensor([-1, 0])}, "known must be digits"),
        ({"share": 1.5}, "share must be from 0 to 1, not 1.5"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        drawn(**options)


def test_best_guesses_refuse_too():
    with pytest.raises(ValueError, match="share must be from 0 to 1"):
        best_guesses(drawn(count=1).ids, KNOWN, digits=3, share=-0.1)
