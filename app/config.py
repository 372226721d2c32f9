"""Typed settings, read once from the environment. Every one of them is described in docs/operations.md."""

import functools
import os
import secrets
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent
"""Where the code lies: beside it stand templates/ and migrations/."""


class Settings(BaseSettings):
    """What an operator may set. Names in the environment are upper case; most carry the prefix ``KONTOR_``."""

    model_config = SettingsConfigDict(env_prefix="KONTOR_", env_ignore_empty=True, frozen=True)

    home: Path = Field(PROJECT / "instance", description="where data, files and sockets live")
    database_url: str | None = Field(
        None, validation_alias="DATABASE_URL", description="PostgreSQL, as the application"
    )
    database_owner_url: str | None = Field(
        None,
        validation_alias="DATABASE_OWNER_URL",
        description="PostgreSQL, as the owner of the schema: migrations only",
    )
    redis_url: str | None = Field(None, validation_alias="REDIS_URL", description="Redis or Valkey")
    secret_key: str | None = Field(None, description="signs sessions; where unset, one is made and kept in the home")
    pg_bin: Path | None = Field(None, description="folder with postgres and initdb, for the embedded server")
    valkey_bin: Path | None = Field(None, description="valkey-server or redis-server, for the embedded server")
    web_host: str = Field("127.0.0.1", description="address the web server listens on")
    web_port: int = Field(8000, ge=1, le=65535, description="port the web server listens on")
    workers: int = Field(2, ge=1, le=64, description="worker processes of one machine")
    shard_lines: int = Field(30_000, ge=1, description="lines of an import in one job and one transaction")
    lease_seconds: float = Field(
        30.0, gt=0, le=3_600, description="how long a worker may be silent before its job is given away"
    )
    sweep_seconds: float = Field(5.0, gt=0, description="how often forgotten jobs are looked for")
    max_upload_mb: int = Field(200, ge=1, le=2047, description="largest file that is taken in, in MiB")
    max_parts: int = Field(2_000, ge=10, description="most parts that a workbook may have inside")
    max_unpacked_mb: int = Field(4_096, ge=1, description="what a workbook may unpack to, in MiB")
    max_ratio: int = Field(200, ge=2, description="how many times its size a part of a workbook may unpack to")
    max_texts_mb: int = Field(1_024, ge=1, description="what the texts of a workbook may unpack to, in MiB")
    max_cells: int = Field(50_000_000, ge=1_000, description="most cells of a sheet: its rows times its columns")
    max_merges: int = Field(100_000, ge=0, description="most merged ranges of a sheet")
    reader_memory_mb: int = Field(4_096, ge=256, description="memory that reading one file may take, in MiB")
    reader_cpu_seconds: int = Field(900, ge=1, description="processor time that reading one file may take")
    reader_seconds: int = Field(900, ge=1, description="how long reading one file may take")
    max_proof_mb: int = Field(15, ge=1, le=200, description="largest proof of an invoice that is taken in, in MiB")
    max_proofs: int = Field(12, ge=1, le=100, description="most proofs of one invoice")
    max_proof_pages: int = Field(30, ge=1, le=1_000, description="most pages of a proof")
    max_proof_megapixels: int = Field(120, ge=1, le=1_000, description="most pixels of a photo, in millions")
    proof_memory_mb: int = Field(1_024, ge=256, description="memory that showing a proof may take, in MiB")
    proof_seconds: int = Field(20, ge=1, description="processor time that showing a proof may take")
    tesseract: str = Field("tesseract", description="the program that reads photos; where there is none, nobody does")
    e_invoice_schemas: Path | None = Field(None, description="folder of schemas that e-invoices are held against")
    demo: bool = Field(default=False, description="offer the demonstration's sample sign-ins on the sign-in page")
    public_url: str | None = Field(None, description="where people reach the pages: links in messages begin with it")
    proxies: int = Field(0, ge=0, le=5, description="how many proxies of ours stand before the web server")
    mail_from: str | None = Field(None, description="sender of mails")
    smtp_url: str | None = Field(None, description="mail server; where unset, mails are held in the outbox")
    sms_url: str | None = Field(None, description="SMS gateway; where unset, SMS are held in the outbox")
    sms_token: str | None = Field(None, description="shown to the SMS gateway")
    sms_from: str | None = Field(None, description="sender of SMS, as recipients see it")

    stripe_secret_key: SecretStr | None = Field(None, description="of the account at Stripe that issues cards")
    stripe_webhook_secret: SecretStr | None = Field(None, description="signs what Stripe tells us by itself")
    stripe_url: str | None = Field(None, description="where Stripe is asked, if not at its own address")

    @field_validator("home")
    @classmethod
    def _is_a_folder(cls, home: Path) -> Path:
        # what may not be looked at is told by whoever wants to write there: `os.path` says no, `Path` raises
        in_the_way = next(
            (one for one in (home, *home.parents) if os.path.exists(one) and not os.path.isdir(one)), None
        )
        if in_the_way is not None:
            raise ValueError(f"{in_the_way} is a file; name a folder")
        return home

    @field_validator("e_invoice_schemas")
    @classmethod
    def _is_a_folder_that_is_there(cls, folder: Path | None) -> Path | None:
        if folder is not None and not folder.is_dir():
            raise ValueError(f"{folder} is no folder; name the one that holds the schemas")
        return folder

    @field_validator("database_url", "database_owner_url")
    @classmethod
    def _is_postgresql(cls, url: str | None) -> str | None:
        """Take an address of PostgreSQL however it names its driver; ours is psycopg."""
        if url is None:
            return None
        scheme, colon, rest = url.partition("://")
        if not colon or scheme not in ("postgres", "postgresql", "postgresql+psycopg"):
            raise ValueError("expected an address such as postgresql+psycopg://kontor_app@db/kontor")
        return f"postgresql+psycopg://{rest}"

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("expected an address such as redis://cache:6379/0")
        return url

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "")
        if url is not None and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/")):
            raise ValueError("expected an address such as https://kontor.example")
        return None if url is None else f"{parts.scheme}://{parts.netloc}"

    @field_validator("smtp_url")
    @classmethod
    def _is_smtp(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url is not None and not (url.startswith(("smtp://", "smtps://")) and urlsplit(url).hostname):
            raise ValueError("expected an address such as smtp://user:password@mail.example:587")
        if url is not None and info.data.get("mail_from") is None:
            raise ValueError("a mail server needs a sender, set KONTOR_MAIL_FROM")
        return url

    @field_validator("sms_url")
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "")
        near = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if url is not None and not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and near))):
            raise ValueError("expected an address such as https://sms.example/send")
        return url

    @field_validator("stripe_url")
    @classmethod
    def _is_a_place_for_secrets(cls, url: str | None) -> str | None:
        return cls._is_http(url)

    @field_validator("mail_from")
    @classmethod
    def _is_a_sender(cls, sender: str | None) -> str | None:
        if sender is not None and "@" not in parseaddr(sender)[1]:
            raise ValueError("expected a sender such as Kontor <kontor@kontor.example>")
        return sender

    @property
    def address(self) -> str:
        """Where people reach the pages: links in messages begin with it."""
        host = f"[{self.web_host}]" if ":" in self.web_host else self.web_host
        return self.public_url or f"http://{host}:{self.web_port}"

    @property
    def files(self) -> Path:
        """Where files that came in or went out are kept. Shared by all machines of an installation."""
        return self.home / "files"


class SettingsInvalid(ValueError):
    """The environment says what cannot be meant; each problem begins with the variable's name."""

    def __init__(self, problems: list[str]) -> None:
        """Take the problems."""
        self.problems = problems
        super().__init__("\n".join(problems))


@functools.cache
def settings() -> Settings:
    """Give the settings of this process.

    Raises:
        SettingsInvalid: A variable holds what cannot be used.
    """
    try:
        return Settings()
    except ValidationError as invalid:
        raise SettingsInvalid([_problem(str(one["loc"][0]), one["msg"]) for one in invalid.errors()]) from None


def _problem(name: str, message: str) -> str:
    variable = name if name.isupper() else f"{Settings.model_config['env_prefix']}{name.upper()}"
    said = message.removeprefix("Value error, ")
    return f"{variable}: {said[:1].lower()}{said[1:]}."


def secret_key(chosen: Settings) -> str:
    """Give the key that signs sessions: the one that was set, or one made once and kept readable by its owner alone."""
    if chosen.secret_key:
        return chosen.secret_key
    kept = chosen.home / "secret_key"
    if not kept.exists():
        chosen.home.mkdir(parents=True, exist_ok=True)
        fresh = kept.with_name(f"secret_key.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        try:
            kept.hardlink_to(fresh)  # of two processes that start at once, one wins and both read the same key
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return kept.read_text()
