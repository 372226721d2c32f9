"""What somebody likes: the language of their pages and messages, and light or dark."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.models.people import UserAccount
from app.services.telling.languages import LANGUAGES

THEMES = ("light", "dark")


def set_theme(session: Session, user_id: int, theme: str | None) -> None:
    """Keep light or dark; None follows the device. The caller commits.

    Raises:
        ValueError: There is no such theme.
    """
    if theme is not None and theme not in THEMES:
        raise ValueError(f"there is no theme {theme!r}")
    session.execute(update(UserAccount).where(UserAccount.id == user_id).values(theme=theme))


def set_language(session: Session, user_id: int, language: str) -> None:
    """Keep the language. The caller commits.

    Raises:
        ValueError: Pages are not written in it.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no page is written in {language!r}")
    session.execute(update(UserAccount).where(UserAccount.id == user_id).values(locale=language))
