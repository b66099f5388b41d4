"""The readout reads the top layer: both ends, or every step."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear

from linebyline.data.examples import Examples
from linebyline.sequence.readout import Readout
from linebyline.sequence.recurrent import Recurrent
from linebyline.training.loop import fit

Numbers = Callable[..., Tensor]
Make = Callable[..., Recurrent]


def readout(recurrent: Recurrent, outputs: int, *, every: bool = False) -> Readout:
    return Readout(recurrent, outputs, every=every, generator=torch.Generator()).double()


def twin(kind: str, recurrent: Recurrent) -> nn.RNNBase:
    """torch's, with the same weights."""
    sizes = recurrent.input_size, recurrent.hidden_size, recurrent.num_layers
    options = {"bidirectional": recurrent.bidirectional, "batch_first": True}
    theirs = getattr(nn, kind)(*sizes, **options, dtype=torch.float64)
    theirs.load_state_dict(recurrent.state_dict())
    return theirs


@pytest.mark.parametrize(
    "options", [{}, {"num_layers": 2}, {"num_layers": 2, "bidirectional": True}]
)
def test_equals_torch(make: Make, kind: str, numbers: Numbers, options: dict[str, Any]) -> None:
    """Outputs and all gradients, of the ends and of every step, by a way that uses no state."""
    recurrent, x = make(3, 4, **options), numbers(5, 6, 3)
    theirs = twin(kind, recurrent)
    for every in (False, True):
        model = readout(recurrent, 2, every=every)
        weight, bias = model.linear.weight, model.linear.bias
        h = theirs(x)[0]
        seen = torch.cat([h[:, -1, :4], h[:, 0, 4:]], dim=1)  # of the one from the back the first
        expected = linear(h, weight, bias).movedim(2, 1) if every else linear(seen, weight, bias)
        found = model(x)
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12)
        by = numbers(*found.shape, seed=1)
        gradients = [
            torch.autograd.grad((by * y).sum(), [weight, bias, *net.parameters()])
            for y, net in ((found, recurrent), (expected, theirs))
        ]
        torch.testing.assert_close(*gradients, rtol=1e-9, atol=1e-12)


def test_the_end_is_the_output_at_the_last_step(make: Make, numbers: Numbers) -> None:
    recurrent, x = make(3, 4, num_layers=2), numbers(5, 6, 3)
    model = readout(recurrent, 2)
    every = readout(recurrent, 2, every=True)
    every.linear = model.linear
    assert model(x).shape == (5, 2)
    assert every(x).shape == (5, 2, 6)
    torch.testing.assert_close(model(x), every(x)[..., -1])


def test_lengths_end_each_sequence_by_itself(make: Make, numbers: Numbers) -> None:
    recurrent, x = make(3, 4, bidirectional=True), numbers(2, 6, 3)
    for every in (False, True):
        model = readout(recurrent, 2, every=every)
        found = model(x, lengths=torch.tensor([6, 4]))
        torch.testing.assert_close(found[:1], model(x[:1]))
        alone = model(x[1:, :4])
        torch.testing.assert_close(found[1:, :, :4] if every else found[1:], alone)
        if every:
            behind = model.linear.bias[:, None].expand(2, 2)
            torch.testing.assert_close(found[1, :, 4:], behind)


def test_gradcheck(make: Make, numbers: Numbers) -> None:
    model, x = readout(make(2, 3, bidirectional=True), 2), numbers(2, 4, 2).requires_grad_()
    assert torch.autograd.gradcheck(model, x)


@pytest.mark.parametrize("every", [False, True])
def test_learns_with_fit(make: Make, every: bool) -> None:
    """What came first: said in the end, and said all along."""
    g = torch.Generator().manual_seed(0)
    x = torch.randint(2, (32, 5, 1), generator=g) * 2.0 - 1
    y = (x[:, 0, 0] > 0).long()
    model = Readout(make(1, 8).float(), 2, every=every, generator=g)
    adam = torch.optim.Adam(model.parameters(), lr=0.03)
    data = Examples(x, y[:, None].expand(32, 5).contiguous() if every else y)
    assert fit(model, cross_entropy, adam, data, epochs=60, device="cpu").train_loss[-1] < 0.05


def test_the_generator_draws_the_weights_of_the_layer(make: Make) -> None:
    draws = [
        Readout(make(2, 3), 2, generator=torch.Generator().manual_seed(seed)).linear.weight
        for seed in (1, 1, 2)
    ]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_refuses(make: Make, numbers: Numbers) -> None:
    with pytest.raises(ValueError, match="outputs must be at least 1, not 0"):
        Readout(make(2, 3), 0)
    with pytest.raises(ValueError, match=r"x must be \(batch, time, 2\)"):
        readout(make(2, 3), 1)(numbers(1, 4, 3))
