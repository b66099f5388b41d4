"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
REPLACED = {
    # Equivariance is about sharing: give every place weights of its own.
    "one = Conv2d(1, 8, 3, padding=1, generator=g)": (
        "one = LocallyConnected2d(1, 8, 3, 32, padding=1, generator=g)"
    ),
    # The effective field is about a walk of many steps: make one step as wide as all of them.
    "conv = Conv2d(ins, outs, kernel, bias=False, generator=g)": (
        "kernel = 1 + (kernel - 1) * depth if l == 0 else 1\n"
        "        conv = Conv2d(ins, outs, kernel, bias=False, generator=g)\n"
        "        kernel = 3 if depth > 1 else kernel"
    ),
    # Sharing: share nothing.
    "first = Conv2d(1, maps[0], 5, stride=2, generator=g)": (
        "first = LocallyConnected2d(1, maps[0], 5, 14, stride=2, generator=g)"
    ),
    "windows(first, Conv2d(*maps, 3, generator=g), g)": (
        "windows(first, LocallyConnected2d(*maps, 3, 5, generator=g), g)"
    ),
    # The dense network's blindness is about a symmetry: do not permute its weights.
    "copy_(twin[1].layers[0].weight[:, order])": "copy_(twin[1].layers[0].weight[:, :])",
}


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=REPLACED) == {
        "convolution-equivariance": False,
        "convolution-effective-field": False,
        "convolution-sharing": False,
        "convolution-permuted": False,
    }
