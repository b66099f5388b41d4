"""The game of two networks: a critic that judges samples, and a generator that makes them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from tqdm import tqdm

from linebyline.data.examples import Examples
from linebyline.training.batches import check_examples
from linebyline.training.divergence import NonFiniteLossError
from linebyline.training.history import History
from linebyline.training.loop import READ_EVERY, _training
from linebyline.training.placement import Placement

PRECISIONS = ("32-true", "64-true", "bf16-mixed")
Noise = Callable[[int, torch.Generator], Tensor]
"""(how many, generator) to noise, one row for each sample, drawn on the CPU."""
Penalty = Callable[[nn.Module, Tensor, Tensor], Tensor]
"""(critic, real, made) to one number that is added to the critic's loss."""


@dataclass
class GameHistory:
    """What both players lost, step by step.

    Attributes:
        critic_loss: at each step of the critic, with its penalty, before the step.
        generator_loss: at each step of the generator, before the step.
        draws: where the draws of data and noise stand, so that another call goes on from here.
    """

    critic_loss: list[float] = field(default_factory=list)
    generator_loss: list[float] = field(default_factory=list)
    draws: Tensor | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Player:
    """A network, what it minimizes, and how.

    Attributes:
        model: the network.
        loss: the critic's takes its answers to data and to samples, and the labels of the data if
            there are any. The generator's takes the critic's answers to samples. One number each.
        optimizer: made of the model's parameters.
    """

    model: nn.Module
    loss: Callable[..., Tensor]
    optimizer: Optimizer


def play(
    critic: Player,
    generator: Player,
    data: Tensor | Examples,
    noise: Noise,
    *,
    rounds: int,
    batch_size: int = 64,
    critic_steps: int = 1,
    regularizer: Penalty | None = None,
    shows_data: bool = False,
    device: str | torch.device = "auto",
    precision: str = "32-true",
    strategy: str = "auto",
    seed: int = 0,
    history: GameHistory | None = None,
) -> GameHistory:
    """Let two networks take turns: some steps of the critic, then one of the generator.

    Source: Goodfellow et al. 2014, *Generative Adversarial Nets*, algorithm 1: in each of `rounds`
    rounds the critic makes k = `critic_steps` steps, each on fresh data and fresh samples, and the
    generator one. The losses say which game it is. A penalty of the critic (Gulrajani et al. 2017,
    *Improved Training of Wasserstein GANs*, algorithm 1) may take gradients of gradients.

    Under ``torchrun`` the processes play one game: each draws the same batches and takes its share
    of them, and the gradients are added up. So the number of processes changes losses and weights
    by rounding only, where losses are means over examples and networks treat each example alone;
    what a network or the penalty draws itself differs between processes. All begin with the
    weights of the first.

    A running mean of the generator's weights needs no word here: a
    `linebyline.optim.weight_average.WeightAverage` of it that `follow`s its optimizer is updated
    after each of its steps. Networks and optimizers are changed in place. To go on, call `play`
    again with the first call's history: two calls of 50 rounds are one call of 100, number for
    number, except for what networks draw themselves.

    Args:
        critic: the player that judges. Its model may answer with several things, as its loss and
            the generator's take them.
        generator: the player that makes samples from noise. In a critic's step it is not
            differentiated; in its own step the critic's parameters are held.
        data: examples, one a row; with `Examples`, each critic step has their targets as labels.
        noise: draws the generator's inputs.
        rounds: how many steps the generator makes.
        batch_size: examples and samples of a step, over all processes.
        critic_steps: steps of the critic in a round.
        regularizer: a penalty to add to the critic's loss.
        shows_data: True hands the generator's loss the critic's answers to data, too, as its second
            argument (Salimans et al. 2016, *Improved Techniques for Training GANs*, section 3.1,
            match features).
        device: "auto" (a GPU if there is one), "cpu", "cuda", "cuda:1" or "mps".
        precision: "32-true", which converts nothing, "64-true" or "bf16-mixed".
        strategy: "auto", "ddp" or "single", as for `linebyline.training.loop.fit`.
        seed: of data, noise, and of what the networks draw.
        history: a record to go on with, in place.

    Raises:
        ValueError: an argument is out of its range; the message names it.
        NonFiniteLossError: a loss is no finite number any more; the message says whose, and when.
    """
    labelled = isinstance(data, Examples)
    data = data if isinstance(data, Examples) else Examples(data, torch.zeros(len(data)))
    _check(data, rounds, batch_size, critic_steps, precision)
    placement = Placement(device, precision, strategy)
    if batch_size < placement.processes:
        raise ValueError(
            f"batch_size must be at least {placement.processes}, an example for each process, "
            f"not {batch_size}"
        )
    for name, player in (("critic", critic), ("generator", generator)):
        _bring(name, player, placement)
    placement.check_inputs(critic.model, data)
    data = placement.bring(data)
    history = history or GameHistory()
    draw = torch.Generator().manual_seed(seed)
    if history.draws is not None:
        draw.set_state(history.draws.cpu())

    def deal() -> tuple[Tensor, tuple[Tensor, ...], Tensor, float]:
        """Fresh data, labels and noise, of which this process has its share."""
        chosen = torch.randint(len(data.inputs), (batch_size,), generator=draw)
        z = noise(batch_size, draw)
        if len(z) != batch_size:
            raise ValueError(f"noise must answer with {batch_size} rows, as asked, not {len(z)}")
        ((part, share),) = placement.shares(Examples(chosen, z))
        rows = part.inputs.to(data.inputs.device)
        z = placement.bring(Examples(part.targets, rows)).inputs
        return data.inputs[rows], (data.targets[rows],) if labelled else (), z, share

    game = _Record(history, critic, generator, placement, data.inputs)
    own_draws = seed + len(history.generator_loss) + 1_000_003 * placement.rank  # none twice
    by_critic, by_generator = (_training(side.model, own_draws) for side in (critic, generator))
    with by_critic, by_generator, game.kept(draw):
        for number in tqdm(range(1, rounds + 1), unit="round", disable=placement.rank > 0 or None):
            for _ in range(critic_steps):
                real, labels, z, share = deal()
                with placement.fabric.autocast():
                    with torch.no_grad():
                        made = generator.model(z)
                    loss = critic.loss(critic.model(real), critic.model(made), *labels)
                    if regularizer is not None:
                        loss = loss + regularizer(critic.model, real, made)
                game.step("critic", loss, share)
            real, _, z, share = deal()
            with placement.fabric.autocast(), _held(critic.model):
                seen = critic.model(generator.model(z))
                beside = (critic.model(real),) if shows_data else ()
                loss = generator.loss(seen, *beside)
            game.step("generator", loss, share)
            if number % READ_EVERY == 0 or number == rounds:
                game.read()
                history.draws = draw.get_state()
    return history


@dataclass
class _Record:
    """Makes steps, and keeps the losses on the device until someone wants to read them."""

    history: GameHistory
    critic: Player
    generator: Player
    placement: Placement
    inputs: Tensor
    unread: list[tuple[str, Tensor]] = field(default_factory=list)

    def step(self, who: str, loss: Tensor, share: float) -> None:
        """One step of one player, down the gradients of all processes' parts."""
        player: Player = getattr(self, who)
        if loss.ndim:
            raise ValueError(
                f"{who}'s loss must be one number, with its penalty, not shape {tuple(loss.shape)}"
            )
        loss = share * loss
        player.model.zero_grad()  # of all parameters, also those that the optimizer does not hold
        loss.backward()
        if self.placement.processes > 1:
            for theta in player.model.parameters():
                if theta.grad is not None:
                    theta.grad = self.placement.total(theta.grad).to(theta)
        player.optimizer.step()
        self.unread.append((who, loss.detach()))

    @contextmanager
    def kept(self, draw: torch.Generator) -> Iterator[None]:
        """Stopped on the way, by a key or an error, a game keeps the record of its steps."""
        try:
            yield
        finally:
            if self.unread and self.placement.processes == 1:
                self.read()
                self.history.draws = draw.get_state()

    def read(self) -> None:
        """Wait for the device, and stop at the first loss that is no finite number."""
        players, losses = zip(*self.unread, strict=True)
        self.unread.clear()
        values = self.placement.total(torch.stack(losses)).tolist()
        for who, value in zip(players, values, strict=True):
            known: list[float] = getattr(self.history, f"{who}_loss")
            if not isfinite(value):
                when, past = f"at step {len(known) + 1} of the {who}", History(step_loss=known)
                optimizer = getattr(self, who).optimizer
                raise NonFiniteLossError(value, when, past, optimizer, self.inputs)
            known.append(value)


def _bring(name: str, player: Player, placement: Placement) -> None:
    """A player's network and optimizer on the device, with the first process's weights."""
    held = {id(theta) for group in player.optimizer.param_groups for theta in group["params"]}
    if held.isdisjoint(map(id, player.model.parameters())):
        raise ValueError(
            f"{name}.optimizer holds none of {name}.model's parameters and would train nothing: "
            "make it of this model's parameters()"
        )
    player.model.to(placement.fabric.device, placement.dtype)
    if player.optimizer.state:
        player.optimizer.load_state_dict(player.optimizer.state_dict())  # to its parameters' device
    if placement.processes > 1:
        with torch.no_grad():
            for value in player.model.state_dict().values():
                value.copy_(placement.fabric.broadcast(value))


def _check(data: Examples, rounds: int, batch_size: int, critic_steps: int, precision: str) -> None:
    check_examples("data", data)
    counts = {"rounds": rounds, "batch_size": batch_size, "critic_steps": critic_steps}
    for name, number in counts.items():
        if number < 1:
            raise ValueError(f"{name} must be at least 1, not {number}")
    if precision not in PRECISIONS:
        raise ValueError(
            f"precision must be one of {', '.join(map(repr, PRECISIONS))}, not {precision!r}"
        )


@contextmanager
def _held(critic: nn.Module) -> Iterator[None]:
    """No gradients for the critic's parameters, while the generator's go through it."""
    free = [theta for theta in critic.parameters() if theta.requires_grad]
    try:
        for theta in free:
            theta.requires_grad_(False)
        yield
    finally:
        for theta in free:
            theta.requires_grad_(True)
