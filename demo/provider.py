"""An OAI-PMH 2.0 data provider that plays the members which have one."""

import contextlib
import datetime
import re
import threading
from collections.abc import Callable, Iterator, Mapping

import msgspec
from flask import Flask, Response, abort, request
from lxml import etree
from werkzeug.datastructures import MultiDict
from werkzeug.serving import WSGIRequestHandler, make_server

from demo import marc
from demo.repository import FORMATS, Format, Item, ProtocolError, Repository, Token, repository, stamp

OAI = "http://www.openarchives.org/OAI/2.0/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
IDENTIFIER = "http://www.openarchives.org/OAI/2.0/oai-identifier"


# ── the six verbs, after The Open Archives Initiative Protocol for Metadata Harvesting, version 2.0 ───


def _identify(repository: Repository, args: Mapping[str, str], url: str) -> Iterator[etree._Element]:
    yield _element("repositoryName", repository.name)
    yield _element("baseURL", url)
    yield _element("protocolVersion", "2.0")
    yield _element("adminEmail", "sample@example.org")
    yield _element("earliestDatestamp", min(item.datestamp for item in repository.items))
    yield _element("deletedRecord", "persistent")
    yield _element("granularity", "YYYY-MM-DDThh:mm:ssZ")
    description = _element("description")
    description.append(_identifier_scheme(repository.items[0].identifier))
    yield description


def _identifier_scheme(sample: str) -> etree._Element:
    root = etree.Element(f"{{{IDENTIFIER}}}oai-identifier", nsmap={**marc.default_namespace(IDENTIFIER), "xsi": XSI})
    root.set(f"{{{XSI}}}schemaLocation", f"{IDENTIFIER} http://www.openarchives.org/OAI/2.0/oai-identifier.xsd")
    said = {"scheme": "oai", "repositoryIdentifier": sample.split(":")[1], "delimiter": ":", "sampleIdentifier": sample}
    for name, text in said.items():
        etree.SubElement(root, f"{{{IDENTIFIER}}}{name}").text = text
    return root


def _list_metadata_formats(repository: Repository, args: Mapping[str, str], url: str) -> Iterator[etree._Element]:
    if "identifier" in args and repository.item(args["identifier"]).deleted:
        raise ProtocolError("noMetadataFormats", "the record is deleted and has no metadata")
    for form in repository.formats:
        found = _element("metadataFormat")
        found.append(_element("metadataPrefix", form.prefix))
        found.append(_element("schema", form.schema))
        found.append(_element("metadataNamespace", form.namespace))
        yield found


def _list_sets(repository: Repository, args: Mapping[str, str], url: str) -> Iterator[etree._Element]:
    if "resumptionToken" in args:
        raise ProtocolError("badResumptionToken", "the list of sets is never parted")
    if not repository.sets:
        raise ProtocolError("noSetHierarchy", "this repository has no sets")
    for spec, name in repository.sets:
        found = _element("set")
        found.append(_element("setSpec", spec))
        found.append(_element("setName", name))
        yield found


def _get_record(repository: Repository, args: Mapping[str, str], url: str) -> Iterator[etree._Element]:
    item = repository.item(args["identifier"])
    yield _record(item, repository.format(args["metadataPrefix"]))


def _list_records(repository: Repository, args: Mapping[str, str], url: str) -> Iterator[etree._Element]:
    yield from _paged(repository, "ListRecords", args, _record)


def _list_identifiers(repository: Repository, args: Mapping[str, str], url: str) -> Iterator[etree._Element]:
    yield from _paged(repository, "ListIdentifiers", args, lambda item, _: _header(item))


Verb = Callable[[Repository, Mapping[str, str], str], Iterator[etree._Element]]


class Grammar(msgspec.Struct, frozen=True):
    """A verb, and the arguments that it must have and may have."""

    answer: Verb
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    resumes: bool = False  # resumptionToken may stand alone


VERBS = {
    "Identify": Grammar(_identify),
    "ListMetadataFormats": Grammar(_list_metadata_formats, optional=("identifier",)),
    "ListSets": Grammar(_list_sets, resumes=True),
    "GetRecord": Grammar(_get_record, required=("identifier", "metadataPrefix")),
    "ListRecords": Grammar(
        _list_records, required=("metadataPrefix",), optional=("from", "until", "set"), resumes=True
    ),
    "ListIdentifiers": Grammar(
        _list_identifiers, required=("metadataPrefix",), optional=("from", "until", "set"), resumes=True
    ),
}


def _checked(given: MultiDict[str, str]) -> tuple[str, dict[str, str]]:
    """The verb and its arguments. Raises badVerb and badArgument."""
    verbs = given.getlist("verb")
    if len(verbs) != 1 or verbs[0] not in VERBS:
        raise ProtocolError("badVerb", "the verb is missing, unknown or given twice")
    grammar = VERBS[verbs[0]]
    args = {name: values for name, values in given.lists() if name != "verb"}
    if twice := [name for name, values in args.items() if len(values) > 1]:
        raise ProtocolError("badArgument", f"given more than once: {', '.join(sorted(twice))}")
    if grammar.resumes and "resumptionToken" in args:
        allowed, required = {"resumptionToken"}, set[str]()
    else:
        allowed, required = {*grammar.required, *grammar.optional}, set(grammar.required)
    if unknown := args.keys() - allowed:
        raise ProtocolError("badArgument", f"not allowed here: {', '.join(sorted(unknown))}")
    if missing := required - args.keys():
        raise ProtocolError("badArgument", f"missing: {', '.join(sorted(missing))}")
    return verbs[0], {name: values[0] for name, values in args.items()}


# ── lists, in pages ──────────────────────────────────────────────────────────────────────────────


def _paged(
    repository: Repository, verb: str, args: Mapping[str, str], write: Callable[[Item, Format], etree._Element]
) -> Iterator[etree._Element]:
    token = _asked(repository, verb, args)
    form = repository.format(token.prefix)
    found = _selected(repository, token)
    if not found:
        raise ProtocolError("noRecordsMatch", "no record matches the request")
    resumed = "resumptionToken" in args
    if resumed and (token.size != len(found) or not 0 < token.cursor < len(found)):
        raise ProtocolError("badResumptionToken", "the list has changed since this token was given")
    end = token.cursor + repository.page
    yield from (write(item, form) for item in found[token.cursor : end])
    if resumed or end < len(found):
        following = msgspec.structs.replace(token, cursor=end, size=len(found)).encode() if end < len(found) else ""
        mark = _element("resumptionToken", following)
        mark.set("completeListSize", str(len(found)))
        mark.set("cursor", str(token.cursor))
        yield mark


def _asked(repository: Repository, verb: str, args: Mapping[str, str]) -> Token:
    """The request as a token at its beginning, or the one that is resumed."""
    if "resumptionToken" in args:
        token = Token.decode(args["resumptionToken"])
        if token.verb != verb or token.prefix not in {f.prefix for f in repository.formats}:
            raise ProtocolError("badResumptionToken", "this token belongs to another request")
        return token
    since, until = _moment(args.get("from", ""), "from"), _moment(args.get("until", ""), "until")
    if since and until and (len(since) != len(until) or since > until):
        raise ProtocolError("badArgument", "from and until differ in granularity, or from is after until")
    if args.get("set") and not repository.sets:
        raise ProtocolError("noSetHierarchy", "this repository has no sets")
    return Token(verb, args["metadataPrefix"], since, until, args.get("set", ""), 0, 0)


def _moment(text: str, name: str) -> str:
    """A UTC date or time of the protocol, as it came. Raises badArgument where it is neither."""
    shape = "%Y-%m-%dT%H:%M:%SZ" if "T" in text else "%Y-%m-%d"
    try:
        if text and not re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?", text, re.ASCII):
            raise ValueError(text)
        return datetime.datetime.strptime(text, shape).replace(tzinfo=datetime.UTC).strftime(shape) if text else ""
    except ValueError as error:
        raise ProtocolError("badArgument", f"{name} is no UTC date: {text}") from error


def _selected(repository: Repository, token: Token) -> list[Item]:
    """The items that a request names. A day includes all its seconds, at both ends."""
    return [
        item
        for item in repository.items
        if (not token.since or item.datestamp[: len(token.since)] >= token.since)
        and (not token.until or item.datestamp[: len(token.until)] <= token.until)
        and (not token.set or item.set == token.set)
    ]


# ── XML ──────────────────────────────────────────────────────────────────────────────────────────


def _element(name: str, text: str | None = None) -> etree._Element:
    found = etree.Element(f"{{{OAI}}}{name}")
    found.text = text
    return found


def _header(item: Item) -> etree._Element:
    header = _element("header")
    if item.deleted:
        header.set("status", "deleted")
    header.append(_element("identifier", item.identifier))
    header.append(_element("datestamp", item.datestamp))
    header.append(_element("setSpec", item.set))
    return header


def _record(item: Item, form: Format) -> etree._Element:
    record = _element("record")
    record.append(_header(item))
    if not item.deleted:
        metadata = _element("metadata")
        metadata.append(form.write(item.entry))
        record.append(metadata)
    return record


def answer(repository: Repository, given: MultiDict[str, str], url: str) -> bytes:
    """The whole answer to one request."""
    root = etree.Element(f"{{{OAI}}}OAI-PMH", nsmap={**marc.default_namespace(OAI), "xsi": XSI})
    root.set(f"{{{XSI}}}schemaLocation", f"{OAI} http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd")
    etree.SubElement(root, f"{{{OAI}}}responseDate").text = stamp(datetime.datetime.now(datetime.UTC))
    asked = etree.SubElement(root, f"{{{OAI}}}request")
    asked.text = url
    try:
        verb, args = _checked(given)
        body = list(VERBS[verb].answer(repository, args, url))
        container = etree.SubElement(root, f"{{{OAI}}}{verb}")
        container.extend(body)
    except ProtocolError as error:
        failed = etree.SubElement(root, f"{{{OAI}}}error", code=error.code)
        failed.text = str(error)
        verb, args = ("", {}) if error.code in ("badVerb", "badArgument") else _checked(given)
    for name, value in ({"verb": verb} | args if verb else {}).items():
        asked.set(name, value)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


# ── the server ───────────────────────────────────────────────────────────────────────────────────


def create_app(repositories: Mapping[str, Repository] | None = None) -> Flask:
    """One repository a member, each at /<code>/oai."""
    app = Flask(__name__)

    @app.route("/<code>/oai", methods=["GET", "POST"])
    def oai(code: str) -> Response:
        found = repositories.get(code) if repositories is not None else repository(code) if code in FORMATS else None
        if found is None:
            abort(404)
        given = request.form if request.method == "POST" else request.args
        return Response(answer(found, given, request.base_url), mimetype="text/xml")

    return app


class _Silent(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@contextlib.contextmanager
def serving(port: int = 0, repositories: Mapping[str, Repository] | None = None) -> Iterator[str]:
    """The provider on loopback while the block runs; yields its base URL. Port 0 takes a free one."""
    server = make_server("127.0.0.1", port, create_app(repositories), threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, name="oai-pmh", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
