"""U-Net against its equations, the paper's sizes, and what each option may change."""

from itertools import pairwise

import pytest
import torch
from torch.nn import functional
from vision.conftest import generator, images

from linebyline.vision.unet import UPSAMPLING, DoubleConv, UNet, UpSampling, center_crop

small = {"depth": 2, "channels": 4}
kinds = pytest.mark.parametrize("kind", UPSAMPLING)
both = pytest.mark.parametrize("skips", [True, False])


def convolved(x, state, name, pad):
    x = functional.conv2d(x, state[f"{name}.0.weight"], state[f"{name}.0.bias"], padding=pad).relu()
    return functional.conv2d(
        x, state[f"{name}.2.weight"], state[f"{name}.2.bias"], padding=pad
    ).relu()


def enlarged(x, skip, state, level, kind):
    w, b = state[f"up.{level}.conv.weight"], state[f"up.{level}.conv.bias"]
    if kind == "transposed":
        return functional.conv_transpose2d(x, w, b, stride=2)
    if kind == "unpooling":
        _, places = functional.max_pool2d(skip, 2, return_indices=True)
        return functional.max_unpool2d(functional.conv2d(x, w, b), places, 2)
    corners = {"align_corners": False} if kind == "bilinear" else {}
    x = functional.interpolate(x, scale_factor=2, mode=kind, **corners)
    return functional.conv2d(functional.pad(x, (0, 1, 0, 1)), w, b)


def equation(kind, skips, pad=1, crops=(0, 0)):
    """Two poolings, written out with torch's functions."""

    def answer(x, state):
        fine = convolved(x, state, "encoder.0", pad)
        middle = convolved(functional.max_pool2d(fine, 2), state, "encoder.1", pad)
        x = convolved(functional.max_pool2d(middle, 2), state, "encoder.2", pad)
        for level, skip in ((1, middle), (0, fine)):
            x = enlarged(x, skip, state, level, kind)
            if skips:
                c = crops[level]
                height, width = skip.shape[2:]
                x = torch.cat([skip[..., c : height - c, c : width - c], x], dim=1)
            x = convolved(x, state, f"decoder.{level}", pad)
        return functional.conv2d(x, state["head.weight"], state["head.bias"])

    return answer


@kinds
@both
def test_it_is_its_equation(same_as_equation, kind, skips):
    model = UNet(3, 2, upsampling=kind, skips=skips, generator=generator(), **small).double()
    same_as_equation(model, equation(kind, skips), images(2, 3, 8, 12))


def test_unpadded_it_is_its_equation_with_crops(same_as_equation):
    model = UNet(1, 2, padding="valid", generator=generator(), **small).double()
    # 48 -> 44 | 22 -> 18 | 9 -> 5; 10, so 4 off 18 on each side; 6, so 16 off 44.
    x = images(1, 1, 48, 52)
    same_as_equation(model, equation("transposed", skips=True, pad=0, crops=(16, 4)), x)


def test_the_papers_sizes_and_its_parameters():
    with torch.device("meta"):
        paper = UNet(1, 2, depth=4, channels=64, padding="valid")
        x = torch.empty(1, 1, 572, 572)
        assert [m.shape[-1] for m in paper.encode(x)] == [568, 280, 136, 64, 28]
        assert [m.shape[1] for m in paper.encode(x)] == [64, 128, 256, 512, 1024]
        assert paper(x).shape == (1, 2, 388, 388)
    widths = [64, 128, 256, 512, 1024]
    conv = lambda i, o, k: i * o * k**2 + o  # noqa: E731
    count = sum(conv(i, o, 3) + conv(o, o, 3) for i, o in pairwise([1, *widths]))
    count += sum(conv(o, i, 2) + conv(o, i, 3) + conv(i, i, 3) for i, o in pairwise(widths))
    assert sum(p.numel() for p in paper.parameters()) == count + conv(64, 2, 1)
    layers = [m for m in paper.modules() if type(m).__name__ in ("Conv2d", "ConvTranspose2d")]
    assert len(layers) == 23  # the paper's count


@pytest.mark.parametrize("kind", UPSAMPLING[:3])
def test_ways_to_enlarge_have_equally_many_parameters(kind):
    sizes = {sum(p.numel() for p in UpSampling(4, each).parameters()) for each in ("nearest", kind)}
    assert sizes == {2 * 4 * 4 * 4 + 4}


@pytest.mark.parametrize("channels", [4, 8])
def test_without_skips_it_is_no_smaller(channels):
    from linebyline.layers.cost import layer_costs, total

    models = [UNet(1, 3, depth=3, channels=channels, skips=skips) for skips in (True, False)]
    work = [total(layer_costs(model, (1, 16, 16)), "multiply_adds") for model in models]
    assert work[0] == work[1]
    sizes = [sum(p.numel() for p in model.parameters()) for model in models]
    assert sizes[1] - sizes[0] == channels * (1 + 2 + 4) // 2


def test_without_skips_only_the_coarsest_map_counts():
    x = images(1, 1, 16, 16).float()
    for skips, heeds in ((True, True), (False, False)):
        model = UNet(1, 2, skips=skips, generator=generator(), **small)
        maps = model.encode(x)
        changed = model.decode([torch.zeros_like(m) for m in maps[:-1]] + maps[-1:])
        assert (not torch.equal(changed, model(x))) == heeds


def test_without_skips_unpooling_still_asks_for_places():
    model = UNet(1, 2, skips=False, upsampling="unpooling", generator=generator(), **small)
    x = images(1, 1, 16, 16).float()
    maps = model.encode(x)
    assert torch.equal(model.decode([3 * m for m in maps[:-1]] + maps[-1:]), model(x))
    assert not torch.equal(model.decode([m.flip(3) for m in maps[:-1]] + maps[-1:]), model(x))


def test_batch_norm_takes_the_place_of_biases():
    block = DoubleConv(2, 6, 4, batch_norm=True, generator=generator()).double()
    plain = DoubleConv(2, 6, 4, generator=generator()).double()
    x = images(3, 2, 6, 6)
    y = functional.conv2d(x, plain[0].weight, padding=1)
    y = functional.batch_norm(y, None, None, training=True).relu()
    y = functional.conv2d(y, plain[2].weight, padding=1)
    expected = functional.batch_norm(y, None, None, training=True).relu()
    torch.testing.assert_close(block(x), expected)
    assert not any("0.bias" in name for name in block.state_dict())


def test_first_weights_are_the_papers():
    model = UNet(16, 2, depth=1, channels=64, generator=generator())
    for weight, fan in (
        (model.encoder[0][0].weight, 9 * 16),
        (model.decoder[0][0].weight, 9 * 128),
        (model.up[0].conv.weight, 128),
    ):
        assert weight.std().item() == pytest.approx((2 / fan) ** 0.5, rel=0.05)
    assert not any(p.any() for name, p in model.named_parameters() if name.endswith("bias"))


@kinds
def test_a_generator_makes_the_weights(kind):
    first, again, other = (
        UNet(1, 2, upsampling=kind, generator=generator(seed), **small).state_dict()
        for seed in (0, 0, 1)
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert all(not torch.equal(first[n], other[n]) for n in first if n.endswith("weight"))


@both
def test_it_learns_one_batch(skips):
    x = images(4, 1, 16, 16).float()
    y = (x[:, 0] > 0.5).long()
    model = UNet(1, 2, depth=1, channels=16, skips=skips, batch_norm=True, generator=generator())
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150 if skips else 300):
        loss = functional.cross_entropy(model(x), y)
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert loss < 0.05


def test_no_pooling_at_all():
    model = UNet(1, 2, depth=0, channels=4)
    assert model(torch.zeros(1, 1, 5, 7)).shape == (1, 2, 5, 7)


def test_crop_takes_the_middle():
    x = torch.arange(36.0).view(1, 1, 6, 6)
    assert torch.equal(center_crop(x, (2, 4)), x[..., 2:4, 1:5])


@pytest.mark.usefixtures("without_shape_checks")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"in_channels": 0}, "^in_channels must be at least 1, not 0"),
        ({"num_classes": 0}, "^num_classes must be at least 1, not 0"),
        ({"depth": -1}, "^depth must be at least 0, not -1"),
        ({"channels": 3}, "^channels must be an even number from 2 on, not 3"),
        ({"channels": 0}, "^channels must be an even number from 2 on, not 0"),
        ({"padding": "full"}, "^padding must be one of same, valid, not 'full'"),
        ({"upsampling": "cubic"}, "^upsampling must be one of transposed, .* not 'cubic'"),
        ({"padding": "valid", "upsampling": "unpooling"}, "^upsampling 'unpooling' needs"),
    ],
)
def test_refuses_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        UNet(**{"in_channels": 1, "num_classes": 2, **small, **options})


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_images_by_name():
    model = UNet(1, 2, **small)
    with pytest.raises(ValueError, match=r"^x must be \(batch, 1 channels, .* \(1, 3, 8, 8\)"):
        model(torch.zeros(1, 3, 8, 8))
    with pytest.raises(ValueError, match=r"2 poolings .* its width is 10; 8 would do"):
        model(torch.zeros(1, 1, 8, 10))
    paper = UNet(1, 2, depth=4, channels=2, padding="valid")
    with pytest.raises(ValueError, match=r"its height is 570; 572 would do"):
        paper(torch.zeros(1, 1, 570, 572))
    with pytest.raises(ValueError, match=r"its height is 100; 188 would do"):
        paper(torch.zeros(1, 1, 100, 572))
