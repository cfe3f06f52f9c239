"""OAI-PMH requests: sickle on a transport of ours, each answer parsed once and its faults told apart."""

import html
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Self

from lxml import etree
from sickle import Sickle, oaiexceptions
from sickle.iterator import OAIResponseIterator
from sickle.response import OAIResponse

from harvest.formats import xml
from harvest.lessons import Lessons
from harvest.protocols.oai import page
from harvest.protocols.oai.ahead import Ahead
from harvest.protocols.oai.kept import Kept
from harvest.protocols.oai.page import Astray, Item, Page, Unreadable
from harvest.record import HarvestError
from harvest.web import Failed, Response, Unanswered, Web, address_length

EMPTY_PAGES = 10  # one after another, each with a token: then the list leads nowhere
LONG = 2000  # characters of an address that every server takes
LISTS = ("ListRecords", "ListIdentifiers")  # come in pages
ASTRAY_AGAIN = 2  # how often a server that answers with a web page is asked again: it may be starting
_ERRORS = tuple(e for e in vars(oaiexceptions).values() if isinstance(e, type) and issubclass(e, Exception))

# metadataPrefix where the server's list of formats does not tell; the namespace of each format finds its own.
NAMESPACES = {
    "marcxml": "http://www.loc.gov/MARC21/slim",
    "oai_dc": "http://www.openarchives.org/OAI/2.0/oai_dc/",
}


class Looping(HarvestError):
    """The list leads nowhere: a token again and again, or page after page without a record."""


class Stale(HarvestError):
    """The server refuses a token that it gave itself."""


class Nothing(HarvestError):
    """Nothing in the list: noRecordsMatch."""


class BadDate(HarvestError):
    """The server refuses the dates of the request."""


class Answer(OAIResponse):  # type: ignore[misc]  # sickle has no types
    """An answer that is parsed once, strictly: sickle's own parser drops what it cannot read, and says nothing."""

    @cached_property
    def read(self) -> page.Read:
        return page.read(self.http_response)

    @property
    def xml(self) -> etree._Element:
        return self.read.root


class Client(Sickle):  # type: ignore[misc]  # sickle has no types
    """One source's server."""

    def __init__(self, web: Web, lessons: Lessons, kept: Kept):
        super().__init__(web.url, iterator=OAIResponseIterator)
        self.web, self.lessons, self.kept = web, lessons, kept
        self.patient = True  # a fault is new: it may be gone in a moment. Afterwards it is taken as it is
        self.tokens: set[str] = set()  # of the list that is being read
        self.ahead = Ahead(self._fetched, self._following)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.web.stop()
        self.ahead.close()

    def harvest(self, **arguments: str) -> Answer:
        """sickle asks through this. Of a list the next pages are asked for before this one is read."""
        response = self.ahead.answer(arguments)
        if self.web.moved:
            self.lessons.notice("moved", self.web.moved)
        if response.status >= 400 and b"OAI-PMH" not in response.content[:2000]:
            said = f"{self.endpoint}: keeps answering with an error: HTTP {response.status}"
            if response.status == 401:
                said += "; it wants to know who asks: give the source user and password in members.toml"
            raise Failed(said, response.status, response.content)
        return Answer(response, params=arguments)

    def _fetched(self, arguments: Mapping[str, str]) -> Response:
        response = self.kept.take(arguments) or self._answered(arguments)
        if arguments["verb"] in LISTS and response.status < 400:  # an error may be over by the next visit
            self.kept.keep(arguments, response)
        return response

    def _following(self, arguments: Mapping[str, str], response: Response) -> Mapping[str, str] | None:
        """The request that an answer leads on to; None at a list's end, and where the list seems to go in circles."""
        token = token_of(response.content) if arguments["verb"] in LISTS else ""
        return {"verb": arguments["verb"], "resumptionToken": token} if token not in self.tokens | {""} else None

    def _answered(self, arguments: Mapping[str, str]) -> Response:
        """By GET; by POST where an address is too long for the server."""
        length = address_length(self.web.url, arguments)
        if length <= LONG:
            return self.web.ask(arguments, patient=self.patient)
        if "post" in self.lessons.facts:
            return self.web.ask(arguments, "POST", patient=self.patient)
        try:
            response = self.web.ask(arguments, patient=False)
        except Unanswered:
            response = self.web.ask(arguments, "POST", patient=self.patient)
        if response.status < 400:
            return response
        posted = self.web.ask(arguments, "POST", patient=self.patient)
        if posted.status < 400:
            self.lessons.facts["post"] = "yes"
            self.lessons.notice("post", f"{length} characters")
        return posted

    # ── lists ────────────────────────────────────────────────────────────────────────────────────

    def pages(self, verb: str, arguments: dict[str, str]) -> Iterator[Page]:
        """The pages of one list, each with the token that leads on.

        Raises Nothing, Stale, Looping, BadDate, Unreadable, Astray, Failed, Unanswered, and HarvestError for the rest.
        """
        self.ahead.forget()
        self.tokens = tokens = {arguments.get("resumptionToken", "")}
        number = empty = 0
        while True:
            number += 1
            found = self._whole(verb, arguments, number)
            if found.token and found.token in tokens:
                yield Page(found.items, repeats=True)
                said = found.token[:80]
                raise Looping(f"{self.endpoint}: sends the same resumption token again and again: {said}")
            tokens.add(found.token)
            empty = 0 if found.items else empty + 1
            if empty > EMPTY_PAGES:
                raise Looping(f"{self.endpoint}: sent {empty} pages without a record, each with a further token")
            yield found
            if not found.token:
                return
            arguments = {"resumptionToken": found.token}

    def _whole(self, verb: str, arguments: dict[str, str], number: int) -> Page:
        """A page; one that came broken is asked for again."""
        for attempt in range(ASTRAY_AGAIN + 1):
            try:
                found = self._page(verb, arguments, number)
            except (Unreadable, Astray) as error:
                most = ASTRAY_AGAIN if isinstance(error, Astray) else 1
                if attempt >= most or not self.patient:
                    raise
                said = str(error)
                self.web.pause(self.web.settings.backoff * 2**attempt)
            else:
                if attempt:
                    self.lessons.notice("again", said)
                return found
        raise AssertionError("the last attempt returns or raises")

    def _page(self, verb: str, arguments: dict[str, str], number: int) -> Page:
        answers = self._asked(verb, arguments)
        answer: Answer = answers.next()
        read = answer.read
        if read.mended:
            told = ", ".join(f"{many} {what}" for what, many in read.mended.items())
            self.lessons.notice("mended", f"first on page {number}: {told}", sum(read.mended.values()))
        if read.namespace:
            self.lessons.notice("namespace", read.namespace)
        token = answers.resumption_token
        return Page(
            items=page.items(read, verb, number, answer.http_response.content),
            token=(token.token or "").strip() if token else "",
            size=_number(token.complete_list_size) if token else None,
            cursor=_number(token.cursor) if token else None,
            date=page.response_date(read.root),
        )

    def _asked(self, verb: str, arguments: dict[str, str]) -> Any:
        """What sickle makes of one answer, for a list an iterator over it; the protocol's errors as ours."""
        token = arguments.get("resumptionToken", "")
        try:
            return getattr(self, verb)(**arguments)
        except oaiexceptions.NoRecordsMatch as error:
            if token:
                raise Stale(f"{self.endpoint}: says in the midst of a list that nothing matches: {error}") from error
            raise Nothing(f"{self.endpoint}: nothing matches") from error
        except (oaiexceptions.BadResumptionToken, oaiexceptions.BadArgument) as error:
            said = f"{self.endpoint}: {type(error).__name__}: {error}"
            if token:
                raise Stale(said) from error
            raise (BadDate(said) if {"from", "until"} & arguments.keys() else HarvestError(said)) from error
        except _ERRORS as error:
            raise HarvestError(f"{self.endpoint}: {type(error).__name__}: {error}") from error
        except (TypeError, IndexError) as error:  # sickle makes a class of the error's code, whatever it is
            raise HarvestError(f"{self.endpoint}: answers with an error without a proper code") from error

    # ── single answers ───────────────────────────────────────────────────────────────────────────

    def record(self, identifier: str, prefix: str) -> Item:
        """One record by its identifier. Raises as pages does."""
        arguments = {"identifier": identifier, "metadataPrefix": prefix}
        answer: Answer = self._asked("GetRecord", arguments)
        found = page.items(answer.read, "GetRecord", 1, answer.http_response.content)
        if not found:
            raise Unreadable(f"{self.endpoint}: GetRecord holds no record", answer.http_response.content)
        return found[0]

    def identify(self) -> dict[str, str]:
        """What the server says of itself."""
        root = self.harvest(verb="Identify").xml
        return {xml.name(e): xml.text(e) for part in root if xml.name(part) == "Identify" for e in part}

    def prefix(self, fmt: str) -> str:
        """The server's own name for the format, by its namespace. Raises HarvestError where it has none."""
        root = self.harvest(verb="ListMetadataFormats").xml
        offered: dict[str, str] = {}
        for element in root.iter():
            if xml.name(element) == "metadataFormat":
                parts = {xml.name(child): (child.text or "").strip() for child in element}
                offered[parts.get("metadataPrefix", "")] = parts.get("metadataNamespace", "")
        wanted = NAMESPACES.get(fmt, fmt).rstrip("/")
        if fmt in offered:
            return fmt
        for prefix, space in offered.items():
            if space.rstrip("/") == wanted:
                return prefix
        raise HarvestError(f"{self.endpoint}: offers no {fmt}, but {', '.join(offered) or 'no format at all'}")


_TOKEN = re.compile(rb"<(?:[\w.-]+:)?resumptionToken\b[^>]*>([^<]+)</(?:[\w.-]+:)?resumptionToken\s*>")
_TAIL = 4096  # bytes: a page ends in its token


def token_of(content: bytes) -> str:
    """The token that leads on, as far as it is to be seen without reading the page; "" where it is not."""
    found = _TOKEN.findall(content, max(0, len(content) - _TAIL))
    return html.unescape(found[-1].decode("utf-8", "replace")).strip() if found else ""


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
