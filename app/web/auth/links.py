"""Links that go out in messages: where whoever gets them begins."""

from app.web.addresses import outside


def invitation_link(token: str) -> str:
    """Give the address of the page of an invitation."""
    return outside("invited.accept", token=token)
