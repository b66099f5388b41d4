"""Metrics: what a reader of the results asks for, beside the loss that the optimizer was given."""

from jaxtyping import Float, Int, Num
from torch import Tensor


def accuracy(prediction: Num[Tensor, "batch ..."], target: Int[Tensor, "..."]) -> Float[Tensor, ""]:
    """The fraction of examples whose class is predicted right, 1/n Σ_i [argmax_k z_ik = y_i].

    Source: Bishop 2006, *Pattern Recognition and Machine Learning*, section 1.5.1, where its
    complement is the misclassification rate. Of equal scores the first counts.

    Args:
        prediction: scores z, of shape (batch, classes) with two classes or more (logits or
            probabilities: their order is the same), or the classes themselves, of shape (batch,).
        target: y, the true classes, of shape (batch,).

    Returns:
        A number from 0 to 1, on the device of the predictions.

    Raises:
        ValueError: the shapes do not fit, there is one score for each example, classes are
            fractions, or the batch is empty.
    """
    shapes = f"prediction is {tuple(prediction.shape)} and target is {tuple(target.shape)}"
    if prediction.ndim not in (1, 2) or target.shape != prediction.shape[:1]:
        raise ValueError(
            f"prediction must be (batch, classes) or (batch,) and target (batch,), but {shapes}"
        )
    if prediction.shape[1:] == (1,):
        raise ValueError(
            f"prediction must have a score for each of two classes or more, but {shapes}; "
            "of a single output make the class, as (prediction[:, 0] > threshold).long() does"
        )
    if len(target) == 0:
        raise ValueError(f"prediction must hold at least one example, but {shapes}")
    if prediction.ndim == 2:
        prediction = prediction.argmax(dim=1)  # (batch,)
    elif prediction.is_floating_point():
        raise ValueError(
            f"prediction must be whole numbers if it is (batch,), not {prediction.dtype}"
        )
    return (prediction == target).float().mean()
