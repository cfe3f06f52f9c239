"""The sample's OAI-PMH provider, asked as the protocol demands and harvested by sickle."""

import datetime
from collections.abc import Iterator
from xml.etree import ElementTree

import msgspec
import pytest
import requests
from lxml import etree
from sickle import Sickle
from sickle import oaiexceptions as errors

from demo import provider, repository, sample
from demo.provider import OAI
from demo.repository import Item, Repository
from demo.sample import NOTE

NS = {"o": OAI, "m": repository.MARCXML.namespace, "dc": "http://purl.org/dc/elements/1.1/"}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with provider.serving() as url:
        yield url


@pytest.fixture
def sickle(base: str) -> Sickle:
    return Sickle(f"{base}/kku/oai", timeout=30)


def _ask(base: str, query: str, member: str = "kku") -> etree._Element:
    """One answer, with what every answer must have (protocol 3.2)."""
    reply = requests.get(f"{base}/{member}/oai?{query}", timeout=30)
    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "text/xml; charset=utf-8"
    root = etree.fromstring(reply.content)
    assert root.tag == f"{{{OAI}}}OAI-PMH"
    assert root.get(f"{{{provider.XSI}}}schemaLocation") == f"{OAI} http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd"
    assert [etree.QName(e).localname for e in root[:2]] == ["responseDate", "request"]
    assert root[1].text == f"{base}/{member}/oai"
    assert len(root) >= 3
    datetime.datetime.strptime(str(root[0].text), "%Y-%m-%dT%H:%M:%SZ")
    return root


def _names(element: etree._Element) -> list[str]:
    return [etree.QName(e).localname for e in element]


def _token(root: etree._Element) -> etree._Element:
    found = root.find(".//o:resumptionToken", NS)
    assert found is not None
    return found


# ── the six verbs ───────────────────────────────────────────────────────────────────────────────


def test_identify(base: str):
    root = _ask(base, "verb=Identify")
    assert dict(root[1].attrib) == {"verb": "Identify"}
    assert _names(root[2]) == [
        "repositoryName", "baseURL", "protocolVersion", "adminEmail",
        "earliestDatestamp", "deletedRecord", "granularity", "description",
    ]  # fmt: skip
    said = {etree.QName(e).localname: e.text for e in root[2]}
    assert said["baseURL"] == f"{base}/kku/oai"
    assert (said["protocolVersion"], said["deletedRecord"]) == ("2.0", "persistent")
    assert said["granularity"] == "YYYY-MM-DDThh:mm:ssZ"
    stamps = [e.text for e in _ask(base, "verb=ListIdentifiers&metadataPrefix=oai_dc").iterfind(".//o:datestamp", NS)]
    assert said["earliestDatestamp"] == min(stamps, key=str)


def test_list_metadata_formats(base: str):
    root = _ask(base, "verb=ListMetadataFormats")
    assert [_names(e) for e in root[2]] == [["metadataPrefix", "schema", "metadataNamespace"]] * 2
    assert [e.text for e in root.iterfind(".//o:metadataPrefix", NS)] == ["oai_dc", "marcxml"]
    only = _ask(base, "verb=ListMetadataFormats", "neu")
    assert [e.text for e in only.iterfind(".//o:metadataPrefix", NS)] == ["oai_dc"]
    identifier = repository.repository("kku").items[0].identifier
    assert len(_ask(base, f"verb=ListMetadataFormats&identifier={identifier}")[2]) == 2


def test_list_sets(base: str):
    root = _ask(base, "verb=ListSets")
    assert [_names(e) for e in root[2]] == [["setSpec", "setName"]] * len(repository.SETS)
    assert {"book", "thesis"} <= {e.text for e in root.iterfind(".//o:setSpec", NS)}


def test_get_record_in_both_formats(base: str):
    item = next(item for item in repository.repository("kku").items if not item.deleted)
    query = f"verb=GetRecord&identifier={item.identifier}&metadataPrefix="
    root = _ask(base, query + "marcxml")
    assert dict(root[1].attrib) == {"verb": "GetRecord", "identifier": item.identifier, "metadataPrefix": "marcxml"}
    record = root[2][0]
    assert _names(record) == ["header", "metadata"]
    assert _names(record[0]) == ["identifier", "datestamp", "setSpec"]
    assert record[1][0].tag == f"{{{NS['m']}}}record"
    assert NOTE in [e.text for e in record.iterfind(".//m:datafield[@tag='500']/m:subfield", NS)]
    dublin = _ask(base, query + "oai_dc")[2][0][1][0]
    assert dublin.tag == "{http://www.openarchives.org/OAI/2.0/oai_dc/}dc"
    assert NOTE in [e.text for e in dublin.iterfind("dc:description", NS)]


def test_a_deleted_record_has_a_header_and_nothing_else(base: str):
    item = next(item for item in repository.repository("kku").items if item.deleted)
    record = _ask(base, f"verb=GetRecord&identifier={item.identifier}&metadataPrefix=marcxml")[2][0]
    assert _names(record) == ["header"]
    assert record[0].get("status") == "deleted"


@pytest.mark.parametrize(("verb", "child"), [("ListRecords", "record"), ("ListIdentifiers", "header")])
def test_lists_come_in_pages_to_an_empty_token(base: str, verb: str, child: str):
    root = _ask(base, f"verb={verb}&metadataPrefix=oai_dc")
    size = len(repository.repository("kku").items)
    pages, seen = 0, 0
    while True:
        assert _names(root[2]) == [child] * (len(root[2]) - 1) + ["resumptionToken"]
        token = _token(root)
        assert (token.get("completeListSize"), token.get("cursor")) == (str(size), str(seen))
        seen += len(root[2]) - 1
        pages += 1
        if not token.text:
            break
        root = _ask(base, f"verb={verb}&resumptionToken={token.text}")
    assert (seen, pages) == (size, -(-size // repository.PAGE))


def test_a_list_that_fits_one_page_has_no_token(base: str):
    root = _ask(base, "verb=ListIdentifiers&metadataPrefix=oai_dc&set=media")
    assert set(_names(root[2])) == {"header"}
    assert {e.text for e in root.iterfind(".//o:setSpec", NS)} == {"media"}


def test_post_is_get(base: str):
    data = {"verb": "ListIdentifiers", "metadataPrefix": "marcxml", "set": "thesis"}
    posted = etree.fromstring(requests.post(f"{base}/rmuti/oai", data=data, timeout=30).content)
    got = _ask(base, "verb=ListIdentifiers&metadataPrefix=marcxml&set=thesis", "rmuti")
    assert etree.tostring(posted[2]) == etree.tostring(got[2])
    assert dict(posted[1].attrib) == data


def test_from_and_until_include_both_ends_in_either_granularity(base: str):
    items = repository.repository("kku").items
    item = items[40]
    query = "verb=ListIdentifiers&metadataPrefix=oai_dc"
    second = _ask(base, f"{query}&from={item.datestamp}&until={item.datestamp}")
    assert item.identifier in [e.text for e in second.iterfind(".//o:identifier", NS)]
    day = item.datestamp[:10]
    found = [e.text for e in _ask(base, f"{query}&from={day}&until={day}").iterfind(".//o:identifier", NS)]
    assert found == [i.identifier for i in items if i.datestamp.startswith(day)]


# ── every error of the protocol ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "badVerb"),
        ("verb=Harvest", "badVerb"),
        ("verb=Identify&verb=Identify", "badVerb"),
        ("verb=Identify&set=book", "badArgument"),
        ("verb=ListRecords", "badArgument"),
        ("verb=GetRecord&metadataPrefix=oai_dc", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&metadataPrefix=oai_dc", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&resumptionToken=x", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2023", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2023-02-30", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2023-02-01T10:00:00", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2024-01-01&until=2024-02-01T00:00:00Z", "badArgument"),
        ("verb=ListRecords&metadataPrefix=oai_dc&from=2024-02-01&until=2024-01-01", "badArgument"),
        ("verb=ListRecords&metadataPrefix=mods", "cannotDisseminateFormat"),
        ("verb=ListRecords&resumptionToken=no-token", "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=bm8gdG9rZW4=", "badResumptionToken"),
        ("verb=ListRecords&resumptionToken=%E0%B8%81", "badResumptionToken"),
        ("verb=ListSets&resumptionToken=x", "badResumptionToken"),
        ("verb=GetRecord&metadataPrefix=oai_dc&identifier=oai:nobody:1", "idDoesNotExist"),
        ("verb=ListMetadataFormats&identifier=oai:nobody:1", "idDoesNotExist"),
        ("verb=ListRecords&metadataPrefix=oai_dc&until=1990-01-01", "noRecordsMatch"),
        ("verb=ListRecords&metadataPrefix=oai_dc&set=maps", "noRecordsMatch"),
    ],
)
def test_errors(base: str, query: str, code: str):
    root = _ask(base, query)
    assert [(etree.QName(e).localname, e.get("code")) for e in root[2:]] == [("error", code)]
    assert root[2].text
    assert bool(root[1].attrib) == (code not in ("badVerb", "badArgument"))


def test_a_deleted_record_has_no_metadata_formats(base: str):
    item = next(item for item in repository.repository("kku").items if item.deleted)
    root = _ask(base, f"verb=ListMetadataFormats&identifier={item.identifier}")
    assert root[2].get("code") == "noMetadataFormats"


def test_a_token_of_another_verb_or_of_a_changed_list_is_refused(base: str):
    token = _token(_ask(base, "verb=ListRecords&metadataPrefix=oai_dc")).text
    assert token
    assert _ask(base, f"verb=ListIdentifiers&resumptionToken={token}")[2].get("code") == "badResumptionToken"
    read = repository.Token.decode(token)
    for wrong in ({"size": read.size + 1}, {"cursor": read.size}, {"cursor": -5}, {"prefix": "mods"}):
        forged = msgspec.structs.replace(read, **wrong).encode()
        assert _ask(base, f"verb=ListRecords&resumptionToken={forged}")[2].get("code") == "badResumptionToken"


def _repository(items: tuple[Item, ...]) -> Repository:
    return Repository("test", (repository.OAI_DC,), items, sets=())


@pytest.mark.parametrize(("size", "pages"), [(2, [2]), (3, [3]), (4, [3, 1]), (6, [3, 3])])
def test_the_last_page_is_never_empty(size: int, pages: list[int]):
    small = msgspec.structs.replace(_repository(repository.repository("neu").items[:size]), page=3)
    with provider.serving(repositories={"x": small}) as base:
        query, found = "metadataPrefix=oai_dc", []
        while query:
            root = _ask(base, f"verb=ListIdentifiers&{query}", "x")
            found.append(_names(root[2]).count("header"))
            token = root.find(".//o:resumptionToken", NS)
            assert (token is None) == (len(pages) == 1)
            query = f"resumptionToken={token.text}" if token is not None and token.text else ""
    assert found == pages


def test_a_repository_without_sets_says_so():
    with provider.serving(repositories={"x": _repository(repository.repository("neu").items[:3])}) as base:
        assert _ask(base, "verb=ListSets", "x")[2].get("code") == "noSetHierarchy"
        assert _ask(base, "verb=ListRecords&metadataPrefix=oai_dc&set=book", "x")[2].get("code") == "noSetHierarchy"
        assert requests.get(f"{base}/kku/oai?verb=Identify", timeout=30).status_code == 404


# ── as sickle harvests it ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("member", "prefix"), [("kku", "marcxml"), ("rmuti", "marcxml"), ("neu", "oai_dc")])
def test_sickle_harvests_every_record_and_every_deletion(base: str, member: str, prefix: str):
    records = list(Sickle(f"{base}/{member}/oai", timeout=30).ListRecords(metadataPrefix=prefix))
    live = [record for record in records if not record.deleted]
    assert len(live) == len(sample.share(member))
    assert len(records) - len(live) == sample.WITHDRAWN
    assert len({record.header.identifier for record in records}) == len(records)
    assert all(NOTE in record.raw for record in live)


def test_sickle_harvests_from_a_date(sickle: Sickle):
    since = "2025-01-01T00:00:00Z"
    expected = [item.identifier for item in repository.repository("kku").items if item.datestamp >= since]
    found = [h.identifier for h in sickle.ListIdentifiers(metadataPrefix="marcxml", **{"from": since})]
    assert found == expected
    assert 0 < len(found) < len(repository.repository("kku").items)


def test_sickle_reads_identify_formats_sets_and_one_record(sickle: Sickle):
    assert sickle.Identify().deletedRecord == "persistent"
    assert [f.metadataPrefix for f in sickle.ListMetadataFormats()] == ["oai_dc", "marcxml"]
    assert "thesis" in [s.setSpec for s in sickle.ListSets()]
    identifier = repository.repository("kku").items[0].identifier
    assert sickle.GetRecord(identifier=identifier, metadataPrefix="oai_dc").header.identifier == identifier


def test_sickle_meets_the_errors(sickle: Sickle):
    with pytest.raises(errors.NoRecordsMatch):
        sickle.ListRecords(metadataPrefix="oai_dc", **{"from": "2090-01-01"})
    with pytest.raises(errors.BadResumptionToken):
        sickle.ListRecords(resumptionToken="x")
    with pytest.raises(errors.BadArgument):
        sickle.ListRecords(metadataPrefix="oai_dc", until="yesterday")
    with pytest.raises(errors.IdDoesNotExist):
        sickle.GetRecord(identifier="oai:nobody:1", metadataPrefix="oai_dc")
    with pytest.raises(errors.CannotDisseminateFormat):
        sickle.ListRecords(metadataPrefix="mods")


def test_answers_are_utf_8_that_any_parser_reads(base: str):
    content = requests.get(f"{base}/neu/oai?verb=ListRecords&metadataPrefix=oai_dc", timeout=30).content
    assert content.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert any("ก" <= c <= "๛" for c in "".join(ElementTree.fromstring(content.decode("utf-8")).itertext()))


def test_the_port_is_free_again_afterwards():
    with provider.serving() as base:
        port = int(base.rpartition(":")[2])
    with provider.serving(port) as again:
        assert again == base
