"""Sort keys: names in the order of the language their readers speak.

PostgreSQL may run without any language's collation (the embedded one does), so the order is computed once and stored
beside the name. Letters that a language counts as letters of their own (Polish ą, ł; Spanish ñ) stand after the letter
they come from; other marks do not count; Cyrillic ё stands with е.
"""

import unicodedata

_OWN_LETTERS = {
    "pl": {"ą": "a", "ć": "c", "ę": "e", "ł": "l", "ń": "n", "ó": "o", "ś": "s", "ź": "z", "ż": "z"},
    "es": {"ñ": "n"},
    "ru": {"й": "и"},
}
_AFTER = "\ue000"  # sorts behind the letters of every alphabet we write
_RANK = {"ż": "2"}  # after z comes ź, then ż
_WITHOUT_DECOMPOSITION = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe"})


def sort_key(name: str, locale: str) -> str:
    """Give the key by which a name sorts among others in plain code-point order."""
    own = _OWN_LETTERS.get(locale.partition("-")[0].partition("_")[0].casefold(), {})
    key: list[str] = []
    for letter in unicodedata.normalize("NFC", name).casefold():
        if letter in own:
            key.append(own[letter] + _AFTER + _RANK.get(letter, "1"))
        elif letter.isalnum():
            plain = unicodedata.normalize("NFKD", letter.translate(_WITHOUT_DECOMPOSITION))
            key.append("".join(one for one in plain if not unicodedata.combining(one)))
        elif key and key[-1] != " ":
            key.append(" ")
    return "".join(key).strip()
