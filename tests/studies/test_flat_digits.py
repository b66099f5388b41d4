import torch

from linebyline.data.mnist import mnist_5k
from linebyline.studies.digit_judge import digits
from linebyline.studies.flat_digits import flat_digits


def test_each_pixel_is_the_mean_of_four_in_its_place():
    for part, whole in zip(flat_digits(3), mnist_5k(seed=3), strict=True):
        first, last = part.inputs[5, 0], part.inputs[5, -1]
        assert first == whole.inputs[5, :2, :2].mean()
        assert last == whole.inputs[5, -2:, -2:].mean()
        row = whole.inputs.view(-1, 14, 2, 14, 2).mean((2, 4)).flatten(1)
        torch.testing.assert_close(part.inputs, row)
        assert torch.equal(part.targets, whole.targets)


def test_they_are_the_judges():
    """Generators and the judge divide the digits alike."""
    for flat, squares in zip(flat_digits(), digits(14), strict=True):
        assert torch.equal(flat.inputs, squares.inputs.flatten(1))
