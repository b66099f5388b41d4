"""Monte Carlo dropout: the noise stays on at test time, and the answers' spread is read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from linebyline.layers.dropout import MultiplicativeNoise

NOISY = (
    MultiplicativeNoise,
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.Dropout3d,
    nn.AlphaDropout,
    nn.FeatureAlphaDropout,
)
"""The layers that are sampled: ours and torch's."""


class Sampled(NamedTuple):
    """Answers of a model with its noise on: the average, the spread, and each single one.

    Attributes:
        mean: over the samples, of the shape of one answer.
        spread: the standard deviation over the samples, of the same shape.
        samples: all answers, along a first axis.
    """

    mean: Float[Tensor, "..."]
    spread: Float[Tensor, "..."]
    samples: Float[Tensor, "samples ..."]


@contextmanager
def dropout_on(model: nn.Module) -> Iterator[None]:
    """Evaluation mode for the whole model but its dropout layers, and every mode put back after.

    `model.train()` would not do: a batch normalization would then measure the test batch, and
    learn from it.

    Raises:
        ValueError: the model has no dropout layer with a rate above 0. Dropout inside another layer
            (`nn.LSTM`, `nn.MultiheadAttention`) is none: it cannot be switched on alone.
    """
    noisy = [layer for layer in model.modules() if isinstance(layer, NOISY)]
    if not any(layer.p > 0 for layer in noisy):
        raise ValueError(
            "model must have a dropout layer with p above 0; "
            f"{type(model).__name__} has {f'{len(noisy)}, all with p = 0' if noisy else 'none'}"
        )
    modes = {part: part.training for part in model.modules()}
    try:
        model.eval()
        for layer in noisy:
            layer.train()
        yield
    finally:
        for part, training in modes.items():
            part.training = training


@torch.no_grad()
def monte_carlo_dropout(
    model: nn.Module,
    x: Tensor,
    *,
    samples: int = 50,
    answer: Callable[[Tensor], Tensor] | None = None,
    seed: int = 0,
) -> Sampled:
    """Ask the model several times, each time with other units dropped.

    Source: Gal & Ghahramani 2016, *Dropout as a Bayesian approximation*, section 4: the mean over T
    stochastic forward passes, and their standard deviation. Deviation: their
    variance adds the noise of the observations, 1/τ, which a classifier does not have.

    The draws derive from `seed`, and torch's global generators are left as they were. No gradients.

    Args:
        model: has at least one dropout layer with a rate above 0.
        x: inputs, on the model's device.
        samples: T, two or more.
        answer: what is averaged, as a function of the model's output; for a classifier
            ``lambda z: z.softmax(-1)``, for the mean of logits is no mean of probabilities. None
            averages the outputs themselves.
        seed: of the masks.

    Raises:
        ValueError: `samples` is below 2, or the model has nothing to sample.
    """
    if samples < 2:
        raise ValueError(f"samples must be at least 2, or there is no spread, not {samples}")
    gpus = range(torch.cuda.device_count())
    with dropout_on(model), torch.random.fork_rng(gpus):
        torch.manual_seed(seed)
        outputs = [model(x) for _ in range(samples)]
    drawn = torch.stack([output if answer is None else answer(output) for output in outputs])
    return Sampled(drawn.mean(0), drawn.std(0), drawn)


def entropy(probabilities: Float[Tensor, "*batch classes"]) -> Float[Tensor, "*batch"]:
    """H[p] = -Σ_k p_k log p_k in nats: 0 if one class is certain, log K if all are alike."""
    return torch.special.entr(probabilities).sum(-1)  # entr(p) = -p log p, and 0 at 0


def disagreement(
    samples: Float[Tensor, "samples *batch classes"],
) -> Float[Tensor, "*batch"]:
    """The part of the uncertainty that comes from the samples' differing: H[mean] - mean of H.

    Source: Houlsby, Huszár, Ghahramani & Lengyel 2011, *Bayesian active learning for classification
    and preference learning*: the mutual information between the answer and the model.
    0 if all samples say the same, however undecided each may be.
    """
    return entropy(samples.mean(0)) - entropy(samples).mean(0)
