"""The pipeline augments in training only, and what stands in the test set cannot reach it."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from linebyline.data.augmentations import RandomAffine, RandomErase
from linebyline.data.examples import Examples, TrainTest
from linebyline.data.pipeline import Pipeline
from linebyline.training.loop import fit

AUGMENT = [RandomAffine(shift=1), RandomErase(2)]


def data(seed: int = 0, count: int = 60) -> TrainTest:
    generator = torch.Generator().manual_seed(seed)
    bytes_ = torch.randint(256, (count + 20, 3, 6, 6), generator=generator, dtype=torch.uint8)
    labels = torch.randint(2, (count + 20,), generator=generator)
    parts = ((bytes_[:count], labels[:count]), (bytes_[count:], labels[count:]))
    return TrainTest(*(Examples(*part) for part in parts))


def test_scales_bytes_and_standardizes_by_the_training_figures() -> None:
    train, test = data()
    pipeline = Pipeline(data(), over=(0, 2, 3)).eval()
    numbers = train.inputs.double() / 255
    std, mean = torch.std_mean(numbers, (0, 2, 3), correction=0, keepdim=True)
    reference = (test.inputs.double() / 255 - mean) / std
    torch.testing.assert_close(pipeline(test.inputs).double(), reference, rtol=1e-5, atol=1e-5)
    in_numbers = TrainTest(*(Examples(part.inputs / 255, part.targets) for part in data()))
    assert torch.equal(
        Pipeline(in_numbers, over=(0, 2, 3)).eval()(in_numbers.test.inputs), pipeline(test.inputs)
    )


def test_bytes_become_numbers_of_the_default_type() -> None:
    torch.set_default_dtype(torch.float64)
    try:
        numbers = Pipeline(data()).eval()(data().test.inputs)
    finally:
        torch.set_default_dtype(torch.float32)
    assert numbers.dtype == torch.float64


def test_the_test_set_cannot_reach_the_figures() -> None:
    train, test = data()
    spoilt = TrainTest(train, Examples(torch.full_like(test.inputs, 255), test.targets))
    pipeline, other = Pipeline(data(), AUGMENT), Pipeline(spoilt, AUGMENT)
    for name, value in pipeline.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name
    before = copy.deepcopy(pipeline.state_dict())
    pipeline.eval()(spoilt.test.inputs)
    for name, value in pipeline.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_in_evaluation_an_example_is_alone() -> None:
    pipeline, x = Pipeline(data(), AUGMENT).eval(), data().test.inputs
    alone = torch.cat([pipeline(x[i : i + 1]) for i in range(len(x))])
    assert torch.equal(pipeline(x), alone)


def test_augments_in_training_only() -> None:
    plain, pipeline = Pipeline(data()), Pipeline(data(), AUGMENT)
    x = data().train.inputs
    assert torch.equal(plain(x), plain.eval()(x))
    first, second = pipeline(x), pipeline(x)
    assert not torch.equal(first, second)
    assert torch.equal(pipeline.eval()(x), plain(x))
    changed = AUGMENT[1](AUGMENT[0](x / 255, source := torch.Generator().manual_seed(0)), source)
    assert torch.equal(first, pipeline.standardize(changed))  # after the scale, before the mean


def test_repeatable_resumable_and_the_global_generator_left_alone() -> None:
    before, x = torch.get_rng_state(), data().train.inputs
    first, second = (Pipeline(data(), AUGMENT, seed=3) for _ in range(2))
    assert torch.equal(first(x), second(x))
    resumed = Pipeline(data(1), AUGMENT)
    resumed.load_state_dict(first.state_dict())
    assert torch.equal(resumed(x), second(x))
    assert not torch.equal(
        Pipeline(data(), AUGMENT, seed=4)(x), Pipeline(data(), AUGMENT, seed=3)(x)
    )
    assert torch.equal(Pipeline(data(), AUGMENT)(x), Pipeline(data(), AUGMENT, seed=0)(x))
    assert torch.equal(before, torch.get_rng_state())


def run(model: nn.Module, *epochs: int) -> list[float]:
    optimizer, losses, history = torch.optim.SGD(model.parameters(), lr=0.1), [], None
    for number in epochs:
        history = fit(
            model,
            cross_entropy,
            optimizer,
            data(),
            epochs=number,
            batch_size=16,
            history=history,
            device="cpu",
        )
        losses = history.step_loss
    return losses


def network(augment=AUGMENT) -> nn.Sequential:
    linear = nn.Linear(108, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.linspace(-0.1, 0.1, 216).view(2, 108))
        linear.bias.zero_()
    return nn.Sequential(Pipeline(data(), augment), nn.Flatten(), linear)


def test_works_at_the_front_of_a_model_given_to_fit() -> None:
    once, again = run(network(), 4), run(network(), 2, 2)
    assert once == again  # two calls of two epochs are one of four, draws and all
    assert once != run(network([]), 4)


def test_overfits_without_augmentation() -> None:
    model = network([])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    history = fit(model, cross_entropy, optimizer, data().train, epochs=60, device="cpu")
    assert history.train_loss[-1] < 0.05


def test_gradient() -> None:
    numbers = TrainTest(*(Examples(part.inputs.double() / 255, part.targets) for part in data()))

    def forward(x: Tensor) -> Tensor:
        return Pipeline(numbers, AUGMENT)(x)

    assert torch.autograd.gradcheck(forward, numbers.test.inputs[:2].requires_grad_())


@pytest.mark.parametrize("given", [data().train, data().train.inputs, tuple(data())])
def test_refuses_what_is_not_split(given, without_shape_checks) -> None:
    with pytest.raises(
        TypeError, match=r"data must be TrainTest\(train, test\), so that it is known"
    ):
        Pipeline(given)


def test_refuses_whole_numbers_that_are_no_bytes() -> None:
    with pytest.raises(ValueError, match=r"inputs must be bytes .* not torch\.int64"):
        Pipeline.scale(torch.zeros(2, 3, dtype=torch.long))


def test_prints_its_augmentations() -> None:
    assert "RandomErase(size=2, share=1.0)" in repr(Pipeline(data(), AUGMENT))
