"""Top-k accuracy: is the true class among the k that the model thinks likeliest?"""

from jaxtyping import Float, Int
from torch import Tensor


def top_k_accuracy(
    prediction: Float[Tensor, "batch classes"], target: Int[Tensor, " batch"], *, k: int = 5
) -> Float[Tensor, ""]:
    """The fraction of examples whose true class has one of the k highest scores.

    Source: Russakovsky et al. 2015, *ImageNet Large Scale Visual Recognition Challenge*, whose
    top-5 error is its complement. Of equal scores the first counts, as in `metrics.accuracy`,
    which this is for k = 1.

    Args:
        prediction: scores z, logits or probabilities.
        target: y, the true classes.
        k: how many guesses the model has.

    Returns:
        A number from 0 to 1, on the device of the predictions.

    Raises:
        ValueError: the shapes do not fit, the batch is empty, a target is no class, or k is not
            from 1 to the number of classes.
    """
    if prediction.ndim != 2 or target.shape != prediction.shape[:1]:
        raise ValueError(
            "prediction must be (batch, classes) and target (batch,), but they are "
            f"{tuple(prediction.shape)} and {tuple(target.shape)}"
        )
    count, classes = prediction.shape
    if not 1 <= k <= classes:
        raise ValueError(f"k must be from 1 to {classes}, the classes, not {k}")
    if count == 0:
        raise ValueError("prediction must hold at least one example, but its batch is empty")
    if target.min() < 0 or target.max() >= classes:
        raise ValueError(
            f"target must be from 0 to {classes - 1}, but goes from "
            f"{int(target.min())} to {int(target.max())}"
        )
    # A stable sort keeps equal scores in order and, like argmax, takes NaN for the greatest.
    best = prediction.argsort(stable=True, dim=1, descending=True)[:, :k]  # (batch, k)
    return (best == target[:, None]).any(1).float().mean()
