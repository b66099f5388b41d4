"""NT-Xent equals the published code's form and the definition, learns, and refuses."""

import math
import re

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from linebyline.losses.nt_xent import NTXent, answer_logits, nt_xent, partners, similarities

PATHS = pytest.mark.parametrize("path", ["forward", "explicit"])


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def published(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """As `add_contrastive_loss` of Google's code has it: two questions a pair, each with 2N - 1
    answers, and the mean over pairs of the sum, twice ours.
    """
    a, b = functional.normalize(first, dim=1), functional.normalize(second, dim=1)
    right, same = torch.arange(len(a)), torch.eye(len(a), dtype=a.dtype) * 1e9
    aa, bb = a @ a.T / temperature - same, b @ b.T / temperature - same
    ab, ba = a @ b.T / temperature, b @ a.T / temperature
    loss = functional.cross_entropy(torch.cat([ab, aa], 1), right)
    return loss + functional.cross_entropy(torch.cat([ba, bb], 1), right)


@PATHS
@pytest.mark.parametrize("temperature", [0.05, 0.5, 3.0])
@pytest.mark.parametrize(("pairs", "features"), [(2, 1), (5, 3), (8, 16)])
def test_equals_the_published_code(
    path: str, temperature: float, pairs: int, features: int
) -> None:
    ours = [random(pairs, features, seed=s).requires_grad_() for s in (0, 1)]
    theirs = [z.detach().clone().requires_grad_() for z in ours]
    loss = getattr(NTXent(temperature=temperature), path)(*ours)
    expected = published(*theirs, temperature) / 2
    torch.testing.assert_close(loss, expected, rtol=1e-11, atol=1e-12)
    loss.backward()
    expected.backward()
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-9, atol=1e-12)


@PATHS
def test_by_hand(path: str) -> None:
    """Two pairs on the axes: the partner has the cosine 1, the two others 0."""
    z = torch.tensor([[2.0, 0.0], [0.0, 5.0]], dtype=torch.float64)
    loss = getattr(NTXent(temperature=0.5), path)(z, 3 * z)
    assert loss.item() == pytest.approx(math.log(1 + 2 * math.exp(-2)))
    swapped = getattr(NTXent(temperature=0.5), path)(z, z.flip(0))
    assert swapped.item() == pytest.approx(math.log(2 + math.exp(2)))


@PATHS
def test_who_can_tell_nothing_has_the_logarithm_of_the_answers(path: str) -> None:
    z = torch.ones(7, 3, dtype=torch.float64)
    assert getattr(NTXent(), path)(z, z).item() == pytest.approx(math.log(13))


@PATHS
def test_gradient(path: str) -> None:
    loss = getattr(NTXent(temperature=0.3), path)
    inputs = random(4, 3).requires_grad_(), random(4, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(loss, inputs)


def test_a_cosine_for_each_two_rows() -> None:
    z = random(4, 3)
    expected = functional.cosine_similarity(z[:, None], z[None], dim=2)
    torch.testing.assert_close(similarities(z), expected)


def test_a_row_of_zeros_harms_nobody() -> None:
    first, second = random(3, 2).index_fill(0, torch.tensor([0]), 0.0), random(3, 2, seed=1)
    first.requires_grad_()
    loss = nt_xent(first, second)
    loss.backward()
    assert loss.isfinite()
    assert first.grad is not None
    assert first.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_low_temperature_overflows_nothing(dtype: torch.dtype) -> None:
    first, second = random(4, 3).to(dtype), random(4, 3, seed=1).to(dtype)
    assert nt_xent(first, second, temperature=1e-4).isfinite()


@PATHS
def test_learns_to_bring_partners_together(path: str) -> None:
    z = random(2, 6, 3).requires_grad_()
    optimizer = torch.optim.Adam([z], lr=0.1)
    loss = getattr(NTXent(temperature=0.2), path)
    for _ in range(60):
        optimizer.zero_grad()
        loss(z[0], z[1]).backward()
        optimizer.step()
    sim = similarities(z.detach().flatten(0, 1)).fill_diagonal_(-1)
    assert sim.argmax(1).tolist() == [*range(6, 12), *range(6)]


@PATHS
@pytest.mark.parametrize("shapes", [((4, 3), (5, 3)), ((4, 3), (4, 2)), ((4,), (4,))])
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_other_shapes(path: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    message = f"first is {shapes[0]} and second is {shapes[1]}"
    with pytest.raises(ValueError, match=re.escape(message)):
        getattr(NTXent(), path)(*(random(*shape) for shape in shapes))


@PATHS
def test_refuses_one_pair_alone(path: str) -> None:
    with pytest.raises(ValueError, match="must hold at least two pairs"):
        getattr(NTXent(), path)(random(1, 3), random(1, 3))


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_whole_numbers() -> None:
    with pytest.raises(ValueError, match=r"first must be of a floating-point type, not torch\.int"):
        nt_xent(torch.ones(3, 2, dtype=torch.int64), torch.ones(3, 2))


@pytest.mark.parametrize("temperature", [0, -1.0, math.inf, math.nan])
def test_refuses_a_temperature(temperature: float) -> None:
    message = f"temperature must be above 0, and finite, not {temperature}"
    with pytest.raises(ValueError, match=re.escape(message)):
        NTXent(temperature=temperature)
    with pytest.raises(ValueError, match=re.escape(message)):
        nt_xent(random(3, 2), random(3, 2), temperature=temperature)


def test_prints_its_temperature() -> None:
    assert repr(NTXent(temperature=0.1)) == "NTXent(temperature=0.1)"


def test_partners_ask_for_each_other() -> None:
    assert partners(3).tolist() == [3, 4, 5, 0, 1, 2]
    with pytest.raises(ValueError, match="pairs must be at least 1, not 0"):
        partners(0)


def test_a_view_is_no_answer_to_its_own_question() -> None:
    first, second = random(2, 4, 3)
    logits = answer_logits(first, second, temperature=0.2)
    itself = torch.eye(8, dtype=torch.bool)
    assert (logits[itself] == -math.inf).all()
    cosines = functional.cosine_similarity(first[1], second[2], dim=0)
    assert logits[1, 6].item() == pytest.approx(cosines.item() / 0.2)
    assert logits[~itself].isfinite().all()
