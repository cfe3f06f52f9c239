"""The report sent to people by mail and to a program by webhook; what goes wrong there is said, and stops nothing."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import urlsplit

import msgspec

from config.tables import Settings, Source, Tables
from harvest.record import HarvestError
from harvest.web import Web, password
from harvest.wording import one_line
from index.night.page import page
from index.night.report import Report, subject, text

PATIENCE = 30.0  # seconds for one step of a conversation
LONGEST = 120.0  # ... and for the whole of it


class Untold(Exception):
    """Who should hear of the night does not: one sentence, without any secret."""


def mail(report: Report, tables: Tables) -> None:
    """Send the report as text and HTML. Raises Untold, also where only some of the addresses were refused."""
    settings = tables.settings
    where = f"{settings.mail_host}:{settings.mail_port}"
    try:
        secret = password(settings.mail_password, tables.directory) if settings.mail_user else ""
        refused = _within(LONGEST, lambda: _sent(letter(report, settings), settings, secret))
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        raise Untold(f"{where} answers {error.smtp_code}: {one_line(said)[:200]}") from error
    except HarvestError as error:
        raise Untold(one_line(str(error)).replace("of the source", "of the mail server")) from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise Untold(f"{where}: {one_line(_said(error))[:200]}") from error
    if refused:
        told = ", ".join(
            f"{address} ({code} {one_line(said.decode(errors='replace'))[:100]})"
            for address, (code, said) in refused.items()
        )
        raise Untold(f"{where} does not take mail for {told}")


def letter(report: Report, settings: Settings) -> EmailMessage:
    """The mail itself."""
    message = EmailMessage()
    message["Subject"] = subject(report, settings.language)
    message["From"] = settings.mail_from
    message["To"] = ", ".join(settings.recipients)
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid("night", settings.mail_from.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no "I am on holiday" comes back
    message.set_content(text(report, settings.language))
    message.add_alternative(page(report, settings), subtype="html")
    return message


def _sent(message: EmailMessage, settings: Settings, secret: str) -> dict[str, tuple[int, bytes]]:
    """The addresses that were refused."""
    secure = ssl.create_default_context()
    host, port = settings.mail_host, settings.mail_port
    with (
        smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=secure)
        if settings.mail_security == "tls"
        else smtplib.SMTP(host, port, timeout=PATIENCE)
    ) as server:
        if settings.mail_security == "starttls":
            server.starttls(context=secure)
        if settings.mail_user:
            server.login(settings.mail_user, secret)
        return server.send_message(message)


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "does not answer in time"
    if isinstance(error, socket.gaierror):
        return "no such server is known"
    return getattr(error, "strerror", "") or str(error) or type(error).__name__


def _within(seconds: float, work: Callable[[], dict[str, tuple[int, bytes]]]) -> dict[str, tuple[int, bytes]]:
    """What work returns or raises; TimeoutError where it takes too long: a server that drips would hold the night."""
    found: list[dict[str, tuple[int, bytes]]] = []
    fault: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except Exception as error:
            fault.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if fault:
        raise fault[0]
    if not found:
        raise TimeoutError
    return found[0]


def webhook(report: Report, tables: Tables) -> None:
    """POST the report: ``{"subject", "text", "report"}``; chat servers show the text. Raises Untold."""
    settings = tables.settings
    language = settings.language
    body = msgspec.json.encode({"subject": subject(report, language), "text": text(report, language), "report": report})
    patient = msgspec.structs.replace(
        settings,
        timeout=PATIENCE,
        longest_answer=LONGEST,
        longest_wait=PATIENCE,
        retries=min(settings.retries, 2),
        answer_mb=1,
    )
    shown = _place(settings.webhook)
    try:
        with Web(Source("webhook", "json", url=settings.webhook), patient, tables.directory, secret=True) as web:
            response = web.post(body, "application/json; charset=utf-8")
    except HarvestError as error:
        raise Untold(
            f"{shown}: {_without_secret(str(error), settings.webhook)[:200]}"
        ) from None  # with the whole address in it
    if response.status >= 300:
        raise Untold(f"{shown} answers HTTP {response.status}")


def _place(url: str) -> str:
    """The address as far as it is no secret: a webhook's path often is one."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _without_secret(said: str, url: str) -> str:
    parts = urlsplit(url)
    said = one_line(said).removeprefix(f"{url}: ").replace(url, _place(url))
    for secret in (parts.query, parts.path):
        if len(secret) > 1:
            said = said.replace(secret, "/…")
    return said
