import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck

from linebyline.generative.wgan import critic_loss
from linebyline.generative.wgan_gp import gradient_penalty, interpolates, slopes
from linebyline.layers.mlp import MLP


def from_seed(number):
    return torch.Generator().manual_seed(number)


def cloud(*shape, seed=0):
    return torch.randn(*shape, generator=from_seed(seed), dtype=torch.float64)


def test_slopes_of_a_function_that_is_known():
    x = cloud(5, 3)
    found = slopes(lambda x: x.pow(2).sum(1) / 2 + 7, x)
    torch.testing.assert_close(found, x.norm(dim=1))
    images = cloud(4, 2, 2, seed=1)
    torch.testing.assert_close(
        slopes(lambda x: 3 * x.sum((1, 2)), images), torch.full((4,), 6.0).double()
    )


def test_slopes_equal_numerical_ones():
    critic = MLP([3, 16, 1], activation=torch.tanh, generator=from_seed(0)).double()
    x, h = cloud(6, 3), 1e-5
    with torch.no_grad():
        steps = [(critic(x + h * e) - critic(x - h * e)) / (2 * h) for e in torch.eye(3).double()]
    torch.testing.assert_close(
        slopes(critic, x), torch.cat(steps, 1).norm(dim=1), rtol=1e-7, atol=1e-9
    )


@pytest.mark.parametrize("one_sided", [False, True])
def test_the_fine_can_be_differentiated_twice(one_sided):
    real, made = cloud(5, 2), cloud(5, 2, seed=1)
    w, v = cloud(4, 2, seed=2).requires_grad_(), (5 * cloud(4, seed=3)).requires_grad_()

    def fine(w, v):
        def critic(x):
            return torch.tanh(x @ w.T) @ v

        options = {"one_sided": one_sided, "generator": from_seed(4)}
        return gradient_penalty(critic, real, made, **options)

    assert fine(w, v) > 0.1
    assert gradcheck(fine, (w, v))
    assert gradgradcheck(fine, (w, v))


def test_the_fine_by_hand():
    critic = nn.Linear(2, 1, bias=False).double()
    with torch.no_grad():
        critic.weight.copy_(torch.tensor([[3.0, 4.0]]))  # the slope is 5 everywhere
    real, made = cloud(6, 2), cloud(6, 2, seed=1)
    assert gradient_penalty(critic, real, made).item() == pytest.approx(10 * 4**2)
    half = gradient_penalty(critic, real, made, weight=0.5, target=0, place="real")
    assert half.item() == pytest.approx(0.5 * 5**2)  # R1 of Mescheder et al., with γ = 1
    with torch.no_grad():
        critic.weight.div_(50)  # 0.1
    assert gradient_penalty(critic, real, made).item() == pytest.approx(10 * 0.9**2)
    assert gradient_penalty(critic, real, made, one_sided=True).item() == 0


@pytest.mark.parametrize(("place", "chosen"), [("real", 0), ("made", 1)])
def test_the_fine_is_taken_where_it_is_asked_for(place, chosen):
    clouds = cloud(6, 2), cloud(6, 2, seed=1) + 3
    critic = MLP([2, 8, 1], activation=torch.tanh, generator=from_seed(0)).double()
    expected = 10 * (slopes(critic, clouds[chosen]) - 1).square().mean()
    torch.testing.assert_close(gradient_penalty(critic, *clouds, place=place), expected)


def test_interpolates_lie_on_the_way_of_each_pair():
    real, made = cloud(400, 2, 3), cloud(400, 2, 3, seed=1)
    between = interpolates(real, made, generator=from_seed(2))
    shares = (between - made) / (real - made)
    torch.testing.assert_close(shares, shares[:, :1, :1].expand_as(shares))  # one ε for a pair
    found = shares[:, 0, 0].sort().values
    torch.testing.assert_close(found, torch.linspace(0, 1, 400).double(), rtol=0, atol=0.08)
    assert torch.equal(between, interpolates(real, made, generator=from_seed(2)))


def test_the_fine_moves_the_critic_and_not_the_samples():
    critic = MLP([2, 8, 1], generator=from_seed(0)).double()
    made = cloud(6, 2, seed=1).requires_grad_()
    gradient_penalty(critic, cloud(6, 2), made).backward()
    assert made.grad is None
    assert all(layer.weight.grad.abs().sum() > 0 for layer in critic.layers)
    assert critic.layers[-1].bias.grad is None  # a constant has no slope


def test_a_fined_critic_learns_the_distance_of_two_places():
    critic = MLP([1, 32, 1], generator=from_seed(0))
    optimizer = torch.optim.Adam(critic.parameters(), lr=0.01, betas=(0.5, 0.9))
    draw = from_seed(1)
    for _ in range(150):
        real, made = torch.full((32, 1), 3.0), torch.zeros(32, 1)
        gain = critic_loss(critic(real), critic(made))
        loss = gain + gradient_penalty(critic, real, made, one_sided=True, generator=draw)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    # The slope s gains 3 s and is fined 10 (s - 1)² above 1: at best it is 1 + 3/20.
    assert -gain.item() == pytest.approx(3 * (1 + 3 / 20), rel=0.02)


def test_refuses_by_name(without_shape_checks):
    x, critic = torch.ones(3, 2), nn.Linear(2, 1)
    with pytest.raises(ValueError, match=r"^weight must not be negative, not -1"):
        gradient_penalty(critic, x, x, weight=-1)
    with pytest.raises(ValueError, match=r"^target must not be negative, not nan"):
        gradient_penalty(critic, x, x, target=float("nan"))
    with pytest.raises(ValueError, match=r"^place must be one of 'between', 'real', 'made'"):
        gradient_penalty(critic, x, x, place="everywhere")
    with pytest.raises(ValueError, match=r"^real and made must have one shape"):
        interpolates(x, x[:2])
    with pytest.raises(ValueError, match=r"^critic must answer with one price for each of 3"):
        slopes(nn.Linear(2, 2), x)
