"""What the loops cost around a VAE and a Wasserstein GAN, and what a gradient penalty costs in it.

`fit` trains the VAE and `play` the WGAN-GP, each beside the bare PyTorch loop that a reader would
write for the same networks, step for step the same, with no record. Steps take 20 ms or more, and
the question is what share of them the loop is: the target is less than 3 % on top. The third
question is what share of a critic's step is its gradient penalty, which takes the gradient of a
gradient: critic steps with and without it take turns.

    python benchmarks/generative.py [--device cuda] [--repetitions 20]
"""

import os

os.environ.setdefault("TQDM_DISABLE", "1")  # a bar is no part of a step

import torch
from comparison import Run, compare, options, overhead, record
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from linebyline.data.examples import Examples
from linebyline.generative.gan import Discriminator, Generator, normal_noise
from linebyline.generative.vae import VAE, negative_bound
from linebyline.generative.wgan import critic_loss, generator_loss
from linebyline.generative.wgan_gp import gradient_penalty
from linebyline.layers.mlp import MLP
from linebyline.training.adversarial import Player, play
from linebyline.training.loop import fit

MEASURED = ["src/linebyline/generative", "src/linebyline/training", "src/linebyline/layers"]
HIDDEN = {"cpu": 1024, "cuda": 8192}
BATCH_SIZE = {"cpu": 512, "cuda": 4096}
STEPS, ROUNDS, CRITIC_STEPS, LATENT = 24, 4, 5, 32


def images(device: str, count: int) -> Tensor:
    """Noise of MNIST's size: what is learned does not matter here."""
    return torch.rand(count, 28, 28, generator=torch.Generator().manual_seed(0)).to(device)


def vae(device: str) -> VAE:
    """784 to two hidden layers, to the code, and back."""
    width = HIDDEN[device]
    draw = torch.Generator().manual_seed(0)
    encoder = nn.Sequential(nn.Flatten(), MLP([784, width, width // 2, 2 * LATENT], generator=draw))
    decoder = nn.Sequential(
        MLP([LATENT, width // 2, width, 784], generator=draw), nn.Unflatten(1, (28, 28))
    )
    return VAE(encoder, decoder, width=LATENT).to(device)


def vae_by_fit(device: str) -> Run:
    """A VAE's steps by the book's loop."""
    model, x = vae(device), images(device, STEPS * BATCH_SIZE[device])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)
    loss, size = negative_bound(), BATCH_SIZE[device]

    def run() -> None:
        fit(model, loss, optimizer, Examples(x, x), epochs=1, batch_size=size, device=device)

    return run


def vae_by_hand(device: str) -> Run:
    """The same, the bound written out."""
    model, x = vae(device), images(device, STEPS * BATCH_SIZE[device])
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)

    def run() -> None:
        draw = torch.Generator().manual_seed(0)
        order = torch.randperm(len(x), generator=draw).to(device)
        for batch in order.split(BATCH_SIZE[device]):
            real = x[batch]
            mean, log_variance = model.encoder(real).chunk(2, dim=1)
            z = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
            logits = model.decoder(z)
            nats = binary_cross_entropy_with_logits(logits, real, reduction="sum")
            nats = nats + 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
            optimizer.zero_grad()
            (nats / len(real)).backward()
            optimizer.step()

    return run


def players(device: str) -> tuple[Generator, Discriminator, torch.optim.Optimizer, ...]:
    """Both networks of the game and their optimizers."""
    hidden = [HIDDEN[device]] * 2
    draw = torch.Generator().manual_seed(0)
    made = Generator(LATENT, hidden, (28, 28), output=torch.sigmoid, generator=draw).to(device)
    critic = Discriminator((28, 28), hidden, generator=draw).to(device)
    rates = (
        torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0.0, 0.9), fused=True)
        for model in (made, critic)
    )
    return (made, critic, *rates)


def game_by_play(device: str, *, rounds: int, critic_steps: int, penalty: bool) -> Run:
    """Rounds of the game by the book's loop."""
    generator, critic, of_generator, of_critic = players(device)
    x = images(device, 4096)

    def run() -> None:
        play(
            Player(critic, critic_loss, of_critic),
            Player(generator, generator_loss, of_generator),
            x,
            normal_noise(LATENT),
            rounds=rounds,
            critic_steps=critic_steps,
            batch_size=BATCH_SIZE[device],
            regularizer=gradient_penalty if penalty else None,
            device=device,
        )

    return run


def game_by_hand(device: str, *, rounds: int, critic_steps: int, penalty: bool) -> Run:
    """The same as a reader would write it."""
    generator, critic, of_generator, of_critic = players(device)
    x, count = images(device, 4096), BATCH_SIZE[device]
    noise = normal_noise(LATENT)

    def run() -> None:
        draw = torch.Generator().manual_seed(0)
        for _ in range(rounds):
            for _ in range(critic_steps):
                real = x[torch.randint(len(x), (count,), generator=draw).to(device)]
                with torch.no_grad():
                    made = generator(noise(count, draw).to(device))
                loss = critic(made).mean() - critic(real).mean()
                if penalty:
                    share = torch.rand(count, 1, 1).to(device)
                    between = (share * real + (1 - share) * made).requires_grad_()
                    (slope,) = torch.autograd.grad(
                        critic(between).sum(), between, create_graph=True
                    )
                    loss = loss + 10 * (slope.flatten(1).norm(dim=1) - 1).square().mean()
                of_critic.zero_grad()
                loss.backward()
                of_critic.step()
            critic.requires_grad_(False)
            loss = -critic(generator(noise(count, draw).to(device))).mean()
            of_generator.zero_grad()
            loss.backward()
            of_generator.step()
            critic.requires_grad_(True)

    return run


def main() -> None:
    """Run all comparisons, print them, and write them beside the others."""
    asked = options(__doc__, repetitions=20)
    device = asked.device
    game = {"rounds": ROUNDS, "critic_steps": CRITIC_STEPS, "penalty": True}
    steps = ROUNDS * (CRITIC_STEPS + 1)
    width, size = HIDDEN[device], BATCH_SIZE[device]
    figures = {
        "setting": f"hidden layers of {width}, {size} images of 28 x 28 a step, {STEPS} steps of "
        f"the VAE and {steps} of the game a call, {CRITIC_STEPS} of them the critic's to one",
        "VAE": overhead("VAE", vae_by_fit(device), vae_by_hand(device), STEPS, asked),
        "WGAN-GP": overhead(
            "WGAN-GP", game_by_play(device, **game), game_by_hand(device, **game), steps, asked
        ),
    }
    # The generator's step is the same on both sides; with 24 critic steps to one it hardly counts.
    often = {"rounds": 1, "critic_steps": 24}
    without, fined = (game_by_hand(device, **often, penalty=p) for p in (False, True))
    found = compare(without, fined, device, asked.repetitions)
    share = 100 * (1 - 1 / found["ratio"])
    print(f"{share:6.1f} % of a critic's step is the gradient penalty")
    figures["gradient penalty"] = {"percent_of_a_critic_step": round(share, 1), **found}
    record(__file__, asked, MEASURED, figures)


if __name__ == "__main__":
    main()
