"""Tells whoever has something sent by mail that none goes out here: an invitation that is held opens nothing yet."""

from flask import flash
from flask_babel import gettext

from app.outbox.gateways import gateways_of
from app.services.telling.messages import Channel
from app.web.context import settings


def say_if_held() -> None:
    """Say that mail is not set up, beside what was done, where it is not."""
    if Channel.MAIL not in gateways_of(settings()):
        flash(
            gettext("E-mail is not set up here: the message is held. Once it is, send it from the page of messages."),
            "warning",
        )
