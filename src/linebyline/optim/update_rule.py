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
"""What the tensors of one call have in common; the number is t, where steps are counted."""

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
                parameters, gradients, states = map(list, zip(*rows, strict=True))
                memories = [[state[name] for state in states] for name in self.memory]
                if self.counts_steps:
                    options["step"] = t
                    for state in states:
                        state["step"] = t
                update(parameters, gradients, *memories, **options)
        return loss

    def _alike(self, parameters: Iterable[Tensor]) -> dict[Kind, list[tuple]]:
        """Parameter, gradient and state of all that have a gradient, by their kind."""
        alike = defaultdict(list)
        for theta in parameters:
            gradient = theta.grad
            if gradient is None:
                continue
            device, dtype = theta.device, theta.dtype
            if gradient.is_sparse or dtype.is_complex:
                raise ValueError(_refusal(gradient, type(self).__name__))
            state = self._recall(theta, device, dtype) if self.memory else {}
            t = state.get("step", 0) + 1
            alike[device, dtype, t].append((theta, gradient, state))
        return alike

    def _recall(self, theta: Tensor, device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
        """The state of θ, with its memory where θ is now."""
        state = self.state[theta]
        if not state:
            state.update({name: torch.zeros_like(theta) for name in self.memory})
        kept = state[self.memory[0]]  # where one of them is, all are
        if kept.dtype is not dtype or kept.device != device:
            state.update({name: state[name].to(theta) for name in self.memory})
        return state


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


def _refusal(gradient: Tensor, rule: str) -> str:
    which = f"a gradient of shape {tuple(gradient.shape)} is"
    if gradient.is_sparse:
        return (
            f"{which} sparse, and {rule} takes dense ones only: make the layer with "
            "sparse=False, or take torch.optim.SparseAdam for it"
        )
    return (  # g² is not |g|²
        f"{which} complex, and {rule} takes real ones only: keep a real parameter, and view it "
        "with torch.view_as_complex in the model"
    )
