"""GoogLeNet has the paper's parameters to the unit, and equals the paper's figure 3 written out."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from vision.conftest import generator

from linebyline.layers.cost import layer_costs, total
from linebyline.layers.dropout import Dropout
from linebyline.vision.googlenet import MODULES, AuxiliaryHead, GoogLeNet, auxiliary_loss


def parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def on_meta(**options: object) -> GoogLeNet:
    with torch.device("meta"):
        return GoogLeNet(**options)  # type: ignore[arg-type]


def test_parameters_to_the_unit() -> None:
    plain = on_meta(auxiliary=False)
    assert parameters(plain) == 6_998_552
    normalized = on_meta(auxiliary=False, batch_norm=True)
    channels = sum(p.numel() for name, p in plain.named_parameters() if name.endswith("conv.bias"))
    assert channels == 7_280
    assert parameters(normalized) == 6_998_552 + channels == 7_005_832
    assert parameters(on_meta(auxiliary=False, batch_norm=True, large_kernel=3)) == 6_624_904


def test_parameters_of_the_heads() -> None:
    # 1x1 convolution, 4 x 4 places to 1,024 units, 1,000 classes
    heads = [(c + 1) * 128 + (128 * 16 + 1) * 1024 + 1025 * 1000 for c in (512, 528)]
    model = on_meta()
    assert [parameters(model.aux1), parameters(model.aux2)] == heads
    assert parameters(model) == 6_998_552 + sum(heads)


def test_multiplications_of_the_paper_s_table_1() -> None:
    """In millions. Its first row, 34, is that of kernels of 7x1 and 1x7, and of 5a it has 54."""
    rows = {"3a": 128, "3b": 304, "4a": 73, "4b": 88, "4c": 100, "4d": 119, "4e": 170, "5b": 71}
    costs = layer_costs(on_meta(), (3, 224, 224))
    for name, row in {f"inception{k}": v for k, v in rows.items()}.items():
        found = total([cost for cost in costs if cost.name.startswith(name)], "multiply_adds")
        assert abs(found / 1e6 - row) < 0.65
    convs = [cost.multiply_adds for cost in costs if cost.name in ("conv2.conv", "conv3.conv")]
    assert round(sum(convs) / 1e6) == 360


def test_sizes_of_the_maps() -> None:
    costs = {cost.name: cost for cost in layer_costs(on_meta(), (3, 224, 224))}
    assert costs["conv1.conv"].output_shape == (64, 112, 112)
    assert costs["conv3.conv"].output_shape == (192, 56, 56)
    for name, side in {"3a": 28, "3b": 28, "4a": 14, "4e": 14, "5a": 7, "5b": 7}.items():
        shape = costs[f"inception{name}.branch1.conv"].output_shape
        assert shape == (MODULES[name].one, side, side)
    assert total(list(costs.values()), "multiply_adds") == 1_582_671_872


def reference(model: GoogLeNet, x: Tensor) -> list[Tensor]:
    """Figure 3 in torch's functions, without dropout."""
    state = dict(model.named_parameters())

    def conv(name: str, x: Tensor, stride: int = 1) -> Tensor:
        weight = state[f"{name}.conv.weight"]
        padding = weight.shape[-1] // 2
        return functional.conv2d(x, weight, state[f"{name}.conv.bias"], stride, padding).relu()

    def linear(name: str, x: Tensor) -> Tensor:
        return functional.linear(x, state[f"{name}.weight"], state[f"{name}.bias"])

    def pool(x: Tensor) -> Tensor:
        return functional.max_pool2d(x, 3, 2, ceil_mode=True)

    def norm(x: Tensor) -> Tensor:  # Krizhevsky et al. 2012, section 3.3, channel by channel
        square, n = functional.pad(x.square(), (0, 0, 0, 0, 2, 2)), x.shape[1]
        around = sum(square[:, i : i + n] for i in range(5))
        return x / (2 + 1e-4 * around) ** 0.75

    def inception(name: str, x: Tensor) -> Tensor:
        def branch(number: int, x: Tensor) -> Tensor:
            return conv(f"inception{name}.branch{number}", x)

        def deep(number: int, x: Tensor) -> Tensor:
            start = f"inception{name}.branch{number}"
            return conv(f"{start}.1", conv(f"{start}.0", x))

        pooled = conv(f"inception{name}.branch4.1", functional.max_pool2d(x, 3, 1, 1))
        return torch.cat([branch(1, x), deep(2, x), deep(3, x), pooled], 1)

    def head(name: str, x: Tensor) -> Tensor:
        x = conv(f"{name}.conv", functional.avg_pool2d(x, 5, 3)).flatten(1)
        return linear(f"{name}.fc2", linear(f"{name}.fc1", x).relu())

    x = norm(pool(conv("conv1", x, 2)))
    x = pool(norm(conv("conv3", conv("conv2", x))))
    x = pool(inception("3b", inception("3a", x)))
    x = inception("4a", x)
    first = head("aux1", x)
    x = inception("4d", inception("4c", inception("4b", x)))
    second = head("aux2", x)
    x = pool(inception("4e", x))
    x = inception("5b", inception("5a", x)).mean((2, 3))
    return [linear("fc", x), first, second]


def test_equals_the_figure_written_out() -> None:
    # 160 pixels: stage 4 is 10 x 10, where the heads' windows leave 2 x 2 places.
    model = GoogLeNet(7, image_size=160, width=1 / 8, generator=generator()).double().eval()
    x = torch.randn(2, 3, 160, 160, dtype=torch.float64, generator=generator(1))
    ours, theirs = model.all_scores(x), reference(model, x)
    assert len(ours) == 3
    grads = []
    for scores in (ours, theirs):
        torch.testing.assert_close(list(scores), theirs, rtol=1e-10, atol=1e-12)
        loss = sum((i + 1) * s.square().sum() for i, s in enumerate(scores))
        grads.append(torch.autograd.grad(loss, list(model.parameters())))
    assert all(g.abs().max() > 0 for g in grads[1])
    torch.testing.assert_close(grads[0], grads[1], rtol=1e-8, atol=1e-12)
    torch.testing.assert_close(model(x), theirs[0], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("side", [8, 14, 28, 32, 64, 75, 96])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_images_of_many_sizes(side: int, batch_norm: bool) -> None:
    options = {"in_channels": 1, "image_size": side, "width": 1 / 16, "batch_norm": batch_norm}
    model = GoogLeNet(5, **options, generator=generator())
    scores = model.all_scores(torch.randn(2, 1, side, side, generator=generator()))
    assert [s.shape for s in scores] == [(2, 5)] * 3


def test_without_heads_there_is_one_answer() -> None:
    model = GoogLeNet(5, in_channels=1, image_size=8, width=1 / 16, auxiliary=False)
    assert len(model.all_scores(torch.zeros(2, 1, 8, 8))) == 1
    assert not any(name.startswith("aux") for name, _ in model.named_parameters())


def test_parameters_are_named_as_in_the_weights_that_everybody_downloads() -> None:
    names = set(on_meta(batch_norm=True, large_kernel=3).state_dict())
    assert {
        "conv1.conv.weight",
        "conv1.bn.running_mean",
        "inception3a.branch1.conv.weight",
        "inception4b.branch2.0.bn.bias",
        "inception4e.branch3.1.conv.weight",
        "inception5b.branch4.1.bn.num_batches_tracked",
        "aux1.conv.conv.weight",
        "aux2.fc2.bias",
        "fc.weight",
    } <= names
    # 57 convolutions and 2 in the heads of six tensors each, 5 linear layers of two
    assert len(names) == 59 * 6 + 5 * 2


def test_the_loss_of_three_classifiers() -> None:
    scores = [torch.randn(6, 4, generator=generator(i)) for i in range(3)]
    y = torch.arange(6) % 4
    top, first, second = (functional.cross_entropy(s, y) for s in scores)
    torch.testing.assert_close(auxiliary_loss(scores, y), top + 0.3 * first + 0.3 * second)
    torch.testing.assert_close(auxiliary_loss(scores, y, weight=1.0), top + first + second)
    torch.testing.assert_close(auxiliary_loss(scores[:1], y), top)


def test_dropout_in_training_only() -> None:
    model = GoogLeNet(5, in_channels=1, image_size=8, width=1 / 8, generator=generator())
    x = torch.randn(4, 1, 8, 8, generator=generator())
    assert all(
        (a != b).any() for a, b in zip(model.all_scores(x), model.all_scores(x), strict=True)
    )
    model.eval()
    assert all(
        (a == b).all() for a, b in zip(model.all_scores(x), model.all_scores(x), strict=True)
    )


def test_learns() -> None:
    x = torch.randn(16, 1, 8, 8, generator=generator())
    y = torch.arange(16) % 4
    options = {"in_channels": 1, "image_size": 8, "width": 1 / 8, "batch_norm": True}
    model = GoogLeNet(4, **options, generator=generator())
    for module in model.modules():
        if isinstance(module, Dropout):  # whether it can learn these by heart
            module.eval()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(25):
        optimizer.zero_grad()
        loss = auxiliary_loss(model.all_scores(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_a_generator_draws_what_it_drew() -> None:
    options = {"in_channels": 1, "image_size": 8, "width": 1 / 16}
    before = torch.get_rng_state()
    first, second = (GoogLeNet(5, **options, generator=generator(3)) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_small_map_is_averaged_as_a_whole() -> None:
    head = AuxiliaryHead(6, 3, side=4, width=1 / 16).eval()
    x = torch.randn(2, 6, 4, 4, generator=generator())
    mean = x.mean((2, 3), keepdim=True).expand_as(x)
    torch.testing.assert_close(head(x), head(mean))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image_size": 7}, "image_size must be at least 8, not 7"),
        ({"width": 0.0}, "width must be above 0, not 0"),
        ({"large_kernel": 4}, "large_kernel must be an odd number"),
        ({"num_classes": 0}, "out_features must be at least 1, not 0"),
    ],
)
def test_refuses(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        on_meta(**options)
