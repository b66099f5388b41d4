"""Cross-entropy equals torch's on both paths with every option, far out too, learns, refuses."""

import math
import re
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from linebyline.losses.cross_entropy import CrossEntropy, cross_entropy, log_softmax_explicit

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])
OPTIONS = [
    {"class_weights": weights, "label_smoothing": smoothing, "ignore_index": ignored}
    for weights, smoothing, ignored in product(
        [None, torch.tensor([0.5, 2.0, 0.0, 1.5])], [0.0, 0.2, 1.0], [None, -100, 1]
    )
]


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def classes(*shape: int, ignored: int | None = None) -> Tensor:
    """Classes from 0 to 3, and here and there the one that is ignored."""
    generator = torch.Generator().manual_seed(1)
    y = torch.randint(4, shape, generator=generator)
    if ignored is not None:
        y.view(-1)[::5] = ignored
    return y


def theirs(logits: Tensor, target: Tensor, options: dict[str, Any], reduction: str) -> Tensor:
    weights, ignored = options["class_weights"], options["ignore_index"]
    return functional.cross_entropy(
        logits,
        target,
        weight=None if weights is None else weights.double(),
        label_smoothing=options["label_smoothing"],
        ignore_index=-100 if ignored is None else ignored,
        reduction=reduction,
    )


@PATHS
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", [(9, 4), (7, 4, 3), (2, 4, 3, 2)])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_equals_torch(
    path: str, reduction: str, shape: tuple[int, ...], options: dict[str, Any]
) -> None:
    target = classes(shape[0], *shape[2:], ignored=options["ignore_index"])
    ours = (3 * random(*shape)).requires_grad_()
    logits = ours.detach().clone().requires_grad_()
    loss = getattr(CrossEntropy(**options, reduction=reduction), path)(ours, target)
    expected = theirs(logits, target, options, reduction)
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-14)
    loss.pow(2).sum().backward()
    expected.pow(2).sum().backward()
    torch.testing.assert_close(ours.grad, logits.grad, rtol=1e-12, atol=1e-13)


@PATHS
def test_by_hand(path: str) -> None:
    logits = torch.tensor([[0.0, math.log(3.0)]], dtype=torch.float64, requires_grad=True)
    loss = getattr(CrossEntropy(), path)(logits, torch.tensor([0]))
    loss.backward()
    assert loss.item() == pytest.approx(math.log(4))  # p = ¼, ¾
    assert logits.grad is not None
    assert logits.grad[0].tolist() == pytest.approx([-0.75, 0.75])  # p - t


@PATHS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_logits_that_overflow_an_exponential(path: str, dtype: torch.dtype) -> None:
    logits = torch.tensor(
        [[1e4, -1e4, 0], [1e4, -1e4, 0], [-1e4, -1e4, -1e4]], dtype=dtype, requires_grad=True
    )
    losses = getattr(CrossEntropy(reduction="none"), path)(logits, torch.tensor([0, 1, 2]))
    assert losses.tolist() == pytest.approx([0, 2e4, math.log(3)])
    losses.sum().backward()
    assert logits.grad is not None
    third = 1 / 3
    expected = [0, 0, 0, 1, -1, 0, third, third, -2 * third]
    assert logits.grad.flatten().tolist() == pytest.approx(expected)


@PATHS
def test_a_class_that_is_ruled_out_leaves_the_others_alone(path: str) -> None:
    logits = torch.tensor([[1.0, -math.inf, 2.0]], dtype=torch.float64, requires_grad=True)
    loss = getattr(CrossEntropy(), path)(logits, torch.tensor([0]))
    assert loss.item() == pytest.approx(math.log(1 + math.e))
    loss.backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert logits.grad[0, 1] == 0


def test_log_softmax_equals_torch() -> None:
    z = torch.cat([3 * random(5, 4, 3), 1e4 * random(5, 4, 3, seed=1)]).requires_grad_()
    ours, theirs = log_softmax_explicit(z), z.log_softmax(dim=1)
    torch.testing.assert_close(ours, theirs, rtol=1e-14, atol=1e-14)
    weights = random(10, 4, 3, seed=2)
    gradients = [torch.autograd.grad((weights * y).sum(), z)[0] for y in (ours, theirs)]
    torch.testing.assert_close(*gradients, rtol=1e-13, atol=1e-14)
    assert torch.autograd.gradcheck(log_softmax_explicit, (random(2, 3).requires_grad_(),))


@PATHS
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_gradient(path: str, reduction: str, smoothing: float) -> None:
    module = CrossEntropy(
        class_weights=torch.tensor([0.5, 2.0, 1.0, 1.5], dtype=torch.float64),
        label_smoothing=smoothing,
        ignore_index=2,
        reduction=reduction,
    )
    target = classes(3, 2, ignored=2)

    def run(logits: Tensor) -> Tensor:
        return getattr(module, path)(logits, target)

    assert torch.autograd.gradcheck(run, (random(3, 4, 2).requires_grad_(),))


@PATHS
def test_learns_the_classes(path: str) -> None:
    x, y = random(40, 6), classes(40)
    weights = torch.zeros(6, 4, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    x = x + 4 * functional.one_hot(y, 6)
    optimizer = torch.optim.SGD([weights, bias], lr=0.5)
    for _ in range(100):
        optimizer.zero_grad()
        loss = getattr(CrossEntropy(), path)(x @ weights + bias, y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05
    assert ((x @ weights + bias).argmax(dim=1) == y).all()


@PATHS
def test_smoothing_keeps_the_logits_finite(path: str) -> None:
    """With hard targets they would grow for ever; smoothed, p ends at t."""
    logits = torch.zeros(1, 4, dtype=torch.float64, requires_grad=True)
    for _ in range(500):
        loss = getattr(CrossEntropy(label_smoothing=0.2), path)(logits, torch.tensor([1]))
        (gradient,) = torch.autograd.grad(loss, logits)
        logits = (logits - gradient).detach().requires_grad_()
    expected = torch.tensor([[0.05, 0.85, 0.05, 0.05]], dtype=torch.float64)
    torch.testing.assert_close(logits.softmax(dim=1), expected, rtol=1e-4, atol=0)


@PATHS
@pytest.mark.parametrize("dtype", [torch.int8, torch.int32, torch.int64])
def test_any_whole_numbers_are_classes(path: str, dtype: torch.dtype) -> None:
    logits, target = random(6, 4), classes(6)
    loss = getattr(CrossEntropy(), path)(logits, target.to(dtype))
    torch.testing.assert_close(loss, functional.cross_entropy(logits, target))


@pytest.mark.usefixtures("without_shape_checks")
@PATHS
def test_a_class_of_a_short_type_is_not_mistaken_for_the_ignored(path: str) -> None:
    """As a uint8, -100 would be 156."""
    logits = random(2, 200)
    target = torch.tensor([156, 3], dtype=torch.uint8)
    loss = getattr(CrossEntropy(ignore_index=-100), path)(logits, target)
    torch.testing.assert_close(loss, functional.cross_entropy(logits, target.long()))


@PATHS
def test_weights_are_a_buffer_read_in_the_precision_of_the_logits(path: str) -> None:
    weights = torch.tensor([1.0, 2.0, 3.0, 4.0])
    module = CrossEntropy(class_weights=weights)
    assert torch.equal(dict(module.named_buffers())["class_weights"], weights)
    logits, target = random(5, 4), classes(5)
    expected = functional.cross_entropy(logits, target, weight=weights.double())
    torch.testing.assert_close(getattr(module, path)(logits, target), expected)


@PATHS
@pytest.mark.parametrize("wrong", [-1, 4, -100])
def test_refuses_targets_that_are_no_class(path: str, wrong: int) -> None:
    message = f"target must be from 0 to 3, for 4 classes, but one is {wrong}"
    with pytest.raises(ValueError, match=message) as caught:
        getattr(CrossEntropy(), path)(random(3, 4), torch.tensor([0, wrong, 3]))
    assert (f"ignore_index={wrong} would pass over it" in str(caught.value)) == (wrong < 0)


@PATHS
def test_refuses_a_mean_in_which_nothing_counts(path: str) -> None:
    target = torch.tensor([1, 1])
    module = CrossEntropy(ignore_index=1)
    message = "target, of shape (2,), holds no class other than ignore_index=1: there is nothing"
    with pytest.raises(ValueError, match=re.escape(message)):
        getattr(module, path)(random(2, 4), target)
    for reduction, expected in (("sum", 0), ("none", [0, 0])):
        module = CrossEntropy(ignore_index=1, reduction=reduction)
        assert getattr(module, path)(random(2, 4), target).tolist() == expected
    module = CrossEntropy(class_weights=torch.tensor([1.0, 0.0, 1.0, 1.0]))
    with pytest.raises(ValueError, match="class_weights are 0 for every class in target"):
        getattr(module, path)(random(2, 4), target)
    with pytest.raises(ValueError, match=re.escape("target, of shape (0,), holds no class: there")):
        getattr(CrossEntropy(), path)(random(0, 4), target[:0])


@pytest.mark.usefixtures("without_shape_checks")
@PATHS
@pytest.mark.parametrize(
    ("target", "message"),
    [
        (torch.zeros(3), "not torch.float32; if it holds classes, take target.long()"),
        (torch.zeros(3, dtype=torch.bool), "not torch.bool; if it holds classes"),
        (torch.zeros(3, 4), "not torch.float32; for distributions over the classes there is kl_"),
        (torch.zeros(3, 4).long(), "target is (3, 4); of one-hot rows make classes with target.ar"),
        (torch.zeros(3, 1).long(), "without axis 1, the classes, but logits is (3, 4) and target"),
        (torch.zeros(2).long(), "without axis 1, the classes, but logits is (3, 4) and target"),
    ],
)
def test_refuses_targets_of_another_type_or_shape(path: str, target: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        getattr(CrossEntropy(), path)(random(3, 4), target)


@pytest.mark.usefixtures("without_shape_checks")
@PATHS
def test_refuses_logits_of_another_type_or_shape(path: str) -> None:
    loss = getattr(CrossEntropy(), path)
    with pytest.raises(ValueError, match=r"logits must be of a floating-point .* logits.float\(\)"):
        loss(torch.zeros(3, 4, dtype=torch.int64), classes(3))
    for shape in ((4,), (3, 0)):
        message = f"logits must be (batch, classes, ...), but logits is {shape} and target is (3,)"
        with pytest.raises(ValueError, match=re.escape(message)):
            loss(random(*shape), classes(3))
    message = "logits.movedim(-1, 1) brings the classes from the last axis to axis 1"
    with pytest.raises(ValueError, match=re.escape(message)):
        loss(random(2, 5, 4), classes(2, 5))


def test_refuses_weights_that_are_none() -> None:
    for wrong, said in ((-1.0, "-1"), (math.nan, "nan"), (math.inf, "inf")):
        weights = torch.tensor([1.0, wrong, 1.0, 1.0])
        message = f"class_weights must be finite, zero or more, but one is {said}"
        with pytest.raises(ValueError, match=message):
            CrossEntropy(class_weights=weights)
        with pytest.raises(ValueError, match=message):
            cross_entropy(random(3, 4), classes(3), class_weights=weights)


@pytest.mark.usefixtures("without_shape_checks")
@PATHS
def test_refuses_weights_of_another_shape(path: str) -> None:
    message = "class_weights must be one for each of the 4 classes, not 3"
    with pytest.raises(ValueError, match=message):
        getattr(CrossEntropy(class_weights=torch.ones(3)), path)(random(3, 4), classes(3))
    with pytest.raises(ValueError, match=re.escape("one axis, the classes, not (4, 1)")):
        CrossEntropy(class_weights=torch.ones(4, 1))


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
def test_refuses_a_smoothing_that_is_no_share(value: float) -> None:
    message = f"label_smoothing must be from 0 to 1, not {value}"
    with pytest.raises(ValueError, match=message):
        CrossEntropy(label_smoothing=value)
    with pytest.raises(ValueError, match=message):
        cross_entropy(random(3, 4), classes(3), label_smoothing=value)


def test_refuses_an_unknown_reduction() -> None:
    message = "reduction must be one of 'mean', 'sum', 'none', not 'average'"
    with pytest.raises(ValueError, match=message):
        CrossEntropy(reduction="average")
    with pytest.raises(ValueError, match=message):
        cross_entropy(random(3, 4), classes(3), reduction="average")


@PATHS
def test_waits_for_no_other_device(path: str) -> None:
    """Numbers on the meta device cannot be looked at: to try would raise."""
    logits, target = torch.zeros(3, 4, device="meta"), torch.zeros(3, device="meta").long()
    module = CrossEntropy(class_weights=torch.ones(4, device="meta"), ignore_index=0)
    assert getattr(module, path)(logits, target).is_meta


def test_prints_its_options() -> None:
    assert repr(CrossEntropy(class_weights=torch.tensor([1.0, 2.0]), label_smoothing=0.1)) == (
        "CrossEntropy(class_weights=[1.0, 2.0], label_smoothing=0.1, ignore_index=None, "
        "reduction='mean')"
    )
