"""All text analysis, once for both sides: Thai repaired, words with their sub-words, trigrams; as Whoosh analysers.

Tone marks and vowels are letters here: เสือ (tiger) and เสื้อ (shirt) never meet. The measurements
behind each choice stand in docs/decisions.md.
"""

import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache, partial
from typing import Any

from whoosh.analysis import Filter, Token, Tokenizer

from config.values import THAI_DIGITS

VERSION = "4"  # raised with every change of this module's answers: an index of another version is refused
LONGEST = 150  # characters that are segmented at once: repeated ones cost their square (400 of them 80 ms)
BREAK = "\ue000"  # stands between two values of a field: no query word, so no phrase crosses it

# ── one spelling ─────────────────────────────────────────────────────────────────────────────────

# Zero-width and soft marks, apostrophes and the marks of ALA-LC romanisation go; ฤๅ is ฤ with its long sign.
_DROPPED = dict.fromkeys(
    map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad'\u2019\u02bb\u02bc\u02b9\u02ba\u02bf\u02be")
)
_SINGLE = THAI_DIGITS | _DROPPED | {ord("ฦ"): "ล", ord("ø"): "o", ord("ł"): "l", ord("đ"): "d", ord("ı"): "i",
                                    ord("æ"): "ae", ord("œ"): "oe", ord("ß"): "ss", ord("þ"): "th", ord("ð"): "d"}  # fmt: skip
_SARA_AM = re.compile("([\u0e48-\u0e4b]*)\u0e4d([\u0e48-\u0e4b]*)\u0e32")  # น + ้ + ํ + า, in either order
_DOUBLE_E = re.compile("\u0e40\u0e40")  # เเ typed for แ
_TONE_FIRST = re.compile("([\u0e48-\u0e4c]+)([\u0e31\u0e34-\u0e3a\u0e47]+)")  # ก่ิ for กิ่
_DOT_LAST = re.compile("([\u0e38\u0e39]+)(\u0e3a+)")  # Unicode's order of marks has phinthu first
_TONE_LAST = re.compile("([\u0e33])([\u0e48-\u0e4b])")  # นำ้ for น้ำ
_REPEATED = re.compile("([\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])\\1+")  # ก่่
_LU = re.compile("([\u0e24\u0e26])\u0e45")  # ฤๅ
_ACCENTS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
# What none of the rules touches, which is nearly every text: Thai without rare marks, and ASCII.
_PLAIN = re.compile("[\n\t -&(-~ก-ฤลวศ-ฯะ-ำิ-ูเ-ไๆ-์]*")
_MARKS_ABOVE = "\u0e31\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e3a\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d\u0e4e"
# Each choice begins with one letter, so that the search leaps to it: twice as fast as with classes of letters.
_ODD = re.compile(
    "|".join(
        [
            "\u0e40\u0e40",
            "\u0e33[\u0e48-\u0e4b]",
            *(f"{tone}[\u0e31\u0e34-\u0e3a\u0e47]" for tone in "\u0e48\u0e49\u0e4a\u0e4b\u0e4c"),
            *(f"{vowel}\u0e3a" for vowel in "\u0e38\u0e39"),
            *(mark * 2 for mark in _MARKS_ABOVE),
        ]
    )
)
_ABBREVIATION = re.compile(r"(?<![ก-ฮa-z])((?:[ก-ฮ]{1,2}\.\s?){2,}|(?:[a-z]\.){2,})")  # พ.ศ. ม.ร.ว. u.s.a.


@lru_cache(maxsize=1 << 14)
def normalise(text: str) -> str:
    """One spelling for what is one text: Thai repaired, digits 0-9, Latin in lower case without accents.

    Order matters: NFKC takes sara am apart, so Thai is repaired after it.
    """
    text = text.lower()
    if not _PLAIN.fullmatch(text) or _ODD.search(text):
        text = _thorough(text)
    if "." not in text:
        return text
    return _ABBREVIATION.sub(lambda m: m[0].replace(".", "").replace(" ", "") + " ", text)


def _thorough(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).lower()
    text = _ACCENTS.sub("", unicodedata.normalize("NFD", text).translate(_SINGLE))
    return _repaired(unicodedata.normalize("NFC", text))


def _repaired(text: str) -> str:
    """Repaired until nothing is left to repair: one repair may uncover the next."""
    while (mended := _repaired_once(text)) != text:
        text = mended
    return text


def _repaired_once(text: str) -> str:
    return _LU.sub("\\1", _respelled(text))


def spelled(text: str) -> str:
    """A text to be shown, its Thai with one sign where it was typed with two (ํ า for ำ, เเ for แ) and tone marks in
    their place. Nothing else is changed: no case, no digits, no spaces."""
    while "\u0e4d" in text or _ODD.search(text):
        if (mended := _respelled(text)) == text:
            break
        text = mended
    return text


def _respelled(text: str) -> str:
    """Each repair once. Tones pass vowels above and below first, as Unicode's own order of marks has it."""
    text = _DOT_LAST.sub("\\2\\1", _TONE_FIRST.sub("\\2\\1", text))
    text = _SARA_AM.sub("\\1\\2\u0e33", text)
    return _REPEATED.sub("\\1", _TONE_LAST.sub("\\2\\1", _DOUBLE_E.sub("\u0e41", text)))


@cache
def _run_pattern() -> re.Pattern[str]:
    """Runs of letters, marks and numbers by Unicode category: \\w and isalnum would cut at Thai vowels.

    Above the last CJK block no letters are assigned.
    """
    kept = [c for c in range(0x323B0) if unicodedata.category(chr(c))[0] in "LMN" and c not in (0x0E2F, 0x0E46)]
    spans: list[list[int]] = []
    for c in kept:
        if spans and spans[-1][1] == c - 1:
            spans[-1][1] = c
        else:
            spans.append([c, c])
    letters = "".join(f"{chr(a)}-{chr(b)}" for a, b in spans)
    # c++ and c# are names of things; ฯ and ๆ (left out above) end a run
    return re.compile(rf"(?<![a-z])(?:c\+\+|[cf]\#)|[{letters}]+")


def runs(text: str) -> list[str]:
    """The stretches of letters and numbers of a text, normalised."""
    return list(_runs(text))


# The same in a text of nothing but plain Thai and ASCII, which is nearly every one; four times as fast.
_PLAIN_RUN = re.compile("[0-9a-zก-ฮะ-ฺเ-ๅ็-๎]+")
_NAMES_OF_THINGS = re.compile(r"[+#]")


@lru_cache(maxsize=1 << 12)
def _runs(text: str) -> tuple[str, ...]:
    text = normalise(text)
    plain = _PLAIN.fullmatch(text) and not _NAMES_OF_THINGS.search(text)
    return tuple((_PLAIN_RUN if plain else _run_pattern()).findall(text))


# ── words ────────────────────────────────────────────────────────────────────────────────────────

_THAI = re.compile("[\u0e01-\u0e5b]+(?: [\u0e01-\u0e5b]+)*")
_SCRIPTS = re.compile("[\u0e01-\u0e5b]+|[^\u0e01-\u0e5b]+")


def words(text: str) -> list[str]:
    """The words of a text in their order: newmm's for Thai, a run of any other script as it stands."""
    return words_of(runs(text))


def words_of(runs_: Sequence[str]) -> list[str]:
    """The words of runs. Thai ones that are short together are cut in one call, as calls cost more than letters."""
    joined = " ".join(runs_)
    if len(joined) <= LONGEST and _THAI.fullmatch(joined):
        return [word for word in _segmenter()(joined) if word != " "]
    return [word for run in runs_ for part in _SCRIPTS.findall(run) for word in _segment(part)]


def _segment(part: str) -> list[str]:
    """newmm as nlpo3 has it. Of a long part the last words of each piece are cut again with what follows."""
    if not "\u0e01" <= part[0] <= "\u0e5b":
        return [part]
    found: list[str] = []
    while len(part) > LONGEST:
        piece = _segmenter()(part[:LONGEST])
        kept = piece[: max(1, len(piece) - 3)]
        found += kept
        part = part[sum(map(len, kept)) :]
    return found + _segmenter()(part)


@cache
def _segmenter() -> Callable[[str], list[str]]:
    """nlpo3 with the dictionary of PyThaiNLP."""
    import nlpo3  # loading the dictionary takes a tenth of a second: only where Thai is met
    from pythainlp.corpus import corpus_path

    nlpo3.load_dict(os.path.join(corpus_path(), "words_th.txt"), "thai")
    return partial(nlpo3.segment, dict_name="thai")


@cache
def dictionary() -> frozenset[str]:
    """The Thai words that a text is cut by, spelled as texts are here."""
    from pythainlp.corpus import thai_words

    return frozenset(map(normalise, thai_words()))


@lru_cache(maxsize=1 << 17)
def subwords(word: str) -> tuple[str, ...]:
    """The dictionary words inside a word: โรงพยาบาล holds โรง, พยาบาล. Only those that belong to a complete
    tiling of the word by dictionary words, cut at character clusters: so no accident of spelling gets in."""
    if len(word) < 4 or not "\u0e01" <= word[0] <= "\u0e5b":
        return ()
    from pythainlp.tokenize.tcc import tcc_pos

    known, cuts = dictionary(), sorted({0, *tcc_pos(word)})
    ends = {i: [e for e in cuts if e > i + 1 and word[i:e] in known] for i in cuts}
    left = _reached(0, ends)
    right = {i for i in cuts if i == len(word) or len(word) in _reached(i, ends)}
    parts = (word[i:e] for i in cuts if i in left for e in ends[i] if e in right)
    return tuple(dict.fromkeys(part for part in parts if part != word))


def _reached(start: int, ends: dict[int, list[int]]) -> set[int]:
    seen, waiting = {start}, [start]
    while waiting:
        for end in ends.get(waiting.pop(), ()):
            if end not in seen:
                seen.add(end)
                waiting.append(end)
    return seen


# ── trigrams ─────────────────────────────────────────────────────────────────────────────────────


EDGE = "_"  # stands between runs, where it is no letter: so short ones have trigrams, too


def edged(runs_: Iterable[str]) -> str:
    """Runs as one text to take the trigrams of: แมวดำ and กข are _แมวดำ_กข_."""
    return f"{EDGE}{EDGE.join(runs_)}{EDGE}"


def trigrams(text: str) -> list[str]:
    """Every three characters of a text that was edged."""
    return [text[i : i + 3] for i in range(len(text) - 2)]


def grams(runs_: Iterable[str]) -> list[str]:
    """The trigrams by which runs are found, inside longer ones or not; those of a short run say where it ends."""
    return [gram for run in runs_ for gram in trigrams(run if len(run) > 2 else edged([run]))]


_MARKS = tuple(map(chr, range(0x0E47, 0x0E4F)))
_CONFUSED = (("ใ", "ไ"), ("ำ", "า"))


def folded(text: str) -> str:
    """Runs without what is most often lost or confused: tone marks, การันต์, ไม้ไต่คู้; ใ as ไ, ำ as า.

    สารวจ (a damaged สำรวจ) meets สำรวจ here. For the last stages only: เสือ meets เสื้อ here, too.
    """
    text = _unmarked(text)
    for letter, other in _CONFUSED:
        text = text.replace(letter, other)
    return text


def _unmarked(text: str) -> str:
    for mark in _MARKS:  # five times as fast as str.translate, which looks up every letter
        text = text.replace(mark, "")
    return text


# ── order ────────────────────────────────────────────────────────────────────────────────────────

_LEADING = re.compile("([\u0e40-\u0e44])([\u0e01-\u0e2e])")
_MARK = re.compile("[\u0e47-\u0e4e]")
_LATIN = re.compile("[a-z]")
_LATIN_LAST = {c: c + 0xE100 for c in range(ord("a"), ord("z") + 1)}
_NUMBER = re.compile(r"\d+")


@lru_cache(maxsize=1 << 14)
def sort_key(text: str) -> str:
    """A key whose order is the Thai dictionary's: numbers, then Thai by its consonants, then Latin.

    A leading vowel sorts after its consonant; tone marks and the like decide only between words that are
    otherwise the same. Source: the Royal Institute Dictionary's order, as in pythainlp.util.collate.
    """
    flat = " ".join(runs(text))
    if _NUMBER.search(flat):
        flat = _NUMBER.sub(lambda m: m[0].lstrip("0").zfill(10), flat)
    flat = flat[:120]
    letters = _unmarked(_LEADING.sub(lambda m: m[2] + m[1], flat))
    if _LATIN.search(letters):
        letters = letters.translate(_LATIN_LAST)
    marks = "".join([f"{m.start():03d}{m[0]}" for m in _MARK.finditer(flat)])
    return f"{letters}\x02{marks}"


# ── as Whoosh analysers ──────────────────────────────────────────────────────────────────────────


class ThaiTokenizer(Tokenizer):  # type: ignore[misc]  # whoosh is untyped
    """Words with their positions."""

    def __call__(self, value: str, positions: bool = False, mode: str = "", **_: Any) -> Iterator[Token]:
        for position, word in enumerate(words(value)):
            yield _token(word, position, mode, positions)


class TrigramTokenizer(Tokenizer):  # type: ignore[misc]  # whoosh is untyped
    """Trigrams of an edged text, without positions."""

    def __call__(self, value: str, mode: str = "", **_: Any) -> Iterator[Token]:
        for gram in trigrams(value):
            yield _token(gram, 0, mode, False)


class SubWordFilter(Filter):  # type: ignore[misc]  # whoosh is untyped
    """The sub-words of each word; for the index side only."""

    def __call__(self, tokens: Iterator[Token]) -> Iterator[Token]:
        for token in tokens:
            for part in subwords(token.text):
                yield _token(part, 0, token.mode, False)


def _token(text: str, position: int, mode: str, positions: bool) -> Token:
    token = Token(positions=positions, mode=mode)
    token.text, token.pos, token.boost, token.stopped = text, position, 1.0, False
    return token


WORDS = ThaiTokenizer()
SUBWORDS = ThaiTokenizer() | SubWordFilter()
TRIGRAMS = TrigramTokenizer()


def analyser_version() -> str:
    """What an index remembers of its analysis: this module's version and those of the dictionary and the cutter."""
    from importlib.metadata import version

    return f"{VERSION}/pythainlp {version('pythainlp')}/nlpo3 {version('nlpo3')}"
