"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

REPLACED = {
    # What a critic cannot see is about damage: do none.
    "return x.unflatten(-1, (-1, columns)).flip(-1).flatten(-2)": "return x",
    # That a fade spares the old layers is about alpha: let it be 1 from the first round.
    "enter(at_seven(), [k / 8 for k in range(1, 9)])": "enter(at_seven(), [1.0] * 8)",
    # Equal shares are about weights of size 1: take He's.
    "equal, _ = first_shares(equalized=True)": "equal, _ = first_shares(equalized=False)",
    # More modes are about the spread: hide it.
    "sides = study.ring_game(place, seed)": 'sides = study.ring_game("nowhere", seed)',
    # Who ends ahead is about the end: look at growing when it has just come to full size.
    '"grown_1": grown[0]["distance"][-1]': '"grown_1": grown[0]["distance"][-3]',
    # The factor is about the work until a distance is reached: let it be reached in a third.
    'return row["cost"][k - 1] + part * (row["cost"][k] - row["cost"][k - 1])': (
        'return row["cost"][k] / 3'
    ),
}


@pytest.mark.timeout(600)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=REPLACED) == {
        "progressive-gan-blind": False,
        "progressive-gan-fade": False,
        "progressive-gan-equalized": False,
        "progressive-gan-spread": False,
        "progressive-gan-ahead": False,
        "progressive-gan-faster": True,
    }
