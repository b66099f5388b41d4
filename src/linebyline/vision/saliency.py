"""Saliency maps: which pixels a network's answer hangs on, by three kinds of gradient.

All three take any network of images. They leave it, its mode and its parameters' gradients as they
were; call `model.eval()` first where layers behave otherwise in training.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.rectifiers import ReLU


def gradient_saliency(
    model: Callable[[Tensor], Tensor],
    images: Float[Tensor, "batch channels height width"],
    classes: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, "batch height width"]:
    """M_ij = max_c abs(∂S / ∂x_cij): by how much the score S moves with each pixel, to first order.

    Source: Simonyan, Vedaldi & Zisserman 2014, *Deep inside convolutional networks*, section 3.1,
    with the score before the softmax, as there. It says how the score would change, not what made
    it what it is: a pixel that matters and whose function has gone flat has the gradient 0.

    Args:
        model: images to scores (batch, classes); the score of an image depends on it alone.
        images: a batch, on the model's device.
        classes: whose score, for each image; None takes the one with the largest.

    Raises:
        ValueError: `images` is no batch of images, the model's answers are no scores, or `classes`
            does not name one of them for each image.
    """
    x = _leaf(images)
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(_chosen(model(x), classes, len(x)), x)
    return gradient.abs().amax(1)


def guided_backpropagation(
    model: nn.Module,
    images: Float[Tensor, "batch channels height width"],
    classes: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, "batch height width"]:
    """`gradient_saliency` by a backward pass in which every rectifier lets only the positive pass.

    Source: Springenberg, Dosovitskiy, Brox & Riedmiller 2015, *Striving for simplicity*, section
    3.4: behind a relu the gradient goes on where the unit was on, and the gradient is positive. The
    result is the gradient of nothing. Adebayo et al. 2018 find that it hardly depends on the
    weights of the higher layers.

    Args:
        model: as above, its rectifiers being modules, `torch.nn.ReLU` or ours: a call of
            `torch.relu` within a model cannot be found.
        images: a batch, on the model's device.
        classes: as above.

    Raises:
        ValueError: as above, or the model has no such module.
    """
    rectifiers = [part for part in model.modules() if isinstance(part, ReLU | nn.ReLU)]
    if not rectifiers:
        raise ValueError(
            "model must have rectifiers that are modules, ReLU or torch.nn.ReLU, but has none"
        )
    with ExitStack() as hooks:
        for part in rectifiers:
            hooks.enter_context(part.register_full_backward_hook(_positive))  # and takes it away
        return gradient_saliency(model, images, classes)


def grad_cam(
    model: nn.Module,
    layer: nn.Module,
    images: Float[Tensor, "batch channels height width"],
    classes: Int[Tensor, " batch"] | None = None,
) -> Float[Tensor, "batch height width"]:
    """relu(Σ_k α_k A^k), A^k being the maps of a layer and α_k how much the score likes map k.

    Source: Selvaraju, Cogswell, Das, Vedantam, Parikh & Batra 2017, *Grad-CAM*, equations 1 and 2:
    α_k is the mean over the map's places of ∂S / ∂A^k. The layer's map is small; bilinear
    interpolation brings it to the size of the images, as there.

    Args:
        model: images to scores (batch, classes); the score of an image depends on it alone.
        layer: a part of it, used once in a forward pass, that answers maps (batch, k, rows,
            columns). The authors take the last convolutional layer.
        images: a batch, on the model's device.
        classes: whose score, for each image; None takes the one with the largest.

    Raises:
        ValueError: as above; the layer has no part in the model's answer, or it answers no maps.
    """
    _leaf(images)
    seen: list[Tensor] = []
    hook = layer.register_forward_hook(lambda _, __, output: seen.append(output))
    with torch.enable_grad(), hook:
        # Frozen weights leave maps without a graph, so the graph begins at the images.
        score = _chosen(model(images.detach().requires_grad_()), classes, len(images))
        if len(seen) != 1:
            raise ValueError(
                f"layer must be used once when the model answers, not {len(seen)} times"
            )
        (maps,) = seen  # (B, K, h, w)
        if maps.ndim != 4:
            raise ValueError(
                f"layer must answer maps (batch, k, rows, columns), not {tuple(maps.shape)}"
            )
        (gradient,) = torch.autograd.grad(score, maps)
    alpha = gradient.mean((2, 3), keepdim=True)  # (B, K, 1, 1)
    heat = (alpha * maps.detach()).sum(1, keepdim=True).relu()  # (B, 1, h, w)
    size = list(images.shape[2:])
    return functional.interpolate(heat, size=size, mode="bilinear", align_corners=False)[:, 0]


def _positive(_: nn.Module, gradients: Any, __: Any) -> tuple[Tensor]:
    """What goes on below a rectifier: its own masking is in the gradients already."""
    return (gradients[0].relu(),)


def _leaf(images: Tensor) -> Tensor:
    """The images as the variable to differentiate by."""
    if images.ndim != 4:
        raise ValueError(
            f"images must have shape (batch, channels, height, width), not {tuple(images.shape)}"
        )
    return images.detach().requires_grad_()


def _chosen(scores: Tensor, classes: Tensor | None, count: int) -> Tensor:
    """The sum of one score an image: its gradient by an image is that of the image's own score."""
    if scores.ndim != 2 or len(scores) != count:
        raise ValueError(
            f"model must answer scores ({count}, classes) for {count} images, but answered "
            f"{tuple(scores.shape)}"
        )
    if classes is None:
        return scores.amax(1).sum()
    if classes.shape != (count,):
        raise ValueError(f"classes must have shape ({count},), not {tuple(classes.shape)}")
    if count and not 0 <= int(classes.min()) <= int(classes.max()) < scores.shape[1]:
        raise ValueError(
            f"classes must be from 0 to {scores.shape[1] - 1}, but reach from "
            f"{int(classes.min())} to {int(classes.max())}"
        )
    return scores.gather(1, classes.long()[:, None]).sum()
