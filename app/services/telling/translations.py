"""Translations: the catalogues under `app/translations`, read as the translators wrote them.

A catalogue is compiled when a process first needs it (some hundred milliseconds), so that nothing compiled has to be
kept beside its source or made at installation.
"""

import functools
import io

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from app.config import PROJECT
from app.services.telling.languages import LANGUAGES

CATALOGUES = PROJECT / "app/translations"


@functools.cache
def translations(language: str) -> NullTranslations:
    """Give the catalogue of a language; texts are written in English, which needs none."""
    path = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    if language not in LANGUAGES or not path.is_file():
        return NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language, ignore_obsolete=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
