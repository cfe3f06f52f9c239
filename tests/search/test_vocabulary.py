"""The words of an index: counted, kept, and compared."""

import time
from itertools import product
from pathlib import Path

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


def test_it_is_kept_and_read(tmp_path: Path) -> None:
    path = tmp_path / "words"
    Vocabulary(COUNTS).write(path)
    read = Vocabulary.read(path)
    assert {word: read.titles(word) for word in read} == COUNTS
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("damage", [b"", b"\xc1", b"\x93\x01", b"\x81\xa1a\xa1b"])
def test_a_damaged_file_is_refused(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "words"
    path.write_bytes(damage)
    with pytest.raises(ValueError, match="words is damaged"):
        Vocabulary.read(path)


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "words"
    Vocabulary(COUNTS).write(path)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ValueError, match="damaged"):
        Vocabulary.read(path)


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


def test_thai_words_are_compared_in_time() -> None:
    letters = "กขคงจชดตทนบปพมยรลวสหอ"
    words = {f"{a}{b}า{c}ิ{d}": 1 for a, b, c, d in product(letters, letters, letters[:14], letters[:14])}
    vocabulary = Vocabulary(words)
    vocabulary.near("กาก")
    start = time.process_time()
    for word in list(words)[:: len(words) // 50]:
        vocabulary.near(word)
    assert (time.process_time() - start) / 50 < 0.02
