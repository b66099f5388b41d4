"""What all update rules share: who moves, what is remembered, and which of two paths runs."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from numbers import Real
from typing import Any, ClassVar, overload

import torch
from torch import Tensor
from torch.optim import Optimizer

Params = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]
"""Parameters, groups of them, or, from torch 2.6 on, a model's `named_parameters()`."""

Kind = tuple[torch.device, torch.dtype, int]
"""What the tensors of one call have in common; the number is the step, where it is counted."""

FRACTIONS = ("momentum", "dampening", "alpha", "betas")
"""Hyperparameters of at least 0 and below 1. The others may be any finite number from 0 on."""


class UpdateRule(Optimizer):
    """An optimizer of which only the update itself is left to say.

    It stands on `torch.optim.Optimizer`: groups, `state_dict`, `zero_grad`, hooks and schedules
    are torch's. A rule says which hyperparameters it has and what it remembers of a parameter
    from step to step, and it gives the update twice, as a function::

        class Adagrad(UpdateRule):
            hyperparameters = ("lr", "eps", "weight_decay")
            memory = ("sum",)
            explicit_update = staticmethod(adagrad_explicit)
            foreach_update = staticmethod(adagrad_foreach)

    Either function is called with a list of parameters, the list of their gradients, one list for
    each name in `memory`, and the hyperparameters by name. It changes parameters and memory in
    place. The tensors of one call have the same device and precision, and the same number of
    steps behind them: a rule that `counts_steps` is given `step`, t = 1, 2, 3, ...

    As in torch, each parameter has its own t, and one without a gradient is left alone: it does
    not decay, and the step does not count. The memory is zero at first, goes by torch's names in
    `state`, and follows its parameter when `model.to` takes it elsewhere.

    Args:
        params: parameters, or groups of them: dictionaries with "params" and whatever is to
            differ from the rest.
        defaults: the hyperparameters, and "foreach", for groups that do not say them.

    Raises:
        TypeError: a hyperparameter is no number.
        ValueError: a hyperparameter is out of its range, or, at a step, a gradient is sparse or
            complex.
    """

    hyperparameters: ClassVar[tuple[str, ...]]
    memory: ClassVar[tuple[str, ...]] = ()
    counts_steps: ClassVar[bool] = False
    explicit_update: ClassVar[Callable[..., None]]
    foreach_update: ClassVar[Callable[..., None]]

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take one more group. The base class sends the constructor's groups through here too."""
        for name in self.hyperparameters:
            _check_hyperparameter(name, param_group.get(name, self.defaults[name]))
        super().add_param_group(param_group)

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()  # the update is no part of the function that is differentiated
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Update every group once.

        Args:
            closure: where given, it is called first: it computes the loss and the gradients anew
                and returns the loss.

        Returns:
            What the closure returned, or None.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            update = self.foreach_update if group["foreach"] else self.explicit_update
            options = {name: group[name] for name in self.hyperparameters}
            for (_, _, t), rows in self._alike(group["params"]).items():
                if self.counts_steps:
                    options["step"] = t
                # From rows to columns: all parameters, all gradients, each memory.
                update(*map(list, zip(*rows, strict=True)), **options)
        return loss

    def _alike(self, parameters: Iterable[Tensor]) -> dict[Kind, list[list[Tensor]]]:
        """A row of parameter, gradient and memory for each that has a gradient, by its kind."""
        alike = defaultdict(list)
        for theta in parameters:
            if (gradient := theta.grad) is not None:
                _check_gradient(gradient, type(self).__name__)
                t, memory = self._recall(theta) if self.memory else (0, [])
                alike[theta.device, theta.dtype, t].append([theta, gradient, *memory])
        return alike

    def _recall(self, theta: Tensor) -> tuple[int, list[Tensor]]:
        """Which step of θ's this is, and its memory, where θ is now."""
        state = self.state[theta]
        for name in self.memory:
            kept = state.get(name)
            if kept is None:
                state[name] = torch.zeros_like(theta)
            elif kept.dtype != theta.dtype or kept.device != theta.device:
                state[name] = kept.to(theta)
        if self.counts_steps:
            state["step"] = int(state.get("step", 0)) + 1  # torch's is a tensor
        return state.get("step", 0), [state[name] for name in self.memory]


def _check_hyperparameter(name: str, value: Any) -> None:
    """Meet a rate that is none; "betas" are two."""
    is_pair = name == "betas"
    numbers = value if is_pair else (value,)
    if not (
        isinstance(numbers, tuple | list)
        and len(numbers) == 1 + is_pair
        and all(isinstance(number, Real) for number in numbers)
    ):
        raise TypeError(f"{name} must be {'two numbers' if is_pair else 'a number'}, not {value!r}")
    # Written so that NaN, of which no comparison is true, is refused as well.
    if name in FRACTIONS:
        if not all(0 <= number < 1 for number in numbers):
            each = "two numbers, each " if is_pair else ""
            raise ValueError(f"{name} must be {each}at least 0 and below 1, not {value}")
    elif not 0 <= value < float("inf"):
        raise ValueError(f"{name} must be a finite number, zero or more, not {value}")


def _check_gradient(gradient: Tensor, rule: str) -> None:
    if gradient.layout is not torch.strided:
        raise ValueError(
            f"a gradient of shape {tuple(gradient.shape)} is sparse, and {rule} takes dense ones "
            "only: make the layer with sparse=False, or take torch.optim.SparseAdam for it"
        )
    if gradient.is_complex():  # g² is not |g|²
        raise ValueError(
            f"a gradient of shape {tuple(gradient.shape)} is complex, and {rule} takes real ones "
            "only: keep a real parameter, and view it with torch.view_as_complex in the model"
        )
