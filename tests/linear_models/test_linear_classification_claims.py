"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = {
    # Far points: let them be where the others are.
    "+ torch.tensor([12.0, 0.0])": "+ torch.tensor([1.5, 0.0])",
    # Weights that grow: let a penalty stop them.
    "fit_gradient(apart_x, apart_y, steps=30_000)": (
        "fit_gradient(apart_x, apart_y, steps=30_000, penalty=0.01)"
    ),
    # Thinning at random: keep those of one side instead.
    "kept = (label == 0) | (torch.rand(40_000, generator=g) < f)": (
        "kept = (label == 0) | (crowd[:, 0] < 0)"
    ),
    # Independent patients: let each come five times.
    "scores[torch.randint(len(scores), (n,), generator=g)]": (
        "scores[torch.randint(len(scores), (n // 5,), generator=g)].repeat_interleave(5)"
    ),
}


@pytest.mark.timeout(300)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=DEFECTS) == {
        "linear-classification-far-points": False,
        "linear-classification-separable": False,
        "linear-classification-rare": False,
        "linear-classification-auc": False,
    }
