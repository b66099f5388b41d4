"""What is drawn after a checkpoint is what would have been drawn without it."""

import copy

import torch
from torch import Tensor, nn

from linebyline.data.resumable import Resumable


class Noise(Resumable):
    """A layer that draws."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(seed)

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.rand(x.shape, generator=self.generator)


def test_goes_on_where_the_checkpoint_was_made() -> None:
    first, second = (nn.Sequential(Noise(seed)) for seed in (0, 1))
    x = torch.zeros(3)
    first(x)
    kept = copy.deepcopy(first.state_dict())
    wanted = first(x)
    second.load_state_dict(kept)
    assert torch.equal(second(x), wanted)
    assert not torch.equal(second(x), wanted)
