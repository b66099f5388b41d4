"""Published weights land where they belong, or nothing changes and the message says why."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.torch_version import TorchVersion

from linebyline.vision.alexnet import AlexNet
from linebyline.vision.published import load_published
from linebyline.vision.resnet import BasicBlock, Bottleneck, ResNet
from linebyline.vision.vgg import VGG

State = dict[str, Tensor]
FORMATS = pytest.mark.parametrize("name", ["weights.pth", "weights.pt", "weights.safetensors"])


def small(num_classes: int = 3, seed: int = 0) -> VGG:
    generator = torch.Generator().manual_seed(seed)
    sizes = {"channels": (2, 3), "hidden_size": 4, "pooled_size": 1, "num_classes": num_classes}
    return VGG((1, 1), batch_norm=True, **sizes, generator=generator)


def published(seed: int = 1, num_classes: int = 3) -> State:
    """A trained model's state: running averages and counts are not what a new model has."""
    model = small(num_classes, seed)
    for _ in range(2):
        model(torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(seed)))
    return dict(model.state_dict())


def write(state: object, path: Path) -> Path:
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)
    return path


def copied(model: nn.Module) -> State:
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(one: State, other: State) -> bool:
    return list(one) == list(other) and all(torch.equal(one[name], other[name]) for name in one)


def refused(model: nn.Module, path: Path, message: str, **options: str) -> None:
    """The file is refused with this message, and the model stays as it was."""
    before = copied(model)
    with pytest.raises(ValueError, match=message):
        load_published(model, path, **options)
    assert same(copied(model), before)


@FORMATS
def test_a_model_gets_the_file_s_weights(name: str, tmp_path: Path) -> None:
    state = published()
    path = write(state, tmp_path / name)
    model = small()
    assert not same(copied(model), state)
    assert load_published(model, str(path)) == []
    assert same(copied(model), state)
    assert model.features[1].num_batches_tracked == 2
    assert all(p.requires_grad and p.is_leaf for p in model.parameters())


def test_the_order_in_the_file_does_not_matter(tmp_path: Path) -> None:
    state = published()
    path = write(OrderedDict(reversed(state.items())), tmp_path / "a.pth")
    model = small()
    load_published(model, path)
    assert same(copied(model), state)


def test_reads_the_old_format_and_parameters(tmp_path: Path) -> None:
    state = {name: nn.Parameter(v, v.is_floating_point()) for name, v in published().items()}
    torch.save(state, tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    model = small()
    load_published(model, tmp_path / "a.pth")
    assert same(copied(model), published())


@FORMATS
@pytest.mark.parametrize("stored", [torch.float16, torch.float64])
@pytest.mark.parametrize("wanted", [torch.float32, torch.float64])
def test_the_model_keeps_its_dtype(
    name: str, stored: torch.dtype, wanted: torch.dtype, tmp_path: Path
) -> None:
    state = {
        key: value.to(stored) if value.is_floating_point() else value
        for key, value in published().items()
    }
    model = small().to(wanted)
    load_published(model, write(state, tmp_path / name))
    for key, value in model.state_dict().items():
        assert value.dtype == (wanted if value.is_floating_point() else torch.int64)
        assert torch.equal(value, state[key].to(value.dtype))


@FORMATS
def test_another_number_of_classes_keeps_its_last_layer(name: str, tmp_path: Path) -> None:
    state, model = published(), small(num_classes=5)
    path = write(state, tmp_path / name)
    before = copied(model)
    kept = load_published(model, path, leave_out="classifier.6")
    assert kept == ["classifier.6.weight", "classifier.6.bias"]
    for key, value in model.state_dict().items():
        assert torch.equal(value, (before if key in kept else state)[key])


def test_the_part_that_is_left_out_may_be_missing_in_the_file(tmp_path: Path) -> None:
    state = {name: v for name, v in published().items() if not name.startswith("classifier.6")}
    path = write(state, tmp_path / "a.pth")
    refused(small(), path, "lacks 'classifier.6.weight'$")
    assert len(load_published(small(), path, leave_out="classifier.6")) == 2


def test_what_is_left_out_is_a_part_and_not_the_beginning_of_a_name(tmp_path: Path) -> None:
    path = write(published(), tmp_path / "a.pth")
    message = "leave_out must name a part of the model .* such as 'classifier.6', not 'class'"
    refused(small(), path, message, leave_out="class")
    model = nn.ModuleDict({"fc": nn.Linear(1, 1), "fc2": nn.Linear(1, 1)})
    state = {name: torch.zeros_like(value) for name, value in model.state_dict().items()}
    kept = load_published(model, write(state, tmp_path / "b.pth"), leave_out="fc")
    assert kept == ["fc.weight", "fc.bias"]
    path = write(state, tmp_path / "c.pth")
    assert load_published(model, path, leave_out="fc.bias") == ["fc.bias"]  # one tensor


def test_files_of_2017_have_no_counts(tmp_path: Path) -> None:
    state = {name: v for name, v in published().items() if "num_batches" not in name}
    model = small()
    kept = load_published(model, write(state, tmp_path / "a.pth"))
    assert kept == ["features.1.num_batches_tracked", "features.5.num_batches_tracked"]
    assert model.features[1].num_batches_tracked == 0
    both = load_published(model, tmp_path / "a.pth", leave_out="classifier.6")
    assert both == [*kept, "classifier.6.weight", "classifier.6.bias"]  # in the model's order
    assert torch.equal(model.features[1].running_mean, state["features.1.running_mean"])


@FORMATS
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("classifier.0.bias"), "lacks 'classifier.0.bias'$"),
        (lambda s: s.pop("features.1.running_var"), "lacks 'features.1.running_var'$"),
        (lambda s: s.update(extra=torch.ones(2)), "has 'extra', which the model lacks"),
        (
            lambda s: s.update({"head.bias": s.pop("classifier.6.bias")}),
            "lacks 'classifier.6.bias', and has 'head.bias', which the model lacks",
        ),
        (
            lambda s: s.update({"features.0.weight": torch.ones(2, 3, 5, 5)}),
            r"'features.0.weight' is \(2, 3, 5, 5\) in .* and \(2, 3, 3, 3\) in the model",
        ),
        (
            lambda s: s.update({"features.0.bias": torch.ones(1)}),  # would broadcast
            r"'features.0.bias' is \(1,\) in .* and \(2,\) in the model",
        ),
        (
            lambda s: s.update({"features.0.bias": torch.ones(2, dtype=torch.int8)}),
            r"'features.0.bias' is \(2,\) of torch.int8 in .* and \(2,\) in the model",
        ),
    ],
)
def test_refuses_another_model_s_file(
    name: str, change: Callable[[State], object], message: str, tmp_path: Path
) -> None:
    state = published()
    change(state)
    refused(small(), write(state, tmp_path / name), message)


def test_the_first_difference_is_named(tmp_path: Path) -> None:
    state = published(num_classes=7)
    del state["features.4.weight"]
    refused(small(), write(state, tmp_path / "a.pth"), "lacks 'features.4.weight'$")
    path = write(published(num_classes=7), tmp_path / "b.pth")
    refused(
        small(), path, r"'classifier.6.weight' is \(7, 4\).*leave_out='classifier.6' would keep"
    )


def test_refuses_a_sparse_weight(tmp_path: Path) -> None:
    state = published()
    state["classifier.0.weight"] = state["classifier.0.weight"].to_sparse()
    path = write(state, tmp_path / "a.pth")
    refused(small(), path, r"'classifier.0.weight' is \(4, 3\), torch.sparse_coo in")


@pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_refuses_a_truncated_file(name: str, share: float, tmp_path: Path) -> None:
    path = write(published(), tmp_path / name)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * (len(content) - 1))])
    refused(small(), path, f"path must be a whole .* but .*{name} is truncated or none: .")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.5, 0.9, 1.0])
def test_refuses_a_truncated_file_of_the_old_format(share: float, tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save(published(), path, _use_new_zipfile_serialization=False)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * (len(content) - 1))])
    refused(small(), path, r"path must be a whole .* but .*a\.pth is truncated or none: .")
    if share == 1.0:  # only the last number is cut
        refused(small(), path, r"none: unexpected EOF, expected 1 more bytes")


class Program:
    """What is unpickled by a call of a function."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("planted",)


@pytest.mark.parametrize("zipped", [True, False])
def test_runs_no_code(zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"a": Program()}, "a.pth", _use_new_zipfile_serialization=zipped)
    refused(small(), Path("a.pth"), r"must hold tensors and nothing else, but of a.pth .*\.mkdir")
    assert not Path("planted").exists()
    torch.load("a.pth", weights_only=False)  # the file is as bad as it is meant to be
    assert Path("planted").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"epoch": 3, "state_dict": {}}, "has a int under 'epoch'"),
        ([torch.ones(2)], "must hold tensors by name, but .* holds a <class 'list'>"),
        (nn.Linear(1, 1), "must hold tensors and nothing else"),
    ],
)
def test_refuses_what_is_no_state(content: object, message: str, tmp_path: Path) -> None:
    refused(small(), write(content, tmp_path / "a.pth"), message)


def test_refuses_a_page_that_was_downloaded_instead(tmp_path: Path) -> None:
    for name in ("a.pth", "a.safetensors"):
        (tmp_path / name).write_text("<html>not found</html>" * 100)
        refused(small(), tmp_path / name, "path must")


def test_refuses_other_endings(tmp_path: Path) -> None:
    (tmp_path / "a.h5").touch()
    refused(small(), tmp_path / "a.h5", r"path must end in .safetensors, .pth or .pt, not a.h5")


@pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
def test_says_that_there_is_no_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="path must be a file, but there is none at"):
        load_published(small(), tmp_path / name)


@FORMATS
def test_compares_the_checksum(name: str, tmp_path: Path) -> None:
    path = write(published(), tmp_path / name)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    for right in (digest, digest[:8], digest[:8].upper()):
        model = small()
        load_published(model, path, checksum=right)
        assert same(copied(model), published())
    wrong = digest[:7] + ("0" if digest[7] != "0" else "1")
    refused(small(), path, f"SHA-256 begins with {wrong}, .* with {digest[:8]}:", checksum=wrong)
    refused(small(), path, f"begins with 0000.* of .* begins with {digest}:", checksum="0" * 64)
    named = path.rename(tmp_path / f"vgg-tiny-{digest[:8]}{path.suffix}")
    load_published(small(), named, checksum="name")
    misnamed = named.rename(tmp_path / f"vgg-{wrong}{path.suffix}")
    refused(small(), misnamed, f"SHA-256 begins with {wrong}", checksum="name")


@pytest.mark.parametrize("checksum", ["1234567", "xyzxyzxyz", "", "0" * 65])
def test_refuses_what_is_no_checksum(checksum: str, tmp_path: Path) -> None:
    path = write(published(), tmp_path / "a.pth")
    refused(small(), path, f"checksum must be the first 8 .* not '{checksum}'$", checksum=checksum)
    refused(small(), path, "checksum must be the first 8 .* not 'name' for a.pth", checksum="name")


def test_an_old_pytorch_is_given_no_pickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__version__", TorchVersion("2.5.1"))
    refused(small(), write(published(), tmp_path / "a.pth"), "must be a .safetensors file, for Py")
    load_published(small(), write(published(), tmp_path / "a.safetensors"))


def test_refuses_a_model_without_memory(tmp_path: Path) -> None:
    path = write(published(), tmp_path / "a.pth")
    for part in ("", "classifier.6"):
        model = small()
        model.get_submodule(part).to("meta")
        with pytest.raises(ValueError, match="is on the meta device"):
            load_published(model, path)


def test_alexnet_of_one_form_refuses_the_other(tmp_path: Path) -> None:
    sizes = {"num_classes": 2, "channels": (2, 2, 2, 2, 2), "hidden_size": 2}
    path = write(AlexNet(**sizes).state_dict(), tmp_path / "a.pth")
    load_published(AlexNet(**sizes), path)
    refused(AlexNet(**sizes, year=2012), path, "lacks 'features.4.weight', and has 'features.3")


def norm(name: str, channels: int) -> dict[str, tuple[int, ...]]:
    """A normalization's entries."""
    vectors = dict.fromkeys(("weight", "bias", "running_mean", "running_var"), (channels,))
    return {
        f"{name}.{key}": shape for key, shape in (vectors | {"num_batches_tracked": ()}).items()
    }


def resnet_layout(bottleneck: bool, depths: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """The published layout of residual networks, by table 1 of He et al. 2016."""
    layout = {"conv1.weight": (64, 3, 7, 7), **norm("bn1", 64)}
    seen = 64
    for stage, depth in enumerate(depths, start=1):
        width = {1: 64, 2: 128, 3: 256, 4: 512}[stage]
        output = 4 * width if bottleneck else width
        for block in range(depth):
            at = f"layer{stage}.{block}"
            if bottleneck:
                kernels = [(width, seen, 1, 1), (width, width, 3, 3), (output, width, 1, 1)]
            else:
                kernels = [(width, seen, 3, 3), (width, width, 3, 3)]
            for number, kernel in enumerate(kernels, start=1):
                layout[f"{at}.conv{number}.weight"] = kernel
                layout |= norm(f"{at}.bn{number}", kernel[0])
            if seen != output:  # the shortcut, too, must change the channels
                layout[f"{at}.downsample.0.weight"] = (output, seen, 1, 1)
                layout |= norm(f"{at}.downsample.1", output)
            seen = output
    return {**layout, "fc.weight": (1000, seen), "fc.bias": (1000,)}


@pytest.mark.parametrize(
    ("block", "depths", "parameters"),
    [
        (BasicBlock, (2, 2, 2, 2), 11_689_512),
        (BasicBlock, (3, 4, 6, 3), 21_797_672),
        (Bottleneck, (3, 4, 6, 3), 25_557_032),
        (Bottleneck, (3, 4, 23, 3), 44_549_160),
        (Bottleneck, (3, 8, 36, 3), 60_192_808),
    ],
)
def test_resnet_has_the_published_layout(
    block: type, depths: tuple[int, ...], parameters: int
) -> None:
    with torch.device("meta"):
        model = ResNet(block, depths)
    found = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    layout = resnet_layout(block is Bottleneck, depths)
    assert found == layout
    assert list(found) == list(layout)
    assert sum(p.numel() for p in model.parameters()) == parameters


@pytest.mark.parametrize(("block", "halving"), [(BasicBlock, "conv1"), (Bottleneck, "conv2")])
def test_resnet_halves_where_the_published_weights_do(block: type, halving: str) -> None:
    """No shape tells. In bottlenecks the paper halves at the first 1 x 1, these at the 3 x 3."""
    with torch.device("meta"):
        model = ResNet(block, (2, 2, 2, 2))
    strided = [name for name, m in model.named_modules() if getattr(m, "stride", 1) == (2, 2)]
    expected = ["conv1", "maxpool"]
    for stage in (2, 3, 4):
        expected += [f"layer{stage}.0.{halving}", f"layer{stage}.0.downsample.0"]
    assert strided == expected


def test_resnet_loads_what_it_would_download(tmp_path: Path) -> None:
    sizes = {"channels": 2, "generator": torch.Generator().manual_seed(0)}
    trained = ResNet(Bottleneck, (1, 2), **sizes)
    trained(torch.randn(4, 3, 32, 32))
    path = write(trained.state_dict(), tmp_path / "resnet-tiny.pth")
    model = ResNet(Bottleneck, (1, 2), **sizes)
    load_published(model, path)
    x = torch.randn(2, 3, 32, 32)
    assert torch.equal(model.eval()(x), trained.eval()(x))
    other = ResNet(Bottleneck, (1, 2), num_classes=5, **sizes)
    assert load_published(other, path, leave_out="fc") == ["fc.weight", "fc.bias"]
    refused(other, path, r"'fc.weight' is \(1000, 16\) in .* and \(5, 16\) .* leave_out='fc'")
