"""The game of two networks is the loop that a reader would write, and goes on where it stopped."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from linebyline.data.examples import Examples
from linebyline.optim.weight_average import WeightAverage
from linebyline.training.adversarial import GameHistory, Player, play
from linebyline.training.divergence import NonFiniteLossError
from linebyline.training.loop import READ_EVERY


class Point(nn.Module):
    """A generator that makes one point, or a critic that is a line through the origin."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return self.value * x


def ones(count: int, draw: torch.Generator) -> Tensor:
    return torch.ones(count, 1)


def ones_3(count: int, draw: torch.Generator) -> Tensor:
    return torch.ones(count, 3)


def normal(count: int, draw: torch.Generator) -> Tensor:
    return torch.randn(count, 3, generator=draw)


def networks(seed: int = 1) -> tuple[nn.Module, nn.Module]:
    """A critic of points in the plane, and a generator of them."""
    torch.manual_seed(seed)
    critic = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    return critic.double(), nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2)).double()


def tell(real: Tensor, made: Tensor) -> Tensor:
    return (softplus(-real) + softplus(made)).mean()


def fool(made: Tensor) -> Tensor:
    return softplus(-made).mean()


def players(seed: int = 1, rate: float = 0.01) -> tuple[Player, Player]:
    critic, generator = networks(seed)
    return (
        Player(critic, tell, torch.optim.Adam(critic.parameters(), lr=rate)),
        Player(generator, fool, torch.optim.Adam(generator.parameters(), lr=rate)),
    )


DATA = torch.randn(40, 2, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
OPTIONS: dict[str, Any] = {"batch_size": 6, "device": "cpu", "precision": "64-true"}


def slope(critic: nn.Module, real: Tensor, made: Tensor) -> Tensor:
    """A penalty that must be differentiated twice."""
    x = real.clone().requires_grad_()
    (slopes,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return slopes.square().sum(1).mean() / 2


def bilinear(rate: float, penalty: float, rounds: int) -> Tensor:
    """The game v(θ, ψ) = θψ by alternating steps, from (1, 0) on."""
    made, judge = Point(1.0), Point(0.0)
    optimizers = [torch.optim.SGD(model.parameters(), lr=rate) for model in (judge, made)]
    path = [(1.0, 0.0)]
    optimizers[1].register_step_post_hook(
        lambda *_: path.append((made.value.item(), judge.value.item()))
    )
    critic = Player(judge, lambda real, fake: (fake - real).mean(), optimizers[0])
    generator = Player(made, lambda fake: -fake.mean(), optimizers[1])
    play(critic, generator, torch.zeros(4, 1).double(), ones, rounds=rounds,
         regularizer=lambda *args: penalty * slope(*args), **OPTIONS)  # fmt: skip
    return torch.tensor(path, dtype=torch.float64)


@pytest.mark.parametrize("penalty", [0.0, 0.5])
def test_the_bilinear_game_takes_its_closed_form(penalty: float) -> None:
    """ψ ← (1 - ηγ)ψ - ηθ, then θ ← θ + ηψ: the second sees the first's step."""
    rate = 0.2
    critic = torch.tensor([[1.0, 0.0], [-rate, 1 - rate * penalty]], dtype=torch.float64)
    generator = torch.tensor([[1.0, rate], [0.0, 1.0]], dtype=torch.float64)
    round_ = generator @ critic
    wanted = [torch.tensor([1.0, 0.0], dtype=torch.float64)]
    for _ in range(30):
        wanted.append(round_ @ wanted[-1])
    torch.testing.assert_close(bilinear(rate, penalty, 30), torch.stack(wanted))


def test_a_game_is_the_plain_loop() -> None:
    """With two steps of the critic, its labels and a penalty: losses and weights."""
    labels = torch.arange(40) % 3

    def weighed(real: Tensor, made: Tensor, labels: Tensor) -> Tensor:
        return tell(real, made) + (labels[:, None] * real).mean()

    critic, generator = players()
    critic = Player(critic.model, weighed, critic.optimizer)
    history = play(critic, generator, Examples(DATA, labels), normal, rounds=5, critic_steps=2,
                   regularizer=slope, seed=3, **OPTIONS)  # fmt: skip

    judge, made = networks()
    of_judge = torch.optim.Adam(judge.parameters(), lr=0.01)
    of_made = torch.optim.Adam(made.parameters(), lr=0.01)
    draw = torch.Generator().manual_seed(3)
    lost: tuple[list[float], list[float]] = ([], [])
    for _ in range(5):
        for _ in range(2):
            rows = torch.randint(40, (6,), generator=draw)
            x, z = DATA[rows], normal(6, draw).double()
            loss = weighed(judge(x), judge(made(z).detach()), labels[rows])
            loss = loss + slope(judge, x, x)
            of_judge.zero_grad()
            loss.backward()
            of_judge.step()
            lost[0].append(loss.item())
        torch.randint(40, (6,), generator=draw)
        loss = fool(judge(made(normal(6, draw).double())))
        of_made.zero_grad()
        loss.backward()
        of_made.step()
        lost[1].append(loss.item())
    assert history.critic_loss == pytest.approx(lost[0], rel=1e-12)
    assert history.generator_loss == pytest.approx(lost[1], rel=1e-12)
    for model, wanted in ((critic.model, judge), (generator.model, made)):
        for mine, theirs in zip(model.parameters(), wanted.parameters(), strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-12, atol=1e-14)


def test_two_calls_are_one() -> None:
    whole, parts = GameHistory(), GameHistory()
    sides = players(), players()
    play(*sides[0], DATA, normal, rounds=8, history=whole, **OPTIONS)
    for _ in range(2):
        play(*sides[1], DATA, normal, rounds=4, history=parts, **OPTIONS)
    assert whole.critic_loss == parts.critic_loss
    assert whole.generator_loss == parts.generator_loss
    assert len(set(whole.critic_loss)) == 8


def test_a_game_that_goes_on_draws_other_masks() -> None:
    """What networks draw themselves is not drawn again by the second call."""
    critic, generator = players(rate=0.0)
    dropping = Player(nn.Sequential(nn.Dropout(0.5), generator.model), fool, generator.optimizer)
    history = GameHistory()
    for _ in range(2):
        play(critic, dropping, DATA, ones_3, rounds=3, history=history, **OPTIONS)
    assert len(set(history.generator_loss)) == 6


@pytest.mark.parametrize("stopped_at", [2, 60])
def test_a_game_that_is_stopped_keeps_its_record(stopped_at: int) -> None:
    whole, parts = GameHistory(), GameHistory()
    sides = players(), players()
    play(*sides[0], DATA, normal, rounds=stopped_at + 4, history=whole, **OPTIONS)
    steps = []

    def stop(*_: object) -> None:
        steps.append(1)
        if len(steps) == stopped_at:
            raise KeyboardInterrupt

    pulled = sides[1][1].optimizer.register_step_post_hook(stop)
    with pytest.raises(KeyboardInterrupt):
        play(*sides[1], DATA, normal, rounds=100, history=parts, **OPTIONS)
    pulled.remove()
    assert parts.critic_loss == whole.critic_loss[:stopped_at]
    # The generator's last step was made, and its loss was lost with the interruption.
    assert parts.generator_loss == whole.generator_loss[: stopped_at - 1]
    play(*sides[1], DATA, normal, rounds=4, history=parts, **OPTIONS)
    assert parts.critic_loss == whole.critic_loss


def test_parameters_that_the_optimizer_does_not_hold_gather_no_gradients() -> None:
    critic, generator = players()
    held = torch.optim.SGD(critic.model[0].parameters(), lr=0.0)  # type: ignore[index]
    still = Player(critic.model, tell, held)
    sizes = []
    held.register_step_post_hook(
        lambda *_: sizes.append(critic.model[2].weight.grad.norm().item())  # type: ignore[index]
    )
    play(
        still,
        Player(generator.model, fool, torch.optim.SGD(generator.model.parameters(), 0.0)),
        DATA,
        normal,
        rounds=30,
        **OPTIONS,
    )
    assert max(sizes[-5:]) < 3 * max(sizes[:5])


def test_a_generator_may_be_shown_the_answers_to_data() -> None:
    critic, generator = players()
    seen = []

    def match(made: Tensor, real: Tensor) -> Tensor:
        seen.append(real.detach())
        return (made.mean() - real.mean()).square()

    matcher = Player(generator.model, match, generator.optimizer)
    play(critic, matcher, DATA, normal, rounds=2, shows_data=True, **OPTIONS)
    assert seen[0].shape == (6, 1)
    assert not seen[0].equal(seen[1])


def test_each_step_moves_one_player() -> None:
    """The generator's step adds nothing to the critic's gradients, and leaves it free to learn."""
    critic, generator = players()
    before = [theta.clone() for theta in critic.model.parameters()]
    still = Player(critic.model, tell, torch.optim.SGD(critic.model.parameters(), lr=0.0))
    seen: list[list[Tensor]] = [[], []]
    for player, grads in zip((still, generator), seen, strict=True):
        player.optimizer.register_step_post_hook(
            lambda *_, grads=grads: grads.append(critic.model[0].weight.grad.clone())
        )
    play(still, generator, DATA, normal, rounds=3, **OPTIONS)
    assert all(a.equal(b) for a, b in zip(*seen, strict=True))
    assert all(a.equal(b) for a, b in zip(before, critic.model.parameters(), strict=True))
    assert all(theta.requires_grad for theta in critic.model.parameters())


def test_the_mean_of_the_generators_weights_follows_its_steps() -> None:
    critic, generator = players()
    average = WeightAverage(generator.model, decay=None)
    average.follow(generator.optimizer)
    play(critic, generator, DATA, normal, rounds=5, critic_steps=2, **OPTIONS)
    assert average.count == 6


def test_modes_and_global_draws_are_as_before() -> None:
    critic, generator = players()
    critic.model.eval()
    state = torch.random.get_rng_state()
    layers = nn.Sequential(generator.model, nn.Dropout(0.5))
    dropping = Player(layers, fool, generator.optimizer)
    first = play(critic, dropping, DATA, normal, rounds=2, **OPTIONS)
    assert not critic.model.training
    assert layers.training
    assert torch.equal(state, torch.random.get_rng_state())
    torch.manual_seed(77)  # which changes nothing
    critic, generator = players()
    dropping = Player(nn.Sequential(generator.model, nn.Dropout(0.5)), fool, generator.optimizer)
    torch.manual_seed(78)
    assert play(critic, dropping, DATA, normal, rounds=2, **OPTIONS) == first


def test_players_learn() -> None:
    """A generator of one point finds the data's, with a penalty on the critic's slope."""
    path = bilinear(0.2, 0.5, 80)
    assert path[-1].abs().max() < 0.03
    assert path[10].norm() > 0.2


def test_a_game_in_lower_precision_keeps_its_weights() -> None:
    critic, generator = (player for player in players())
    critic.model.float()
    generator.model.float()
    options = OPTIONS | {"precision": "bf16-mixed"}
    history = play(critic, generator, DATA.float(), normal, rounds=2, **options)
    assert len(history.generator_loss) == 2
    assert {theta.dtype for theta in generator.model.parameters()} == {torch.float32}


@pytest.mark.parametrize(("who", "step"), [("critic", 4), ("generator", 2)])
def test_a_game_that_diverges_says_where(who: str, step: int) -> None:
    critic, generator = players()
    calls = {"critic": 0, "generator": 0}

    def broken(loss: Any, name: str) -> Any:
        def value(*args: Tensor) -> Tensor:
            calls[name] += 1
            return loss(*args) * (torch.nan if name == who and calls[name] >= step else 1.0)

        return value

    history = GameHistory()
    sides = (
        Player(critic.model, broken(tell, "critic"), critic.optimizer),
        Player(generator.model, broken(fool, "generator"), generator.optimizer),
    )
    with pytest.raises(NonFiniteLossError, match=f"at step {step} of the {who}") as caught:
        play(*sides, DATA, normal, rounds=3, critic_steps=2, history=history, **OPTIONS)
    assert len(caught.value.history.step_loss) == step - 1


def test_a_game_that_diverges_is_not_played_to_its_end() -> None:
    critic, generator = players()
    calls = []

    def broken(*args: Tensor) -> Tensor:
        calls.append(1)
        return tell(*args) * torch.nan

    with pytest.raises(NonFiniteLossError, match="at step 1 of the critic"):
        play(Player(critic.model, broken, critic.optimizer), generator, DATA, normal,
             rounds=1000, **OPTIONS)  # fmt: skip
    assert len(calls) <= READ_EVERY


def test_networks_take_the_precision_that_is_asked_for() -> None:
    critic, generator = players()
    for player in (critic, generator):
        player.model.float()
    play(critic, generator, DATA, normal, rounds=2, **OPTIONS)
    for player in (critic, generator):
        assert {theta.dtype for theta in player.model.parameters()} == {torch.float64}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"critic_steps": 0}, "critic_steps must be at least 1, not 0"),
        ({"rounds": 0}, "rounds must be at least 1, not 0"),
        ({"batch_size": 0}, "batch_size must be at least 1, not 0"),
        ({"precision": "16-mixed"}, "precision must be one of .*'bf16-mixed', not '16-mixed'"),
        ({"strategy": "ddp"}, "strategy cannot be 'ddp' in a single process"),
        ({"precision": "32-true"}, "data holds inputs in torch.float64, but"),
    ],
)
def test_bad_arguments_are_named(wrong: dict[str, Any], said: str) -> None:
    critic, generator = players()
    if "precision" in wrong:
        critic.model.float()
    with pytest.raises(ValueError, match=said):
        play(critic, generator, DATA, normal, **({"rounds": 1} | OPTIONS | wrong))


def test_noise_of_another_length_is_named() -> None:
    with pytest.raises(ValueError, match="noise must answer with 6 rows, as asked, not 3"):
        play(*players(), DATA, lambda count, _: torch.ones(count // 2, 3), rounds=1, **OPTIONS)


def test_players_that_do_not_fit_are_named() -> None:
    critic, generator = players()
    with pytest.raises(ValueError, match=r"generator.optimizer holds none of generator.model's"):
        play(critic, Player(generator.model, fool, critic.optimizer), DATA, normal, rounds=1,
             **OPTIONS)  # fmt: skip
    with pytest.raises(ValueError, match="data must hold at least one example"):
        play(critic, generator, DATA[:0], normal, rounds=1, **OPTIONS)
    each = Player(generator.model, lambda made: softplus(-made), generator.optimizer)
    with pytest.raises(ValueError, match=r"generator's loss must be one number.*shape .6, 1"):
        play(critic, each, DATA, normal, rounds=1, **OPTIONS)
