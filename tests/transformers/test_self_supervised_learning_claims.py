"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

REPLACED = {
    # What contrast is worth, what is lost at which depth, and what both sides bring, is about what
    # was learned: learn for one step.
    "models = {task: pretrain(how, task) for": "models = {task: pretrain(how, task, steps=1) for",
    # What the same changes bring, and that a start adds nothing to them, is about a network that
    # learns from changed images: read a random one.
    '"augmented": tuned("augmented")': '"augmented": read("random, part 3", random)',
    # That a turn teaches nothing new is about what a random part knows: take the poorer one.
    '"random": score["random, part 2"]},\n    holds="turn': (
        '"random": score["random, part 3"]},\n    holds="turn'
    ),
    # What contrast forgets is about its views: exchange them.
    '"two positions": any_way_up, "two lights": any_light': (
        '"two positions": any_light, "two lights": any_way_up'
    ),
    # The stamp must be in both views: let it be moved with the digit.
    "changed[:, :, :2] = x[:, :, :2]": "pass",
    # To hide is what keeps the stamp out: hide nothing.
    'asked = ("turn", "square", "nothing hidden")\ntasks = {task: (study.TASKS[task], task)': (
        'asked = ("turn", "square", "nothing hidden")\n'
        'tasks = {task: (study.TASKS[task if task == "turn" else "nothing hidden"], task)'
    ),
    # A shortcut needs a cue: learn from images that have none.
    "name: pretrain(how, task, stamped.train.inputs, short)": (
        'name: pretrain(how, task, images if name == "turn" else stamped.train.inputs, short)'
    ),
}


@pytest.mark.timeout(600)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=REPLACED) == {
        "self-supervised-learning-contrast": False,
        "self-supervised-learning-changes": False,
        "self-supervised-learning-turn": True,
        "self-supervised-learning-depth": False,
        "self-supervised-learning-invariance": False,
        "self-supervised-learning-stamp": False,
        "self-supervised-learning-hidden": False,
        "self-supervised-learning-shortcut": False,
        "self-supervised-learning-both-sides": False,
        "self-supervised-learning-start": True,
    }
