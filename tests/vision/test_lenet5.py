"""LeNet-5 has the paper's counts; its parts equal torch's; it learns."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from vision.conftest import generator, images

from linebyline.vision.lenet5 import C3_TABLE, LeNet5, Subsampling, TableConv2d, codes, squash

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])


def test_the_counts_are_the_papers() -> None:
    model = LeNet5()
    counts = {
        name: sum(p.numel() for p in part.parameters()) for name, part in model.named_children()
    }
    expected = {"c1": 156, "s2": 12, "c3": 1516, "s4": 32, "c5": 48_120, "f6": 10_164}
    assert counts == expected
    assert sum(counts.values()) == 60_000
    shapes = {
        name: tuple(h.shape[1:]) for name, h in model.layer_outputs(torch.zeros(1, 1, 32, 32))
    }
    assert shapes == {
        "C1": (6, 28, 28),
        "S2": (6, 14, 14),
        "C3": (16, 10, 10),
        "S4": (16, 5, 5),
        "C5": (120, 1, 1),
        "F6": (84,),
        "output": (10,),
    }


def test_the_table_is_the_papers() -> None:
    assert sum(map(len, C3_TABLE)) == 60
    assert list(map(len, C3_TABLE)) == [3] * 6 + [4] * 9 + [6]
    assert len(set(C3_TABLE)) == 16
    contiguous = {
        frozenset((start + k) % 6 for k in range(n)) for n in (3, 4) for start in range(6)
    }
    assert {frozenset(row) for row in C3_TABLE[:12]} == contiguous
    assert not {frozenset(row) for row in C3_TABLE[12:]} & contiguous
    for map_below in range(6):  # the paper's table has ten crosses in each row
        assert sum(map_below in row for row in C3_TABLE) == 10


@PATHS
def test_the_table_convolution_is_torchs_with_kernels_missing(path: str) -> None:
    ours = TableConv2d(generator=generator()).double()
    theirs = nn.Conv2d(6, 16, 5).double()
    with torch.no_grad():
        theirs.weight.zero_()
        theirs.bias.copy_(ours.bias)
        kernels = iter(ours.weight)
        for output, row in enumerate(C3_TABLE):
            for below in row:
                theirs.weight[output, below] = next(kernels)
    x = images(2, 6, 8, 7, seed=1)
    x_ours, x_theirs = (x.clone().requires_grad_() for _ in range(2))
    y_ours, y_theirs = getattr(ours, path)(x_ours), theirs(x_theirs)
    torch.testing.assert_close(y_ours, y_theirs, rtol=1e-12, atol=1e-13)
    y_ours.pow(3).sum().backward()
    y_theirs.pow(3).sum().backward()
    torch.testing.assert_close(x_ours.grad, x_theirs.grad, rtol=1e-11, atol=1e-13)
    expected = torch.stack(
        [theirs.weight.grad[o, i] for o, row in enumerate(C3_TABLE) for i in row]
    )
    torch.testing.assert_close(ours.weight.grad, expected, rtol=1e-11, atol=1e-13)
    torch.testing.assert_close(ours.bias.grad, theirs.bias.grad, rtol=1e-11, atol=1e-13)


@PATHS
def test_subsampling_by_hand(path: str) -> None:
    layer = Subsampling(2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([0.25, -1.0]))
        layer.bias.copy_(torch.tensor([0.0, 3.0]))
    x = torch.tensor([[[1.0, 2.0, 9.0], [3.0, 6.0, 9.0], [9.0, 9.0, 9.0]]] * 2)[None]
    assert getattr(layer, path)(x).flatten().tolist() == [3.0, -9.0]  # the mean; 3 - 12


@PATHS
@pytest.mark.parametrize("size", [(4, 4), (5, 7)])
def test_subsampling_equals_a_grouped_convolution(path: str, size: tuple[int, int]) -> None:
    layer = Subsampling(3, generator=generator()).double()
    x = images(2, 3, *size, seed=1).requires_grad_()
    kernel = layer.weight[:, None, None, None].expand(3, 1, 2, 2)
    expected = functional.conv2d(x, kernel, layer.bias, stride=2, groups=3)
    torch.testing.assert_close(getattr(layer, path)(x), expected, rtol=1e-13, atol=1e-13)
    run = lambda x, *_: getattr(layer, path)(x)  # noqa: E731
    assert torch.autograd.gradcheck(run, (x, *layer.parameters()))


def test_squash_passes_through_plus_and_minus_one_and_saturates() -> None:
    a = torch.tensor([-1.0, 0.0, 1.0, 100.0])
    torch.testing.assert_close(squash(a), torch.tensor([-1.0, 0.0, 1.0, 1.7159]), rtol=0, atol=1e-4)


def test_the_scores_are_minus_squared_distances_to_the_codes() -> None:
    model = LeNet5(generator=generator()).double()
    x = images(3, 1, 32, 32)
    *_, (name, f6), (_, scores) = model.layer_outputs(x)
    assert name == "F6"
    torch.testing.assert_close(scores, -(torch.cdist(f6, codes().double()) ** 2))
    assert torch.equal(scores, model(x))


def test_the_whole_equals_torchs_functions() -> None:
    model = LeNet5(generator=generator()).double()
    x = images(2, 1, 32, 32)
    f = lambda a: 1.7159 * torch.tanh(2 / 3 * a)  # noqa: E731
    pool = lambda part, h: f(  # noqa: E731
        functional.avg_pool2d(h, 2) * 4 * part.weight.view(-1, 1, 1) + part.bias.view(-1, 1, 1)
    )
    h = pool(model.s2, f(functional.conv2d(x, model.c1.weight, model.c1.bias)))
    h = pool(model.s4, f(model.c3.explicit(h)))
    h = f(functional.conv2d(h, model.c5.weight, model.c5.bias)).flatten(1)
    h = f(h @ model.f6.weight.T + model.f6.bias)
    torch.testing.assert_close(model(x), -((h[:, None] - codes().double()) ** 2).sum(2))


def test_codes_are_ten_different_drawings() -> None:
    drawn = codes()
    assert drawn.shape == (10, 84)
    assert set(drawn.unique().tolist()) == {-1.0, 1.0}
    apart = (drawn[:, None] != drawn).sum(2) + 84 * torch.eye(10)
    assert apart.min() >= 6
    assert drawn[1].view(12, 7)[:, 3].tolist() == [-1] + [1] * 10 + [-1]  # the stroke of the one


def test_first_weights_are_within_the_papers_bounds() -> None:
    model = LeNet5(generator=generator())
    bounds = {"c1": 2.4 / 25, "s2": 0.6, "c5": 2.4 / 400, "f6": 2.4 / 120}
    for name, bound in bounds.items():
        part = getattr(model, name)
        assert 0.6 * bound < part.weight.abs().max() <= bound
        assert 0.3 * bound < part.bias.abs().max() <= bound
    for kernel, inputs in ((0, 75), (-1, 150)):
        assert 0.5 * 2.4 / inputs < model.c3.weight[kernel].abs().max() <= 2.4 / inputs
    assert (model.c3.bias.abs() * 25 * torch.tensor([len(row) for row in C3_TABLE]) <= 2.4).all()
    for parameter in model.parameters():  # on both sides of zero
        assert parameter.min() < 0 < parameter.max()
    again = LeNet5(generator=generator())
    for mine, its in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(mine, its)


def test_learns_a_handful_of_images() -> None:
    g = generator()
    x, target = torch.randn(10, 1, 32, 32, generator=g), torch.arange(10)
    model = LeNet5(generator=g)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(60):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), target)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1
    assert torch.equal(model.codes, codes())  # not learned
    assert "codes" in model.state_dict()  # but stored


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses() -> None:
    with pytest.raises(
        ValueError, match=r"x must be images \(batch, 1, 32, 32\), but its shape is"
    ):
        LeNet5()(torch.zeros(2, 1, 28, 28))
    with pytest.raises(ValueError, match="channels must be at least 1, not 0"):
        Subsampling(0)
    for path in ("forward", "explicit"):
        with pytest.raises(ValueError, match=r"x must have shape \(batch, 2, height, width\)"):
            getattr(Subsampling(2), path)(torch.zeros(1, 3, 4, 4))
        with pytest.raises(ValueError, match=r"but has \(4, 2, 4\)"):
            getattr(Subsampling(2), path)(torch.zeros(4, 2, 4))
        with pytest.raises(ValueError, match=r"x must have shape \(batch, 6, height, width\)"):
            getattr(TableConv2d(), path)(torch.zeros(1, 5, 8, 8))
