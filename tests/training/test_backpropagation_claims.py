"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = """\
import torch
from linebyline.autograd import gradient_check, tensor

real_product, real_grad = tensor.matrix_product, torch.autograd.grad
real_check, real_data = gradient_check.gradient_error, tensor.Tensor.data

# The cheap gradient is about pulls that cost as much as their operation: let one work three times.
def wasteful(a, b):
    c, pull_a, pull_b = real_product(a, b)
    return c, pull_a, lambda g: (pull_b(g) + pull_b(g) + pull_b(g)) / 3

tensor.matrix_product = wasteful

# The common path is about equal gradients: let PyTorch's be off in the seventh digit.
torch.autograd.grad = lambda *arguments: [
    gradient * (1 + 1e-6) for gradient in real_grad(*arguments)
]

# The check is about differences that are no rounding: take the step too small.
gradient_check.gradient_error = lambda *arguments, **options: real_check(
    *arguments, **(options | {"step": 1e-15})
)

# That a wrong gradient learns is about other parts that adapt: let the output layer stay.
# What codes come to represent is about learning them: let the people's stay as they were drawn.
STIFF = (10, 32), (10,), (24, 6)
tensor.Tensor.data = property(
    real_data.fget,
    lambda self, new: None if self.shape in STIFF else real_data.fset(self, new),
)
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "backpropagation-cheap": False,
        "backpropagation-trace": False,
        "backpropagation-wrong-gradient": False,
        "backpropagation-check": False,
        "backpropagation-representation": False,
    }
