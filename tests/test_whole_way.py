"""The whole way on real input: servers and files by others, harvested, indexed, searched."""

from collections import Counter
from pathlib import Path

import pytest
from stdnum import isbn

import sahaban
from config.installation import Installation
from harvest.run import harvest
from harvest.store import Store
from index.build import Index
from search.question import Query
from search.service import Catalogue
from tests.conftest import ROOT, member


@pytest.fixture(scope="module")
def network(servers: dict[int, str], data: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Three servers and three files, as six members."""
    directory = tmp_path_factory.mktemp("network")
    for name in ("fields.toml", "settings.toml"):
        (directory / name).write_bytes((ROOT / "config" / name).read_bytes())
    members = [member(f"s{port}", protocol="oai", url=url, format="marcxml") for port, url in servers.items()]
    files = {
        "psu": ("psu-sample-728.mrc", "marc"),
        "uva": ("uva-marc8-0001-1000.mrc", "marc"),
        "lc": ("lcnetdev-cc0", "marcxml"),
    }
    members += [
        member(code, protocol="file", path=str(data / "marc" / path), format=fmt) for code, (path, fmt) in files.items()
    ]
    (directory / "members.toml").write_text("".join(members), encoding="utf-8")
    installation = Installation(directory, directory / "home", sahaban.known)
    store = Store(installation.database)
    for row in installation.tables.members.values():
        assert harvest(row, installation.tables, store, installation.home).outcome == "done"
    Index(installation.tables, installation.database, installation.home).run()
    return installation


@pytest.fixture(scope="module")
def catalogue(network: Installation) -> Catalogue:
    return Catalogue(network.tables, network.database, network.home)


def test_the_counts_of_every_member(network: Installation) -> None:
    standings = Store(network.database).standings()
    assert {code: (s.live, s.deleted, s.quarantined) for code, s in standings.items()} == {
        "s8101": (969, 27, 0), "s8102": (969, 0, 0), "s8104": (969, 27, 0), "psu": (531, 0, 0), "uva": (1000, 0, 0), "lc": (691, 0, 0),
    }  # fmt: skip
    runs = {code: (s.last_run.seen, s.last_run.superseded) for code, s in standings.items() if s.last_run}
    assert (runs["psu"], runs["uva"], runs["lc"]) == ((728, 197), (1000, 0), (792, 101))


def test_a_second_night_finds_nothing_new(network: Installation) -> None:
    store = Store(network.database)
    before = store.revision()
    for row in network.tables.members.values():
        run = harvest(row, network.tables, store, network.home)
        assert (run.outcome, run.added, run.changed, run.deleted) == ("done", 0, 0, 0)
    assert store.revision() == before


def test_a_thai_thesis_is_found_by_a_phrase(catalogue: Catalogue) -> None:
    theses = [h.document.first("title") for h in catalogue.search(Query("ปัจจัยที่มี", field="title", size=100)).hits]
    assert theses, "the servers hold theses of that beginning"
    wanted = next(t for t in theses if len(t) > 40)
    found = catalogue.search(Query(f'"{wanted[10:34]}"')).hits
    assert wanted in [hit.document.first("title") for hit in found]


def test_a_psu_title_is_found_by_its_isbn_in_both_lengths(catalogue: Catalogue) -> None:
    books = catalogue.search(Query(filters=(("member", ("psu",)),), size=200)).hits
    numbers = [(h.document.id, h.document.first("isbn")) for h in books if h.document.first("isbn").startswith("978")]
    assert len(numbers) > 20
    for id_, number in numbers[:20]:
        for typed in (number, isbn.to_isbn10(number), isbn.format(number)):
            assert id_ in [hit.document.id for hit in catalogue.search(Query(typed)).hits], typed


@pytest.mark.parametrize("typed", ["", "การ", "history", "title:การศึกษา", "2550"])
def test_facet_counts_equal_a_count_over_the_store(catalogue: Catalogue, network: Installation, typed: str) -> None:
    page = catalogue.search(Query(typed, size=1), facet_values=20_000)
    counted: dict[str, Counter[str]] = {facet: Counter() for facet in catalogue.facets}
    live = {
        record.key: record for batch in Store(network.database).records() for _, record in batch if not record.deleted
    }
    tree = catalogue.planner.tree(catalogue.language.parse(typed), "words")
    numbers = catalogue.engine().all(catalogue.planner.filtered(tree, Query(typed)))
    assert len(numbers) == page.total
    for document in catalogue.documents(sorted(numbers)):
        counted["member"].update(document.members)
        assert {live[key].member for key in document.records} == set(document.members)
        for facet in catalogue.facets[1:]:
            counted[facet].update(document.all(facet))
    assert {facet: dict(values) for facet, values in page.facets.items()} == {f: dict(c) for f, c in counted.items()}


def test_every_live_record_is_in_one_title_and_no_other(catalogue: Catalogue, network: Installation) -> None:
    live = {r.key for batch in Store(network.database).records() for _, r in batch if not r.deleted}
    shown = [key for batch in catalogue.documents_store.since() for _, d in batch if d for key in d.records]
    assert len(shown) == len(set(shown)) == len(live)
    assert set(shown) == live
