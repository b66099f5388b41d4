"""What a loop adds to a step that is worth looping over, and what it costs to bring the batches.

`training_step.py` measures `fit` on the smallest steps, where every microsecond shows. Here a step
takes at least 20 ms, as those of real networks do, and the question is what share of it the loop
is: `fit` beside the bare loop that a reader would write, step for step the same, with no record.
The second question is how long it takes to hand over a batch: picked out of tensors that lie where
the network is (`batches`, which `fit` uses), or collected by torch's DataLoader, example by example
as it comes, or with a whole batch to an index, with no worker and with two.

Rounds alternate and the median counts, as in `comparison.py`. Batches are timed on the clock,
because workers spend their time in other processes.

    python benchmarks/training_loop.py [--device cuda] [--repetitions 20]
"""

import statistics
import time
from collections.abc import Callable, Iterator

import torch
from comparison import options, overhead, record
from torch import nn
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset
from training_step import by_fit, by_hand

from linebyline.data.augmentations import RandomAffine
from linebyline.data.examples import Examples, TrainTest
from linebyline.data.pipeline import Pipeline
from linebyline.training.batches import batches

MEASURED = [
    "src/linebyline/training",
    "src/linebyline/data/pipeline.py",
    "src/linebyline/data/augmentations.py",
    "src/linebyline/data/affine.py",
    "benchmarks/training_step.py",
]
WIDTHS = {"cpu": (1024, 512), "cuda": (16384, 16384)}
"""Of the hidden layers, so that a step takes 20 ms or more on either."""
STEP_EXAMPLES, STEPS, EPOCHS = 512, 45, 3
EXAMPLES, BATCH_SIZE = 4096, 64


def data(count: int, device: str = "cpu") -> Examples:
    """Noise of MNIST's size: what is learned does not matter here."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.rand(count, 28, 28, generator=generator)
    targets = torch.randint(10, (count,), generator=generator)
    return Examples(inputs.to(device), targets.to(device))


def model(device: str) -> nn.Module:
    """An MLP whose steps are long."""
    first, second = WIDTHS[device]
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, first),
        nn.ReLU(),
        nn.Linear(first, second),
        nn.ReLU(),
        nn.Linear(second, 10),
    ).to(device)


def ways(device: str) -> dict[str, Callable[[], Iterator[object]]]:
    """Each way to go through all examples once, shuffled, with the batches on the device."""
    here, there = data(EXAMPLES), data(EXAMPLES, device)
    generator = torch.Generator().manual_seed(0)
    one_by_one = TensorDataset(*here)

    def loaded(loader: DataLoader) -> Callable[[], Iterator[object]]:
        return lambda: ([part.to(device) for part in batch] for batch in loader)

    def collected(workers: int) -> DataLoader:
        return DataLoader(
            one_by_one,
            batch_size=BATCH_SIZE,
            shuffle=True,
            num_workers=workers,
            persistent_workers=workers > 0,
        )

    at_once = DataLoader(
        one_by_one,
        sampler=BatchSampler(RandomSampler(one_by_one), BATCH_SIZE, drop_last=False),
        batch_size=None,  # the sampler's lists go to the data as they are
    )
    pipeline = Pipeline(TrainTest(there, there), [RandomAffine(shift=2, turn=10, zoom=0.1)])

    def augmented() -> Iterator[object]:
        return (pipeline(x) for x, _ in batches(there, BATCH_SIZE, generator=generator))

    return {
        "tensors on the device": lambda: batches(there, BATCH_SIZE, generator=generator),
        "tensors on the device, augmented": augmented,
        "DataLoader, a batch at an index": loaded(at_once),
        "DataLoader, no worker": loaded(collected(0)),
        "DataLoader, two workers": loaded(collected(2)),
    }


def milliseconds(way: Callable[[], Iterator[object]], device: str) -> float:
    """How long a batch takes, on average over a pass through the data."""
    start = time.perf_counter()
    count = sum(1 for _ in way())
    if device == "cuda":
        torch.cuda.synchronize()
    return 1000 * (time.perf_counter() - start) / count


def compare_ways(device: str, repetitions: int) -> dict[str, dict[str, float]]:
    """All ways in turn, again and again."""
    routes = ways(device)
    times: dict[str, list[float]] = {name: [] for name in routes}
    for repetition in range(repetitions + 1):
        for name, way in routes.items():
            duration = milliseconds(way, device)
            if repetition:  # workers are started and memory is taken the first time
                times[name].append(duration)
    fastest = statistics.median(times["tensors on the device"])
    return {
        name: {
            "ms_a_batch": round(statistics.median(row), 3),
            "times_as_long": round(statistics.median(row) / fastest, 1),
        }
        for name, row in times.items()
    }


def main() -> None:
    """Run all comparisons, print them, and write them beside the others."""
    asked = options(__doc__, repetitions=20)
    device, times = asked.device, {"epochs": EPOCHS, "batch_size": STEP_EXAMPLES}
    examples = data(STEP_EXAMPLES * STEPS // EPOCHS, device)
    ours = by_fit(model(device), examples, **times)
    theirs = by_hand(model(device), examples, **times, record_losses=False)
    loop = overhead("fit", ours, theirs, STEPS, asked)
    routes = compare_ways(device, asked.repetitions)
    for name, row in routes.items():
        print(f"{row['ms_a_batch']:6.3f} ms a batch, {row['times_as_long']:6.1f}  {name}")
    figures = {
        "loop": {
            "setting": f"MLP 784-{'-'.join(map(str, WIDTHS[device]))}-10, {STEP_EXAMPLES} examples "
            f"a step, {STEPS} steps a call",
            **loop,
        },
        "batches": {"setting": f"{EXAMPLES} images of 28 x 28, {BATCH_SIZE} a batch", **routes},
    }
    record(__file__, asked, MEASURED, figures)


if __name__ == "__main__":
    main()
