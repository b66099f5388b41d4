"""The same program in one process and in two: the same losses and weights."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from linebyline.data.digits import digits
from linebyline.training import train_digits
from linebyline.training.history import History
from linebyline.training.metrics import accuracy
from linebyline.training.train_digits import main, parser

OPTIONS = ["--epochs", "2", "--batch-size", "50", "--hidden", "16", "--device", "cpu"]


def test_one_process_and_two_are_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1,347 examples in batches of 50 leave 47, which two processes share unevenly."""
    main([*OPTIONS, "--out", str(tmp_path / "one")])
    assert capsys.readouterr().out.startswith("1 process(es): History(2 epochs, 54 steps: ")
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "-m"]
    command += ["linebyline.training.train_digits", *OPTIONS, "--accumulation", "2"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "two")],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 process(es): History(2 epochs, 54 steps: ")
    assert done.stdout.count("\n") == 1  # the first process speaks for both
    one, two = (json.loads((tmp_path / n / "history.json").read_text()) for n in ("one", "two"))
    assert one["epoch_ends"] == two["epoch_ends"] == [27, 54]
    for key in ("step_loss", "train_loss", "test_loss"):
        assert two[key] == pytest.approx(one[key], rel=1e-4), key
    for key in ("train_metrics", "test_metrics"):
        assert two[key]["accuracy"] == pytest.approx(one[key]["accuracy"], abs=1e-3)
    weights = [load_file(tmp_path / name / "weights.safetensors") for name in ("one", "two")]
    torch.testing.assert_close(weights[1], weights[0], rtol=1e-3, atol=1e-4)


def test_learns(tmp_path: Path) -> None:
    main(["--device", "cpu", "--out", str(tmp_path)])
    history = json.loads((tmp_path / "history.json").read_text())
    assert history["test_metrics"]["accuracy"][-1] > 0.9


def test_every_option_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def noted(model: Any, loss: Any, optimizer: Any, data: Any, **options: Any) -> History:
        seen.update(options, model=model, rate=optimizer.defaults["lr"], data=data)
        return History()

    monkeypatch.setattr(train_digits, "fit", noted)
    monkeypatch.setattr(torch, "compile", lambda model: ("compiled", model))
    words = "--epochs 7 --batch-size 8 --accumulation 2 --hidden 3 --rate 0.5 --device mps"
    rest = "--precision 64-true --compile --seed 4"
    before = torch.get_rng_state()
    model, _ = train_digits.train(parser().parse_args([*words.split(), *rest.split()]))
    assert torch.equal(before, torch.get_rng_state())
    data = seen.pop("data")
    assert seen == {
        "model": ("compiled", model),
        "rate": 0.5,
        "epochs": 7,
        "batch_size": 8,
        "accumulation": 2,
        "device": "mps",
        "precision": "64-true",
        "seed": 4,
        "metrics": {"accuracy": accuracy},
    }
    assert model[0].out_features == model[2].in_features == 3
    assert torch.equal(data.train.targets, digits(seed=4)[0].targets)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        assert torch.equal(model[0].weight, torch.nn.Linear(64, 3).weight)


def test_refuses_an_unknown_precision(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["--precision", "8-bit"])
    assert "--precision: invalid choice: '8-bit'" in capsys.readouterr().err
