"""The three tables that a librarian edits, read into frozen structs and checked whole."""

import codecs
import os
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

TABLES = ("members.toml", "fields.toml", "settings.toml")
RESERVED = ("any", "id", "member")  # names that a question uses beside the fields

S = TypeVar("S", bound=msgspec.Struct)


class ConfigError(Exception):
    """The tables are wrong: one line a fault, each naming file, table and key."""

    def __init__(self, faults: Collection[str]):
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One text in both languages of the interface."""

    th: str
    en: str

    def in_language(self, language: str) -> str:
        return self.en if language == "en" else self.th


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where some of a member's records come from, and in which form."""

    protocol: str
    format: str
    url: str = ""  # oai: the base URL
    path: str = ""  # file: a file, a pattern or a directory, relative to the tables, or an http(s) address
    set: str = ""  # oai: only this set
    prefix: str = ""  # oai: the metadataPrefix, where the server's own list does not tell it
    hosts: tuple[str, ...] = ()  # other servers that it may redirect to: "name" or "name:port"
    user: str = ""  # where the server asks who is there ...
    password: str = ""  # ... "env:NAME" or "file:PATH" (mode 600): never the password itself
    encoding: str = ""  # where the file does not say it, or lies: "tis-620"
    load: Literal["full", "delta"] = "delta"  # full: what is missing was withdrawn
    holdings: str | tuple[str, ...] = ()  # "852: b=location h=call_number", or the name of a ready one
    columns: dict[str, str] = {}  # sheet: header word -> field, part of a holding, or "id"

    @property
    def key(self) -> str:
        """What tells this source from the member's others: its place, its format and its set."""
        return " ".join(filter(None, (self.url or self.path, self.format, self.set)))


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One library of the network. What is not known stays empty and is not shown."""

    name: Text
    kind: str
    code: str = ""  # the name of its table
    variants: tuple[str, ...] = ()
    address: Text | None = None
    hours: Text | None = None
    lending: Text | None = None
    web: str = ""
    opac: str = ""
    phone: str = ""
    email: str = ""
    quiet_days: Annotated[int, Meta(ge=0, le=3650)] | None = None  # it may bring nothing for so long; 0: for ever
    source: tuple[Source, ...] = ()


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One bibliographic field: its names, where members keep it, how it is merged and searched."""

    label: Text
    name: str = ""  # the name of its table
    marc: str = ""  # "245abnp:246a"
    dc: str = ""  # "title" or "date:issued"
    sheet: tuple[str, ...] = ()  # header words
    derive: str = ""  # a named function, where no path says it
    merge: str = "union"
    analyser: str = ""  # "" is kept and shown, but not searched
    weight: Annotated[int, Meta(ge=0)] = 0  # 0 is searched only when the field is named
    facet: bool = False
    sort: bool = False


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How this installation runs; each key is overridden by SAHABAN_<KEY>."""

    database: str = ""  # a SQLAlchemy URL; "" is sahaban.db in the home directory
    engine: str = "tantivy"
    language: Literal["th", "en"] = "th"
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 8000
    contact: str = ""  # who runs this installation: goes into the User-Agent
    address: str = ""  # where readers open the catalogue, for links in reports; "" is http://host:port
    upload_mb: Annotated[int, Meta(ge=1, le=500)] = 20  # the largest purchase list that the page takes
    page_size: Annotated[int, Meta(ge=1, le=200)] = 20
    timeout: Annotated[float, Meta(gt=0, le=3600)] = 60.0  # seconds that a source may stay silent
    longest_answer: Annotated[float, Meta(gt=0, le=86400)] = 600.0  # seconds that one answer may take in all
    retries: Annotated[int, Meta(ge=0, le=20)] = 4
    backoff: Annotated[float, Meta(ge=0, le=3600)] = 0.5  # seconds before a request is tried again; doubled each time
    longest_wait: Annotated[float, Meta(ge=0, le=86400)] = 900.0  # seconds that a busy server may ask to wait
    answer_mb: Annotated[int, Meta(ge=1, le=2000)] = 100  # the largest answer of a server, unpacked
    unpacked_mb: Annotated[int, Meta(ge=1, le=100_000)] = 2000  # what the files of an archive may unpack to
    settle: Annotated[float, Meta(ge=0, le=600)] = 1.0  # seconds for which a file must not grow before it is read
    whole_days: Annotated[int, Meta(ge=1, le=3650)] = 7  # how often a source that never says "deleted" is listed whole
    withdraw_percent: Annotated[float, Meta(ge=0, le=100)] = (
        5.0  # a full load never withdraws more than this share of a member ...
    )
    withdraw_floor: Annotated[int, Meta(ge=0)] = 20  # ... or this many records, whichever is more
    quarantine_limit: Annotated[int, Meta(ge=0)] = 0  # records in quarantine that need no person
    history_days: Annotated[int, Meta(ge=0, le=3650)] = 30  # how long a run can be undone
    members_at_once: Annotated[int, Meta(ge=1, le=32)] = 4  # in a night
    longest_harvest: Annotated[float, Meta(gt=0, le=604_800)] = 21_600.0  # seconds of a night for one member
    quiet_days: Annotated[int, Meta(ge=1, le=3650)] = 14  # no member is asked why it brings nothing before so many ...
    stopped_days: Annotated[int, Meta(ge=1, le=3650)] = 90  # ... and each is after so many
    failing_days: Annotated[int, Meta(ge=1, le=3650)] = 7  # whose harvest fails for so long has stopped contributing
    report_days: Annotated[int, Meta(ge=1, le=3650)] = 90  # how long the nights' reports are kept
    backups: Annotated[int, Meta(ge=0, le=1000)] = 0  # how many nightly backups are kept; 0: none is made
    backup_directory: str = ""  # "" is backups in the home directory
    mail_to: str = ""  # addresses, with commas; "" is no mail
    mail_from: str = ""
    mail_host: str = "localhost"
    mail_port: Annotated[int, Meta(ge=1, le=65535)] = 25
    mail_security: Literal["none", "starttls", "tls"] = "none"
    mail_user: str = ""
    mail_password: str = ""  # "env:NAME" or "file:PATH" (mode 600): never the password itself
    mail_when: Literal["always", "trouble"] = "always"
    webhook: str = ""  # where the report is sent as JSON, too

    @property
    def recipients(self) -> tuple[str, ...]:
        return tuple(filter(None, (address.strip() for address in self.mail_to.split(","))))

    def title_address(self, id: str) -> str:
        """The whole address of a title's page."""
        return f"{self.address.rstrip('/') or f'http://{self.host}:{self.port}'}/title/{id}"


class Tables(msgspec.Struct, frozen=True):
    """The three tables together, and the directory that relative paths start from."""

    directory: Path
    members: dict[str, Member]
    fields: dict[str, Field]
    settings: Settings


class Known(msgspec.Struct, frozen=True):
    """The names that the tables may use; each room hands in its own."""

    protocols: Collection[str]
    formats: Collection[str]
    derives: Collection[str]
    merges: Collection[str]
    analysers: Collection[str]
    engines: Collection[str]
    holdings: Collection[str]  # the ready mappings
    parts: Collection[str]  # the parts of a holding


def read(directory: Path, known: Known, environ: Mapping[str, str] = os.environ) -> Tables:
    """The checked tables of a directory. Raises ConfigError with every fault in them at once."""
    faults: list[str] = []
    raw = {name: _load(directory / name, faults) for name in TABLES}
    fields = {table: _field(table, row, known, faults) for table, row in raw["fields.toml"]}
    members = {table: _member(table, row, known, fields, faults) for table, row in raw["members.toml"]}
    settings = _settings(dict(raw["settings.toml"]), known, environ, faults)
    faults += _shared_headers(f for f in fields.values() if f)
    if faults:
        raise ConfigError(faults)
    return Tables(
        directory=directory,
        members={code: m for code, m in members.items() if m},
        fields={name: f for name, f in fields.items() if f},
        settings=settings or Settings(),
    )


# ── reading one file ─────────────────────────────────────────────────────────────────────────────

_HEADER = re.compile(r"^[ \t]*\[([A-Za-z0-9_-]+)\][ \t]*(?:#.*)?$", re.M)


def _load(path: Path, faults: list[str]) -> list[tuple[str, Any]]:
    """The tables of a file by name. A name given twice is a fault, and both tables are still checked."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        faults.append(f"{path.name}: not found in {path.parent}; `sahaban init {path.parent}` writes it")
        return []
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{path.name}: cannot be read: {error}")
        return []
    seen: dict[str, int] = {}

    def rename(match: re.Match[str]) -> str:
        name = match[1]
        seen[name] = seen.get(name, 0) + 1
        if seen[name] == 1:
            return match[0]
        line = text.count("\n", 0, match.start()) + 1
        faults.append(f"{path.name}: [{name}]: this table stands twice; the second is at line {line}")
        return f'[{name}."\\u0000{seen[name]}"]'

    try:
        loaded = tomllib.loads(_HEADER.sub(rename, text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        faults.append(f"{path.name}: is not TOML: {error}")
        return []
    rows: list[tuple[str, Any]] = []
    for name, row in loaded.items():
        again = [k for k in row if k.startswith("\0")] if isinstance(row, dict) else []
        rows += [(name, row.pop(key)) for key in again]
        rows.append((name, row))
    return rows


def _convert(kind: type[S], row: object, where: str, faults: list[str], *, strict: bool = True) -> S | None:
    """A row as a struct; every wrong or unknown key becomes a fault of its own."""
    if not isinstance(row, dict):
        faults.append(f"{where}: expected a table, got {type(row).__name__}")
        return None
    known = {field.name: field for field in msgspec.structs.fields(kind)}
    values: dict[str, Any] = {}
    before = len(faults)
    for key, value in row.items():
        if key not in known:
            faults.append(f"{where} {key}: unknown key{_meant(key, known)}")
            continue
        try:
            values[key] = msgspec.convert(value, known[key].type, strict=strict)
        except msgspec.ValidationError as error:
            faults.append(f"{where} {key}: {str(error).replace(' - at `$', ' - at `' + key)}")
    for name, field in known.items():
        if field.required and name not in row:
            faults.append(f"{where} {name}: is missing")
    return kind(**values) if len(faults) == before else None


def _meant(word: str, known: Collection[str]) -> str:
    from rapidfuzz import process  # a fiftieth of a second that each process would wait for where nothing is wrong

    best = process.extractOne(word, list(known), score_cutoff=60)
    return f"; did you mean {best[0]}?" if best else f"; one of {', '.join(sorted(known))}"


def _one_of(value: str, known: Collection[str], where: str, what: str) -> Iterator[str]:
    if value and value not in known:
        yield f'{where}: unknown {what} "{value}"{_meant(value, known)}'


# ── the rows of each table ───────────────────────────────────────────────────────────────────────


def _field(name: str, row: object, known: Known, faults: list[str]) -> Field | None:
    where = f"fields.toml: [{name}]"
    if not re.fullmatch(r"[a-z][a-z_]*", name) or name in RESERVED:
        faults.append(f"{where}: a field's name is lower-case Latin letters, and none of {', '.join(RESERVED)}")
    field = _convert(Field, _named(row, "name", name), where, faults)
    if field:
        faults += _one_of(field.derive, known.derives, f"{where} derive", "function")
        faults += _one_of(field.merge, known.merges, f"{where} merge", "merge rule")
        faults += _one_of(field.analyser, known.analysers, f"{where} analyser", "analyser")
        for spec in filter(None, field.marc.split(":")):
            match = re.fullmatch(MARC_PATH, spec)
            if not match or (match[3] and int(match[3]) < int(match[2])):
                faults.append(f'{where} marc: "{spec}" is no path such as 245abnp, 008[35-37] or LDR[6]')
    return field


MARC_PATH = r"(LDR|\d{3})(?:\[(\d+)(?:-(\d+))?\]|[a-z0-9]*)"


def _member(
    code: str, row: object, known: Known, fields: Mapping[str, Field | None], faults: list[str]
) -> Member | None:
    where = f"members.toml: [{code}]"
    if not re.fullmatch(r"[a-z][a-z0-9-]*", code):
        faults.append(f"{where}: a member's code is lower-case Latin letters, digits and -")
    sources: list[Source] = []
    if isinstance(row, dict) and "source" in row:
        row = dict(row)
        given = row.pop("source")
        if not isinstance(given, list):
            faults.append(f"{where} source: write it as [[{code}.source]], with double brackets")
            given = []
        for number, source in enumerate(given, 1):
            place = f"members.toml: [[{code}.source]] {number}"
            if checked := _source(source, place, known, fields, faults):
                sources.append(checked)
        twice = {s.key for s in sources if [x.key for x in sources].count(s.key) > 1}
        faults += [f"{where} source: two sources read the same: {key}" for key in sorted(twice)]
    member = _convert(Member, _named(row, "code", code), where, faults)
    return msgspec.structs.replace(member, source=tuple(sources)) if member else None


def _source(
    row: object, where: str, known: Known, fields: Mapping[str, Field | None], faults: list[str]
) -> Source | None:
    source = _convert(Source, row, where, faults)
    if not source:
        return None
    faults += _one_of(source.protocol, known.protocols, f"{where} protocol", "protocol")
    faults += _one_of(source.format, known.formats, f"{where} format", "format")
    if source.protocol == "oai" and not re.match(r"https?://\S+$", source.url):
        faults.append(f"{where} url: an oai source needs its base URL, http:// or https://")
    if re.match(r"https?://[^/]*@", source.url or source.path):
        faults.append(f"{where} url: a password never stands in an address: write user and password beside it")
    if source.password and not re.match(r"(env|file):.", source.password):
        faults.append(f"{where} password: write where it is, env:NAME or file:PATH, and not the password itself")
    if bool(source.user) != bool(source.password):
        faults.append(f"{where} {'user' if source.password else 'password'}: user and password go together")
    if source.protocol == "oai" and source.load == "full":
        faults.append(f"{where} load: an oai server says itself what was deleted; full is for files")
    if source.protocol == "file" and not source.path:
        faults.append(f"{where} path: a file source needs a file, a pattern or a directory")
    if source.encoding:
        try:
            codecs.lookup(source.encoding)
            "".encode(source.encoding)
        except (LookupError, ValueError):
            faults.append(f'{where} encoding: unknown encoding "{source.encoding}"')
    faults += _holdings(source, where, known)
    targets = {*fields, *known.parts, "id"}
    for header, target in source.columns.items():
        faults += _one_of(target, targets, f"{where} columns.{header}", "field")
    return source


def _holdings(source: Source, where: str, known: Known) -> Iterator[str]:
    for mapping in holdings_of(source):
        if mapping in known.holdings:
            continue
        match = re.fullmatch(r"(\d{3}):((?:\s+[a-z0-9]=[a-z_]+)+)", mapping)
        if not match:
            ready = ", ".join(sorted(known.holdings))
            yield f'{where} holdings: "{mapping}" is neither "852: b=location h=call_number" nor one of {ready}'
            continue
        for pair in match[2].split():
            yield from _one_of(pair.partition("=")[2], known.parts, f"{where} holdings", "part of a holding")


def holdings_of(source: Source) -> tuple[str, ...]:
    """The holdings mappings of a source; none means the ready ones."""
    given = source.holdings
    return ((given,) if given else ()) if isinstance(given, str) else given


def _settings(row: dict[str, Any], known: Known, environ: Mapping[str, str], faults: list[str]) -> Settings | None:
    settings = _convert(Settings, row, "settings.toml:", faults)
    names = {field.name for field in msgspec.structs.fields(Settings)}
    given = {name: environ[key] for name in names if (key := f"SAHABAN_{name.upper()}") in environ}
    changed = _convert(Settings, given, "environment: SAHABAN_…", faults, strict=False)
    if settings and changed:
        settings = msgspec.structs.replace(settings, **{name: getattr(changed, name) for name in given})
    if settings:
        faults += _one_of(settings.engine, known.engines, "settings.toml: engine", "engine")
        faults += (*_addresses(settings), *_reporting(settings))
    return settings


ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"  # the ASCII ones of RFC 5321
OWN = ("localhost", "127.0.0.1", "::1")


def _addresses(settings: Settings) -> Iterator[str]:
    """Whether what is shown to readers and told to servers is what it should be."""
    if settings.address and not _of_web(settings.address):
        yield "settings.toml: address: is no address such as https://union.example.ac.th"
    if settings.webhook and not _of_web(settings.webhook):
        yield "settings.toml: webhook: is no address such as https://chat.example.ac.th/hooks/…"
    if not settings.contact.isprintable():
        yield "settings.toml: contact: is more than one line"


def _of_web(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"https?://[^\s/@]+(/\S*)?", text) and urlsplit(text).hostname)
    except ValueError:  # http://[::1
        return False


def _reporting(settings: Settings) -> Iterator[str]:
    """Whether what a night says can reach anybody."""
    for address in settings.recipients:
        if not re.fullmatch(ADDRESS, address):
            shown = " ".join(address.split())
            yield f'settings.toml: mail_to: "{shown}" is no mail address; several are written "a@x.ac.th, b@x.ac.th"'
    if settings.mail_from and not re.fullmatch(ADDRESS, settings.mail_from):
        yield f'settings.toml: mail_from: "{settings.mail_from}" is no mail address'
    if settings.recipients and not settings.mail_from:
        yield "settings.toml: mail_from: is missing: mail_to needs somebody who writes"
    if not re.fullmatch(r"[A-Za-z0-9.:_-]+", settings.mail_host):
        yield f'settings.toml: mail_host: "{settings.mail_host}" is no name of a server; the port is mail_port'
    if settings.mail_password and not re.match(r"(env|file):.", settings.mail_password):
        yield "settings.toml: mail_password: write where it is, env:NAME or file:PATH, and not the password itself"
    if bool(settings.mail_user) != bool(settings.mail_password):
        key = "mail_user" if settings.mail_password else "mail_password"
        yield f"settings.toml: {key}: is missing: mail_user and mail_password go together"
    if settings.mail_password and settings.mail_security == "none" and settings.mail_host not in OWN:
        yield "settings.toml: mail_security: a password is never sent in the open: starttls or tls"


def _named(row: object, key: str, name: str) -> object:
    """The row with its table's name; a row that gives the name itself is left to be refused."""
    return {key: name, **row} if isinstance(row, dict) else row


def _shared_headers(fields: Iterator[Field]) -> Iterator[str]:
    """A header word that two fields claim."""
    owner: dict[str, str] = {}
    for field in fields:
        for word in field.sheet:
            first = owner.setdefault(word.casefold(), field.name)
            if first != field.name:
                yield f'fields.toml: [{field.name}] sheet: the header "{word}" belongs to [{first}] already'
