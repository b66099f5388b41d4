"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

REPLACED = {
    # What pretraining is worth, at which depth, and from how many sides, is about what was learned:
    # learn for one step.
    "models = {task: pretrain(how, task) for": "models = {task: pretrain(how, task, steps=1) for",
    # What contrast forgets is about its views: exchange them.
    '"two positions": any_way_up, "two lights": any_light': (
        '"two positions": any_light, "two lights": any_way_up'
    ),
    # The stamp must be in both views: let it be moved with the digit.
    "changed[:, :, :2] = x[:, :, :2]": "changed = changed + 0",
    # To hide is what keeps the stamp out: hide nothing.
    '"square": (study.TASKS': '"square": (study.TASKS',
}


@pytest.mark.timeout(600)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=REPLACED) == {}
