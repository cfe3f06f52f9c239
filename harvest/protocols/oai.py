"""OAI-PMH 2.0: what changed since the last visit, page by page, each page with the token to go on from."""

import datetime
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import requests
from lxml import etree
from requests.adapters import HTTPAdapter
from sickle import Sickle, oaiexceptions
from sickle.iterator import OAIResponseIterator
from sickle.response import OAIResponse
from urllib3.util import Retry

from config import database
from config.tables import Settings
from harvest.formats import xml
from harvest.protocols import Visit
from harvest.record import Batch, Format, HarvestError, Payload, Progress

NAMESPACE = "http://www.openarchives.org/OAI/2.0/"
EMPTY_PAGES = 10  # one after another, each with a token: then the list leads nowhere

# metadataPrefix where the server's list of formats does not tell; the namespace of each format finds its own.
NAMESPACES = {
    "marcxml": "http://www.loc.gov/MARC21/slim",
    "oai_dc": "http://www.openarchives.org/OAI/2.0/oai_dc/",
}
# A server stamps a record when it is saved and shows it when it is committed: what was saved shortly
# before the last visit may have been shown only after it. So each visit looks back a little.
OVERLAP = {"YYYY-MM-DD": datetime.timedelta(days=1), "YYYY-MM-DDThh:mm:ssZ": datetime.timedelta(hours=1)}
RETRIED = (429, 500, 502, 503, 504)
_ERRORS = tuple(e for e in vars(oaiexceptions).values() if isinstance(e, type) and issubclass(e, Exception))


class Answer(OAIResponse):  # type: ignore[misc]  # sickle has no types
    """An answer that is parsed once, strictly: sickle's own parser drops what it cannot read, and says nothing."""

    @cached_property
    def xml(self) -> etree._Element:
        content = self.http_response.content
        try:
            root = xml.parse(content.strip())
        except ValueError as error:
            kind = self.http_response.headers.get("Content-Type", "")
            what = "HTML" if "html" in kind or b"<html" in content[:1000].lower() else "an answer that is"
            raise HarvestError(f"{self.http_response.url}: {what} {error}") from error
        if root.tag != f"{{{NAMESPACE}}}OAI-PMH":
            raise HarvestError(f"{self.http_response.url}: answered with <{root.tag}>, not with OAI-PMH 2.0")
        return root


class Client(Sickle):  # type: ignore[misc]  # sickle has no types
    """sickle on one HTTP session: connections are kept, requests time out and are tried again."""

    def __init__(self, url: str, settings: Settings):
        super().__init__(url, iterator=OAIResponseIterator)
        self.timeout = settings.timeout
        self.session = requests.Session()
        self.session.headers["User-Agent"] = f"Sahaban/0.1 (union catalogue; {settings.contact or 'no contact set'})"
        retry = Retry(
            total=settings.retries, connect=min(2, settings.retries), backoff_factor=0.5, status_forcelist=RETRIED
        )
        self.session.mount("http://", HTTPAdapter(max_retries=retry))
        self.session.mount("https://", HTTPAdapter(max_retries=retry))

    def harvest(self, **arguments: str) -> Answer:
        try:
            response = self.session.get(self.endpoint, params=arguments, timeout=self.timeout)
            response.raise_for_status()
        except requests.RequestException as error:
            raise HarvestError(f"{self.endpoint}: {_said(error)}") from error
        return Answer(response, params=arguments)


def fetch(visit: Visit, form: Format) -> Iterator[Batch]:
    """The pages of what changed since the last visit; of everything, where the visit is a full one."""
    client = Client(visit.source.url, visit.settings)
    try:
        yield from _visit(client, visit)
    except oaiexceptions.NoRecordsMatch:
        return  # nothing new is a success; the watermark stays, and the next visit asks a little more
    except _ERRORS as error:
        raise HarvestError(f"{visit.source.url}: {type(error).__name__}: {error}") from error
    finally:
        client.session.close()


def _visit(client: Client, visit: Visit) -> Iterator[Batch]:
    kept = Progress() if visit.full else visit.progress
    if kept.token:
        try:
            yield from _pages(client, {"resumptionToken": kept.token}, kept)
            return
        except oaiexceptions.BadResumptionToken:
            pass  # it grew old between two runs: the list is asked for anew, and what is here is unchanged
    yield from _pages(client, _arguments(client, visit, kept.watermark), Progress(watermark=kept.watermark))


def _arguments(client: Client, visit: Visit, watermark: str) -> dict[str, str]:
    arguments = {"metadataPrefix": visit.source.prefix or _prefix(client, visit.source.format)}
    if visit.source.set:
        arguments["set"] = visit.source.set
    if watermark:
        arguments["from"] = _since(watermark, _granularity(client))
    return arguments


def _prefix(client: Client, fmt: str) -> str:
    """The server's own name for the format, by its namespace. Raises HarvestError where it has none."""
    root = client.harvest(verb="ListMetadataFormats").xml
    offered: dict[str, str] = {}
    for element in root.iter():
        if xml.name(element) == "metadataFormat":
            parts = {xml.name(child): (child.text or "").strip() for child in element}
            offered[parts.get("metadataPrefix", "")] = parts.get("metadataNamespace", "")
    found = [prefix for prefix, space in offered.items() if space.rstrip("/") == NAMESPACES.get(fmt, fmt).rstrip("/")]
    if fmt in offered or not found:
        if fmt not in offered:
            raise HarvestError(f"{client.endpoint}: offers no {fmt}, but {', '.join(offered) or 'no format at all'}")
        return fmt
    return found[0]


def _granularity(client: Client) -> str:
    """As Identify tells; days, which every server must understand, where it does not."""
    told = (xml.text(e) for e in client.harvest(verb="Identify").xml.iter() if xml.name(e) == "granularity")
    return next(told, "YYYY-MM-DD")


def _since(watermark: str, granularity: str) -> str:
    """Where the next visit begins: the watermark less the overlap, in the server's granularity."""
    moment = datetime.datetime.fromisoformat(watermark.replace("Z", "+00:00"))
    days = "hh" not in granularity
    moment -= OVERLAP["YYYY-MM-DD" if days else "YYYY-MM-DDThh:mm:ssZ"]
    return moment.strftime("%Y-%m-%d" if days else "%Y-%m-%dT%H:%M:%SZ")


def _pages(client: Client, arguments: dict[str, str], progress: Progress) -> Iterator[Batch]:
    """The pages of one list. The watermark moves to the first answer's own time when the list is whole."""
    until = progress.until
    tokens: set[str] = set()
    empty = 0
    answers = client.ListRecords(**arguments)
    for number, answer in enumerate(answers, 1):
        until = until or _response_date(answer.xml)
        token = (answers.resumption_token.token or "").strip() if answers.resumption_token else ""
        if token in tokens:
            raise HarvestError(f"{client.endpoint}: sends the same resumption token again and again: {token[:80]}")
        tokens.add(token)
        if answers.resumption_token:
            answers.resumption_token.token = token
        payloads = tuple(_payloads(answer.xml, number))
        empty = 0 if payloads else empty + 1
        if empty > EMPTY_PAGES:
            raise HarvestError(f"{client.endpoint}: sent {empty} pages without a record, each with a further token")
        done = Progress(watermark=until)
        further = Progress(watermark=progress.watermark, token=token, until=until)
        yield Batch(payloads, further if token else done, _size(answers))


def _response_date(root: etree._Element) -> str:
    """The answer's own time. A server that tells none, or one to come (2569), is given this machine's."""
    date = next((e.text or "" for e in root if xml.name(e) == "responseDate"), "").strip()
    try:
        moment = datetime.datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.UTC)
    except ValueError:
        return database.now()
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    return date if datetime.datetime(1990, 1, 1, tzinfo=datetime.UTC) < moment < tomorrow else database.now()


def _size(answers: Any) -> int | None:
    size = answers.resumption_token.complete_list_size if answers.resumption_token else None
    return int(size) if size and size.isdecimal() else None


def _payloads(root: etree._Element, page: int) -> Iterator[Payload]:
    if not any(xml.name(e) == "ListRecords" for e in root):
        raise HarvestError(f"page {page}: holds neither records nor an error")
    listed = (e for answer in root if xml.name(answer) == "ListRecords" for e in answer)
    for record in listed:
        if xml.name(record) != "record":
            continue
        parts = {xml.name(child): child for child in record}
        header = parts.get("header")
        told = {xml.name(e): xml.text(e) for e in header} if header is not None else {}
        identifier = told.get("identifier", "")
        deleted = header is not None and header.get("status") == "deleted"
        body = next((e for e in parts.get("metadata", ()) if xml.name(e)), None)
        whole = body if body is not None else None if deleted else record
        yield Payload(
            data=etree.tostring(whole, encoding="utf-8", with_tail=False) if whole is not None else b"",
            place=f"page {page}, {identifier or 'a record without identifier'}",
            local_id=identifier,
            datestamp=told.get("datestamp", ""),
            deleted=deleted,
            broken=_fault(identifier, body is not None or deleted),
        )


def _fault(identifier: str, whole: bool) -> str:
    if not identifier:
        return "the record has no identifier in its header"
    return "" if whole else "the record has no metadata, and is not said to be deleted"


def _said(error: requests.RequestException) -> str:
    """A network error as a librarian's administrator would say it."""
    if isinstance(error, requests.Timeout):
        return "does not answer in time"
    if isinstance(error, requests.exceptions.RetryError):
        return f"keeps answering with an error: {error.args[0].reason if error.args else error}"
    if isinstance(error, requests.ConnectionError):
        return f"cannot be reached: {str(error).rpartition(': ')[2].strip(chr(34) + ')') or error}"
    return str(error)
