"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, all in one run of the chapter.
REPLACED = {
    # The lattice is about a kernel of 3: all readers get one of 4.
    "return nn.Sequential(body, scores).double()": (
        "return reader(4, start) if kernel == 3 else nn.Sequential(body, scores).double()"
    ),
    # Resizing is about ties: without them it is a transposed convolution.
    "return ResizeConv2d(inputs, outputs, 3, bias=bias, generator=g)": (
        'return up("kernel 3", inputs, outputs, g, bias)'
    ),
    # Dilation is about zeros between the weights.
    "layer = Conv2d(1, 1, 3, padding=d, dilation=d, bias=False)": (
        "layer = Conv2d(1, 1, 3, padding=1, bias=False)"
    ),
    # Separable layers lose to full ones of the same width: make them full.
    "layer = (Conv2d if full else DepthwiseSeparable)(m, n, 3, **options)": (
        'options.pop("between", None)\n    layer = Conv2d(m, n, 3, **options)'
    ),
    # Guessing is about neighbours that are left: drop whole maps, whatever was asked.
    "factors = kind(0.5).noise(maps).expand_as(maps)": (
        "factors = SpatialDropout(0.5).noise(maps).expand_as(maps)"
    ),
    # The contest is about two noises: exchange them.
    '"plain": (Dropout, chances)}': '"plain": (SpatialDropout, chances)}',
    'contest["spatial"] = (SpatialDropout, chances)': 'contest["spatial"] = (Dropout, chances)',
}


@pytest.mark.timeout(400)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=REPLACED) == {
        "convolution-variants-overlap": False,
        "convolution-variants-resize": False,
        "convolution-variants-dilated": False,
        "convolution-variants-separable": True,
        "convolution-variants-neighbours": False,
        "convolution-variants-spatial-dropout": True,
    }
