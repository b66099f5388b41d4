"""Where training happens and in which precision: one device, or one for each process."""

import os
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import torch
import torch.distributed
from lightning_fabric import Fabric
from lightning_fabric.wrappers import is_wrapped
from torch import nn
from torch.optim import Optimizer

from linebyline.data.examples import Examples
from linebyline.training.batches import cut

PRECISIONS = ("32-true", "64-true", "bf16-mixed", "bf16-true", "16-mixed", "16-true")
STRATEGIES = ("auto", "ddp", "single")


class Placement:
    """One device and one precision, and what brings model, optimizer and data there.

    Under ``torchrun`` several processes run the same program, and each makes a placement of its
    own. They are data parallel then (Li et al. 2020, *PyTorch Distributed*): each takes its share
    of every batch, and in the backward pass they average their gradients.

    Attributes:
        rank: the number of this process, from 0.
        processes: how many there are.

    Args:
        device: "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1", "mps" or a `torch.device`.
        precision: one of `PRECISIONS`, as Lightning Fabric names them. "32-true" converts nothing,
            so that a model and data in float64 stay so; "mixed" keeps the parameters in float32.
        strategy: "auto" (data parallel if ``torchrun`` started several processes), "ddp" (refuses
            to run alone) or "single" (each process on its own, whatever started it).

    Raises:
        ValueError: this machine has no such device, or there is no such precision or strategy.
    """

    def __init__(
        self,
        device: str | torch.device = "auto",
        precision: str = "32-true",
        strategy: str = "auto",
    ) -> None:
        for name, given, known in (
            ("precision", precision, PRECISIONS),
            ("strategy", strategy, STRATEGIES),
        ):
            if given not in known:
                raise ValueError(
                    f"{name} must be one of {', '.join(map(repr, known))}, not {given!r}"
                )
        self.precision = precision
        self.rank, self.processes, here = _started(strategy)
        parallel = self.processes > 1
        kind, number = _parse(device, here)
        if precision == "16-mixed" and kind == "cpu":
            raise ValueError(
                "precision cannot be '16-mixed' on a CPU, where Fabric would compute in bfloat16 "
                "instead: take 'bf16-mixed', or device='cuda'"
            )
        several: dict[str, Any] = (
            {"strategy": "ddp", "num_nodes": self.processes // here} if parallel else {}
        )
        self.fabric = Fabric(
            accelerator=kind,
            devices=here if parallel else [number] if kind == "cuda" else 1,
            # In "64-true" Fabric hands predictions on in float32, and half of the loss's digits
            # are gone. So model and data are made float64 here, and Fabric is to convert nothing.
            precision="32-true" if precision == "64-true" else precision,  # type: ignore[arg-type]
            **several,
        )
        if parallel:
            self.fabric.launch()  # waits until all processes have found each other
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
        plain = not self.converts and self.processes == 1
        return model if plain else fabric_model, fabric_optimizer

    def shares(self, batch: Examples, accumulation: int = 1) -> list[tuple[Examples, float]]:
        """What this process computes of a batch, piece after piece, and each piece's share of it.

        All processes' shares add up to 1. A batch with fewer examples than processes leaves some
        with nothing. But all have to meet when gradients are averaged, so these compute the batch
        with a share of 0.

        Args:
            batch: the same in every process.
            accumulation: how many pieces each process makes of its part.
        """
        first = self.rank * accumulation
        mine = cut(batch, self.processes * accumulation)[first : first + accumulation]
        whole = len(batch.inputs)
        shares = [(piece, len(piece.inputs) / whole) for piece in mine if len(piece.inputs)]
        return shares or [(batch, 0.0)]

    def pieces(
        self, model: Any, batch: Examples, accumulation: int
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor, float]]:
        """The same, for a loop whose body is a forward and a backward pass of the wrapped model.

        In the body of the last piece processes average their gradients; before it, none talks.
        """
        pieces = self.shares(batch, accumulation)
        for number, ((inputs, targets), share) in enumerate(pieces, start=1):
            silent = self.processes > 1 and number < len(pieces)
            with self.fabric.no_backward_sync(model) if silent else nullcontext():
                yield inputs, targets, share

    def backward(self, loss: torch.Tensor, share: float = 1.0) -> None:
        """Add to the gradients those of a piece's mean loss, by the piece's share of the batch."""
        weight = share * self.processes  # for DDP takes the mean over processes, not the sum
        self.fabric.backward(loss if weight == 1 else weight * loss)

    def total(self, figures: torch.Tensor) -> torch.Tensor:
        """The sum over all processes, in each of them."""
        if self.processes == 1:
            return figures
        summed = self.fabric.all_reduce(figures.double(), reduce_op="sum")
        assert isinstance(summed, torch.Tensor)  # as it is, for a tensor was given
        return summed

    def mean(self, figures: Mapping[str, float], share: float) -> dict[str, float]:
        """The mean over all processes' examples, from each process's means and its share."""
        if self.processes == 1:
            return dict(figures)
        mine = torch.tensor(list(figures.values()), dtype=torch.float64) * share
        means = self.total(mine.to(self.fabric.device)).tolist()
        return dict(zip(figures, means, strict=True))

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


def _started(strategy: str) -> tuple[int, int, int]:
    """The rank of this process, how many processes train together, and how many on this machine."""
    names = ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")
    launched = torch.distributed.is_available() and torch.distributed.is_torchelastic_launched()
    if strategy == "ddp" and not launched:
        raise ValueError(
            "strategy cannot be 'ddp' in a single process: start the program by "
            "torchrun --nproc-per-node=2, or take 'auto'"
        )
    if strategy == "single" or not launched:
        return 0, 1, 1
    rank, count, here = (int(os.environ[name]) for name in names)
    return rank, count, here


def _parse(device: str | torch.device, processes: int = 1) -> tuple[str, int]:
    here = {
        "cuda": torch.cuda.device_count(),
        "mps": int(torch.backends.mps.is_available() and processes == 1),
        "cpu": 1,
    }
    known = [kind for kind, count in here.items() if count]  # the quickest first
    kind, colon, index = str(device).partition(":")
    kind = known[0] if kind == "auto" else kind
    if kind == "cuda" and processes > 1 and (colon or processes > here["cuda"] > 0):
        raise ValueError(
            f"device is {str(device)!r}, but {processes} processes run here, each on the GPU of "
            f"its own number, and there are {here['cuda']}: start as many, or take 'cpu'"
        )
    if kind in known and (not colon or (index.isdecimal() and int(index) < here[kind])):
        return kind, int(index or 0)
    choice = ", ".join(map(repr, ["auto", *known]))
    count = f", with a number below {here[kind]}" if kind in known else ""
    raise ValueError(f"device must be one of {choice} on this machine{count}, not {str(device)!r}")
