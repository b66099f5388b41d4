"""Semi-supervised GANs: a classifier of K classes that also tells data from samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from linebyline.data.examples import Examples
from linebyline.generative.gan import discriminator_loss
from linebyline.layers.mlp import MLP


class Answer(NamedTuple):
    """What a classifier answers: a logit for each of the K classes, and its last hidden layer."""

    logits: Float[Tensor, "batch classes"]
    features: Float[Tensor, "batch features"]


class NoisyClassifier(nn.Module):
    """A multilayer perceptron that adds Gaussian noise to its input and its hidden layers.

    Source: Salimans et al. 2016, *Improved Techniques for Training GANs*, section 6.1, where the
    discriminator for MNIST is an MLP with Gaussian noise added to the output of every layer.
    Deviations: fewer layers, and no weight normalization. The noise comes from torch's global
    generator, as in torch's own layers, and is added in training mode only.

    Args:
        sizes: numbers of an example, units of each hidden layer, classes; three numbers or more.
        input_noise: standard deviation of what is added to the input.
        hidden_noise: of what is added to each hidden layer, after its activation.
        generator: draws the first weights.

    Raises:
        ValueError: there is no hidden layer, a size is below 1, or a deviation is below 0.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        input_noise: float = 0.0,
        hidden_noise: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if len(sizes) < 3:
            raise ValueError(
                "sizes must name the inputs, at least one hidden layer, whose features the "
                f"generator can match, and the classes, not {list(sizes)}"
            )
        for name, std in (("input_noise", input_noise), ("hidden_noise", hidden_noise)):
            if not 0 <= std < float("inf"):
                raise ValueError(f"{name} must be a finite number, zero or more, not {std}")
        self.network = MLP(sizes, generator=generator)
        self.input_noise, self.hidden_noise = input_noise, hidden_noise

    def forward(self, x: Float[Tensor, "batch ..."]) -> Answer:
        """Logits, and the last hidden layer as it is before its noise."""
        *hidden, last = self.network.layers
        h = self._noisy(x.flatten(1), self.input_noise)
        for layer in hidden:
            features = self.network.activation(layer(h))
            h = self._noisy(features, self.hidden_noise)
        return Answer(last(h), features)

    def _noisy(self, h: Tensor, std: float) -> Tensor:
        return h + std * torch.randn_like(h) if self.training and std else h


def data_logit(logits: Float[Tensor, "batch classes"]) -> Float[Tensor, " batch"]:
    """The logit of data, log Z = log Σ_k exp l_k: that of D, the probability of being data.

    Source: Salimans et al. 2016, section 5, last paragraph: with the logit of the class "made" held
    at 0, D = Z/(Z + 1), whose logit, log D/(1 - D), is log Z. Its slope in l_k is softmax(l)_k.

    Args:
        logits: of the K classes.

    Raises:
        ValueError: there is no class.
    """
    if logits.ndim != 2 or logits.shape[1] < 1:
        raise ValueError(
            f"logits must have the shape (batch, classes), at least one class, "
            f"not {tuple(logits.shape)}"
        )
    return logits.logsumexp(1)


def unlabelled_loss(
    real_logits: Float[Tensor, "real classes"], made_logits: Float[Tensor, "made classes"]
) -> Float[Tensor, ""]:
    """-E log D(x) - E log(1 - D(G(z))), with D = Z/(Z + 1): the GAN's loss, of log Z.

    Source: Salimans et al. 2016, section 5, L_unsupervised. As softplus(-log Z) and softplus(log Z)
    no logit makes it infinite.

    Args:
        real_logits: of data without labels.
        made_logits: of samples, or of whatever stands for what is no data.

    Raises:
        ValueError: there are no logits to take the mean of, or no class.
    """
    return discriminator_loss(data_logit(real_logits), data_logit(made_logits))


def with_made_class(
    logits: Float[Tensor, "batch classes"],
) -> Float[Tensor, "batch classes_and_made"]:
    """The K logits, and 0 for the class "made": the K + 1 that they stand for."""
    return torch.cat([logits, logits.new_zeros(len(logits), 1)], dim=1)


def unlabelled_loss_explicit(
    real_logits: Float[Tensor, "real classes"], made_logits: Float[Tensor, "made classes"]
) -> Float[Tensor, ""]:
    """The same as it is printed, through a softmax over K + 1 classes; infinite where D rounds."""
    made = [with_made_class(logits).softmax(1)[:, -1] for logits in (real_logits, made_logits)]
    return -(1 - made[0]).log().mean() - made[1].log().mean()


def feature_matching_loss(made: Answer, real: Answer) -> Float[Tensor, ""]:
    """‖E f(x) - E f(G(z))‖²: the mean features of samples are to be those of data.

    Source: Salimans et al. 2016, section 3.1. Deviation: divided by the number of features, so that
    a rate suits layers of any width.

    Args:
        made: the classifier's answers to samples, through which the generator learns.
        real: its answers to data.

    Raises:
        ValueError: there is no sample, or no example.
    """
    for name, answer in (("made", made), ("real", real)):
        if not len(answer.features):
            raise ValueError(f"{name} must hold at least one answer, and holds none")
    return (made.features.mean(0) - real.features.mean(0)).square().mean()


class LabelledTerm:
    """The labelled part of the classifier's loss, as a penalty for `training.adversarial.play`.

    Source: Salimans et al. 2016, section 5, L_supervised = -E log p(y | x, y < K + 1). Given that
    it is data, x is of class k with the probability softmax(l)_k, in which the fixed logit does not
    occur: the cross-entropy of K classes. Each call draws a batch of its own, with replacement.

    Args:
        examples: the few with labels.
        batch_size: how many of them each step sees.
        seed: of the draws.

    Raises:
        ValueError: there are no examples, or `batch_size` is below 1.
    """

    def __init__(self, examples: Examples, *, batch_size: int, seed: int = 0) -> None:
        if not len(examples.inputs) or len(examples.inputs) != len(examples.targets):
            raise ValueError(
                "examples must be at least one, with a label for each, not "
                f"{len(examples.inputs)} with {len(examples.targets)} labels"
            )
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, not {batch_size}")
        self.examples, self.batch_size = examples, batch_size
        self.draw = torch.Generator().manual_seed(seed)

    def __call__(
        self, classifier: nn.Module, real: Tensor | None = None, made: Tensor | None = None
    ) -> Float[Tensor, ""]:
        """The cross-entropy of a fresh batch; `real` and `made` are not looked at."""
        chosen = torch.randint(len(self.examples.inputs), (self.batch_size,), generator=self.draw)
        inputs, targets = self.examples.inputs[chosen], self.examples.targets[chosen]
        return cross_entropy(classifier(inputs).logits, targets)


def midpoints(
    data: Float[Tensor, "count ..."], count: int, generator: torch.Generator
) -> Float[Tensor, "samples ..."]:
    """Means of two examples drawn at random: samples that lie between data, without a network.

    Where classes lie apart, most of these lie in the gaps: what Dai, Yang, Yang, Cohen &
    Salakhutdinov 2017, *Good Semi-supervised Learning That Requires a Bad GAN*, section 3.2, ask of
    a generator, on the straight ways between examples only. That two ends are of one class, or the
    same example, is left to chance.

    Args:
        data: the examples, labels unknown.
        count: how many midpoints.
        generator: draws the pairs, on the CPU.

    Raises:
        ValueError: there are no examples.
    """
    if not len(data):
        raise ValueError("data must hold at least one example, and holds none")
    first, second = torch.randint(len(data), (2, count), generator=generator)
    return (data[first] + data[second]) / 2
