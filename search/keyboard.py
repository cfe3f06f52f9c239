"""What a question says when the other keyboard layout was on: Thai Kedmanee for US QWERTY, and the other way round."""

import re
from functools import cache

from search import text
from search.text import dictionary

LONGEST = 200  # characters; nobody types more without looking at the screen
KNOWN = 0.6  # of the letters must be words of the dictionary, in the Thai that was meant ...
UNKNOWN = 0.3  # ... and no more than this in the Thai that makes no sense

_THAI = re.compile("[\u0e01-\u0e5b]")
_LATIN = re.compile("[a-zA-Z]")
_SILENT = re.compile("[\\sๆฯ]+")  # no letters of words

# What no Thai word has: a mark or a following vowel on nothing, two tones or two vowels on one consonant, a leading
# vowel without its consonant.
_IMPOSSIBLE = re.compile(
    "(?:^|[^\u0e01-\u0e2e])[\u0e31\u0e34-\u0e3a]"
    "|(?:^|[^\u0e01-\u0e2e\u0e31\u0e34-\u0e39])[\u0e47-\u0e4d]"
    "|(?:^|[^\u0e01-\u0e2e\u0e31\u0e34-\u0e39\u0e48-\u0e4c])[\u0e32\u0e33]"
    "|(?:^|[^\u0e01-\u0e2e\u0e31\u0e32\u0e34-\u0e39\u0e48-\u0e4c])\u0e30"
    "|[\u0e40-\u0e44](?:$|[^\u0e01-\u0e2e])"
    "|[\u0e46\u0e2f][\u0e01-\u0e45\u0e47-\u0e4e]"
)
_VOWELLED = re.compile("[aeiouy]", re.I)
_SPOKEN = re.compile("[A-Z]?[a-z]+|[A-Z]+s?")  # no capital within a word
_UNSPOKEN = re.compile(r"[b-df-hj-np-tv-xz]{6}|([a-z])\1\1|^[aeiou]{3}", re.I)
_SENTENCE = re.compile(r"[a-zA-Z ,.'?:&()\"/-]+")


def other_layout(typed: str) -> str | None:
    """The text as it would be had the other layout been on; None where what was typed makes sense, or neither does."""
    typed = typed.strip()
    thai = bool(_THAI.search(typed))
    if len(typed) > LONGEST or (thai and _LATIN.search(typed)):
        return None
    return _in_latin(typed) if thai else _in_thai(typed)


@cache
def _layout() -> dict[int, str]:
    """The key of each QWERTY character as Kedmanee has it; pythainlp leaves out the first key of the digits row."""
    from pythainlp.util.keyboard import EN_TH_KEYB_PAIRS

    return {ord(key): letter for key, letter in {**EN_TH_KEYB_PAIRS, "1": "ๅ", "!": "+"}.items()}


@cache
def _layout_back() -> dict[int, str]:
    return {ord(letter): chr(key) for key, letter in _layout().items()}


# ── Latin typed, Thai meant ──────────────────────────────────────────────────────────────────────


def _in_thai(typed: str) -> str | None:
    if len(typed) < 3 or not typed.isascii() or not _LATIN.search(typed):
        return None  # numbers, dates, initials
    meant = typed.translate(_layout())
    if _IMPOSSIBLE.search(meant):
        return None
    # Spoken words that are Thai by accident are cut into the shortest ones: life is ศร ดำ.
    least, share = (3, 1.0) if all(map(_looks_spoken, map(_bare, typed.split()))) else (2, KNOWN)
    return meant if _share_of_words(meant, least) >= share else None


def _bare(word: str) -> str:
    """A longer word without the comma or bracket beside it; in a short one they may be letters: z, is ผม."""
    bare = word.strip(",.;:()\"'")
    return bare if len(bare) > 3 else word


def _share_of_words(thai: str, least: int) -> float:
    """How much of a text is words of the dictionary with at least so many letters."""
    letters = len(_SILENT.sub("", thai))
    known = sum(len(word) for word in text.words(thai) if len(word) >= least and word in dictionary())
    return known / letters if letters else 0.0


# ── Thai typed, Latin meant ──────────────────────────────────────────────────────────────────────


def _in_latin(typed: str) -> str | None:
    meant = typed.translate(_layout_back())
    if len(typed) < 3 or not _SENTENCE.fullmatch(meant):
        return None
    words = re.findall("[a-zA-Z]+", meant)
    if not all(map(_looks_spoken, words)):
        return None
    # What could be Thai is so, unless no dictionary knows it and its keys spell long words: names look like that.
    possible = not _IMPOSSIBLE.search(typed)
    return None if possible and (_share_of_words(typed, 2) > UNKNOWN or max(map(len, words)) < 6) else meant


def _looks_spoken(word: str) -> bool:
    """Whether a word could be one of a European language: vowels and consonants in turn, capitals in front."""
    if not _SPOKEN.fullmatch(word) or _UNSPOKEN.search(word):
        return False
    return bool(_VOWELLED.search(word)) or word.isupper()
