"""The stored study is the one that the script makes: its first steps are made once more."""

import pytest
import torch

from linebyline.generative.dcgan import Rules
from linebyline.layers.batch_norm import BatchNorm2d
from linebyline.studies import dcgan_rules as study
from linebyline.studies.convolutional_digits import play_rounds


@pytest.mark.parametrize("name", ["all rules", "no norms, sized", "pooled"])
def test_the_first_rounds_are_as_stored(stored, name):
    seed = study.STARTS[1]
    history = play_rounds(study.variant_game(name, seed), seed, 3)
    wanted = stored["variants"][name]["first_losses"][1]
    assert history.critic_loss == pytest.approx(wanted, abs=0.003)


def test_a_variant_differs_in_what_it_is_named_for():
    def norms(model):
        return sum(isinstance(part, BatchNorm2d) for part in model.modules())

    rules, bare = (study.variant_game(name, 0) for name in ("all rules", "no norms"))
    assert norms(rules.G) == 2
    assert norms(bare.G) == 0
    for one, two in zip(rules.G.layers, bare.G.layers, strict=True):
        torch.testing.assert_close(one.weight, two.weight, rtol=0, atol=0)
    slow = study.variant_game("no norms, rate 3e-4", 0).generator.optimizer.param_groups[0]
    assert slow["lr"] == 3e-4
    assert study.variant_game("beta 0.9", 0).critic.optimizer.param_groups[0]["betas"][0] == 0.9
    changed = [v for name, v in study.VARIANTS.items() if name != "all rules"]
    assert all(v != study.Variant(Rules()) for v in changed)


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "rounds": study.ROUNDS,
        "starts": [*study.STARTS],
        "widths": [*study.WIDTHS],
        "decay": study.DECAY,
    }
    assert list(stored["variants"]) == [*study.VARIANTS]
