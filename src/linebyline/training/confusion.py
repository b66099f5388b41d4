"""The confusion matrix: which class was taken for which."""

from jaxtyping import Int, Integer, Num
from torch import Tensor


def confusion_matrix(
    prediction: Num[Tensor, "batch ..."], target: Integer[Tensor, " batch"], *, classes: int
) -> Int[Tensor, "{classes} {classes}"]:
    """Counts C, where C_ij says how many examples of class i were taken for class j.

    Source: Kohavi & Provost 1998, "Glossary of terms", Machine Learning 30; rows are the true
    classes here as in scikit-learn. The diagonal is what was right: its sum over the whole sum is
    the accuracy. A row's sum is how many examples its class has.

    Args:
        prediction: scores of shape (batch, classes), or the classes themselves, of shape (batch,).
        target: the true classes.
        classes: how many there are, for a batch may lack some.

    Returns:
        The counts, on the device of the predictions.

    Raises:
        ValueError: the shapes do not fit, or a class is not from 0 to `classes` - 1.
    """
    if prediction.ndim not in (1, 2) or prediction.shape[1:] not in ((), (classes,)):
        raise ValueError(
            f"prediction must be (batch,) or (batch, {classes}), but is {tuple(prediction.shape)}"
        )
    if target.shape != prediction.shape[:1]:
        raise ValueError(
            f"target must be {tuple(prediction.shape[:1])}, a class for each prediction, but is "
            f"{tuple(target.shape)}"
        )
    if prediction.ndim == 2:
        prediction = prediction.argmax(1)
    elif prediction.is_floating_point():
        raise ValueError(
            f"prediction must be whole numbers if it is (batch,), not {prediction.dtype}"
        )
    for name, values in (("prediction", prediction), ("target", target)):
        if wrong := values[(values < 0) | (values >= classes)].tolist():
            raise ValueError(f"{name} must hold classes from 0 to {classes - 1}, not {wrong[0]}")
    cells = target.long() * classes + prediction  # one number for each pair
    return cells.bincount(minlength=classes**2).reshape(classes, classes)
