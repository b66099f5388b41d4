"""The inception module equals its four branches written out with torch's functions, and learns."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from vision.conftest import generator, images

from linebyline.vision.inception import ConvRelu, Inception, Widths

WIDTHS = Widths(2, 3, 4, 1, 3, 2)


def reference(state: dict[str, Tensor], x: Tensor, side: int) -> Tensor:
    def conv(name: str, x: Tensor, padding: int) -> Tensor:
        x = functional.conv2d(
            x, state[f"{name}.conv.weight"], state.get(f"{name}.conv.bias"), 1, padding
        )
        if f"{name}.bn.weight" in state:
            gamma, beta = state[f"{name}.bn.weight"], state[f"{name}.bn.bias"]
            x = functional.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-3)
        return x.clamp(min=0)

    parts = [
        conv("branch1", x, 0),
        conv("branch2.1", conv("branch2.0", x, 0), 1),
        conv("branch3.1", conv("branch3.0", x, 0), side // 2),
        conv("branch4.1", functional.max_pool2d(x, 3, 1, 1), 0),
    ]
    return torch.cat(parts, 1)


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("large_kernel", [3, 5])
def test_equals_its_four_branches(batch_norm: bool, large_kernel: int) -> None:
    options = {"batch_norm": batch_norm, "large_kernel": large_kernel}
    ours = Inception(5, WIDTHS, **options, generator=generator()).double()
    for number, parameter in enumerate(ours.parameters()):  # biases, γ and β too
        nn.init.normal_(parameter, generator=generator(number))
    state = {name: p.detach().clone().requires_grad_() for name, p in ours.named_parameters()}
    x, x_reference = (images(3, 5, 6, 7).requires_grad_() for _ in range(2))
    y, expected = ours(x), reference(state, x_reference, large_kernel)
    assert y.shape == (3, WIDTHS.out_channels, 6, 7)
    torch.testing.assert_close(y, expected, rtol=1e-12, atol=1e-12)
    for z in (y, expected):
        z.pow(2).sum().backward()
    torch.testing.assert_close(x.grad, x_reference.grad, rtol=1e-10, atol=1e-10)
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad, state[name].grad, rtol=1e-10, atol=1e-10)


def test_gradient() -> None:
    module = Inception(2, Widths(1, 1, 1, 1, 1, 1), generator=generator(1)).double()

    def run(x: Tensor, *_: Tensor) -> Tensor:
        return module(x)

    x = images(1, 2, 4, 4, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(run, (x, *module.parameters()))


def test_a_large_kernel_sees_two_pixels_far() -> None:
    """Of a single bright pixel the 5x5 branch knows at a distance of two, all others of one."""
    module = Inception(1, Widths(1, 1, 1, 1, 1, 1))
    for name, parameter in module.named_parameters():
        nn.init.constant_(parameter, 0.0 if name.endswith("bias") else 1.0)
    x = torch.zeros(1, 1, 9, 9)
    x[0, 0, 4, 4] = 1
    reach = [int((map_ > 0).sum()) for map_ in module(x)[0]]
    assert reach == [1, 9, 25, 9]


def test_learns() -> None:
    x = torch.randn(16, 3, 5, 5, generator=generator())
    y = torch.arange(16) % 4
    model = nn.Sequential(Inception(3, Widths(4, 2, 4, 2, 4, 4), generator=generator()))
    model.extend([nn.Flatten(), nn.Linear(400, 4)])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


def test_weights_start_as_he_and_biases_at_zero() -> None:
    layer = ConvRelu(64, 200, 3, generator=generator())
    assert layer.conv.bias is not None
    assert not layer.conv.bias.any()
    assert layer.conv.weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.01)


def test_no_bias_beside_a_normalization() -> None:
    assert ConvRelu(2, 3, 1, batch_norm=True).conv.bias is None
    assert list(ConvRelu(2, 3, 1, batch_norm=True).state_dict())[:3] == [
        "conv.weight",
        "bn.weight",
        "bn.bias",
    ]


@pytest.mark.parametrize("side", [0, 4, -1])
def test_refuses_an_even_kernel(side: int) -> None:
    with pytest.raises(ValueError, match=f"large_kernel must be an odd number .*, not {side}"):
        Inception(2, WIDTHS, large_kernel=side)


def test_refuses_no_channels() -> None:
    with pytest.raises(ValueError, match="out_channels must be at least 1, not 0"):
        Inception(2, WIDTHS._replace(three=0))
