"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, or for two that are about one thing, all in one run of the chapter.
DEFECTS = {
    # Labels at random: let them be the true ones.
    "dealt = y[torch.randperm(400, generator=from_seed(seed))]": "dealt = y",
    # Optimism: let the validation set choose nothing.
    "best = some[right[some][:, validation].mean(1).argmax()]": "best = some[0]",
    # The leak: choose the columns by other patients.
    "columns = most_different(patients)": (
        "columns = most_different(Examples(torch.randn_like(x), patients.targets))"
    ),
    # Slower criteria: let all be equally slow.
    "stop = first_stop(criterion, train.tolist(), validation.tolist())": "stop = None",
    # The peak, and the ridge that takes it away: let there always be a ridge.
    "s / (s**2 + ridge)": "s / (s**2 + ridge + 0.05)",
}


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=DEFECTS) == {
        "generalization-random-labels": False,
        "generalization-optimism": False,
        "generalization-leak": False,
        "generalization-stopping": False,
        "generalization-double-descent": False,
        "generalization-ridge": False,
    }
