import pytest
from scipy.stats import binom

from linebyline.ensembles.voting import majority_right


@pytest.mark.parametrize("voters", [1, 3, 25, 101])
@pytest.mark.parametrize("p", [0.0, 0.3, 0.5, 0.9, 1.0])
def test_the_tail_of_the_binomial(p, voters):
    assert majority_right(p, voters) == pytest.approx(binom.sf(voters // 2, voters, p), abs=1e-9)


def test_three_by_hand():
    assert majority_right(0.6, 3) == pytest.approx(0.6**3 + 3 * 0.6**2 * 0.4)


@pytest.mark.parametrize("voters", [0, 4, -1])
def test_refuses_a_tie(voters):
    with pytest.raises(ValueError, match="it must be odd, so that there is no tie"):
        majority_right(0.5, voters)


@pytest.mark.parametrize("p", [-0.1, 1.1])
def test_refuses_what_is_no_probability(p):
    with pytest.raises(ValueError, match="p is"):
        majority_right(p, 3)
