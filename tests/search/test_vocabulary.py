"""The words of an index: counted and compared."""

from itertools import product

import pytest
from rapidfuzz.distance import OSA

from search.vocabulary import Vocabulary

COUNTS = {"แพ": 5, "แพร่": 7, "แพะ": 2, "เสือ": 4, "เสื้อ": 9, "สเอื": 1, "library": 8, "libraries": 3, "เรือ": 40}


def test_titles_of_a_word() -> None:
    vocabulary = Vocabulary(COUNTS)
    assert vocabulary.titles("แพ") == 5
    assert vocabulary.titles("แพง") == 0
    assert "แพ" in vocabulary
    assert "แพง" not in vocabulary
    assert len(vocabulary) == len(COUNTS)


def test_near_words_nearest_first_then_most_titles() -> None:
    vocabulary = Vocabulary(COUNTS)
    assert vocabulary.near("เสือ") == [("เรือ", 1, 40), ("เสื้อ", 1, 9)]
    assert vocabulary.near("libary") == [("library", 1, 8)]
    assert vocabulary.near("libarry", 2) == [("library", 1, 8)]  # two neighbours exchanged are one edit
    assert vocabulary.near("librry", 2, 1) == [("library", 1, 8)]
    assert vocabulary.near("lbrry", 2) == [("library", 2, 8)]
    assert vocabulary.near("มหาวิทยาลัย") == []
    assert vocabulary.near("") == []
    assert Vocabulary({}).near("แพ", 2) == []


@pytest.mark.parametrize("distance", [1, 2])
def test_near_is_all_that_is_near(distance: int) -> None:
    """Against the distance itself, over every word of up to six letters."""
    words = ["".join(letters) for n in range(1, 7) for letters in product("กา่", repeat=n)]
    vocabulary = Vocabulary(dict.fromkeys(words, 1))
    for word in words[::17]:
        expected = {other for other in words if 1 <= OSA.distance(word, other) <= distance}
        assert {other for other, _, _ in vocabulary.near(word, distance, len(words))} == expected
