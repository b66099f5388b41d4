"""Two families of the same shape: who is whose uncle, as facts to be learned."""

from typing import NamedTuple

COUPLES = (
    ("Christopher", "Penelope"),
    ("Andrew", "Christine"),
    ("Arthur", "Margaret"),
    ("James", "Victoria"),
    ("Charles", "Jennifer"),
)
"""The English couples, the husband first."""

CHILDREN = {
    "Arthur": "Christopher",
    "Victoria": "Christopher",
    "James": "Andrew",
    "Jennifer": "Andrew",
    "Colin": "James",
    "Charlotte": "James",
}
"""Each child of the English family, and its father."""

ITALIAN = {
    "Christopher": "Roberto",
    "Penelope": "Maria",
    "Andrew": "Pierro",
    "Christine": "Francesca",
    "Margaret": "Gina",
    "Arthur": "Emilio",
    "Victoria": "Lucia",
    "James": "Marco",
    "Jennifer": "Angela",
    "Charles": "Tomaso",
    "Colin": "Alfonso",
    "Charlotte": "Sophia",
}
"""Who stands at the same place in the Italian family."""

MALE = ("father", "husband", "son", "uncle", "brother", "nephew")
FEMALE = ("mother", "wife", "daughter", "aunt", "sister", "niece")
"""The relations, each beside its counterpart."""


class Fact(NamedTuple):
    """A person, a relation, and everyone who stands in it to the person."""

    person: str
    relation: str
    answers: tuple[str, ...]


class FamilyTrees(NamedTuple):
    """The names of people and relations, and all facts; the English come first."""

    people: tuple[str, ...]
    relations: tuple[str, ...]
    facts: tuple[Fact, ...]
    italian: tuple[bool, ...]
    generations: tuple[int, ...]


def family_trees() -> FamilyTrees:
    """The kinship task of Hinton 1986, *Learning distributed representations of concepts*, on which
    Rumelhart, Hinton & Williams 1986 show what hidden units come to represent.

    24 people, 12 in each family, and 12 relations. The facts are derived from marriages and
    children; an uncle's wife is an aunt, and a spouse's brother's son a nephew.

    Returns:
        104 facts, 52 of each family in the same order; for each person whether he or she is of
        the Italian family, and the generation: 1 for grandparents, 3 for grandchildren.
    """
    english = tuple(ITALIAN)
    facts = [
        Fact(person, relation, answers)
        for person in english
        for relation in MALE + FEMALE
        if (answers := _answers(person, relation))
    ]
    moved = [
        Fact(ITALIAN[person], relation, tuple(ITALIAN[answer] for answer in answers))
        for person, relation, answers in facts
    ]
    return FamilyTrees(
        people=(*english, *ITALIAN.values()),
        relations=MALE + FEMALE,
        facts=(*facts, *moved),
        italian=(False,) * 12 + (True,) * 12,
        generations=tuple(_generation(person) for person in english) * 2,
    )


def _answers(person: str, relation: str) -> tuple[str, ...]:
    pairs = {"father": _parents, "husband": _spouse, "son": _children} | {
        "uncle": _parents_siblings,
        "brother": _siblings,
        "nephew": _siblings_children,
    }
    male = relation in MALE
    find = pairs[relation if male else MALE[FEMALE.index(relation)]]
    men = {husband for husband, _ in COUPLES} | {"Colin"}
    return tuple(sorted(each for each in find(person) if (each in men) == male))


def _spouse(person: str) -> list[str]:
    return [other for pair in COUPLES for other in pair if person in pair and other != person]


def _parents(person: str) -> list[str]:
    father = CHILDREN.get(person)
    return [father, *_spouse(father)] if father else []


def _children(person: str) -> list[str]:
    return [child for child in CHILDREN if person in _parents(child)]


def _siblings(person: str) -> list[str]:
    father = CHILDREN.get(person)
    return [child for child in CHILDREN if CHILDREN[child] == father and child != person]


def _parents_siblings(person: str) -> list[str]:
    by_blood = [each for parent in _parents(person) for each in _siblings(parent)]
    return by_blood + [other for each in by_blood for other in _spouse(each)]


def _siblings_children(person: str) -> list[str]:
    siblings = [each for self in (person, *_spouse(person)) for each in _siblings(self)]
    return [child for each in siblings for child in _children(each)]


def _generation(person: str) -> int:
    """One more than the parents', or the spouse's where those are not in the tree."""
    known = [person, *_spouse(person)]
    fathers = [CHILDREN[each] for each in known if each in CHILDREN]
    return 1 + _generation(fathers[0]) if fathers else 1
