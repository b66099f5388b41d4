"""What recurrent networks share: one step, repeated along time with the same weights."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

Part = Float[Tensor, "stacked batch hidden"]
State = Part | tuple[Part, Part]
"""The h_t of all layers and directions, stacked, or in an LSTM h_t and c_t."""


class Weights(NamedTuple):
    """What one layer has for one direction: blocks of hidden_size rows, one for each gate."""

    weight_ih: Float[Tensor, "rows inputs"]
    weight_hh: Float[Tensor, "rows hidden"]
    bias_ih: Float[Tensor, " rows"] | None = None
    bias_hh: Float[Tensor, " rows"] | None = None


class Recurrent(nn.Module, ABC):
    """h_t = step(x_t, h_{t-1}) for t = 1, ..., T, in one or more layers, in one direction or two.

    What `RNN`, `LSTM` and `GRU` share; each says in `step` what is repeated.

    Sources: the next layer reads the h_t of the one below, as in Graves 2013, *Generating sequences
    with recurrent neural networks* (without his connections that skip layers). With two directions,
    Schuster & Paliwal 1997, *Bidirectional recurrent neural networks*: a second network with
    weights of its own reads from the last step to the first, and both outputs stand side by side.
    Dropout is applied between layers, never along time: Zaremba, Sutskever & Vinyals 2014,
    *Recurrent neural network regularization* (who drop the first layer's inputs and the last one's
    outputs, too).

    Parameters are laid out and named as in torch's module of the same name, so either loads the
    other's `state_dict`: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, and so on
    with `_l1`, and with `_reverse` behind. All start uniform on [-1/√H, 1/√H], H = hidden_size.

    Called with x of shape (batch, time, input_size), it answers with the outputs of the last layer,
    (batch, time, directions · H), and with the state behind the last step, of shape (layers ·
    directions, batch, H): layer by layer, the direction from the back second. Where `lengths` are
    given, sequence b ends behind its step lengths[b]: what follows is not looked at, outputs there
    are 0, the final state is that behind its own last step, and the other direction begins there.

    Deviations from torch: batch first, and a batch is a must. torch's `proj_size` does not exist.

    Args:
        input_size: the length of an x_t.
        hidden_size: H, the length of an h_t.
        num_layers: how many stand on top of one another.
        bias: False leaves all biases out.
        dropout: the probability that a number between two layers is dropped, in training only.
        bidirectional: True for two directions.
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        ValueError: a size is below 1; `dropout` is out of its range, or has no two layers to stand
            between; x has another shape, no sequence or no step; `state` has another shape;
            `lengths` are not one for each sequence, or not from 1 to the number of steps.
    """

    gates: int
    """How many blocks of rows the weights have."""

    parts: int = 1
    """How many tensors a state has."""

    twin: Callable[..., nn.RNNBase]
    """Torch's module with the same parameters."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        num_layers: int = 1,
        bias: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        sizes = {"input_size": input_size, "hidden_size": hidden_size, "num_layers": num_layers}
        for name, size in sizes.items():
            if size < 1:
                raise ValueError(f"{name} must be at least 1, not {size}")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, not {dropout}")
        if dropout and num_layers == 1:
            raise ValueError(
                f"dropout must be 0 with one layer, for it stands between two, not {dropout}"
            )
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.directions = 2 if bidirectional else 1
        rows = self.gates * hidden_size
        for number in range(num_layers * self.directions):
            layer = number // self.directions
            inputs = self.directions * hidden_size if layer else input_size
            shapes = [(rows, inputs), (rows, hidden_size), (rows,), (rows,)]
            for name, shape in zip(self._names(number), shapes, strict=False):
                self.register_parameter(name, nn.Parameter(torch.empty(shape)))
        self.reset_parameters(generator)

    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw all anew, in torch's order, so that a seed gives what it gives torch's module."""
        bound = 1 / math.sqrt(self.hidden_size)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.uniform_(-bound, bound, generator=generator)

    @abstractmethod
    def step(self, x: Tensor, state: tuple[Tensor, ...], weights: Weights) -> tuple[Tensor, ...]:
        """From x_t and the state before it to the state behind it, whose first part is h_t."""

    @abstractmethod
    def kernel(self, *arguments: Any) -> tuple[Tensor, ...]:
        """Torch's kernel, which takes all steps of all layers in one call."""

    def forward(
        self,
        x: Float[Tensor, "batch time inputs"],
        state: State | None = None,
        *,
        lengths: Int[Tensor, " batch"] | None = None,
    ) -> tuple[Float[Tensor, "batch time outputs"], State]:
        """One call of the fused kernel."""
        parts = self._begin(x, state, lengths)
        weights = [w for n in range(len(parts[0])) for w in self.weights(n) if w is not None]
        options = self.bias, self.num_layers, self.dropout, self.training, self.bidirectional
        if lengths is None:
            y, *last = self.kernel(x, self._state(parts), weights, *options, True)
            return y, self._state(last)
        # Packed: the steps of all sequences that are that long, one t after another, longest first.
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        data, sizes, order, back = packed
        begin = self._state([part[:, order] for part in parts])
        y, *last = self.kernel(data, sizes, begin, weights, *options)
        packed = PackedSequence(y, sizes, order, back)
        y, _ = pad_packed_sequence(packed, batch_first=True, total_length=x.shape[1])
        return y, self._state([part[:, back] for part in last])

    def explicit(
        self,
        x: Float[Tensor, "batch time inputs"],
        state: State | None = None,
        *,
        lengths: Int[Tensor, " batch"] | None = None,
    ) -> tuple[Float[Tensor, "batch time outputs"], State]:
        """The same, written out: layer by layer, in each direction step by step."""
        parts = self._begin(x, state, lengths)
        y, inside = x.transpose(0, 1), None  # time first, (T, B, inputs)
        if lengths is not None:
            time = torch.arange(len(y), device=x.device)
            inside = (time[:, None] < lengths.to(x.device)).unsqueeze(-1)  # (T, B, 1)
            y = y.masked_fill(~inside, 0)
        last = []
        for layer in range(self.num_layers):
            if layer > 0:
                y = functional.dropout(y, self.dropout, self.training)
            sides = []
            for direction in range(self.directions):
                n = self.directions * layer + direction
                begin = tuple(part[n] for part in parts)  # each (B, H)
                h, end = self._along_time(y, begin, self.weights(n), inside, direction == 1)
                sides.append(h)
                last.append(end)
            y = torch.cat(sides, dim=-1)  # (T, B, directions · H)
        return y.transpose(0, 1), self._state(
            [torch.stack(part) for part in zip(*last, strict=True)]
        )

    def _along_time(
        self,
        x: Float[Tensor, "time batch inputs"],
        state: tuple[Tensor, ...],
        weights: Weights,
        inside: Bool[Tensor, "time batch 1"] | None,
        from_the_back: bool,
    ) -> tuple[Float[Tensor, "time batch hidden"], tuple[Tensor, ...]]:
        """All h_t of one layer in one direction, and its last state."""
        h = {}
        for t in reversed(range(len(x))) if from_the_back else range(len(x)):
            before, state = state, self.step(x[t], state, weights)
            h[t] = state[0]
            if inside is not None:  # where t is no step of a sequence, its state stays as it was
                h[t] = h[t].masked_fill(~inside[t], 0)
                pairs = zip(state, before, strict=True)
                state = tuple(torch.where(inside[t], new, old) for new, old in pairs)
        return torch.stack([h[t] for t in range(len(x))]), state

    def weights(self, number: int) -> Weights:
        """Those of layer number // directions; with two directions, odd numbers read backwards."""
        return Weights(*(getattr(self, name) for name in self._names(number)))

    def _names(self, number: int) -> list[str]:
        layer, backwards = divmod(number, self.directions)
        kinds = ["weight_ih", "weight_hh", *(["bias_ih", "bias_hh"] if self.bias else [])]
        return [f"{kind}_l{layer}{'_reverse' if backwards else ''}" for kind in kinds]

    def _state(self, parts: list[Tensor] | tuple[Tensor, ...]) -> Any:
        """The parts of a state as the caller sees them, and the kernel: one alone is a tensor."""
        return parts[0] if self.parts == 1 else tuple(parts)

    def _begin(self, x: Tensor, state: State | None, lengths: Tensor | None) -> tuple[Tensor, ...]:
        """Refuse what does not fit; the parts of the state before the first step."""
        if x.ndim != 3 or x.shape[2] != self.input_size or 0 in x.shape:
            raise ValueError(
                f"x must be (batch, time, {self.input_size}) with at least one sequence and one "
                f"step, but its shape is {tuple(x.shape)}"
            )
        batch, time, _ = x.shape
        if lengths is not None:
            if lengths.shape != (batch,):
                raise ValueError(
                    f"lengths must be {batch}, one for each sequence of x, "
                    f"but their shape is {tuple(lengths.shape)}"
                )
            low, high = lengths.min().item(), lengths.max().item()
            if low < 1 or high > time:
                raise ValueError(
                    f"lengths must be from 1 to {time}, the steps that x has, "
                    f"but they are from {low} to {high}"
                )
        shape = (self.num_layers * self.directions, batch, self.hidden_size)
        if state is None:
            return (x.new_zeros(shape),) * self.parts
        parts = (state,) if isinstance(state, Tensor) else tuple(state)
        if [tuple(part.shape) for part in parts] != [shape] * self.parts:
            tensors = "a tensor" if self.parts == 1 else f"a tuple of {self.parts} tensors"
            raise ValueError(
                f"state must be {tensors} of shape {shape}, (layers · directions, batch, hidden), "
                f"but has {' and '.join(str(tuple(part.shape)) for part in parts)}"
            )
        return parts

    def flatten_parameters(self) -> None:
        """Lay all weights into one piece of memory, which cuDNN wants, and else copies each time.

        Done whenever the module is moved to a GPU; on a CPU nothing happens.
        """
        sizes = self.input_size, self.hidden_size, self.num_layers
        options = {"bias": self.bias, "bidirectional": self.bidirectional}
        twin = self.twin(*sizes, **options, batch_first=True, device="meta")
        for name, _ in twin.named_parameters():
            weight = getattr(self, name)
            if not isinstance(weight, nn.Parameter):  # made of others, by a parametrization
                return
            setattr(twin, name, weight)
        twin.flatten_parameters()

    def _apply(self, fn: Callable, recurse: bool = True) -> Any:
        super()._apply(fn, recurse)
        if self.weight_hh_l0.is_cuda:
            self.flatten_parameters()
        return self

    def extra_repr(self) -> str:
        """What `print(model)` shows between the brackets."""
        usual = {"num_layers": 1, "bias": True, "dropout": 0.0, "bidirectional": False}
        values = {name: getattr(self, name) for name in usual}
        others = [f"{name}={value}" for name, value in values.items() if value != usual[name]]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *others])
