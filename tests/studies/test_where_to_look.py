"""The stored study is the one that the script makes: its first steps are made once more."""

import pytest
import torch

from linebyline.data.token_pairs import END, PADDING
from linebyline.data.translation import Pairs
from linebyline.losses.cross_entropy import CrossEntropy
from linebyline.sequence.seq2seq import Seq2Seq
from linebyline.studies.where_to_look import (
    ARMS,
    COUNT,
    DIGITS,
    EPOCHS,
    FIRST_STEPS,
    RATES,
    STARTS,
    TUNED_ON,
    by_digits,
    learn,
    numbers,
    right,
    translator,
    words_only,
)

each_arm = pytest.mark.parametrize("arm", list(ARMS))


@pytest.fixture(scope="module")
def task():
    return numbers(STARTS[0])


@pytest.mark.parametrize("arm", ["fixed", "even", "additive"])
def test_the_first_steps_are_those_that_are_stored(stored, first_losses, arm):
    losses = first_losses(
        lambda: learn(arm, STARTS[0], rate=stored["arms"][arm]["rate"]),
        CrossEntropy,
        "forward",
        steps=FIRST_STEPS,
    )
    assert losses == pytest.approx(stored["arms"][arm]["first_losses"], rel=1e-3)


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "digits": [*DIGITS],
        "count": COUNT,
        "epochs": EPOCHS,
        "rates": [*RATES],
    }
    assert list(stored["arms"]) == [*ARMS]
    assert stored["seconds"] > 0
    assert len(stored["commit"]) == 12
    assert TUNED_ON not in STARTS


@each_arm
def test_the_rate_is_the_best_and_not_the_last_one_tried(stored, arm):
    row = stored["arms"][arm]
    tried = {float(rate): share for rate, share in row["tried"].items()}
    assert tried[row["rate"]] == max(tried.values())
    place = RATES.index(row["rate"])
    assert 0 < place < len(RATES) - 1
    assert {RATES[place - 1], RATES[place + 1]} <= set(tried), "a neighbour was not tried"
    assert len(row["right"]) == len(STARTS)


@each_arm
def test_parameters_are_the_translators(stored, arm):
    model = translator(arm, 36, 19, start=0)
    assert sum(p.numel() for p in model.parameters()) == stored["arms"][arm]["parameters"]


def test_the_rivals_are_fair(stored):
    count = {arm: row["parameters"] for arm, row in stored["arms"].items()}
    assert count["dot"] < count["fixed"] < count["bahdanau"] == count["even"]


def test_no_number_is_in_two_parts_and_sources_are_words(task):
    train, validation, test = (set(part.targets) for part in task.pairs)
    for one, other in ((train, validation), (train, test), (validation, test)):
        assert not one & other
    assert (len(validation), len(test)) == (450, 900)
    assert all(source.replace(" ", "").isalpha() for source in task.pairs.train.sources)
    assert words_only(Pairs(["a-b, c"], ["x"], ["1"])).sources == ["a b c"]


def test_even_is_even_and_stays_so(task):
    run = learn("even", STARTS[0], rate=0.01, epochs=1)
    inputs = task.test.inputs[:20]
    weights = run.model.write(inputs[:, 0], inputs[:, 1]).weights
    lengths = (inputs[:, 0] != PADDING).sum(1)
    for looked, n in zip(weights, lengths.tolist(), strict=True):
        torch.testing.assert_close(looked[:, :n], torch.full_like(looked[:, :n], 1 / n))


def test_right_is_to_the_last_character(task):
    class Perfect(Seq2Seq):
        """Says what it is told to."""

        def __init__(self):
            torch.nn.Module.__init__(self)
            self.said = task.test.targets[:4].clone()

        def begin(self, sources):
            return torch.zeros(len(sources), dtype=torch.long)

        def step(self, token, state):
            row = torch.arange(len(token))
            wanted = self.said[row, state.clamp(max=self.said.shape[1] - 1)]
            return torch.nn.functional.one_hot(wanted, 40).float(), state + 1

    few = type(task.test)(task.test.inputs[:4], task.test.targets[:4])
    model = Perfect()
    assert right(model, few).tolist() == [True] * 4
    model.said[1, 0] = 30
    model.said[2] = model.said[2].masked_fill(model.said[2] == END, 30)
    assert right(model, few).tolist() == [True, False, False, True]


def test_shares_by_digits():
    pairs = Pairs([""] * 5, [""] * 5, ["2", "3", "3", "10", "10"])
    correct = torch.tensor([False, True, False, True, True])
    assert by_digits(correct, pairs) == {3: 0.5, 10: 1.0}


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name():
    with pytest.raises(ValueError, match=r"^arm must be one of fixed, .* not 'blind'"):
        translator("blind", 36, 19, start=0)
