"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = {
    # Removal: let the samples on the edges go with those behind the street.
    "everyone, holds_it = torch.arange(200), alphas > 0": (
        "everyone, holds_it = torch.arange(200), alphas >= penalty"
    ),
    # Leave-one-out: judge by another machine than the one whose support vectors were counted.
    "others = KernelSVM(linear, penalty=penalty)": "others = KernelSVM(rbf(0.5), penalty=penalty)",
    # Dimensions: let the street be held by every sample for itself.
    "machine = best_machine(polynomial(degree))": "machine = best_machine(rbf(1 / degree))",
    # Widths: let the price of slack stay what it was.
    "penalty=sigma**2": "penalty=1",
    # Pegasos: let the steps be far too short.
    "pegasos(rows, y, decay=decay,": "pegasos(rows, y, decay=30 * decay,",
}


@pytest.mark.timeout(300)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=DEFECTS) == {
        "support-vector-machine-removal": False,
        "support-vector-machine-leave-one-out": False,
        "support-vector-machine-dimensions": False,
        "support-vector-machine-widths": False,
        "support-vector-machine-pegasos": False,
    }
