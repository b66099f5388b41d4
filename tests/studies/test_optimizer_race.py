"""The stored study is the one that the script makes: its first steps are made once more."""

from itertools import pairwise

import pytest
import torch
from torch.nn.functional import cross_entropy

from linebyline.data.examples import Examples
from linebyline.data.mnist import mnist_5k
from linebyline.layers.mlp import MLP
from linebyline.studies.optimizer_race import (
    BATCH_SIZE,
    BUDGETS,
    COURSES,
    FIRST,
    HIDDEN,
    RULES,
    STARTS,
    TRIES,
    best,
    prepare,
    rates,
    run,
)

every_rule = pytest.mark.parametrize("rule", RULES)
every_course = pytest.mark.parametrize("course", COURSES)


@pytest.fixture(scope="module")
def fields():
    return {course: prepare(course, STARTS[: FIRST[0]]) for course in COURSES}


@every_course
@every_rule
def test_the_first_steps_are_those_that_are_stored(stored, fields, course, rule):
    starts, steps = FIRST
    rate = stored["courses"][course][rule]["rates"][TRIES // 2]
    losses = run(rule, rate, fields[course], STARTS[:starts], steps=steps).losses
    expected = torch.tensor(stored["first_losses"][course][rule])
    torch.testing.assert_close(losses, expected, rtol=1e-3, atol=1e-5)


def test_the_first_losses_tell_rules_and_courses_apart(stored):
    rows = [
        (course, rule, torch.tensor(losses))
        for course, rules in stored["first_losses"].items()
        for rule, losses in rules.items()
    ]
    for i, (course, rule, losses) in enumerate(rows):
        for other_course, other_rule, others in rows[:i]:
            if {rule, other_rule} != {"Adam", "AdamW"} or course != other_course:
                assert not torch.allclose(losses, others, rtol=1e-3), (rule, other_rule)


def test_the_stored_settings_are_the_scripts(stored):
    settings = {"hidden": HIDDEN, "batch_size": BATCH_SIZE, "budgets": [*BUDGETS]}
    assert stored["settings"] == settings | {"starts": [*STARTS], "tries": TRIES}
    assert list(stored["courses"]) == [*COURSES]
    assert stored["seconds"] > 0
    assert len(stored["commit"]) == 12
    for rules in stored["courses"].values():
        assert list(rules) == [*RULES]
        for rule, record in rules.items():
            assert record["rates"] == pytest.approx(rates(rule))
            for measured in ("loss", "validation", "test"):
                shape = (
                    len(record[measured]),
                    len(record[measured][0]),
                    len(record[measured][0][0]),
                )
                assert shape == (TRIES, len(BUDGETS), len(STARTS))


@every_course
@every_rule
@pytest.mark.parametrize("budget", BUDGETS)
def test_the_best_rate_is_not_the_last_one_tried(stored, course, rule, budget):
    """Else the grid, and not the rule, would have decided."""
    assert 0 < best(stored["courses"][course][rule]["validation"], budget) < TRIES - 1


def test_all_rules_have_as_many_tries_equally_far_apart():
    for rule in RULES:
        tried = rates(rule)
        assert len(tried) == TRIES
        assert all(b / a == pytest.approx(10**0.5) for a, b in pairwise(tried))
    assert rates("Adam")[3] == pytest.approx(0.001)  # its default is among them


@every_rule
def test_side_by_side_is_one_by_one(rule):
    """Against a plain loop over each network; the same start, batches and images."""
    starts = (3, 8)
    field, rate = prepare("odd units", starts), rates(rule)[4]
    together = run(rule, rate, field, starts, steps=4).losses
    inputs, digits = field.images
    for i, start in enumerate(starts):
        generator = torch.Generator().manual_seed(start)
        model = MLP([784, HIDDEN, 10], generator=generator)
        optimizer = RULES[rule][0](model.parameters(), lr=rate)
        order = field.train[i][torch.randperm(len(field.train[i]), generator=generator)]
        for step, batch in enumerate(order.split(BATCH_SIZE)[:4]):
            optimizer.zero_grad()
            loss = cross_entropy(model(inputs[batch]), digits[batch])
            assert loss.item() == pytest.approx(together[step, i].item(), rel=1e-3)
            loss.backward()
            optimizer.step()


def test_it_learns_and_is_judged_on_images_that_it_did_not_see():
    starts = (0, 1)
    field = prepare("pixels", starts)
    result = run("Adam", 0.01, field, starts, epochs=(1, 2))
    assert result.losses.shape == (100, 2)
    assert result.epochs == (1, 2)
    assert result.validation.shape == result.test.shape == (2, 2)
    assert (result.losses[:5].mean() > 1.5) & (result.losses[-5:].mean() < 0.6)
    assert result.validation[1].min() > 0.85
    assert result.test[1].min() > 0.85
    for train, validation in zip(field.train, field.validation, strict=True):
        assert sorted([*train.tolist(), *validation.tolist()]) == list(range(4000))
    assert not torch.equal(field.validation[0], field.validation[1])


@pytest.mark.parametrize("side", ["validation", "test"])
def test_each_share_is_of_its_own_images(side):
    """Labels that are wrong on one side are read wrong there, and nowhere else."""
    field = prepare("pixels", (0,))
    (inputs, digits), test = field.images, field.test
    if side == "validation":
        digits = digits.clone()
        digits[field.validation[0]] = (digits[field.validation[0]] + 1) % 10
        field = field._replace(images=Examples(inputs, digits))
    else:
        field = field._replace(test=Examples(test.inputs, (test.targets + 1) % 10))
    result = run("Adam", 0.01, field, (0,), epochs=(2,))
    assert getattr(result, side).item() < 0.1
    assert (result.test if side == "validation" else result.validation).item() > 0.85


def test_the_units_are_the_only_difference_between_the_courses():
    data = mnist_5k(seed=0)
    pixels, odd = (prepare(course, (0,), data) for course in COURSES)
    torch.testing.assert_close(pixels.images.inputs, data.train.inputs.flatten(1))
    seen = pixels.images.inputs.sum(0) > 0
    ratio = odd.images.inputs.sum(0)[seen] / pixels.images.inputs.sum(0)[seen]
    assert ratio.min() >= 0.1
    assert ratio.max() <= 10
    assert ratio.log10().std() == pytest.approx(1 / 3**0.5, rel=0.05)
    expected = pixels.test.inputs[:, seen] * ratio
    torch.testing.assert_close(odd.test.inputs[:, seen], expected, rtol=1e-4, atol=1e-6)
    assert torch.equal(odd.train, pixels.train)


def test_a_lost_run_reads_nothing():
    result = run("SGD", 1e30, prepare("pixels", (0,)), (0,), epochs=(1,))
    assert not result.losses[-1].isfinite().any()
    assert result.validation.tolist() == result.test.tolist() == [[0.0]]


def test_the_best_is_the_best_on_average_after_that_budget():
    rows = [[[0.5, 0.7], [0.9, 0.9], [0.0, 0.0]], [[0.8, 0.5], [0.8, 0.8], [0.1, 0.1]]]
    assert [best(rows, budget) for budget in BUDGETS] == [1, 0, 1]


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name(fields):
    field = fields["pixels"]
    with pytest.raises(ValueError, match=r"^rule must be one of SGD, .*, not 'Lion'"):
        rates("Lion")
    with pytest.raises(ValueError, match=r"^rule must be one of"):
        run("Lion", 0.1, field, (0, 1))
    with pytest.raises(ValueError, match=r"^course must be one of pixels, odd units, not 'text'"):
        prepare("text", (0,))
    with pytest.raises(ValueError, match=r"^starts has 3 seeds, but field is of 2"):
        run("SGD", 0.1, field, (0, 1, 2))
    for epochs in ((), (0,), (2, 1), (1, 1)):
        with pytest.raises(ValueError, match=r"^epochs must be whole numbers from 1 on that grow"):
            run("SGD", 0.1, field, (0, 1), epochs=epochs)
