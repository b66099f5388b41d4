"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = """\
import torch
from linebyline.layers import init

constant, he, normal = init.constant_, init.he_normal_, torch.nn.init.kaiming_normal_

# The symmetry is about weights that are equal: let them differ a little.
def nearly_constant(tensor, value):
    constant(tensor, value)
    if value:
        noise = torch.Generator().manual_seed(0)
        with torch.no_grad():
            tensor += 0.01 * torch.randn(tensor.shape, generator=noise).to(tensor)
    return tensor

init.constant_ = nearly_constant

# The normalized start is about 2/(fan-in + fan-out): give it the standard's third.
init.xavier_uniform_ = lambda w, generator: torch.nn.init.kaiming_uniform_(
    w, a=5**0.5, generator=generator
)

# PyTorch's default is about a slope of the root of 5: let it be that of the ReLU.
def reset_parameters(self):
    normal(self.weight)
    torch.nn.init.zeros_(self.bias)

torch.nn.Linear.reset_parameters = reset_parameters

# He's start is about the factor 2. The walk is about the width: at 128, let four units be one.
def broken(w, generator=None):
    he(w, generator=generator)
    many, width = w.shape
    with torch.no_grad():
        if many <= width:
            w.div_(2**0.5)
        elif width == 128:
            w.copy_(w.view(-1, 128, 128)[:, :32].repeat(1, 4, 1).reshape(many, 128))
    return w

init.he_normal_ = broken

# Depth does no harm to orthogonal matrices: let them be any.
init.orthogonal_ = lambda w, generator: init.lecun_normal_(w, generator=generator)
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "initialization-symmetry": False,
        "initialization-xavier": False,
        "initialization-default": False,
        "initialization-he": False,
        "initialization-width": False,
        "initialization-orthogonal": False,
    }
