"""Which records are compared at all: those that share a key."""

from collections.abc import Iterator

from index.match.facts import Facts
from index.match.titles import without_article

LIMIT = 200  # a block with more records is split by year and author, never cut off

# Words that many Thai titles begin with: what follows them tells titles apart.
OPENINGS = (
    "รายงานการวิจัยเรื่อง", "รายงานการวิจัย", "รายงานวิจัย", "การศึกษา", "คู่มือการ", "คู่มือ", "ประวัติศาสตร์", "ประวัติ", "การพัฒนา",
    "เอกสารประกอบการสอน", "เอกสารการสอนชุดวิชา", "ความรู้เบื้องต้นเกี่ยวกับ", "หลักการ", "รวม",
)  # fmt: skip


def keys(facts: Facts) -> list[str]:
    """The blocking keys of a record, each of a kind: ``isbn:…``, ``title:…``, ``author:…``."""
    return list(dict.fromkeys(_keys(facts)))


def _keys(facts: Facts) -> Iterator[str]:
    yield from (f"isbn:{isbn}" for isbn in facts.isbns)
    yield from (f"issn:{issn}" for issn in facts.issns)
    for title in facts.titles:
        yield from _of_title(title.full, title.main, title.script)
        if (plain := without_article(title)) is not title:
            yield f"title:{plain.main[:12]}"
        longest = sorted(title.words, key=lambda word: (-len(word), word))[:2]
        if title.script != "thai" and len(longest) == 2:
            yield from (f"words:{'+'.join(longest)}:{year}" for year in facts.years)
    yield from (f"title:{variant[:12]}" for variant in facts.variants)
    for name in (*facts.creators[:2], *facts.others[:2]):
        for part in sorted(name.split(), key=lambda part: (-len(part), part))[:2]:
            yield from (f"author:{part[:6]}:{year}" for year in facts.years)
            if facts.pages:
                yield f"pages:{facts.pages}:{part[:4]}"
    if facts.pages and ("tha" in facts.languages or any(title.script == "thai" for title in facts.titles)):
        yield from (f"scripts:{facts.pages}:{year}" for year in facts.years)


def _of_title(full: str, main: str, script: str) -> Iterator[str]:
    yield f"title:{main[:12]}"
    if full[:12] != main[:12]:
        yield f"title:{full[:12]}"
    if script == "thai":
        opening = next((o for o in OPENINGS if full.startswith(o) and len(full) - len(o) > 8), "")
        if opening:
            yield f"title:{full[len(opening) :][:12]}"
        if len(full) > 12:
            yield f"end:{full[-10:]}"
    elif len(full) > 16:
        yield f"end:{full[-14:]}"


def finer(key: str, facts: Facts) -> list[str]:
    """The keys that replace ``key`` for this record where its block is oversized: by year, by author and by the whole
    title with its volume, then by year and author, then by all three; ``key`` itself where nothing is left to split by.

    A year stands with the next, so that records whose years differ by one still meet.
    """
    kind, _, rest = key.partition("|")
    volume = "-".join(facts.volume)
    titles = [f"#{title.full[:40]} {volume}" for title in facts.titles]
    authors = [f"@{part[:6]}" for name in facts.creators[:1] for part in name.split()] or ["@"]
    if not rest:
        years = [str(year) for year in dict.fromkeys(y for year in facts.years for y in (year, year + 1))]
        return [f"{kind}|{by}" for by in (*years, *authors, *titles)]
    if "#" in rest:
        return [key]
    return [f"{key}{by}" for by in (titles if "@" in rest else authors)] or [key]
