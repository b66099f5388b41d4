"""Initialization: the weights a network starts from, drawn so that signals keep their size.

The derivation that all variance rules share. A unit adds up n products, y = Σ_i w_i x_i. If the
weights are independent of each other and of the inputs, with mean 0 and variance v, then

    E[y²] = Σ_i E[w_i²] E[x_i²] = n v E[x²],

since every mixed term has a factor E[w_i] = 0. So y is as large as x where v = 1/n, with the n of
the inputs of a unit (its fan-in). A gradient goes back through the same weights: what reaches an
input is Σ_o w_o ∂L/∂y_o over the outputs that it feeds, and keeps its size where v = 1/n with the n
of those (the fan-out). The rules differ in which n they take, and in what they assume of x:

- LeCun 1998: inputs with E[x²] = 1, v = 1/fan-in;
- Glorot 2010: both directions, v = 2/(fan-in + fan-out);
- He 2015: inputs that went through a rectifier, which takes half of E[x²]: v = 2/fan-in.

Behind another activation function, `gain` says what the deviation √v is to be multiplied by.

`normal` draws from N(0, v), `uniform` from [-a, a] with a = √(3v), since its variance is a²/3.
All functions work in place, on a parameter too, and return the tensor.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def fans(weight: Float[Tensor, "outputs inputs *kernel"]) -> tuple[int, int]:
    """Fan-in and fan-out: how many numbers an output adds up, and how many an input goes into.

    Source: He, Zhang, Ren & Sun 2015, *Delving deep into rectifiers*, section 2.2: a kernel of k
    times k sees k² c inputs, where c is the number of input channels. The layout is that of
    `torch.nn.Linear` and `torch.nn.Conv2d`, as for `torch.nn.init`.

    Two layouts cannot be told from the shape. A transposed convolution has its inputs on axis 0, so
    its fans come out exchanged. A convolution in g groups has inputs/g on axis 1, so the fan-in is
    right and the fan-out g times too large. Strides and borders are not accounted for.

    Raises:
        ValueError: the weight has fewer than two axes, or an axis of length 0.
    """
    shape = tuple(weight.shape)
    if weight.ndim < 2:
        raise ValueError(
            "weight must have at least two axes, outputs and inputs, to have a fan-in and a "
            f"fan-out, but its shape is {shape}; a bias starts with zeros_ or constant_"
        )
    if weight.numel() == 0:
        raise ValueError(f"weight must have no axis of length 0, but its shape is {shape}")
    outputs, inputs, *kernel = shape
    field = math.prod(kernel)  # the receptive field: 1 for a linear layer
    return inputs * field, outputs * field


def zeros_(tensor: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """All 0, as a bias mostly starts.

    Source: Goodfellow, Bengio & Courville 2016, *Deep Learning*, section 8.4. Not for weights:
    units that start equal get equal gradients and stay equal, as if there were one.
    """
    return constant_(tensor, 0.0)


def constant_(tensor: Float[Tensor, "..."], value: float) -> Float[Tensor, "..."]:
    """All the same, as in section 8.4 of Goodfellow, Bengio & Courville 2016 for some biases.

    Raises:
        ValueError: `value` is not finite.
    """
    if not math.isfinite(value):
        raise ValueError(f"value must be finite, not {value}")
    with torch.no_grad():
        return tensor.fill_(value)


def lecun_normal_(
    weight: Float[Tensor, "outputs inputs *kernel"], *, generator: torch.Generator | None = None
) -> Float[Tensor, "outputs inputs *kernel"]:
    """N(0, 1/fan-in).

    Source: LeCun, Bottou, Orr & Müller 1998, *Efficient BackProp*, section 4.6, equation 16. They
    leave the distribution open, and count on their tanh, 1.7159 tanh(⅔x), to keep E[x²] near 1.

    Raises:
        ValueError: as for `fans`.
    """
    fan_in, _ = fans(weight)
    return _normal_(weight, math.sqrt(1 / fan_in), generator)


def lecun_uniform_(
    weight: Float[Tensor, "outputs inputs *kernel"], *, generator: torch.Generator | None = None
) -> Float[Tensor, "outputs inputs *kernel"]:
    """Uniform with the variance 1/fan-in: on [-a, a], a = √(3/fan-in). See `lecun_normal_`."""
    fan_in, _ = fans(weight)
    return _uniform_(weight, math.sqrt(1 / fan_in), generator)


def xavier_normal_(
    weight: Float[Tensor, "outputs inputs *kernel"],
    *,
    gain: float = 1.0,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "outputs inputs *kernel"]:
    """N(0, 2g²/(fan-in + fan-out)).

    Source: Glorot & Bengio 2010, *Understanding the difficulty of training deep feedforward neural
    networks*, equation 12: a compromise between v = 1/fan-in and v = 1/fan-out, for units that are
    near their linear part, φ(z) ≈ z. Deviations: they draw uniformly, and have no gain.

    Args:
        weight: of a linear or convolutional layer.
        gain: g, above 0; `linebyline.layers.gain.gain` has it for any activation function.
        generator: draws, instead of torch's global generator; on the weight's device.

    Raises:
        ValueError: as for `fans`, or `gain` is not positive and finite.
    """
    return _normal_(weight, _xavier_std(weight, gain), generator)


def xavier_uniform_(
    weight: Float[Tensor, "outputs inputs *kernel"],
    *,
    gain: float = 1.0,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "outputs inputs *kernel"]:
    """Uniform on [-a, a], a = g √6/√(fan-in + fan-out): Glorot & Bengio 2010, equation 16.

    Arguments and errors are those of `xavier_normal_`.
    """
    return _uniform_(weight, _xavier_std(weight, gain), generator)


def he_normal_(
    weight: Float[Tensor, "outputs inputs *kernel"],
    *,
    negative_slope: float = 0.0,
    mode: str = "fan_in",
    generator: torch.Generator | None = None,
) -> Float[Tensor, "outputs inputs *kernel"]:
    """N(0, 2/((1 + a²) n)), for layers behind a rectifier with the slope a below 0.

    Source: He, Zhang, Ren & Sun 2015, *Delving deep into rectifiers*, section 2.2: equation 10 for
    n = fan-in, which keeps the signal's size, 14 for n = fan-out, which keeps the gradient's, and
    15 for the slope. torch calls it Kaiming initialization, after the first author's given name.

    Args:
        weight: of a linear or convolutional layer.
        negative_slope: a; 0 for the ReLU.
        mode: "fan_in" or "fan_out".
        generator: draws, instead of torch's global generator; on the weight's device.

    Raises:
        ValueError: as for `fans`, or `negative_slope` is not finite, or `mode` is neither.
    """
    return _normal_(weight, _he_std(weight, negative_slope, mode), generator)


def he_uniform_(
    weight: Float[Tensor, "outputs inputs *kernel"],
    *,
    negative_slope: float = 0.0,
    mode: str = "fan_in",
    generator: torch.Generator | None = None,
) -> Float[Tensor, "outputs inputs *kernel"]:
    """Uniform with the variance of `he_normal_`, whose arguments and errors it has."""
    return _uniform_(weight, _he_std(weight, negative_slope, mode), generator)


def orthogonal_(
    weight: Float[Tensor, "outputs inputs *kernel"],
    *,
    gain: float = 1.0,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "outputs inputs *kernel"]:
    """A random orthogonal matrix times g.

    Source: Saxe, McClelland & Ganguli 2014, *Exact solutions to the nonlinear dynamics of learning
    in deep linear neural networks*. If they are square and g = 1, a product of any number of them
    keeps the length of every vector. With more outputs than inputs the columns are orthonormal,
    else the rows; of a kernel, all axes but the first count as inputs.

    The matrix is the Q of a Gaussian matrix's QR decomposition, with the signs of R's diagonal:
    without them Q would depend on the algorithm's conventions and not be uniformly distributed
    (Mezzadri 2007, *How to generate random matrices from the classical compact groups*).

    Arguments and errors are those of `xavier_normal_`.
    """
    fans(weight)  # refuses what has no two axes
    _check_gain(gain)
    rows = weight.shape[0]
    columns = weight.numel() // rows
    with torch.no_grad():
        gaussian = weight.new_empty(rows, columns).normal_(generator=generator)
        q, r = torch.linalg.qr(gaussian if rows >= columns else gaussian.T)  # of a tall one
        q = q * r.diagonal().sign()
        return weight.copy_(gain * (q if rows >= columns else q.T).reshape(weight.shape))


def _xavier_std(weight: Tensor, gain: float) -> float:
    _check_gain(gain)
    fan_in, fan_out = fans(weight)
    return gain * math.sqrt(2 / (fan_in + fan_out))


def _he_std(weight: Tensor, negative_slope: float, mode: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode must be 'fan_in' or 'fan_out', not {mode!r}")
    if not math.isfinite(negative_slope):
        raise ValueError(f"negative_slope must be finite, not {negative_slope}")
    fan_in, fan_out = fans(weight)
    n = fan_in if mode == "fan_in" else fan_out
    return math.sqrt(2 / ((1 + negative_slope**2) * n))


def _normal_(weight: Tensor, std: float, generator: torch.Generator | None) -> Tensor:
    with torch.no_grad():
        return weight.normal_(0, std, generator=generator)


def _uniform_(weight: Tensor, std: float, generator: torch.Generator | None) -> Tensor:
    bound = math.sqrt(3) * std  # the variance of a uniform variable on [-a, a] is a²/3
    with torch.no_grad():
        return weight.uniform_(-bound, bound, generator=generator)


def _check_gain(gain: float) -> None:
    if not 0 < gain < math.inf:
        raise ValueError(f"gain must be positive and finite, not {gain}")
