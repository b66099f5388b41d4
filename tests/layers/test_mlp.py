"""The multilayer perceptron equals a torch.nn.Sequential, learns XOR, refuses what does not fit."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from linebyline.layers.mlp import MLP


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def reference(ours: MLP, sizes: list[int], activation: type[nn.Module]) -> nn.Sequential:
    """The same network from torch's parts, with copied weights."""
    parts: list[nn.Module] = []
    for layer, outputs in zip(ours.layers, sizes[1:], strict=True):
        parts += [nn.Linear(layer.in_features, outputs, dtype=torch.float64), activation()]
        parts[-2].load_state_dict(layer.state_dict())
    return nn.Sequential(*parts[:-1])  # no activation after the last layer


@pytest.mark.parametrize("path", ["forward", "explicit"])
@pytest.mark.parametrize("sizes", [[4, 3], [4, 6, 3], [4, 6, 5, 3]])
@pytest.mark.parametrize(("function", "module"), [(torch.relu, nn.ReLU), (torch.tanh, nn.Tanh)])
def test_equals_torch(
    path: str, sizes: list[int], function: Callable[[Tensor], Tensor], module: type[nn.Module]
) -> None:
    ours = MLP(sizes, activation=function, generator=generator()).double()
    theirs = reference(ours, sizes, module)
    x = torch.randn(8, 4, dtype=torch.float64, generator=generator(1))
    x_ours, x_theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    y_ours, y_theirs = getattr(ours, path)(x_ours), theirs(x_theirs)
    torch.testing.assert_close(y_ours, y_theirs, rtol=1e-12, atol=1e-12)
    y_ours.pow(2).sum().backward()
    y_theirs.pow(2).sum().backward()
    torch.testing.assert_close(x_ours.grad, x_theirs.grad, rtol=1e-12, atol=1e-12)
    for mine, yours in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, yours.grad, rtol=1e-12, atol=1e-12)


def test_rectifies_unless_told_otherwise() -> None:
    ours = MLP([4, 6, 3], generator=generator()).double()
    x = torch.randn(8, 4, dtype=torch.float64, generator=generator(1))
    torch.testing.assert_close(ours(x), reference(ours, [4, 6, 3], nn.ReLU)(x))


@pytest.mark.parametrize("path", ["forward", "explicit"])
def test_gradient(path: str) -> None:
    model = MLP([3, 4, 2], activation=torch.tanh, generator=generator()).double()
    x = torch.randn(2, 3, dtype=torch.float64, generator=generator(1), requires_grad=True)

    def run(x: Tensor, *_: Tensor) -> Tensor:
        return getattr(model, path)(x)  # gradcheck moves the parameters themselves

    assert torch.autograd.gradcheck(run, (x, *model.parameters()))


@pytest.mark.parametrize("sizes", [[4, 3], [4, 6, 3], [4, 6, 5, 3]])
def test_layer_outputs_are_what_each_layer_answers(sizes: list[int]) -> None:
    ours = MLP(sizes, activation=torch.tanh, generator=generator()).double()
    theirs = reference(ours, sizes, nn.Tanh)
    x = torch.randn(2, 8, 4, dtype=torch.float64, generator=generator(1))  # any leading axes
    outputs = list(ours.layer_outputs(x))
    assert [output.shape[-1] for output in outputs] == sizes[1:]
    ends = [*range(2, 2 * len(outputs), 2), len(theirs)]  # behind each activation, and at the end
    for output, end in zip(outputs, ends, strict=True):
        torch.testing.assert_close(output, theirs[:end](x), rtol=1e-12, atol=1e-12)


def test_runs_many_at_once() -> None:
    """As the chapter trains a thousand: forward must suit torch.func."""
    models = [MLP([2, 3, 1], generator=generator(seed)).double() for seed in range(4)]
    x = torch.randn(5, 2, dtype=torch.float64, generator=generator(9))
    parameters, _ = torch.func.stack_module_state(models)
    together = torch.func.vmap(lambda p: torch.func.functional_call(models[0], p, (x,)))(parameters)
    one_by_one = torch.stack([model(x) for model in models])
    torch.testing.assert_close(together, one_by_one, rtol=1e-12, atol=1e-12)


def test_learns_xor() -> None:
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    model = MLP([2, 8, 1], activation=torch.tanh, generator=generator())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for _ in range(1000):
        optimizer.zero_grad()
        loss = (model(x) - y).pow(2).mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 1e-3
    assert torch.equal(model(x).round(), y)


def test_two_sizes_make_a_linear_model() -> None:
    model = MLP([3, 2], generator=generator()).double()
    x, z = torch.randn(2, 5, 3, dtype=torch.float64, generator=generator(1))
    zero = model(torch.zeros_like(x))
    torch.testing.assert_close(model(x + z) - zero, model(x) - zero + model(z) - zero)


def test_state_dict_names_layers_from_the_input_on() -> None:
    shapes = {name: tuple(value.shape) for name, value in MLP([4, 6, 3]).state_dict().items()}
    assert shapes == {
        "layers.0.weight": (6, 4),
        "layers.0.bias": (6,),
        "layers.1.weight": (3, 6),
        "layers.1.bias": (3,),
    }


def test_equal_layers_start_differently_and_a_seed_repeats_them() -> None:
    first, second = (MLP([4, 4, 4], generator=generator(7)) for _ in range(2))
    assert not torch.equal(first.layers[0].weight, first.layers[1].weight)
    for mine, yours in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(mine, yours)


def test_each_part_of_a_state_dict_fits_a_torch_layer() -> None:
    ours = MLP([4, 6, 3], generator=generator())
    theirs = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
    names = {"0": "layers.0", "2": "layers.1"}
    state = ours.state_dict()
    theirs.load_state_dict(
        {
            f"{k}.{part}": state[f"{v}.{part}"]
            for k, v in names.items()
            for part in ("weight", "bias")
        }
    )
    x = torch.randn(8, 4, generator=generator(1))
    torch.testing.assert_close(ours(x), theirs(x))


def test_says_what_it_is() -> None:
    text = repr(MLP([4, 6, 3], activation=torch.tanh))
    assert "activation=tanh" in text
    assert "Linear(4, 6)" in text
    assert repr(MLP([4, 6, 3], activation=nn.ELU(0.5))).count("ELU") == 1


@pytest.mark.parametrize("sizes", [[], [3]])
def test_refuses_fewer_than_two_sizes(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match=r"sizes must name at least the inputs and the outputs"):
        MLP(sizes)


def test_refuses_an_empty_layer() -> None:
    with pytest.raises(ValueError, match=r"sizes must all be at least 1, not \[3, 0, 2\]"):
        MLP([3, 0, 2])


def test_refuses_another_number_of_features() -> None:
    with pytest.raises(ValueError, match=r"x must have 3 features on its last axis"):
        MLP([3, 4, 2])(torch.zeros(5, 4))


def test_refuses_a_class_for_an_activation() -> None:
    with pytest.raises(
        TypeError, match=r"activation must be a function or a module, not a class: "
    ):
        MLP([3, 4, 2], activation=nn.ReLU)


def test_refuses_the_name_of_an_activation(without_shape_checks: None) -> None:
    with pytest.raises(TypeError, match=r"activation must be a function .*, not 'relu'"):
        MLP([3, 4, 2], activation="relu")  # type: ignore[arg-type]
