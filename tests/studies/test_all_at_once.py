"""The stored study is the one that the script makes: its first steps are made once more."""

import pytest
import torch

from linebyline.data.examples import Examples
from linebyline.losses.cross_entropy import CrossEntropy
from linebyline.studies.all_at_once import (
    BATCH,
    DEEP,
    FIRST_STEPS,
    KINDS,
    LAST,
    MORE,
    NORM_RATES,
    NORM_STEPS,
    NORMS,
    PATIENCE,
    QUIET,
    RATES,
    SHALLOW,
    SIZE,
    STARTS,
    TUNED_ON,
    WARM_UP,
    Run,
    _drawn,
    budget,
    cross_entropy_of,
    learn,
    mistakes,
    numbers,
    operations,
    steps_for,
    transformer,
)


@pytest.fixture(scope="module")
def task():
    return numbers(STARTS[-1])


def test_the_first_steps_are_those_that_are_stored(stored, task, first_losses):
    cost = stored["cost"]
    losses = first_losses(
        lambda: learn(task, SHALLOW, STARTS[-1], rate=cost["rate"], steps=cost["steps"]),
        CrossEntropy,
        "forward",
        steps=FIRST_STEPS,
    )
    assert losses == pytest.approx(cost["first_losses"], rel=1e-3)


def test_the_stored_settings_are_the_scripts(stored):
    settings = {"size": SIZE, "batch": BATCH, "norm_steps": NORM_STEPS, "warm_up": WARM_UP}
    assert stored["settings"] == settings
    assert list(stored["norms"]) == [*NORMS]
    for row in stored["norms"].values():
        assert list(row) == [str(rate) for rate in NORM_RATES]
        assert {len(losses) for losses in row.values()} == {len(STARTS)}
    (more,) = stored["quiet"].values()
    assert len(more) == len(MORE)
    assert not {*MORE} & {*STARTS}
    assert stored["seconds"] > 0
    assert len(stored["commit"]) == 12
    assert TUNED_ON not in STARTS


def test_the_rate_is_the_best_and_none_at_an_end(stored):
    cost = stored["cost"]
    tried = {float(rate): share for rate, share in cost["tried"].items()}
    assert list(tried) == [*RATES]
    assert tried[cost["rate"]] == max(tried.values())
    assert cost["rate"] not in (RATES[0], RATES[-1])
    assert list(cost["right"]) == [str(times) for times in PATIENCE]
    assert list(cost["mistakes"]) == ["waves", "counted"]


def test_the_transformer_has_no_more_operations_than_the_recurrent_translator(stored, task):
    each, total = operations(transformer(task, SHALLOW), task.train), budget(task)
    steps = steps_for(task, SHALLOW, total)
    assert steps * BATCH * each <= total < (steps + 1) * BATCH * each
    assert stored["cost"]["steps"] == pytest.approx(steps, rel=0.05)  # the texts are others
    assert stored["cost"]["budget"] == total


def test_operations_are_those_of_the_weights_and_of_the_words(task):
    """Forward and twice backward: 12 d² and 16 d² a word, n² d by two for each attention."""
    x = task.train.inputs
    n, d = x.shape[2], SIZE
    by_hand = 6 * (n * (28 * d**2 + d * len(task.korean)) + 3 * 2 * n**2 * d)
    found = operations(transformer(task, 1), task.train)
    assert found == pytest.approx(by_hand, rel=0.001)
    assert operations(transformer(task, 2), task.train) > 1.9 * found


def test_all_pairs_are_drawn_alike_often():
    data = Examples(torch.arange(100), torch.arange(100) + 7)
    drawn = _drawn(data, 7, 0)
    assert len(drawn.inputs) == 7 * BATCH
    assert torch.equal(drawn.targets, drawn.inputs + 7)
    counts = torch.bincount(drawn.inputs, minlength=100)
    assert (counts.min(), counts.max()) == (2, 3)
    assert not torch.equal(drawn.inputs[:100], data.inputs)


def test_learns_with_the_order_and_the_warm_up_that_are_asked_for(task):
    run = learn(task, 1, 0, rate=0.01, steps=40, norm_first=False)
    assert not run.model.decoder.blocks[0].norm_first
    assert run.model.decoder.norm is None
    assert len(transformer(task, DEEP).encoder.blocks) == DEEP
    assert len(run.losses) == 40
    assert run.last < run.losses[0] - 0.5
    bold, careful = (
        learn(task, 1, 0, rate=0.01, steps=3, warm_up=warm).losses for warm in (False, True)
    )
    assert bold[0] == careful[0]  # before the first step
    assert abs(bold[1] - bold[0]) > 5 * abs(careful[1] - careful[0])


def test_a_quiet_part_answers_softly_for_good(task):
    x = torch.ones(1, 2, SIZE)
    loud, quiet = (transformer(task, 1, loudness=loudness) for loudness in (1.0, QUIET))
    for half in (quiet.encoder, quiet.decoder):
        assert torch.equal(half.blocks[0].dropout(x), QUIET * x)
    assert torch.equal(loud.encoder.blocks[0].dropout(x), x)
    parts = DEEP * (2 + 3)
    assert parts * QUIET**2 == pytest.approx(1)


def test_who_counts_knows_what_came_before(task):
    plain, counted = (transformer(task, 1, counted=counted).position for counted in (False, True))
    words = torch.ones(1, 5, SIZE)
    other = words.clone()
    other[:, 1] = 2
    assert (plain(words) - plain(other))[:, 2:].eq(0).all()
    changed = counted(words) - counted(other)
    assert changed[:, 0].eq(0).all()
    assert changed[:, 2:].ne(0).any()


def test_mistakes_are_counted_by_kind(task):
    y = task.test.targets
    (one,) = task.korean.encode("일")

    class NeverOne(torch.nn.Module):
        def forward(self, x):
            assert x is task.test.inputs
            said = y.where(y != one, 0)
            return torch.nn.functional.one_hot(said, len(task.korean)).transpose(1, 2)

    characters = "".join(task.korean.decode(row) for row in y)
    digits = sum(characters.count(digit) for digit in KINDS["digits"])
    share = 100 * characters.count("일") / digits
    assert mistakes(NeverOne(), task) == {"digits": pytest.approx(share, abs=0.01), "units": 0}


def test_smoothing_is_in_the_loss_and_not_in_the_measure(task):
    plain, smoothed = (learn(task, 1, 0, rate=0.01, steps=2, smoothing=e) for e in (0.0, 0.1))
    assert plain.losses[0] != pytest.approx(smoothed.losses[0], rel=1e-3)
    few = Examples(task.test.inputs[:50], task.test.targets[:50])
    assert cross_entropy_of(plain.model, few) == pytest.approx(plain.losses[0], rel=0.3)


def test_the_last_loss_is_a_mean():
    assert Run(None, [9.0] * 5 + [1.0, 3.0] * (LAST // 2)).last == 2
