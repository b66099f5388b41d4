"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = """\
import torch
from linebyline.optim import adagrad, adam, momentum, nag, rmsprop
from linebyline.studies import optimizer_race

# The condition number is about what momentum remembers: let it remember nothing.
for module, rule in ((momentum, momentum.Momentum), (nag, nag.NAG)):
    def forgetful(*lists, momentum, update=rule.foreach_update, **options):
        update(*lists, momentum=0.0, **options)

    rule.foreach_update = staticmethod(forgetful)

# Rare features, the axes, the odd units and the decay are about a size for each weight: let there
# be one for all weights of a tensor.
def by_one_number(denominators):
    return [torch.full_like(d, d.mean().item()) for d in denominators]

def one_rate_adagrad(thetas, gradients, sums, *, lr, eps, weight_decay):
    torch._foreach_addcmul_(sums, gradients, gradients)
    sizes = by_one_number(torch._foreach_sqrt(sums))
    torch._foreach_addcdiv_(thetas, gradients, sizes, -lr)

def one_rate_rmsprop(thetas, gradients, means, *, lr, alpha, eps, weight_decay):
    torch._foreach_mul_(means, alpha)
    torch._foreach_addcmul_(means, gradients, gradients, 1 - alpha)
    sizes = by_one_number(torch._foreach_sqrt(means))
    torch._foreach_addcdiv_(thetas, gradients, sizes, -lr)

adagrad.Adagrad.foreach_update = staticmethod(one_rate_adagrad)
rmsprop.RMSprop.foreach_update = staticmethod(one_rate_rmsprop)

# The bias correction is about t: let it be late from the start, in Adam too. The scale is about
# that size, and the game about a short memory: let it be long.
def one_rate_adam(thetas, gradients, m, v, *, step, lr, betas, eps, weight_decay=0.0):
    beta_1, beta_2 = betas[0], max(betas[1], 0.999)
    if weight_decay != 0:
        gradients = [*torch._foreach_add(gradients, thetas, alpha=weight_decay)]
    torch._foreach_lerp_(m, gradients, 1 - beta_1)
    torch._foreach_mul_(v, beta_2)
    torch._foreach_addcmul_(v, gradients, gradients, 1 - beta_2)
    sizes = by_one_number(torch._foreach_sqrt(v))
    torch._foreach_addcdiv_(thetas, m, sizes, -lr)

adam.adam_foreach = one_rate_adam
adam.Adam.foreach_update = staticmethod(one_rate_adam)

# The tuning is about a rate that was chosen: take the fourth, whatever came of it.
optimizer_race.best = lambda rows, budget: 3
"""


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "optimizers-condition": False,
        "optimizers-rare": False,
        "optimizers-axes": False,
        "optimizers-bias-correction": False,
        "optimizers-scale": False,
        "optimizers-decay": False,
        "optimizers-odd-units": False,
        "optimizers-tuning": False,
        "optimizers-reddi": False,
    }
