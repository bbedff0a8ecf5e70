"""A small world to tell of: marts with what alerts read of them, and servers on the loopback that take messages."""

from __future__ import annotations

import base64
import json
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.settings import Workspace

PLAN, NAME = "bayannur_2023_2025", "巴彦淖尔市方案"
DISTRICTS = {"150802": "临河区", "150821": "五原县", "150822": "磴口县"}
PERIODS = {"2024-11": ("2024年度工作台账", date(2024, 11, 30)), "2025-11": ("2025年度工作台账", date(2025, 11, 30))}


@dataclass
class Sent:
    """One workbook handed in: for which place, what became of it, and what was found in it."""

    place: tuple[str, str]
    status: str = "accepted"
    at: datetime = datetime(2024, 11, 20, 9)
    issues: Sequence[tuple[str, str, str | None]] = ()
    """(severity, rule, answer)."""


def publish(ws: Workspace, sent: Sequence[Sent], districts: dict[str, str] = DISTRICTS) -> None:
    """The marts as they would stand after these."""
    ws.marts.mkdir(parents=True, exist_ok=True)

    def write(name: str, rows: list[dict[str, Any]], schema: dict[str, Any] | None = None) -> None:
        pl.DataFrame(rows, schema=schema).write_parquet(ws.marts / f"{name}.parquet")

    write("dim_plan", [{"plan_id": PLAN, "plan_name": NAME}])
    write(
        "dim_district",
        [
            {"plan_id": PLAN, "district_code": code, "district_name": name, "sort_order": number}
            for number, (code, name) in enumerate(districts.items())
        ],
    )
    write(
        "dim_period",
        [
            {"plan_id": PLAN, "period_id": period, "period_name": name, "seq": number}
            for number, (period, (name, _)) in enumerate(PERIODS.items())
        ],
    )
    accepted = {one.place: one for one in sent if one.status != "returned"}
    submissions, issues, statuses = [], [], []
    for number, one in enumerate(sent):
        period, code = one.place
        ids = {"submission_id": f"{number:016x}", "plan_id": PLAN, "district_code": code, "period_id": period}
        effective = accepted.get(one.place) is one
        counts = {
            f"{severity}_count": sum(s == severity for s, _, _ in one.issues) for severity in ("error", "warning")
        }
        submissions.append({**ids, "received_at": one.at, "status": one.status, "is_effective": effective, **counts})
        for severity, rule, answer in one.issues:
            issues.append({**ids, "severity": severity, "rule_id": rule, "answer": answer, "is_effective": effective})
    for period, (_, due) in PERIODS.items():
        for code in districts:
            came = [one for one in sent if one.place == (period, code)]
            good = accepted.get((period, code))
            late = max((good.at.date() - due).days, 0) if good else None
            status = ("late" if late else "on_time") if good else "returned" if came else "not_due"
            received = good.at if good else came[-1].at if came else None
            number = next((n for n, one in enumerate(sent) if one is good), None)
            statuses.append(
                {
                    "plan_id": PLAN,
                    "district_code": code,
                    "period_id": period,
                    "expected_by": due,
                    "received_at": received,
                    "status": status,
                    "days_late": late,
                    "submission_id": None if number is None else f"{number:016x}",
                }
            )
    text = ["submission_id", "plan_id", "district_code", "period_id"]
    schema = dict.fromkeys([*text, "status"], pl.String)
    write(
        "fct_submission",
        submissions,
        {
            **dict.fromkeys(text, pl.String),
            "received_at": pl.Datetime,
            "status": pl.String,
            "is_effective": pl.Boolean,
            "error_count": pl.Int64,
            "warning_count": pl.Int64,
        },
    )
    issue_schema = dict.fromkeys([*text, "severity", "rule_id", "answer"], pl.String)
    write("fct_issue", issues, {**issue_schema, "is_effective": pl.Boolean})
    write(
        "mart_submission_status",
        statuses,
        {
            **dict.fromkeys(["plan_id", "district_code", "period_id"], schema["plan_id"]),
            "expected_by": pl.Date,
            "received_at": pl.Datetime,
            "status": pl.String,
            "days_late": pl.Int64,
            "submission_id": pl.String,
        },
    )


# ── servers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Taken:
    """What an HTTP server was sent."""

    path: str
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


Answer = Callable[[BaseHTTPRequestHandler], None]


def answers(status: int, content: object = None) -> Answer:
    """A server's answer: a status, and JSON."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        told = b"" if content is None else json.dumps(content).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(told)))
        handler.end_headers()
        handler.wfile.write(told)

    return answer


OK = answers(200, {"errcode": 0, "errmsg": "ok"})


@dataclass
class Web:
    """An HTTP server that answers as it is told, the last answer from then on."""

    url: str
    script: list[Answer]
    taken: list[Taken] = field(default_factory=list)


@contextmanager
def web(*script: Answer, certificate: Path | None = None) -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            server.taken.append(Taken(self.path, dict(self.headers), content))
            answer = server.script[0] if len(server.script) == 1 else server.script.pop(0)
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that went away is what the test is about."""

    with Quiet(("127.0.0.1", 0), Handler) as http:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            http.socket = context.wrap_socket(http.socket, server_side=True)
        scheme = "https" if certificate else "http"
        server = Web(f"{scheme}://localhost:{http.server_port}/send?key=SECRET", list(script) or [OK])
        thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        http.shutdown()


@dataclass
class Post:
    """A mail server: what it offers, and what it took."""

    port: int
    offers: tuple[str, ...]
    refuses: tuple[str, ...] = ()
    """Recipients it does not take."""
    busy: list[int] = field(default_factory=list)
    """Codes it greets with first, one a connection."""
    letters: list[str] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)


@contextmanager
def post(
    *offers: str, certificate: Path | None = None, refuses: tuple[str, ...] = (), busy: tuple[int, ...] = ()
) -> Iterator[Post]:
    """A mail server that knows just enough SMTP; with STARTTLS among its offers and a certificate it encrypts."""

    class Handler(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

        def handle(self) -> None:
            if server.busy:
                self.say(f"{server.busy.pop(0)} try later")
                return
            self.say("220 here")
            encrypted = False
            while line := self.rfile.readline().decode().strip():
                verb = line.split(" ")[0].upper()
                if verb == "EHLO":
                    lines = ["here", *(offer for offer in server.offers if not (encrypted and offer == "STARTTLS"))]
                    for number, offer in enumerate(lines, 1):
                        self.say(f"250{' ' if number == len(lines) else '-'}{offer}")
                elif verb == "STARTTLS":
                    self.say("220 go on")
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    assert certificate
                    context.load_cert_chain(certificate)
                    try:
                        self.connection = context.wrap_socket(self.connection, server_side=True)
                    except OSError:
                        return
                    self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
                    encrypted = True
                elif verb == "AUTH":
                    _, user, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
                    server.logins.append((user, password))
                    self.say("235 yes" if password == "right" else "535 no")
                elif verb == "RCPT" and any(one in line for one in server.refuses):
                    self.say("550 nobody of that name")
                elif verb == "DATA":
                    self.say("354 go on")
                    told = []
                    while (row := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                        told.append(row)
                    server.letters.append("\n".join(told))
                    server.encrypted.append(encrypted)
                    self.say("250 taken")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 fine")

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that went away is what the test is about."""

    with Server(("127.0.0.1", 0), Handler) as tcp:
        server = Post(tcp.server_address[1], offers, refuses, list(busy))
        threading.Thread(target=tcp.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        tcp.shutdown()


def certificate(folder: Path) -> Path:
    """A certificate of localhost that only those trust who are told to, with its key."""
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1))
        .not_valid_after(datetime(2020, 1, 1) + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "localhost.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(pem) + private)
    return file
