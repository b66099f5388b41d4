"""Costs are those of hand counts and of torch's own counter, and the model is left as it was."""

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.layers.conv2d import Conv2d
from linebyline.layers.conv_transpose2d import ConvTranspose2d
from linebyline.layers.cost import LayerCost, layer_costs, total
from linebyline.layers.linear import Linear
from linebyline.layers.maxout import Maxout
from linebyline.layers.mlp import MLP

QUANTITIES = ("parameters", "multiply_adds", "activations")


class Small(nn.Module):
    """What is counted: groups, stride, padding, a transposed convolution, a layer used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.first = Conv2d(3, 8, 5, stride=2, padding=2)
        self.norm = BatchNorm2d(8)
        self.grouped = nn.Conv2d(8, 8, 3, padding=1, groups=4, bias=False)
        self.up = nn.ConvTranspose2d(8, 6, 4, stride=2, groups=2)
        self.unused = Linear(1000, 1000)
        self.pool = nn.AdaptiveAvgPool2d(3)
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(), Linear(54, 7))

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.first(x))
        return self.head(self.pool(self.up(self.grouped(self.grouped(x)))))


def test_a_convolution_by_hand() -> None:
    (cost,) = layer_costs(Conv2d(3, 64, (7, 5), stride=2, padding=3), (3, 20, 30))
    assert cost == LayerCost(
        name="",
        kind="Conv2d",
        output_shape=(64, 10, 16),
        parameters=64 * 3 * 7 * 5 + 64,
        multiply_adds=64 * 10 * 16 * 3 * 7 * 5,
        activations=64 * 10 * 16,
    )


def test_a_linear_layer_is_used_at_every_position() -> None:
    (cost,) = layer_costs(Linear(5, 4), (6, 5))
    assert (cost.parameters, cost.multiply_adds, cost.activations) == (24, 6 * 20, 24)


def test_a_transposed_convolution_multiplies_its_inputs() -> None:
    (cost,) = layer_costs(nn.ConvTranspose2d(8, 6, 4, stride=2, groups=2), (8, 5, 5))
    assert cost.multiply_adds == 8 * 5 * 5 * 3 * 4 * 4


def test_counts_half_of_torchs_operations_and_all_parameters_that_are_used() -> None:
    model = Small()
    costs = layer_costs(model, (3, 21, 21))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.eval()(torch.zeros(1, 3, 21, 21))
    assert 2 * total(costs, "multiply_adds") == counter.get_total_flops()
    used = [p for name, p in model.named_parameters() if not name.startswith("unused")]
    assert total(costs, "parameters") == sum(p.numel() for p in used)


def test_layers_in_the_order_of_their_answers_and_by_name() -> None:
    costs = layer_costs(Small(), (3, 21, 21))
    names = ["first", "norm", "grouped", "grouped", "up", "pool", "head.0", "head.1", "head.2"]
    assert [cost.name for cost in costs] == names
    assert [cost.parameters for cost in costs if cost.name == "grouped"] == [8 * 2 * 9, 0]
    assert costs[4].output_shape == (6, 24, 24)
    assert costs[1].multiply_adds == 0


def test_on_the_meta_device_as_on_the_cpu() -> None:
    with torch.device("meta"):
        costs = layer_costs(Small(), (3, 21, 21))
    assert costs == layer_costs(Small(), (3, 21, 21))


def test_the_zeros_are_where_the_parameters_are_and_of_their_kind() -> None:
    with torch.device("meta"):
        model = Small()
    assert layer_costs(model, (3, 21, 21)) == layer_costs(Small(), (3, 21, 21))
    assert layer_costs(Small().double(), (3, 21, 21)) == layer_costs(Small(), (3, 21, 21))


def test_a_model_without_parameters_costs_nothing_but_its_answer() -> None:
    (cost,) = layer_costs(nn.MaxPool2d(2), (3, 4, 6))
    assert (cost.parameters, cost.multiply_adds, cost.activations) == (0, 0, 3 * 2 * 3)


def test_the_librarys_transposed_convolution_is_known_too() -> None:
    ours, theirs = (
        layer_costs(kind(8, 6, 4, stride=2, groups=2), (8, 5, 5))
        for kind in (ConvTranspose2d, nn.ConvTranspose2d)
    )
    assert ours == theirs


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv1d(2, 3, 4), (2, 9)),
        (nn.Conv3d(2, 3, 2), (2, 4, 5, 6)),
        (nn.ConvTranspose1d(2, 3, 4, stride=2), (2, 9)),
        (nn.ConvTranspose3d(2, 3, 2), (2, 4, 5, 6)),
    ],
    ids=lambda it: type(it).__name__,
)
def test_other_axes_cost_what_torch_counts(layer: nn.Module, shape: tuple[int, ...]) -> None:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        layer(torch.zeros(1, *shape))
    assert 2 * total(layer_costs(layer, shape), "multiply_adds") == counter.get_total_flops()


class Words(nn.Module):
    """Looks up rows of a table, which is no product."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(5, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.table(x.long())


def test_an_embedding_multiplies_nothing() -> None:
    (cost,) = layer_costs(Words(), (7,))
    assert (cost.parameters, cost.multiply_adds, cost.activations) == (20, 0, 28)


def test_an_mlp_has_as_many_products_as_weights() -> None:
    costs = layer_costs(MLP([64, 32, 10]), (64,))
    assert total(costs, "multiply_adds") == 64 * 32 + 32 * 10
    assert total(costs, "activations") == 42


def test_a_layer_within_a_layer_is_counted_once() -> None:
    assert total(layer_costs(Maxout(4, 5, pieces=3), (4,)), "multiply_adds") == 4 * 15


class Gained(nn.Module):
    """Parameters of its own, and a layer; and what it saw of the mode."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(4))
        self.inner = Linear(3, 4)

    def forward(self, x: Tensor) -> Tensor:
        self.seen = self.training, torch.is_grad_enabled()
        return self.gain * self.inner(x)


def test_parameters_beside_layers_are_counted() -> None:
    model = Gained()
    costs = layer_costs(nn.Sequential(model), (3,))
    assert [(cost.name, cost.parameters) for cost in costs] == [("0.inner", 16), ("0", 4)]
    assert model.seen == (False, False)


def test_whether_there_are_parameters_does_not_depend_on_their_values() -> None:
    model = Gained()
    model.gain = nn.Parameter(torch.zeros(1))
    assert total(layer_costs(model, (3,)), "parameters") == 16 + 1
    with torch.device("meta"):
        assert total(layer_costs(Gained(), (3,)), "parameters") == 16 + 4


def test_running_averages_do_not_notice() -> None:
    norm = BatchNorm2d(2)
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    layer_costs(norm, (2, 3, 3))
    assert norm.training
    assert all(torch.equal(value, before[name]) for name, value in norm.state_dict().items())


def test_the_model_is_left_as_it_was() -> None:
    model = Small()
    model.norm.eval()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    layer_costs(model, (3, 21, 21))
    modes = [module.training for module in (model, model.head[1], model.norm)]
    assert modes == [True, True, False]
    assert not any(module._forward_hooks for module in model.modules())
    for name, value in model.state_dict().items():
        assert torch.equal(value, state[name])


def test_a_model_that_fails_is_left_as_it_was_too() -> None:
    model = nn.Sequential(Linear(3, 4), Linear(3, 4))
    with pytest.raises(ValueError, match="x must have 3 features"):
        layer_costs(model, (3,))
    assert model.training
    assert not any(layer._forward_hooks for layer in model)


def test_refuses_a_layer_that_it_cannot_count() -> None:
    with pytest.raises(ValueError, match=r"the layer '0' of class Twice, .*; known are Conv1d"):
        layer_costs(nn.Sequential(Twice(nn.Bilinear(3, 3, 2))), (3,))


class Twice(nn.Bilinear):
    """A layer with weights in three axes, of one input."""

    def __init__(self, like: nn.Bilinear) -> None:
        super().__init__(like.in1_features, like.in2_features, like.out_features)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(x, x)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_total_is_the_sum_over_layers(quantity: str) -> None:
    costs = layer_costs(MLP([3, 4, 2]), (3,))
    assert total(costs, quantity) == sum(getattr(cost, quantity) for cost in costs)


def test_refuses_another_quantity() -> None:
    with pytest.raises(ValueError, match=r"quantity must be one of .*, not 'flops'"):
        total([], "flops")
