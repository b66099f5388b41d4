"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

REPLACED = {
    # That a fined critic's slope is never flat is about the fine that lets it be 1: ask for nothing.
    "told[theta] = tell(theta, critic_loss, gradient_penalty": (
        "told[theta] = tell(theta, critic_loss, partial(gradient_penalty, target=0)"
    ),
    # The trap is the hill of the two-sided fine: take it away.
    '"two-sided": gradient_penalty,': ('"two-sided": partial(gradient_penalty, one_sided=True),'),
    # Slopes near the sign of D are what the fine with a target of 1 brings: let it be 2.
    '"one-sided": partial(gradient_penalty, one_sided=True),\n': (
        '"one-sided": partial(gradient_penalty, one_sided=True, target=2),\n'
    ),
    # Weights lie at the ends of a box in which they were clipped: learn too slowly to get there.
    "def clipped(critic, limit, draw, rate=0.05)": "def clipped(critic, limit, draw, rate=1e-5)",
    # Higher moments are what a critic learns that is fined, and lets its slope be near 1.
    'holds="fined > 0.6': 'holds="fined / 2 > 0.6',
}
