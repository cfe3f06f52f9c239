"""Thai texts that a question in Latin letters may spell: Khon Kaen, khonkaen and Khō̜n Kǣn are all ขอนแก่น."""

import heapq
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec
from rapidfuzz import fuzz, process

from search import text
from search.vocabulary import Vocabulary

LONGEST = 8  # chunks of a question that are read
WIDEST = 4  # chunks that may be one Thai word
CANDIDATES = 1000  # words of one sound that are compared closely, those in the most titles first
ALIKE = 82.0  # of 100: how alike a word must sound
ENGLISH = 95.0  # ... where the index has the Latin word itself
SHORT = 12.0  # ... and how much more for each letter that is missing to five
PARTED = 5.0  # ... and for the parts of a chunk that is two words
JOINED = 4.0  # what it counts, of 100, that chunks are one word together
SPLIT = 7  # letters from which a chunk may be two Thai words

# ── the consonants, as they are heard ────────────────────────────────────────────────────────────


def _table(rows: str) -> dict[str, str]:
    """Letter to sound, from rows such as "kh:ขค ng:ง"."""
    return {letter: row.partition(":")[0] for row in rows.split() for letter in row.partition(":")[2]}


# Which letters stand for one another wherever they stand in a syllable: ส is s or t, ร is r or n. What is also a part
# of vowels (ย ว อ) or mute as often as not (ห) is left out.
_CLASSES = _table("K:กขฃคฅฆ T:จฉชซฌฎฏฐฑฒดตถทธศษส P:บปผฝพฟภ M:มำ N:นณญรลฬฤฦ G:ง")
_HEARD = dict.fromkeys(range(0x0E01, 0x0E5C), "") | {ord(letter): sound for letter, sound in _CLASSES.items()}
_MUTE = re.compile("(?:[ทตดฎช](?=ร์)|ษ(?=ณ์))?[ก-ฮ][ิุ]?์")  # จันทร์, ศาสตร์, ลักษณ์, สินธุ์
_RO_HAN = re.compile("รร(?=[ก-ฮ])")  # กรรม
_RO_HAN_LAST = re.compile("รร(?![ะ-ู็])")  # สวรรค์; not นครราชสีมา
_YO_YING = re.compile("ญ(?=[\u0e30-\u0e39])|(?<=[เแโไใ])ญ")
_MUTE_RO = re.compile("(?<=[ทศสชซจต])ร")  # ศรี, ทราย, เพชร, สมุทร
_LATIN = re.compile("ng|ch|sh|.")
_LATIN_CLASSES = {"ng": "G", "ch": "T", "sh": "T", "x": "KT"} | _table("K:kgcq T:tdsjz P:pbf M:m N:nrl")

# The first sound of a word is never a final, so it tells more.
_FIRST = _table("k:กขฃคฅฆ c:จฉชฌ s:ซศษส d:ฎด t:ฏฐฑฒตถทธ b:บ p:ปผพภ f:ฝฟ n:งณน r:รฤ l:ลฬฦ y:ยญ h:หฮ m:ม w:ว a:อ")
_FIRST_CONSONANT = re.compile("[เ-ไ]?(?:ห(?=[งญนมยรลว])|อ(?=ย))?([ก-ฮ])")
_FIRST_LATIN = {"bh": "p", "dh": "t", "ch": "c"} | _table("a:aeiou c:j k:gqc w:v s:z")


def _once(key: str) -> str:
    """A sound that is written twice is heard once: ราชชนนี, Ratchathani."""
    for sound in "KTPMNG":
        while sound + sound in key:
            key = key.replace(sound + sound, sound)
    return key


def _thai_keys(word: str) -> list[str]:
    """The first sound of a Thai word and its consonants as they are heard; twice where a letter may be mute or not."""
    spoken = _MUTE.sub("", word) if "์" in word else word
    spoken = _RO_HAN.sub("", spoken) if "รร" in spoken else spoken
    spoken = _YO_YING.sub("", spoken) if "ญ" in spoken else spoken
    consonant = _FIRST_CONSONANT.match(word)
    first = _FIRST[consonant[1]] if consonant else ""
    key = _once(spoken.translate(_HEARD))
    if not _MUTE_RO.search(spoken):
        return [first + key]
    mute = _once(_MUTE_RO.sub("", spoken).translate(_HEARD))
    return [f + k for f in {first, "s" if "ทร" in word[:3] else first} for k in (key, mute)]


def _latin_key(spelled: str) -> str:
    first = _FIRST_LATIN.get(spelled[:2]) or _FIRST_LATIN.get(spelled[0], spelled[0])
    return first + _once("".join(_LATIN_CLASSES.get(part, "") for part in _LATIN.findall(spelled)))


# ── a Thai word in Latin letters ─────────────────────────────────────────────────────────────────

_INITIAL = _table(
    "k:ก kh:ขฃคฅฆ ng:ง ch:จฉชฌ s:ซศษส y:ญย d:ฎด t:ฏต th:ฐฑฒถทธ n:ณน b:บ p:ป ph:ผพภ f:ฝฟ m:ม r:ร l:ลฬ w:ว h:หฮ :อ"
)
_FINAL = _table("k:กขฃคฅฆ t:จชซฎฏฐฑฒดตถทธศษส p:บปพฟภ n:นณญรลฬ ng:ง m:ม i:ย o:ว")
_ONSET = "(?P<c>[กขคตปผพ][รลว](?![รลว])|[ทศส]ร|ห[งญนมยรลว]|อย|[ก-รลว-ฮ])"
# A consonant closes a syllable unless it has a vowel of its own, or the rest of the word needs it: สาคร, อุบล, นายก.
# After some finals ร is mute: เพชร, มิตร, สมุทร, จักร.
_NEEDED = "(?![ขคดธณพษสม]ร(?![ะ-ู็]))(?![คดบยศ][กลม]$|ลง[ก-ฮเ-ไ])"
_TAIL = f"(?:(?P<f>{_NEEDED}[กขคฆงจชซญ-ธนบปพฟภมยรลวศษสฬ](?![ะ-ู็]))(?:(?<=[กชตท])ร(?![ะ-ู็]))?)"
# Vowels as they are written around a consonant, most letters first; after RTGS (Royal Institute, 1999).
_SYLLABLES = """
นคร(?![ะ-ู็])  nakhon
เCียว          iao
เCียะ?F?       ia
เCือย          ueai
เCือะ?F?       uea
เCอะ           oe
เCาะ           o
เCา            ao
เCย            oei
เCอF?          oe
เ(?P<c>จ)ริ(?P<f>ญ)  aroe
เCิF           oe
เC็?F          e
เCะ?           e
แ(?P<c>[กขคตปผพ][รล])(?![ก-รลว-ฮ])  ae
แC็?F          ae
แCะ?           ae
โCF            o
โCะ?           o
[ไใ]Cย?        ai
Cัวะ?          ua
CัF            a
Cำ             am
CาF?           a
Cะ             a
C[ิี]F?        i
C[ึื]อ?F?      ue
C[ุู]F?        u
C็?อF?         o
C็F            o
CวF            ua
(?P<c>[กตทปศส])ฤF?  ri
Cฤๅ?F?         rue
ฤ(?P<f>ท)      ri
ฤๅ?F?          rue
ฦๅ?            lue
A(?=[ก-รลว-ฮ]{2}(?![ะ-ู็ก-ฮ]))  a
CF             o
A              a
"""
_ALONE = "(?P<c>[ก-รลว-ฮ])"
_PATTERNS = tuple(
    (re.compile(written.replace("C", _ONSET).replace("F", _TAIL).replace("A", _ALONE)), heard)
    for written, heard in (row.split() for row in _SYLLABLES.strip().splitlines())
)
_LINKED = (  # first parts of compounds that are read with a vowel more: ธรรมศาสตร์, ราชบุรี
    (re.compile("รรม(?=[ก-ฮ][ะ-ู็]|[เ-ไ])"), "ัมมะ"),
    (re.compile("ราช(?=[กขคนบปผพภมลวสห][ะ-ู็]|[กบปพม][ก-ฮ])"), "ราชชะ"),
)
_SILENT = re.compile("(?:(?<=[ะ-ู]ต)|(?<=ัก)|(?<=มุท))ร$")  # บัตร, จักร, สมุทร; not นคร
_TONES = re.compile("[่-๋]")
_CLUSTERS = {"ทร": "s", "ศร": "s", "สร": "s", "อย": "y"}


def romanise(word: str) -> str:
    """A Thai word about as the Royal Institute's general system has it: good enough to compare with."""
    word = _SILENT.sub("", _TONES.sub("", word))
    for written, spoken in _LINKED:
        word = written.sub(spoken, word)
    word = _RO_HAN.sub("ั", _MUTE.sub("", word))
    word = _RO_HAN_LAST.sub("ัน", word)
    heard, at = "", 0
    while at < len(word):
        found = next(((m, vowel) for pattern, vowel in _PATTERNS if (m := pattern.match(word, at))), None)
        if found is None:
            at += 1
            continue
        heard += _syllable(found[0].groupdict(), found[1])
        at = found[0].end()
    return heard


def _syllable(parts: dict[str, str | None], vowel: str) -> str:
    onset, tail = parts.get("c") or "", parts.get("f") or ""
    if len(onset) > 1 and onset[0] == "ห":
        onset = onset[1:]
    return (_CLUSTERS.get(onset) or "".join(_INITIAL[c] for c in onset)) + vowel + _FINAL.get(tail, "")


_LOOSELY = tuple(
    (re.compile(spelled), heard)
    for heard, spelled in (
        ("p", "bh|ph"), ("t", "dh|th"), ("k", "gh|kh|g(?!$)"), ("c", "sh|ch|j"),
        ("w", "v"), ("u", "oo|ou"), ("i", "ee"), ("ue", "eu"),
        (r"\1", r"([a-z])\1"), ("n", "[rl]$"), ("t", "[dsc]$"),
    )
)  # fmt: skip


@lru_cache(maxsize=1 << 16)
def _loosely(spelled: str) -> str:
    """Without what writers of names do each in their own way: bh for ph, j for ch, oo for u, l at the end."""
    spelled = spelled.replace("ng", "ŋ")
    for pattern, heard in _LOOSELY:
        spelled = pattern.sub(heard, spelled)
    return spelled


@lru_cache(maxsize=1 << 16)
def _spoken(word: str) -> tuple[str, str]:
    strict = romanise(word)
    return strict, _loosely(strict)


# ── the words that a stretch of Latin may be ─────────────────────────────────────────────────────


class _Reading(msgspec.Struct, frozen=True):
    """Thai for a stretch of Latin, and how alike they sound, of 100."""

    thai: str
    alike: float
    titles: int


@lru_cache(maxsize=2)
def _sounds(vocabulary: Vocabulary) -> dict[str, list[str]]:
    """The Thai words of a vocabulary by their consonants."""
    found: dict[str, list[str]] = {}
    for word in vocabulary:
        if len(word) > 1 and "\u0e01" <= word[0] <= "\u0e44":
            for key in _thai_keys(word):
                found.setdefault(key, []).append(word)
    return found


def _words(spelled: str, vocabulary: Vocabulary, limit: int = 5) -> list[_Reading]:
    """The words of the vocabulary that sound like this, most alike first."""
    same = _sounds(vocabulary).get(_latin_key(spelled), [])
    if len(same) > CANDIDATES:
        same = heapq.nlargest(CANDIDATES, same, key=vocabulary.titles)
    least = ENGLISH if spelled in vocabulary else min(100.0, ALIKE + SHORT * max(0, 5 - len(spelled)))
    near = process.extract_iter(
        spelled, {word: _spoken(word)[0] for word in same}, scorer=fuzz.ratio, score_cutoff=2 * least - 100
    )  # what is further away would not be near enough however alike it sounds
    found = [
        _Reading(word, alike, vocabulary.titles(word))
        for _, strictly, word in near
        if (alike := (strictly + fuzz.ratio(_loosely(spelled), _spoken(word)[1])) / 2) >= least
    ]
    return sorted(found, key=lambda r: (-r.alike, -r.titles))[:limit]


def _read(spelled: str, vocabulary: Vocabulary) -> list[_Reading]:
    """A stretch as one Thai word; a chunk that is none, as two."""
    found = _words(spelled, vocabulary)
    if found or len(spelled) < SPLIT:
        return found
    cuts = [
        (_words(spelled[:n], vocabulary, 2), _words(spelled[n:], vocabulary, 2)) for n in range(3, len(spelled) - 2)
    ]
    pairs = [(a, b) for heads, tails in cuts for a in heads for b in tails if min(a.alike, b.alike) >= ALIKE + PARTED]
    both = [_Reading(a.thai + b.thai, (a.alike + b.alike) / 2 - PARTED, min(a.titles, b.titles)) for a, b in pairs]
    return sorted(both, key=lambda r: (-r.alike, -r.titles))[:3]


# ── the whole question ───────────────────────────────────────────────────────────────────────────


def readings(typed: str, vocabulary: Vocabulary, limit: int = 5) -> list[str]:
    """The Thai texts that a question in Latin letters may spell, likeliest first; none where it spells no Thai."""
    chunks = fold(typed).split()
    if not 0 < len(chunks) <= LONGEST or not any(map(_is_latin, chunks)):
        return []
    best: list[list[tuple[str, float]]] = [[("", 0.0)]]  # the readings of the first n chunks, with their scores
    for end in range(1, len(chunks) + 1):
        grown = [
            g for start in range(max(0, end - WIDEST), end) for g in _grown(best[start], chunks[start:end], vocabulary)
        ]
        best.append(_distinct(grown)[: limit * 2])
    return [thai for thai, _ in best[-1]][:limit]


def sure(typed: str, vocabulary: Vocabulary) -> list[str]:
    """Those of the readings that are spelled just so by the general system: ``nithan`` is นิทาน. Under four letters
    too much else is."""
    spelled = fold(typed).replace(" ", "")
    return [r for r in readings(typed, vocabulary) if len(spelled) > 3 and _to_the_letter(r, spelled)]


def _to_the_letter(thai: str, spelled: str) -> bool:
    return "".join(word if word.isascii() else romanise(word) for word in thai.split()) == spelled


def _grown(
    before: Sequence[tuple[str, float]], chunks: Sequence[str], vocabulary: Vocabulary
) -> list[tuple[str, float]]:
    """Readings with the next chunks read as one; the longer and the more alike, the better."""
    if not before:
        return []
    spelled = "".join(chunks)
    if len(chunks) == 1 and not _is_latin(spelled):
        return [(f"{thai} {spelled}".strip(), score) for thai, score in before]
    if not all(map(_is_latin, chunks)):
        return []
    more = _read(spelled, vocabulary) if len(chunks) == 1 else _words(spelled, vocabulary)
    joined = JOINED * (len(chunks) - 1)
    return [
        (f"{t} {r.thai}".strip(), score + (r.alike + joined - 50) * len(spelled)) for t, score in before for r in more
    ]


def _distinct(found: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    ranked = sorted(found, key=lambda f: -f[1])
    return list({thai: (thai, score) for thai, score in reversed(ranked)}.values())[::-1]


def _is_latin(chunk: str) -> bool:
    return chunk.isascii() and chunk.isalpha()


def fold(typed: str) -> str:
    """Romanised Thai in plain letters: ALA-LC forms become those of RTGS, ư ue and čh ch."""
    plain = unicodedata.normalize("NFD", typed.lower()).replace("u\u031b", "ue")
    return " ".join(text.runs(plain))
