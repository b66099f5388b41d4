"""The facts of the paper: their number, examples by hand, and two families of one shape."""

from collections import Counter

import pytest

from linebyline.data.family_trees import FEMALE, ITALIAN, MALE, Fact, family_trees

TREES = family_trees()
ANSWERS = {(person, relation): answers for person, relation, answers in TREES.facts}


def test_as_many_people_relations_and_facts_as_in_the_paper():
    assert (len(TREES.people), len(TREES.relations), len(TREES.facts)) == (24, 12, 104)
    assert len(ANSWERS) == 104  # each question once
    assert sum(len(fact.answers) for fact in TREES.facts) == 112  # some have two answers


@pytest.mark.parametrize(
    ("person", "relation", "answers"),
    [
        ("Colin", "aunt", ("Jennifer", "Margaret")),
        ("Colin", "uncle", ("Arthur", "Charles")),
        ("Charlotte", "mother", ("Victoria",)),
        ("Charlotte", "brother", ("Colin",)),
        ("Penelope", "daughter", ("Victoria",)),
        ("Arthur", "wife", ("Margaret",)),
        ("Margaret", "niece", ("Charlotte",)),
        ("Charles", "nephew", ("Colin",)),
        ("Alfonso", "aunt", ("Angela", "Gina")),
        ("Sophia", "father", ("Marco",)),
    ],
)
def test_by_hand(person, relation, answers):
    assert ANSWERS[person, relation] == answers


@pytest.mark.parametrize(
    ("person", "relation"),
    [("Colin", "wife"), ("Colin", "sister-in-law"), ("Margaret", "father"), ("James", "nephew")],
)
def test_what_is_not_so_is_no_fact(person, relation):
    assert (person, relation) not in ANSWERS


def test_the_families_have_one_shape_and_nobody_in_common():
    english, italian = TREES.facts[:52], TREES.facts[52:]
    for fact, other in zip(english, italian, strict=True):
        moved = Fact(ITALIAN[fact.person], fact.relation, tuple(map(ITALIAN.get, fact.answers)))
        assert moved == other
    assert TREES.italian == tuple(name in ITALIAN.values() for name in TREES.people)


def test_relations_hold_both_ways():
    for person, relation, answers in TREES.facts:
        back = {"husband": "wife", "wife": "husband"}.get(relation)
        if back:
            assert ANSWERS[answers[0], back] == (person,)
        if relation in ("son", "daughter"):
            assert all({"father", "mother"} & set_of(answer, person) for answer in answers)
        if relation in ("nephew", "niece"):
            assert all({"uncle", "aunt"} & set_of(answer, person) for answer in answers)


def set_of(person, other):
    """As what this person has the other."""
    return {
        relation
        for (who, relation), answers in ANSWERS.items()
        if who == person and other in answers
    }


def test_nobody_is_both_a_man_and_a_woman():
    men = {answer for fact in TREES.facts if fact.relation in MALE for answer in fact.answers}
    women = {answer for fact in TREES.facts if fact.relation in FEMALE for answer in fact.answers}
    assert not men & women
    assert len(men) == len(women) == 12


def test_three_generations():
    generation = dict(zip(TREES.people, TREES.generations, strict=True))
    assert Counter(TREES.generations) == {1: 8, 2: 12, 3: 4}
    assert [generation[name] for name in ("Penelope", "Charles", "Margaret", "Sophia")] == [
        1,
        2,
        2,
        3,
    ]
    for person, relation, answers in TREES.facts:
        step = {"father": -1, "mother": -1, "uncle": -1, "aunt": -1}.get(relation, 0)
        step = {"son": 1, "daughter": 1, "nephew": 1, "niece": 1}.get(relation, step)
        assert all(generation[answer] == generation[person] + step for answer in answers)
