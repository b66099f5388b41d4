"""The networks have published sizes, torchvision's names, and the numbers of a second way."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from vision.conftest import generator, images

from linebyline.vision import resnet
from linebyline.vision.resnet import BasicBlock, Bottleneck, ResNet

COUNTS = {18: 11_689_512, 34: 21_797_672, 50: 25_557_032, 101: 44_549_160, 152: 60_192_808}


class Reference(nn.Module):
    """One block of torch's own layers, made the other way round: as sequences, with no options."""

    def __init__(self, before: int, width: int, stride: int, wide: bool) -> None:
        super().__init__()
        after = 4 * width if wide else width
        plan = [(before, width, 3, stride), (width, width, 3, 1)]
        if wide:
            plan = [(before, width, 1, 1), (width, width, 3, stride), (width, after, 1, 1)]
        layers: list[nn.Module] = []
        for i, (c_in, c_out, size, step) in enumerate(plan):
            layers += [nn.ReLU()] if i else []
            conv = nn.Conv2d(c_in, c_out, size, step, size // 2, bias=False)
            layers += [conv, nn.BatchNorm2d(c_out)]
        self.branch = nn.Sequential(*layers)
        self.downsample = nn.Sequential()
        if stride > 1 or before != after:
            conv = nn.Conv2d(before, after, 1, stride, bias=False)
            self.downsample = nn.Sequential(conv, nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.downsample(x) + self.branch(x))


def reference(depths: list[int], channels: int, wide: bool) -> nn.Sequential:
    stem = [
        nn.Conv2d(3, channels, 7, 2, 3, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
    ]
    blocks, before = [], channels
    for stage, depth in enumerate(depths):
        width = channels * 2**stage
        for place in range(depth):
            stride = 2 if stage and not place else 1
            blocks.append(Reference(before, width, stride, wide))
            before = 4 * width if wide else width
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 5)]
    return nn.Sequential(*stem, *blocks, *head)


@pytest.mark.parametrize(("block", "wide"), [(BasicBlock, False), (Bottleneck, True)])
def test_equals_a_network_of_torchs_layers(
    same_as_torch: Callable[..., None], block: type, wide: bool
) -> None:
    ours = ResNet(block, (2, 1, 2), channels=4, num_classes=5).double()
    theirs = reference([2, 1, 2], channels=4, wide=wide).double()
    assert [v.shape for v in ours.state_dict().values()] == [
        v.shape for v in theirs.state_dict().values()
    ]
    for train in (True, False):  # the second time with the running averages of the first
        same_as_torch(ours.train(train), theirs.train(train), images(3, 3, 40, 36), std=0.4)


@pytest.mark.parametrize("depth", COUNTS)
def test_has_as_many_parameters_as_the_published_weights(depth: int) -> None:
    with torch.device("meta"):
        net = getattr(resnet, f"resnet{depth}")()
    assert sum(p.numel() for p in net.parameters()) == COUNTS[depth]
    layers = [m for name, m in net.named_modules() if "downsample" not in name]
    assert sum(isinstance(m, resnet.convolution(1, 1, 1).__class__) for m in layers) + 1 == depth


def test_parameters_are_named_as_in_the_published_weights() -> None:
    names = [*resnet.resnet18().state_dict()]
    assert len(names) == 122  # 62 parameters, and three buffers for each of 20 norms
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    expected = {"conv1.weight", *(f"bn1.{part}" for part in norm), "fc.weight", "fc.bias"}
    for stage in range(1, 5):
        for place in range(2):
            prefix = f"layer{stage}.{place}"
            for i in (1, 2):
                expected |= {f"{prefix}.conv{i}.weight", *(f"{prefix}.bn{i}.{p}" for p in norm)}
        if stage > 1:
            prefix = f"layer{stage}.0.downsample"
            expected |= {f"{prefix}.0.weight", *(f"{prefix}.1.{part}" for part in norm)}
    assert set(names) == expected
    assert "layer1.0.downsample.0.weight" in resnet.resnet50().state_dict()  # 64 to 256 channels


def test_stages_halve_the_images_and_double_the_channels() -> None:
    net = ResNet(BasicBlock, (1, 1, 1), channels=4, num_classes=5)
    shapes = []
    for stage in (net.layer1, net.layer2, net.layer3):
        stage.register_forward_hook(lambda *call: shapes.append(tuple(call[-1].shape[1:])))
    net(torch.zeros(2, 3, 64, 64))
    assert shapes == [(4, 16, 16), (8, 8, 8), (16, 4, 4)]
    small = ResNet(BasicBlock, (1,), channels=4, in_channels=1, num_classes=5, small_images=True)
    assert small.features(torch.zeros(2, 1, 8, 8)).shape == (2, 4, 8, 8)


def test_with_zero_init_only_the_shortcuts_speak_at_first() -> None:
    options = {"channels": 4, "in_channels": 1, "small_images": True, "generator": generator()}
    net = ResNet(BasicBlock, (2,), zero_init=True, **options).double()
    stem = torch.relu(net.bn1(net.conv1(images(2, 1, 8, 8))))
    assert torch.equal(net.features(images(2, 1, 8, 8)), stem)


@pytest.mark.parametrize("block", [BasicBlock, Bottleneck])
def test_with_zero_init_and_projections_every_channel_can_learn(block: type) -> None:
    options = {"channels": 4, "in_channels": 1, "small_images": True, "generator": generator()}
    net = ResNet(block, (2, 2), zero_init=True, num_classes=3, **options).double()
    functional.cross_entropy(net(images(8, 1, 8, 8)), torch.arange(8) % 3).backward()
    for each in net.blocks():
        last = each.bn3 if block is Bottleneck else each.bn2
        assert last.weight.grad.count_nonzero() == last.num_features


def test_attention_is_made_for_every_block() -> None:
    made = []

    def attention(channels: int) -> nn.Module:
        made.append(channels)
        return nn.Identity()

    ResNet(Bottleneck, (1, 2), channels=4, attention=attention)
    assert made == [16, 32, 32]


def test_the_plain_twin_has_the_same_layers_and_no_shortcut() -> None:
    options = {"channels": 4, "in_channels": 1, "num_classes": 3, "small_images": True}
    twins = [
        ResNet(BasicBlock, (2, 2), shortcut=kind, generator=generator(), **options).double()
        for kind in ("padding", "none")
    ]
    for a, b in zip(*(twin.state_dict().items() for twin in twins), strict=True):
        assert a[0] == b[0]
        assert torch.equal(a[1], b[1])
    x = images(2, 1, 8, 8)
    assert not torch.allclose(twins[0](x), twins[1](x))


def test_learns() -> None:
    options = {"channels": 4, "in_channels": 1, "num_classes": 2, "small_images": True}
    net = ResNet(BasicBlock, (1, 1), generator=generator(), **options)
    x, y = images(16, 1, 8, 8).float(), torch.arange(16) % 2
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(40):
        optimizer.zero_grad()
        loss = functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1


def test_a_generator_draws_all_weights_and_leaves_the_global_one_alone() -> None:
    before = torch.get_rng_state()
    nets = [resnet.resnet18(num_classes=3, channels=4, generator=generator(5)) for _ in range(2)]
    assert torch.equal(before, torch.get_rng_state())
    for a, b in zip(*(net.parameters() for net in nets), strict=True):
        assert torch.equal(a, b)


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_by_name() -> None:
    for depths in ((), (2, 0)):
        with pytest.raises(ValueError, match=r"^depths must be one block or more for each stage"):
            ResNet(BasicBlock, depths)
    for name in ("channels", "in_channels", "num_classes"):
        with pytest.raises(ValueError, match=rf"^{name} must be at least 1, not 0"):
            ResNet(BasicBlock, (1,), **{name: 0})
    with pytest.raises(ValueError, match=r"^shortcut must be one of"):
        ResNet(BasicBlock, (1,), shortcut="highway")
    with pytest.raises(ValueError, match=r"^shortcut must not be 'padding' if zero_init is True"):
        ResNet(BasicBlock, (1, 1), shortcut="padding", zero_init=True)
    net = ResNet(BasicBlock, (1,), channels=4)
    for shape in ((3, 8, 8), (1, 1, 8, 8)):
        with pytest.raises(ValueError, match=r"^x must be images, \(batch, 3, height, width\)"):
            net(torch.zeros(shape))


@pytest.mark.parametrize("depth", COUNTS)
def test_every_depth_passes_its_options_on(depth) -> None:
    with torch.device("meta"):
        network = getattr(resnet, f"resnet{depth}")(num_classes=3, channels=4)
    assert network.fc.out_features == 3


def test_no_branch_begins_as_zero_unless_asked() -> None:
    network = ResNet(BasicBlock, (1,), channels=4)
    assert all(p.any() for n, p in network.named_parameters() if n.endswith("weight"))
