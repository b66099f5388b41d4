"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = {
    # Digits: let both ways be the same one.
    'method = least_squares if name == "QR" else normal_equations': "method = least_squares",
    # Gauss-Markov: let the rival see every patient, so that it is least squares itself.
    "half[:, ::2] = torch.linalg.pinv(patients[::2])": "half = torch.linalg.pinv(patients)",
    # Ridge: let it multiply by another factor than it should.
    "shrunk = (s / (s.square() + strengths[:, None]))[:, :, None] * answers": (
        "shrunk = (s / (s.square() + 30 * strengths[:, None]))[:, :, None] * answers"
    ),
    # Zeros: let the third model be a ridge, too.
    "lasso = lasso_regression(x, y, 0.1 * all_zero_from(x, y))": (
        "lasso = ridge_regression(x, y, 0.1 * all_zero_from(x, y))"
    ),
}


@pytest.mark.timeout(200)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=DEFECTS) == {
        "linear-regression-digits": False,
        "linear-regression-gauss-markov": False,
        "linear-regression-ridge": False,
        "linear-regression-zeros": False,
    }
