"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = {
    # The late factor: let the walks of the control end as the others do, so it is no control.
    "endless[over] = torch.eye(12)[0].double()": "endless[over] = endless[over]",
    # Steps that shrink: let them not.
    'rules = {"constant 0.1": 0.1, "n^-0.8": polynomial(0.8)}': (
        'rules = {"constant 0.1": 0.1, "n^-0.8": 0.1}'
    ),
    # Getting stuck: let the greedy agents start as optimists.
    '"greedy": (0.0, 0.0)': '"greedy": (1.0, 0.0)',
    # The cliff: let SARSA look at the largest guess.
    'kinds, tables, earned = {"Q-learning": QLearning, "SARSA": Sarsa}, {}, {}': (
        'kinds, tables, earned = {"Q-learning": QLearning, "SARSA": QLearning}, {}, {}'
    ),
    # The second set: let the first judge itself.
    "double = second.gather(1": "double = first.gather(1",
}


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=DEFECTS) == {
        "q-learning-contraction": False,
        "q-learning-steps": False,
        "q-learning-exploration": False,
        "q-learning-cliff": False,
        "q-learning-largest": False,
    }
