"""Random images, and the comparison of a network with a second way to write it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
import torch
from torch import Tensor, nn

State = dict[str, Tensor]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(*shape: int, seed: int = 1) -> Tensor:
    """Random numbers in double precision."""
    return torch.randn(shape, dtype=torch.float64, generator=generator(seed))


def same(
    ours: Tensor, theirs: Tensor, by_ours: Iterable[Tensor], by_theirs: Iterable[Tensor]
) -> None:
    """Outputs are the same, and so are the gradients by what they were made of, pair by pair."""
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    gradients = [
        torch.autograd.grad(y.pow(3).sum(), [*by])
        for y, by in ((ours, by_ours), (theirs, by_theirs))
    ]
    largest = max(each.abs().max().item() for each in gradients[1])
    for one, other in zip(*gradients, strict=True):
        scale = other.abs().max().item()
        assert scale > 0
        if scale < 1e-9 * largest:  # zero but for rounding, as by a bias before a norm
            scale = largest
        torch.testing.assert_close(one, other, rtol=1e-10, atol=min(1e-12 * scale, 1e-10))


@pytest.fixture
def same_as_torch() -> Callable[..., None]:
    """A network equals one of torch's modules, whose tensors come in the same order.

    Both get the same random parameters; dropout draws the same, and buffers are left the same.
    """

    def check(
        ours: nn.Module, theirs: nn.Module, x: Tensor, *, std: float, path: str = "forward"
    ) -> None:
        for number, parameter in enumerate(theirs.parameters()):
            nn.init.normal_(parameter, std=std, generator=generator(number))
        values = zip(ours.state_dict(), theirs.state_dict().values(), strict=True)
        ours.load_state_dict(dict(values))
        x_ours, x_theirs = (x.clone().requires_grad_() for _ in range(2))
        torch.manual_seed(3)  # dropout draws
        y_ours = getattr(ours, path)(x_ours)
        torch.manual_seed(3)
        y_theirs = theirs(x_theirs)
        same(y_ours, y_theirs, [x_ours, *ours.parameters()], [x_theirs, *theirs.parameters()])
        for one, other in zip(ours.buffers(), theirs.buffers(), strict=True):
            torch.testing.assert_close(one, other)

    return check


@pytest.fixture
def same_as_equation() -> Callable[..., None]:
    """A network equals a function of its inputs and of its parameters by their names."""

    def check(ours: nn.Module, equation: Callable[[Tensor, State], Tensor], x: Tensor) -> None:
        x_ours, x_theirs = (x.clone().requires_grad_() for _ in range(2))
        state = {name: p.detach().clone().requires_grad_() for name, p in ours.named_parameters()}
        theirs = equation(x_theirs, state)
        same(ours(x_ours), theirs, [x_ours, *ours.parameters()], [x_theirs, *state.values()])

    return check
