"""Moments as PDFs write them: ``D:20260301143000+01'00'``."""

import datetime as dt
import re

_WRITTEN = re.compile(
    r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z|[+-])(?:(\d\d)'?(\d\d)?'?)?)?.*", re.ASCII | re.DOTALL
)


def pdf_moment(text: str) -> dt.datetime | None:
    """Read a moment; without a time zone it is UTC. None: it is none, as files of strangers may well have it."""
    parts = _WRITTEN.fullmatch(text.strip())
    if parts is None:
        return None
    year, month, day, hour, minute, second = (int(one) if one else None for one in parts.groups()[:6])
    away = dt.timedelta(hours=int(parts[8] or 0), minutes=int(parts[9] or 0))
    try:
        zone = dt.timezone(-away if parts[7] == "-" else away)
        written = dt.datetime(
            year or 0, month or 1, day or 1, hour or 0, minute or 0, min(second or 0, 59), tzinfo=zone
        )
        return written.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
