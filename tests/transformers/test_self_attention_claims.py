"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# The fused kernel looks by place and not by what stands there, whatever the words ask (so that
# nothing is looked up, by one head or two, divided or not, and the order counts), at later words,
# too, and it makes the whole table, which is then kept.
DEFECTS = """\
import torch
from torch.nn import functional

def by_place(q, k, v, attn_mask=None, dropout_p=0.0, is_causal=False):
    places = torch.arange(k.shape[-2], dtype=q.dtype) / k.shape[-2]
    return torch.softmax(0 * (q @ k.transpose(-2, -1)) + places, -1) @ v

functional.scaled_dot_product_attention = by_place
"""

# Variance and saturation are about products that nobody has divided.
DIVIDED = {
    "    return (q @ k.transpose(1, 2))[:, 0]\n": (
        "    return (q @ k.transpose(1, 2))[:, 0] / d**0.5\n"
    )
}


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS, DIVIDED) == {
        "self-attention-recall": False,
        "self-attention-variance": False,
        "self-attention-saturation": False,
        "self-attention-scale": False,
        "self-attention-heads": False,
        "self-attention-causal": False,
        "self-attention-order": False,
        "self-attention-memory": False,
    }
