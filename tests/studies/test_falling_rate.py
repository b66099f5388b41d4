import pytest
import torch
from torch import nn

from linebyline.studies.falling_rate import descend


def line() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 1).double()


X = torch.randn(8, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_the_steps_are_adams_with_rates_that_fall_to_zero():
    ours, theirs = line(), line()
    seen = descend(
        ours.parameters(), (ours(X).square().mean() for _ in range(4)), rate=0.1, steps=4
    )
    adam = torch.optim.Adam(theirs.parameters())
    for step, loss in enumerate(seen):
        for group in adam.param_groups:
            group["lr"] = 0.1 * (1 - step / 4)
        value = theirs(X).square().mean()
        assert value.item() == pytest.approx(loss, rel=1e-12)
        adam.zero_grad()
        value.backward()
        adam.step()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other)
    assert len(set(seen)) == 4


def test_a_run_may_be_cut_short():
    ours = line()
    losses = (ours(X).square().mean() for _ in range(2))
    assert len(descend(ours.parameters(), losses, rate=0.1, steps=100)) == 2
