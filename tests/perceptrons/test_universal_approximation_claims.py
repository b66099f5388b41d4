"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
DEFECTS = """\
import torch
from linebyline.data import functions
from linebyline.layers import mlp
from linebyline.layers import universal_approximation as built

real_polyline, real_teeth, real_net = built.interpolating_network, built.sawtooth_network, mlp.MLP
real_sample, real_randn = functions.sample_function, torch.randn

# The rates are about more units: never take more than eight.
def eight_pieces(knots, values):
    every = max(1, (len(knots) - 1) // 8)
    return real_polyline(knots[::every], values[::every])

built.interpolating_network = eight_pieces

# The condition is about polynomials: let the square be none.
torch.square = torch.relu

# The dimension-free rate is about independent directions: let all units have the same.
torch.randn = lambda *shape, **settings: real_randn(*shape, **settings)[..., :1].expand(*shape)

# The saw-tooth is about depth: let the sixth layer not fold.
built.sawtooth_network = lambda folds: real_teeth(folds - (folds == 6))

# Learning, and counting kinks, is about random starts: start at the solution.
def lucky_net(sizes, **settings):
    net, folds = real_net(sizes, **settings), len(sizes) - 2
    if folds < 5:
        return net
    for mine, theirs in zip(net.layers, real_teeth(folds).layers):
        outputs, inputs = theirs.weight.shape
        for weights in (mine.weight.data, mine.bias.data):
            weights.zero_()
        mine.weight.data[:outputs, :inputs] = theirs.weight.data
        mine.bias.data[:outputs] = theirs.bias.data
    net.layers[0].weight.data /= 2  # the chapter's inputs run from -1 to 1
    net.layers[0].bias.data[:2] += 0.5
    return net

mlp.MLP = lucky_net

# Extrapolation is about what was not seen: show it.
def see_everything(f, *, interval, **settings):
    low, high = interval
    return real_sample(f, interval=(3 * low, 3 * high) if low < 0 else interval, **settings)

functions.sample_function = see_everything
"""


@pytest.mark.timeout(300)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "universal-approximation-rates": False,
        "universal-approximation-condition": False,
        "universal-approximation-dimension": False,
        "universal-approximation-depth": False,
        "universal-approximation-learning": False,
        "universal-approximation-kinks": False,
        "universal-approximation-outside": False,
    }
