import math

import pytest
import torch

from linebyline.generative.sparse_autoencoder import code_penalty, rate_penalty, speaking
from linebyline.losses.kl_divergence import kl_divergence


def codes(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0)).double()


def test_the_rate_penalty_is_the_divergence_of_two_coins():
    code, rate = codes(6, 4), 0.2
    means = code.mean(0)
    target = torch.tensor([rate, 1 - rate]).double().log().expand(4, 2)
    coins = torch.stack([means, 1 - means], 1).log()
    theirs = kl_divergence(target_log_probs=target, prediction_log_probs=coins, reduction="sum")
    torch.testing.assert_close(rate_penalty(code, rate), theirs)


def test_gradients_are_the_numerical_ones():
    code = (0.1 + 0.8 * codes(3, 2)).requires_grad_()
    assert torch.autograd.gradcheck(lambda h: rate_penalty(h, 0.3), (code,))
    assert torch.autograd.gradcheck(code_penalty, (code - 0.5,))


def test_the_rate_penalty_is_least_at_the_rate_and_finite_at_its_ends():
    at = [rate_penalty(torch.full((5, 1), mean), 0.1).item() for mean in (0.05, 0.1, 0.2)]
    assert at[1] == pytest.approx(0, abs=1e-6)
    assert min(at[0], at[2]) > 0.01
    for end in (0.0, 1.0):
        code = torch.full((5, 2), end, requires_grad=True)
        value = rate_penalty(code, 0.1)
        value.backward()
        assert math.isfinite(value.item())
        assert code.grad.isfinite().all()


def test_the_rate_penalty_sees_only_means():
    steady = torch.full((4, 1), 0.25)
    seldom = torch.tensor([[1.0], [0], [0], [0]])
    torch.testing.assert_close(rate_penalty(steady, 0.1), rate_penalty(seldom, 0.1))


def test_the_code_penalty_sums_units_and_averages_examples():
    code = torch.tensor([[1.0, -2.0, 0.0], [0.0, 0.0, 3.0]])
    assert code_penalty(code).item() == 3.0


def test_speaking_counts_units_of_each_example():
    code = torch.tensor([[0.2, 0.6, 0.5], [0.1, 0.2, 0.3]])
    assert speaking(code, 0.5).tolist() == [1, 0]


@pytest.mark.parametrize("rate", [0, 1, -0.1, 1.5, float("nan")])
def test_a_rate_outside_is_refused(rate):
    with pytest.raises(ValueError, match="rate must be between 0 and 1"):
        rate_penalty(torch.rand(3, 2), rate)


@pytest.mark.usefixtures("without_shape_checks")
def test_what_is_no_code_is_refused():
    with pytest.raises(ValueError, match="code must lie between 0 and 1"):
        rate_penalty(torch.tensor([[2.0, 0.1]]), 0.1)
    for measure in (lambda h: rate_penalty(h, 0.1), code_penalty, lambda h: speaking(h, 0.1)):
        with pytest.raises(ValueError, match="code must be a batch"):
            measure(torch.zeros(0, 3))
