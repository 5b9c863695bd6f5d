"""E-mail: by SMTP on one machine, by Amazon SES on AWS."""

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

from recognizeme.adapters.aws import make_client, translated
from recognizeme.adapters.channels import Secrets
from recognizeme.domain.errors import Misconfigured, NotDelivered, RecognizeMeError
from recognizeme.domain.notifications import Message, Rule, is_loopback

_TIMEOUT_S = 15.0
_PASSWORD = "smtp"  # the name of the secret


def mail(message: Message, rule: Rule, *, sender: str) -> EmailMessage:
    """The message as an e-mail; its Message-ID is the notice's, so that a mailbox can tell doubles."""
    written = EmailMessage()
    written["From"] = sender
    written["To"] = rule.to or ""
    written["Subject"] = message.text[:120]
    written["Message-ID"] = f"<{message.notice_id}@recognizeme.invalid>"
    written["Auto-Submitted"] = "auto-generated"
    written.set_content(f"{message.text}\n")
    if message.picture:
        kind = "png" if message.picture.startswith(b"\x89PNG") else "jpeg"
        written.add_attachment(message.picture, maintype="image", subtype=kind, filename=f"picture.{kind}")
    return written


class Smtp:
    """A server at `smtps://user@host:465`, or `smtp://user@host:587` with STARTTLS (not asked of loopback).

    The password is the secret `smtp`.
    """

    def __init__(self, url: str, *, sender: str, secrets: Secrets) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.password:
            raise Misconfigured(
                "RECOGNIZEME_SMTP_URL must be like smtps://user@mail.example.com:465, without a password"
            )
        if not sender:
            raise Misconfigured("RECOGNIZEME_NOTIFICATION_SENDER must be the address that mail comes from")
        self._is_tls = parts.scheme == "smtps"
        self._host, self._port = parts.hostname, parts.port or (465 if self._is_tls else 587)
        self._user = unquote(parts.username) if parts.username else None
        self._sender = sender
        self._secrets = secrets

    def __call__(self, message: Message, rule: Rule) -> None:
        """Over a connection of its own."""
        try:
            with self._connect() as server:
                if self._user:
                    server.login(self._user, self._secrets(_PASSWORD))
                server.send_message(mail(message, rule, sender=self._sender))
        except smtplib.SMTPResponseException as error:
            raise NotDelivered(f"the mail server answered {error.smtp_code}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotDelivered(f"the mail server did not take it ({type(error).__name__})") from error

    def _connect(self) -> smtplib.SMTP:
        safe = ssl.create_default_context()
        if self._is_tls:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=_TIMEOUT_S, context=safe)
        server = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_S)
        if not is_loopback(self._host):
            try:
                server.starttls(context=safe)
            except BaseException:
                server.close()
                raise
        return server


class Ses:
    """Amazon SES in the SDK's region."""

    def __init__(self, *, sender: str, make: Callable[[], Any] = lambda: make_client("sesv2")) -> None:
        self._sender = sender
        self._make = make

    def __call__(self, message: Message, rule: Rule) -> None:
        """As raw MIME, which may hold a picture."""
        content = mail(message, rule, sender=self._sender).as_bytes()
        try:
            with translated("Amazon SES"):
                self._make().send_email(
                    FromEmailAddress=self._sender,
                    Destination={"ToAddresses": [rule.to]},
                    Content={"Raw": {"Data": content}},
                )
        except RecognizeMeError as error:
            raise NotDelivered(str(error)) from error
