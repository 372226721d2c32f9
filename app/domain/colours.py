"""Colours of a sponsor, made fit to be read: contrast as WCAG 2.2 has it, and the nearest shade with enough of it."""

import re
from dataclasses import dataclass

READABLE = 4.5
"""Least contrast of a text with what it stands on (WCAG 2.2, 1.4.3)."""

_HEX = re.compile(r"#[0-9a-f]{6}")
_STEPS = 200

Rgb = tuple[int, int, int]

# what an accent stands on or beside; tests hold them to app/web/static/tokens.css
_LIGHT_GROUNDS = ("#ffffff", "#f3f5f8", "#f2f6fc", "#e8f0fb")
_DARK_GROUNDS = ("#141c29", "#0c121c", "#1a2638", "#17293f")
_WHITE, _BLACK = "#ffffff", "#000000"


@dataclass(frozen=True)
class Shades:
    """What becomes of an accent: for buttons under white letters, for letters and lines; in light and in dark."""

    button_light: str
    hover_light: str
    text_light: str
    button_dark: str
    hover_dark: str
    text_dark: str


def read_colour(text: str) -> str:
    """Read ``#rrggbb``; letters may be large.

    Raises:
        ValueError: It is none.
    """
    colour = text.strip().lower()
    if not _HEX.fullmatch(colour):
        raise ValueError(f'expected a colour such as "#0b5cad", found {text!r}')
    return colour


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, from 1 (none) to 21 (black on white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def shades(accent: str) -> Shades:
    """Give the shades in which an accent can be read: the accent itself wherever it can be."""
    button = _until(accent, _BLACK, (_WHITE,))
    text_dark = _until(accent, _WHITE, _DARK_GROUNDS)
    return Shades(
        button_light=button,
        hover_light=_mixed(button, _BLACK, 36),
        text_light=_until(accent, _BLACK, _LIGHT_GROUNDS),
        button_dark=button,
        hover_dark=_mixed(button, _BLACK, 24),
        text_dark=text_dark,
    )


def readable(accent: str) -> bool:
    """Tell whether an accent can be used as it is: white letters on it and itself as letters on white."""
    return contrast(accent, _WHITE) >= READABLE


def _until(colour: str, towards: str, grounds: tuple[str, ...]) -> str:
    """Mix a colour with black or white, as little as makes it readable on every ground."""
    for step in range(_STEPS + 1):
        mixed = _mixed(colour, towards, step)
        if all(contrast(mixed, ground) >= READABLE for ground in grounds):
            return mixed
    return towards


def _mixed(colour: str, other: str, step: int) -> str:
    parts = (
        (one * (_STEPS - step) + two * step + _STEPS // 2) // _STEPS
        for one, two in zip(_rgb(colour), _rgb(other), strict=True)
    )
    return "#" + "".join(f"{part:02x}" for part in parts)


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in _rgb(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
