import itertools

import pytest
import torch

from linebyline.linear_models.threshold_unit import ThresholdUnit

INPUTS = torch.tensor(list(itertools.product([0.0, 1.0], repeat=2)))


@pytest.mark.parametrize(
    ("weights", "bias", "gate"),
    [
        ([1, 1], -1.5, lambda a, b: a and b),
        ([1, 1], -0.5, lambda a, b: a or b),
        ([-1, -1], 1.5, lambda a, b: not (a and b)),
    ],
)
def test_fires_as_the_gate_says(weights, bias, gate):
    unit = ThresholdUnit(weights, bias)
    assert unit(INPUTS).tolist() == [int(gate(a, b)) for a, b in INPUTS.tolist()]


def test_fires_on_the_threshold_itself():
    unit = ThresholdUnit([2.0], bias=-3.0)
    answers = unit(torch.tensor([[1.4], [1.5], [1.6]]))
    assert answers.tolist() == [0, 1, 1]
    assert answers.dtype == torch.long


def test_keeps_every_leading_axis():
    unit = ThresholdUnit([1.0, -1.0, 2.0], bias=0.25)
    x = torch.randn(4, 5, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(unit.score(x), (x * torch.tensor([1.0, -1.0, 2.0])).sum(-1) + 0.25)
    assert unit(x).shape == (4, 5)


def test_moves_and_saves_with_its_state():
    unit = ThresholdUnit([1.0, 2.0], bias=3.0)
    other = ThresholdUnit([0.0, 0.0], bias=0.0)
    other.load_state_dict(unit.state_dict())
    assert other.score(torch.tensor([1.0, 1.0])) == 6
    assert unit.double().score(torch.ones(2, dtype=torch.float64)).dtype == torch.float64


def test_weights_and_bias_are_of_the_default_type():
    torch.set_default_dtype(torch.float64)
    try:
        unit = ThresholdUnit([1, 2], bias=0.1)
    finally:
        torch.set_default_dtype(torch.float32)
    assert unit.weights.dtype == torch.float64
    assert unit.bias.item() == 0.1


@pytest.mark.parametrize("weights", [[], [[1.0, 2.0]], 3.0])
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_weights_that_are_no_flat_list(weights):
    with pytest.raises(ValueError, match="weights must be a flat list"):
        ThresholdUnit(torch.tensor(weights), bias=0.0)


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_inputs_of_another_size():
    with pytest.raises(ValueError, match=r"x has 3 features .* 2 weights"):
        ThresholdUnit([1.0, 1.0], bias=0.0)(torch.zeros(4, 3))


def test_keeps_its_own_weights():
    given = torch.tensor([1.0, 2.0])
    unit = ThresholdUnit(given, bias=0.0)
    given.zero_()
    assert unit.weights.tolist() == [1, 2]
