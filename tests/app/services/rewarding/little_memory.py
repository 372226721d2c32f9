"""What makes pictures small, where there is little memory for it."""

from collections.abc import Sequence

import pytest

from app.services.rewarding import picture_maker


def main(arguments: Sequence[str]) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(picture_maker, "_MEMORY_MIB", 64)
        return picture_maker.main(arguments)
