"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter: what stands there, and what does not.
DEFECTS = {
    # Parity leaves a point out.
    "timeline-parity": ("separability(units, x.prod(1)", "separability(units, x[:, 1:].prod(1)"),
    # The additional units are not heard.
    "timeline-just-enough": (
        "torch.sigmoid(inner @ v + c)",
        "torch.sigmoid(inner[..., :2] @ v[:, :2] + c)",
    ),
    # Every map of C3 sees all six maps below, as most copies of LeNet-5 have it.
    "timeline-counts": ('"C3": (60 * 25', '"C3": (96 * 25'),
    # The merges of GPT-1's tokenizer are taken for its vocabulary.
    "timeline-gpt2": ("vocabulary=40_478", "vocabulary=40_000"),
    # A power of ten is taken for a doubling.
    "timeline-doubling": ("work = np.log2(", "work = np.log10("),
}


@pytest.mark.timeout(300)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=dict(DEFECTS.values())) == dict.fromkeys(DEFECTS, False)
