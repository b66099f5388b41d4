"""Where training happens and in which precision: everything is brought to one device."""

from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.wrappers import is_wrapped
from torch import nn
from torch.optim import Optimizer

from linebyline.data.examples import Examples

PRECISIONS = ("32-true", "64-true", "bf16-mixed", "bf16-true", "16-mixed", "16-true")


class Placement:
    """One device and one precision, and what brings model, optimizer and data there.

    Args:
        device: "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1", "mps" or a `torch.device`.
        precision: one of `PRECISIONS`, as Lightning Fabric names them. "32-true" converts nothing,
            so that a model and data in float64 stay so; "mixed" keeps the parameters in float32.

    Raises:
        ValueError: this machine has no such device, or there is no such precision.
    """

    def __init__(self, device: str | torch.device = "auto", precision: str = "32-true") -> None:
        if precision not in PRECISIONS:
            known = ", ".join(map(repr, PRECISIONS))
            raise ValueError(f"precision must be one of {known}, not {precision!r}")
        self.precision = precision
        kind, number = _parse(device)
        self.fabric = Fabric(
            accelerator=kind,
            devices=[number] if kind == "cuda" else 1,
            # In "64-true" Fabric hands predictions on in float32, and half of the loss's digits
            # are gone. So model and data are made float64 here, and Fabric is to convert nothing.
            precision="32-true" if precision == "64-true" else precision,  # type: ignore[arg-type]
        )
        self.dtype = torch.float64 if precision == "64-true" else None
        self.converts = precision not in ("32-true", "64-true")

    def wrap(self, model: nn.Module, loss: object, optimizer: Optimizer) -> tuple[Any, Any]:
        """Bring a model, its loss and its optimizer here, and have Fabric wrap what it must.

        The objects themselves move: who holds the model holds the trained weights.

        Args:
            model: its parameters and buffers move.
            loss: where it is a module, its tensors (weights of classes, say) move too.
            optimizer: its state (momenta, say) follows the parameters.

        Raises:
            ValueError: the optimizer holds no parameter of the model.
        """
        held = {id(theta) for group in optimizer.param_groups for theta in group["params"]}
        if held.isdisjoint(map(id, model.parameters())):
            raise ValueError(
                "optimizer holds none of the model's parameters and would train nothing: "
                "make it of this model's parameters()"
            )
        for module in (model, loss):
            if isinstance(module, nn.Module):
                module.to(self.fabric.device, self.dtype)
        fabric_model, fabric_optimizer = self.fabric.setup(model, optimizer)
        if optimizer.state:
            optimizer.load_state_dict(optimizer.state_dict())  # which casts it to its parameters
        # With nothing to convert, Fabric's wrapper around the model only watches at every call that
        # `loss.backward()` is not called in its place: 8 % of a small network's step on a CPU.
        return fabric_model if self.converts else model, fabric_optimizer

    def bring(self, examples: Examples) -> Examples:
        """All examples at once; those that are here already are not copied."""
        device = self.fabric.device
        return Examples(
            *(
                part.to(device, self.dtype if part.is_floating_point() else None)
                for part in examples
            )
        )

    def check_inputs(self, model: nn.Module, examples: Examples) -> None:
        """Meet inputs that no layer of the model could be applied to (float64 from NumPy, mostly).

        Raises:
            ValueError: nothing converts them, and no parameter has their precision.
        """
        dtype, known = examples.inputs.dtype, {theta.dtype for theta in model.parameters()}
        if self.precision == "32-true" and dtype.is_floating_point and dtype not in known:
            names = ", ".join(sorted(map(str, known)))
            raise ValueError(
                f"data holds inputs in {dtype}, but the model's parameters are in {names}: convert "
                "the inputs, as inputs.float() does, or take precision='64-true'"
            )


def unwrap(thing: Any) -> Any:
    """What Fabric wrapped before, for it wraps nothing twice; or the thing itself."""
    if not is_wrapped(thing):
        return thing
    return thing.module if isinstance(thing, nn.Module) else thing.optimizer


def _parse(device: str | torch.device) -> tuple[str, int]:
    here = {
        "cuda": torch.cuda.device_count(),
        "mps": int(torch.backends.mps.is_available()),
        "cpu": 1,
    }
    known = [kind for kind, count in here.items() if count]  # the quickest first
    kind, colon, index = str(device).partition(":")
    kind = known[0] if kind == "auto" else kind
    if kind in known and (not colon or (index.isdecimal() and int(index) < here[kind])):
        return kind, int(index or 0)
    choice = ", ".join(map(repr, ["auto", *known]))
    count = f", with a number below {here[kind]}" if kind in known else ""
    raise ValueError(f"device must be one of {choice} on this machine{count}, not {str(device)!r}")
