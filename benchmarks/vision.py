"""How long a step of ResNet-18 and of VGG-11 takes, beside an independent implementation of each.

Ratios are made as in `comparison.py`. The peer of our ResNet is the one in Hugging Face's
transformers, of the same configuration; the peer of our VGG is written out here of torch's modules.
Weights are copied, and before anything is timed both sides must give the same logits, in training
and in evaluation. `Conv2d` is timed on both its paths beside torch's: what stands around the
kernel, and what the convolution costs when it is written out as a matrix product.

    python benchmarks/vision.py [--device cuda] [--repetitions 41]
"""

import re
from collections.abc import Iterator

import torch
from comparison import Run, compare_all, options, passes, record
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from linebyline.layers.conv2d import Conv2d
from linebyline.vision.resnet import BasicBlock, ResNet
from linebyline.vision.vgg import VGG

LAYERS = ("batch_norm", "conv2d", "dropout", "linear", "pooling", "rectifiers")
NETWORKS = ("residual_blocks", "resnet", "vgg")
MEASURED = [
    *(f"src/linebyline/layers/{name}.py" for name in LAYERS),
    *(f"src/linebyline/vision/{name}.py" for name in NETWORKS),
]
IMAGES = (8, 3, 64, 64)
MAPS = (8, 64, 16, 16)
"""What the 3 x 3 convolution is given that stands alone."""

PASSES = 10
"""Of that convolution in one run."""

HIDDEN = 512
"""Units in VGG's linear layers: with 4,096 they would be most of the time."""

NAMES = {
    r"^conv1": "resnet.embedder.embedder.convolution",
    r"^bn1": "resnet.embedder.embedder.normalization",
    r"^fc": "classifier.1",
    r"^layer(\d)\.(\d)": lambda m: f"resnet.encoder.stages.{int(m[1]) - 1}.layers.{m[2]}",
    r"\.conv(\d)": lambda m: f".layer.{int(m[1]) - 1}.convolution",
    r"\.bn(\d)": lambda m: f".layer.{int(m[1]) - 1}.normalization",
    r"downsample\.0": "shortcut.convolution",
    r"downsample\.1": "shortcut.normalization",
}
"""From the published names to those of transformers."""


def renamed(name: str) -> str:
    """The name in transformers of one of ResNet's entries."""
    for pattern, replacement in NAMES.items():
        name = re.sub(pattern, replacement, name)
    return name


class Logits(nn.Module):
    """A model of transformers that answers with logits alone."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """Logits, out of the record that the model gives."""
        return self.model(x).logits


def resnets() -> tuple[nn.Module, nn.Module]:
    """ResNet-18, ours and that of transformers."""
    from transformers import ResNetConfig, ResNetForImageClassification

    ours = ResNet(BasicBlock, (2, 2, 2, 2))
    ours(images("cpu"))  # in training, so that running averages are no longer 0 and 1
    configuration = ResNetConfig(
        embedding_size=64,
        hidden_sizes=[64, 128, 256, 512],
        depths=[2, 2, 2, 2],
        layer_type="basic",
        num_labels=1000,
    )
    theirs = ResNetForImageClassification(configuration)
    theirs.load_state_dict({renamed(name): value for name, value in ours.state_dict().items()})
    return ours, Logits(theirs)


def vggs() -> tuple[nn.Module, nn.Module]:
    """VGG-11, ours and the same of torch's modules."""
    ours = VGG(11, hidden_size=HIDDEN, pooled_size=2, dropout=0.0)
    parts: list[nn.Module] = []
    seen = 3
    for channels in (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"):
        if isinstance(channels, int):
            parts += [nn.Conv2d(seen, channels, 3, padding=1), nn.ReLU()]
            seen = channels
        else:
            parts.append(nn.MaxPool2d(2))
    parts += [nn.AdaptiveAvgPool2d(2), nn.Flatten()]
    for inputs in (512 * 2 * 2, HIDDEN):
        parts += [nn.Linear(inputs, HIDDEN), nn.ReLU(), nn.Dropout(0.0)]
    theirs = nn.Sequential(*parts, nn.Linear(HIDDEN, 1000))
    values = zip(theirs.state_dict(), ours.state_dict().values(), strict=True)
    theirs.load_state_dict(dict(values))
    return ours, theirs


def images(device: str) -> Tensor:
    """Noise of the size of small images."""
    return torch.randn(IMAGES, generator=torch.Generator().manual_seed(0)).to(device)


def check(ours: nn.Module, theirs: nn.Module, x: Tensor) -> float:
    """Refuse to time what does not do the same; the largest difference of two logits."""
    differences = []
    for training in (True, False):
        with torch.no_grad():
            y_ours, y_theirs = ours.train(training)(x), theirs.train(training)(x)
        torch.testing.assert_close(y_ours, y_theirs, rtol=1e-4, atol=1e-4)
        differences.append((y_ours - y_theirs).abs().max().item())
    return max(differences)


def step(model: nn.Module, x: Tensor) -> Run:
    """One training step: forward, backward, update."""
    y = torch.arange(len(x), device=x.device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)

    def run() -> None:
        model.train()
        optimizer.zero_grad()
        cross_entropy(model(x), y).backward()
        optimizer.step()

    return run


def inference(model: nn.Module, x: Tensor) -> Run:
    """One batch in evaluation."""

    def run() -> None:
        model.eval()
        with torch.inference_mode():
            model(x)

    return run


def pairs(device: str) -> Iterator[tuple[str, Run, Run]]:
    """What is compared: a name, ours, the peer's."""
    x = images(device)
    for name, make in (("ResNet-18", resnets), ("VGG-11", vggs)):
        torch.manual_seed(0)
        ours, theirs = (model.to(device) for model in make())
        print(f"{name}: logits differ by {check(ours, theirs, x):.1e} at most")
        yield f"{name}, inference", inference(ours, x), inference(theirs, x)
        yield f"{name}, training step", step(ours, x), step(theirs, x)
    conv = Conv2d(MAPS[1], MAPS[1], 3, padding=1).to(device)
    theirs = nn.Conv2d(MAPS[1], MAPS[1], 3, padding=1).to(device)
    fused = passes(theirs, MAPS, device, PASSES)
    yield "Conv2d, forward", passes(conv, MAPS, device, PASSES), fused
    yield "Conv2d, explicit", passes(conv.explicit, MAPS, device, PASSES), fused


def main() -> None:
    """Run all comparisons, print them, and write them beside the others."""
    asked = options(__doc__, repetitions=41)
    figures = {
        "setting": (
            f"images {IMAGES}, float32; ResNet-18 beside transformers, VGG-11 with {HIDDEN} hidden "
            f"units beside torch's modules; Conv2d 3 x 3 on {MAPS}, {PASSES} passes"
        ),
        "ratio": "the peer's time (torch_ms) divided by ours",
        "results": compare_all(pairs(asked.device), asked),
    }
    record(__file__, asked, MEASURED, figures)


if __name__ == "__main__":
    main()
