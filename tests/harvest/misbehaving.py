"""A real OAI-PMH server over forty records that misbehaves in one way, named in BEHAVIOURS."""

import contextlib
import datetime
import gzip
import html
import http.server
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

OAI = "http://www.openarchives.org/OAI/2.0/"
DC = 'xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
START = datetime.datetime(2024, 1, 1, 8, tzinfo=datetime.UTC)
PAGE = 10


class Rec(msgspec.Struct):
    """One record: a day apart from the one before."""

    number: int
    deleted: bool = False
    sets: tuple[str, ...] = ("book",)
    title: str = ""
    stamp: str = ""

    @property
    def id(self) -> str:
        return f"oai:x:{self.number}"


def records(count: int = 40) -> list[Rec]:
    return [
        Rec(n, title=f"เสื้อ {n}", stamp=(START + datetime.timedelta(days=n)).strftime("%Y-%m-%dT%H:%M:%SZ"))
        for n in range(count)
    ]


class Asked(msgspec.Struct):
    """A request as the server sees it."""

    verb: str
    args: dict[str, str]
    method: str
    offset: int  # of the list, by its token
    nth: int  # how often exactly this was asked, from 1


Body = Callable[["Server", Asked, bytes], bytes]


class Server:
    """Well behaved, but for the methods and hooks that a behaviour replaces."""

    def __init__(self) -> None:
        self.records = records()
        self.granularity = "YYYY-MM-DDThh:mm:ssZ"
        self.deletions = "persistent"
        self.sizes = True
        self.asked: list[Asked] = []
        self.headers: list[dict[str, str]] = []
        self.peers: list[tuple[str, int]] = []
        self.hooks: dict[str, Any] = {}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # or each answer waits 40 ms between head and body

            def do_GET(self) -> None:
                outer.handle(self, dict(parse_qsl(urlsplit(self.path).query)), "GET")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                outer.handle(self, dict(parse_qsl(body)), "POST")

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/oai"

    def lists(self) -> list[dict[str, str]]:
        return [asked.args for asked in self.asked if asked.verb == "ListRecords"]

    # ── answering ────────────────────────────────────────────────────────────────────────────────

    def handle(self, handler: http.server.BaseHTTPRequestHandler, args: dict[str, str], method: str) -> None:
        verb = args.pop("verb", "")
        same = sum(a.args == args and a.verb == verb for a in self.asked)
        token = args.get("resumptionToken", "")
        asked = Asked(verb, args, method, int(token.split("|")[0]) if "|" in token else 0, same + 1)
        self.asked.append(asked)
        self.headers.append(dict(handler.headers))
        self.peers.append(handler.client_address)
        if "http" in self.hooks and self.hooks["http"](self, handler, asked):
            return
        body = self.answer(asked)
        if "body" in self.hooks:
            body = self.hooks["body"](self, asked, body)
        self.send(handler, body)

    @staticmethod
    def send(handler: http.server.BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
        handler.send_response_only(status)
        given = {"Content-Type": "text/xml", "Content-Length": str(len(body))} | headers
        for name, value in given.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        with contextlib.suppress(ConnectionError):
            handler.wfile.write(body)

    def answer(self, asked: Asked) -> bytes:
        match asked.verb:
            case "Identify":
                inner = (
                    f"<Identify><repositoryName>x</repositoryName><baseURL>{self.url}</baseURL>"
                    f"<protocolVersion>2.0</protocolVersion><adminEmail>a@b</adminEmail>"
                    f"<earliestDatestamp>{min(r.stamp for r in self.records)[:10]}</earliestDatestamp>"
                    f"<deletedRecord>{self.deletions}</deletedRecord><granularity>{self.granularity}</granularity></Identify>"
                )
            case "ListMetadataFormats":
                inner = (
                    "<ListMetadataFormats><metadataFormat><metadataPrefix>oai_dc</metadataPrefix><metadataNamespace>"
                    "http://www.openarchives.org/OAI/2.0/oai_dc/</metadataNamespace></metadataFormat></ListMetadataFormats>"
                )
            case "GetRecord":
                found = [r for r in self.records if r.id == asked.args["identifier"]]
                inner = f"<GetRecord>{self.record(found[0])}</GetRecord>" if found else self.error("idDoesNotExist")
            case _:
                inner = self.listed(asked)
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="{OAI}"><responseDate>{now}</responseDate><request/>{inner}</OAI-PMH>'.encode()

    def error(self, code: str) -> str:
        return f'<error code="{code}">no</error>'

    def listed(self, asked: Asked) -> str:
        token = asked.args.get("resumptionToken", "")
        args = dict(parse_qsl(token.split("|")[1])) if "|" in token else asked.args
        found = self.selected(args, asked.offset)
        if not found:
            return self.error("noRecordsMatch")
        end = asked.offset + PAGE
        write = self.record if asked.verb == "ListRecords" else self.header
        inner = "".join(write(r) for r in found[asked.offset : end])
        kept = "&".join(f"{k}={v}" for k, v in args.items())
        size = f' completeListSize="{self.size(found)}" cursor="{asked.offset}"' if self.sizes else ""
        following = self.token(asked, f"{end}|{kept}" if end < len(found) else "")
        return f"<{asked.verb}>{inner}<resumptionToken{size}>{html.escape(following)}</resumptionToken></{asked.verb}>"

    def size(self, found: list[Rec]) -> int:
        return int(self.hooks.get("size", len)(found))

    def token(self, asked: Asked, token: str) -> str:
        return str(self.hooks["token"](self, asked, token)) if "token" in self.hooks else token

    def selected(self, args: dict[str, str], offset: int) -> list[Rec]:
        ignored = self.hooks.get("ignores", ())
        since, until, wanted = args.get("from", ""), args.get("until", ""), args.get("set", "")
        return [
            r
            for r in self.records
            if ("from" in ignored or not since or r.stamp[: len(since)] >= since)
            and ("until" in ignored or not until or r.stamp[: len(until)] <= until)
            and (not wanted or wanted in r.sets or ("set" in ignored and offset))
        ]

    def header(self, r: Rec) -> str:
        status = ' status="deleted"' if r.deleted else ""
        sets = "".join(f"<setSpec>{s}</setSpec>" for s in r.sets)
        return f"<header{status}><identifier>{r.id}</identifier><datestamp>{r.stamp}</datestamp>{sets}</header>"

    def record(self, r: Rec) -> str:
        if r.deleted:
            return f"<record>{self.header(r)}</record>"
        return f"<record>{self.header(r)}<metadata><oai_dc:dc {DC}><dc:title>{r.title}</dc:title></oai_dc:dc></metadata></record>"


@contextlib.contextmanager
def serving(behaviour: str = "") -> Iterator[Server]:
    server = Server()
    BEHAVIOURS[behaviour](server)
    thread = threading.Thread(target=server.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.server.shutdown()
        server.server.server_close()
        thread.join()


# ── the ways to misbehave ────────────────────────────────────────────────────────────────────────

BEHAVIOURS: dict[str, Callable[[Server], None]] = {"": lambda server: None}


def behaviour(setup: Callable[[Server], None]) -> Callable[[Server], None]:
    BEHAVIOURS[setup.__name__.replace("_", "-")] = setup
    return setup


def on_page(number: int, change: Callable[[bytes], bytes], *, times: int = 10**9) -> Body:
    """A change of the body of one page of a list, the first so many times."""

    def body(server: Server, asked: Asked, body: bytes) -> bytes:
        hit = asked.verb == "ListRecords" and asked.offset == number * PAGE and asked.nth <= times
        return change(body) if hit else body

    return body


def spoil(r: Rec, text: str) -> Body:
    """A record whose title breaks the XML, wherever it stands."""

    def body(server: Server, asked: Asked, body: bytes) -> bytes:
        return body.replace(f"<dc:title>{r.title}</dc:title>".encode(), text.encode("utf-8", "surrogateescape"))

    return body


@behaviour
def truncated_once(s: Server) -> None:
    s.hooks["body"] = on_page(1, lambda body: body[: len(body) // 2], times=1)


@behaviour
def truncated_pages(s: Server) -> None:
    """Whatever is longer than four records breaks off."""
    s.hooks["body"] = lambda server, asked, body: body[:1500] if asked.verb == "ListRecords" else body


@behaviour
def one_bad_record(s: Server) -> None:
    s.hooks["body"] = spoil(s.records[13], "<dc:title>เสื้อ <b>13</dc:title>")


@behaviour
def one_bad_record_among_many_of_a_second(s: Server) -> None:
    for r in s.records:
        r.stamp = "2024-01-09T08:00:00Z"
    s.hooks["body"] = spoil(s.records[13], "<dc:title>เสื้อ <b>13</dc:title>")


@behaviour
def a_record_that_crashes_the_server(s: Server) -> None:
    def http_(server: Server, handler: Any, asked: Asked) -> bool:
        crashes = asked.verb in ("ListRecords", "GetRecord") and b"<identifier>oai:x:13<" in server.answer(asked)
        if crashes:
            server.send(handler, b"Internal Server Error", 500)
        return crashes

    s.hooks["http"] = http_


@behaviour
def every_token_is_an_error_of_the_server(s: Server) -> None:
    def http_(server: Server, handler: Any, asked: Asked) -> bool:
        if "resumptionToken" in asked.args:
            server.send(handler, b"Internal Server Error", 500)
        return "resumptionToken" in asked.args

    s.hooks["http"] = http_


@behaviour
def html_once(s: Server) -> None:
    s.hooks["body"] = on_page(1, lambda _: b"<!DOCTYPE html><html><body>502 &nbsp;</body></html>", times=1)


@behaviour
def html_for_ever(s: Server) -> None:
    s.hooks["body"] = on_page(1, lambda _: b"<!DOCTYPE html><html><body>down<br></body></html>")


@behaviour
def empty_once(s: Server) -> None:
    s.hooks["body"] = on_page(1, lambda _: b"", times=1)


@behaviour
def empty_for_ever(s: Server) -> None:
    s.hooks["body"] = on_page(1, lambda _: b"")


@behaviour
def warnings_around_the_xml(s: Server) -> None:
    s.hooks["body"] = lambda server, asked, body: b"<br />\n<b>Warning</b>: mysql\n" + body + b"<br>done"


@behaviour
def no_namespace(s: Server) -> None:
    s.hooks["body"] = lambda server, asked, body: body.replace(f' xmlns="{OAI}"'.encode(), b"")


@behaviour
def wrong_namespace(s: Server) -> None:
    s.hooks["body"] = lambda server, asked, body: body.replace(OAI.encode(), b"http://www.openarchives.org/OAI/2.0", 1)


@behaviour
def control_characters(s: Server) -> None:
    s.hooks["body"] = spoil(s.records[13], "<dc:title>เสื้อ\x0b &#x1F;13</dc:title>")


@behaviour
def bare_ampersands(s: Server) -> None:
    s.hooks["body"] = spoil(s.records[13], "<dc:title>เสื้อ & กางเกง&nbsp;R&D; 13</dc:title>")


@behaviour
def invalid_utf_8(s: Server) -> None:
    s.hooks["body"] = spoil(s.records[13], "<dc:title>เสื้อ \udcff\udcfe 13</dc:title>")


@behaviour
def a_text_of_11_mb(s: Server) -> None:
    s.records[13].title = "ก" * ((11 << 20) // 3)


@behaviour
def the_same_token_for_ever(s: Server) -> None:
    s.hooks["token"] = lambda server, asked, token: token and f"{PAGE}|{token.split('|')[1]}"


@behaviour
def a_token_that_leads_back(s: Server) -> None:
    s.hooks["token"] = lambda server, asked, token: (
        f"{PAGE}|" + token.split("|")[1] if token.startswith("30|") else token
    )


@behaviour
def empty_lists_with_tokens(s: Server) -> None:
    def body(server: Server, asked: Asked, body: bytes) -> bytes:
        if asked.verb != "ListRecords":
            return body
        token = f"<resumptionToken>n{len(server.asked)}</resumptionToken>"
        return body[: body.index(b"<request/>")] + f"<request/><ListRecords>{token}</ListRecords></OAI-PMH>".encode()

    s.hooks["body"] = body


@behaviour
def one_empty_page_on_the_way(s: Server) -> None:
    s.hooks["token"] = lambda server, asked, token: (
        f"0|{token.split('|')[1]}&skip=1" if token.startswith("20|") and "skip" not in token else token
    )

    def body(server: Server, asked: Asked, body: bytes) -> bytes:
        if "skip=1" not in asked.args.get("resumptionToken", "") or asked.offset:
            return body
        token = b"<resumptionToken>20|metadataPrefix=oai_dc</resumptionToken>"
        return body[: body.index(b"<request/>")] + b"<request/><ListRecords>" + token + b"</ListRecords></OAI-PMH>"

    s.hooks["body"] = body


@behaviour
def no_token_on_the_last_page(s: Server) -> None:
    s.sizes = False
    s.hooks["body"] = lambda server, asked, body: body.replace(b"<resumptionToken></resumptionToken>", b"")


@behaviour
def white_space_in_tokens(s: Server) -> None:
    s.hooks["token"] = lambda server, asked, token: token and f"\n   {token}\n"


def refuse_token(s: Server, at: int, times: int) -> None:
    def body(server: Server, asked: Asked, body: bytes) -> bytes:
        if asked.offset == at and server.refused < times:  # type: ignore[attr-defined]
            server.refused += 1  # type: ignore[attr-defined]
            return body[: body.index(b"<request/>")] + server.error("badResumptionToken").encode() + b"</OAI-PMH>"
        return body

    s.refused = 0  # type: ignore[attr-defined]
    s.hooks["body"] = body


@behaviour
def a_token_refused_in_the_midst(s: Server) -> None:
    refuse_token(s, 30, 1)


@behaviour
def a_token_refused_in_a_list_without_order(s: Server) -> None:
    s.records = s.records[20:] + s.records[:20]
    refuse_token(s, 30, 1)


@behaviour
def every_token_refused(s: Server) -> None:
    def body(server: Server, asked: Asked, body: bytes) -> bytes:
        if "resumptionToken" not in asked.args:
            return body
        return body[: body.index(b"<request/>")] + server.error("badResumptionToken").encode() + b"</OAI-PMH>"

    s.hooks["body"] = body


@behaviour
def a_list_that_shrinks(s: Server) -> None:
    """After two pages the first three records are gone, so that every later one stands three places before."""

    def body(server: Server, asked: Asked, body: bytes) -> bytes:
        if asked.offset == PAGE and len(server.records) == 40:
            server.records = server.records[3:]
        return body

    s.hooks["body"] = body


@behaviour
def claims_three_more(s: Server) -> None:
    s.hooks["size"] = lambda found: len(found) + 3


@behaviour
def claims_a_thousand(s: Server) -> None:
    s.hooks["size"] = lambda found: 1000


@behaviour
def claims_forty_and_sends_none(s: Server) -> None:
    def body(server: Server, asked: Asked, body: bytes) -> bytes:
        if asked.verb != "ListRecords":
            return body
        token = b'<resumptionToken completeListSize="40"/>'
        return body[: body.index(b"<request/>")] + b"<request/><ListRecords>" + token + b"</ListRecords></OAI-PMH>"

    s.hooks["body"] = body


def busy(status: int, **headers: str) -> Callable[[Server], None]:
    def setup(s: Server) -> None:
        def http_(server: Server, handler: Any, asked: Asked) -> bool:
            hit = asked.offset == PAGE and asked.nth <= 2
            if hit:
                server.send(handler, b"busy", status, **headers)
            return hit

        s.hooks["http"] = http_

    return setup


SOON = "Fri, 01 Jan 2027 00:00:07 GMT"
BEHAVIOURS["503-seconds"] = busy(503, Retry_After="7")
BEHAVIOURS["429-seconds"] = busy(429, Retry_After="7")
BEHAVIOURS["503-date"] = busy(503, Retry_After=SOON, Date="Fri, 01 Jan 2027 00:00:00 GMT")
BEHAVIOURS["429-date"] = busy(429, Retry_After=SOON, Date="Fri, 01 Jan 2027 00:00:00 GMT")
BEHAVIOURS["503-nonsense"] = busy(503, Retry_After="soon")
BEHAVIOURS["503-for-a-week"] = busy(503, Retry_After="604800")


@behaviour
def connection_reset(s: Server) -> None:
    def http_(server: Server, handler: Any, asked: Asked) -> bool:
        if asked.offset != PAGE or asked.nth > 2:
            return False
        handler.connection.setsockopt(1, 13, b"\x01\0\0\0\0\0\0\0")  # SO_LINGER 0: close sends RST
        handler.connection.close()
        handler.close_connection = True
        return True

    s.hooks["http"] = http_


@behaviour
def answer_breaks_off(s: Server) -> None:
    def http_(server: Server, handler: Any, asked: Asked) -> bool:
        if asked.offset != PAGE or asked.nth > 1:
            return False
        body = server.answer(asked)
        server.send(handler, body[:700], Content_Length=str(len(body)))
        handler.close_connection = True
        return True

    s.hooks["http"] = http_


@behaviour
def silence_once(s: Server) -> None:
    def http_(server: Server, handler: Any, asked: Asked) -> bool:
        if asked.offset == PAGE and asked.nth == 1:
            time.sleep(0.5)
        return False

    s.hooks["http"] = http_


@behaviour
def slow_drip(s: Server) -> None:
    def http_(server: Server, handler: Any, asked: Asked) -> bool:
        if asked.offset != PAGE or asked.nth > 1:
            return False
        body = server.answer(asked)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        with contextlib.suppress(OSError):
            for byte in body:
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
                time.sleep(0.02)
        handler.close_connection = True
        return True

    s.hooks["http"] = http_


def packed(pack: Callable[[bytes], bytes], **headers: str) -> Callable[[Server], None]:
    def setup(s: Server) -> None:
        def http_(server: Server, handler: Any, asked: Asked) -> bool:
            server.send(handler, pack(server.answer(asked)), **headers)
            return True

        s.hooks["http"] = http_

    return setup


BEHAVIOURS["gzip-announced"] = packed(gzip.compress, Content_Encoding="gzip")
BEHAVIOURS["gzip-unannounced"] = packed(gzip.compress)
BEHAVIOURS["gzip-announced-and-plain"] = packed(bytes, Content_Encoding="gzip")
BEHAVIOURS["deflate"] = packed(zlib.compress, Content_Encoding="deflate")
BEHAVIOURS["gzip-bomb"] = packed(lambda _: gzip.compress(bytes(3 << 20)))
BEHAVIOURS["too-large"] = packed(lambda body: body + b" " * (3 << 20))
BEHAVIOURS["gzip-cut-short"] = packed(lambda body: gzip.compress(body)[:-20])


@behaviour
def ignores_from(s: Server) -> None:
    s.hooks["ignores"] = ("from",)


@behaviour
def ignores_until(s: Server) -> None:
    s.hooks["ignores"] = ("until",)
    s.hooks["body"] = spoil(s.records[13], "<dc:title>เสื้อ <b>13</dc:title>")


@behaviour
def drops_the_set_after_page_one(s: Server) -> None:
    for r in s.records[1::2]:
        r.sets = ("thesis",)
    s.hooks["ignores"] = ("set",)


@behaviour
def days_though_seconds_promised(s: Server) -> None:
    for r in s.records:
        r.stamp = r.stamp[:10]


@behaviour
def seconds_though_days_promised(s: Server) -> None:
    s.granularity = "YYYY-MM-DD"


@behaviour
def refuses_seconds(s: Server) -> None:
    def body(server: Server, asked: Asked, body: bytes) -> bytes:
        if "T" not in asked.args.get("from", ""):
            return body
        return body[: body.index(b"<request/>")] + server.error("badArgument").encode() + b"</OAI-PMH>"

    s.hooks["body"] = body


@behaviour
def datestamps_in_the_future(s: Server) -> None:
    for r in s.records[30:]:
        r.stamp = "2567" + r.stamp[4:]


@behaviour
def datestamps_without_zone(s: Server) -> None:
    for r in s.records:
        r.stamp = r.stamp[:-1]


@behaviour
def no_datestamps(s: Server) -> None:
    s.deletions = "persistent"
    s.hooks["body"] = lambda server, asked, body: body if asked.verb == "Identify" else body.replace(b"2024-", b"")


@behaviour
def never_says_deleted(s: Server) -> None:
    s.deletions = "no"


@behaviour
def long_tokens_by_post_only(s: Server) -> None:
    s.hooks["token"] = lambda server, asked, token: token and f"{token}&pad={'x' * 3000}"

    def http_(server: Server, handler: Any, asked: Asked) -> bool:
        too_long = asked.method == "GET" and len(handler.path) > 2500
        if too_long:
            server.send(handler, b"", 414)
        return too_long

    s.hooks["http"] = http_


@behaviour
def no_identify(s: Server) -> None:
    s.hooks["body"] = lambda server, asked, body: b"<html/>" if asked.verb == "Identify" else body
