"""A real SMTP server that keeps what it is sent: in the open or over TLS, with a password or without, or refusing."""

import base64
import contextlib
import socketserver
import ssl
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path


class Mailbox:
    """What came, and how the server behaves."""

    def __init__(self) -> None:
        self.port = 0
        self.letters: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.said: list[str] = []  # every command
        self.logins: list[tuple[str, str, bool]] = []  # user, password, and whether nobody could listen
        self.refuses: dict[str, str] = {}  # the beginning of a command -> the answer to it
        self.silent = False
        self.certificate: tuple[Path, Path] | None = None  # then STARTTLS is offered ...
        self.tls = False  # ... or TLS spoken from the first byte


class _Handler(socketserver.StreamRequestHandler):
    server: "_Server"
    timeout = 20

    def handle(self) -> None:
        box = self.server.box
        secured = box.tls and self.secure()
        if box.tls != secured:
            return
        if box.silent:
            self.rfile.readline()
            return
        self.say("220 mail.example.ac.th ESMTP")
        while line := self.rfile.readline().decode("utf-8", "replace").rstrip("\r\n"):
            box.said.append(line)
            word = line.partition(" ")[0].upper()
            refusal = next(
                (told for start, told in box.refuses.items() if line.upper().startswith(start.upper())), None
            )
            if refusal:
                self.say(refusal)
            elif word == "EHLO":
                offers = ["STARTTLS"] if box.certificate and not secured else []
                self.say(
                    "\r\n".join(
                        ["250-mail.example.ac.th", *(f"250-{offer}" for offer in offers), "250-AUTH PLAIN", "250 OK"]
                    )
                )
            elif word == "STARTTLS" and box.certificate:
                self.say("220 go on")
                if not (secured := self.secure()):
                    return
            elif word == "AUTH":
                _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
                box.logins.append((user, password, secured))
                self.say("235 welcome")
            elif word == "RCPT":
                box.recipients.append(line.partition("<")[2].partition(">")[0])
                self.say("250 OK")
            elif word == "DATA":
                self.say("354 go on")
                self.keep()
                self.say("250 kept")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 OK")

    def secure(self) -> bool:
        """Whether the other side goes on over TLS."""
        assert self.server.box.certificate
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.server.box.certificate)
        try:
            self.request = context.wrap_socket(self.request, server_side=True)
        except OSError:
            return False
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
        return True

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        self.request.close()  # the one over TLS, which the server does not know

    def say(self, told: str) -> None:
        self.wfile.write(f"{told}\r\n".encode())

    def keep(self) -> None:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        letter = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.server.box.letters.append(letter)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    box: Mailbox


@contextlib.contextmanager
def mailbox() -> Iterator[Mailbox]:
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.box = Mailbox()
        server.box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.box
        server.shutdown()
        thread.join()
