"""Addresses of pages: those of templates are built once, and are what Flask builds."""

from typing import Any

import pytest
from flask import Flask, url_for

from app.web.addresses import address, whole_number


@pytest.mark.parametrize(
    ("endpoint", "values"),
    [
        ("documents.show", {"document_id": 7, "program_code": "a&b"}),
        ("documents.show", {"program_code": "ż", "document_id": 2**63 - 1, "after": 40, "q": "a b", "none": None}),
        ("statements.show", {"program_code": "a", "distributor_id": 12, "before": 120, "unit": "money"}),
        ("portal_rewards.show", {"program_code": "a", "reward_id": 1, "distributor_id": 11}),
        ("home.home", {"next": True}),
        ("home.home", {}),
    ],
)
def test_an_address_is_what_flask_builds_whatever_id_is_filled_in(
    pages: Flask, endpoint: str, values: dict[str, Any]
) -> None:
    for below in ("", "/below"):
        with pages.test_request_context("/", environ_overrides={"SCRIPT_NAME": below}):
            for more in (0, -1):  # the second is filled into what was built for the first
                given = {name: one + more if type(one) is int else one for name, one in values.items()}
                assert address(endpoint, **given) == url_for(endpoint, **given)


@pytest.mark.parametrize("text", [None, "", "x", "-1", " 1", "1.0", "²", "٣", "１", str(2**63), "9" * 5_000])
def test_what_is_no_number_of_ours_is_none_and_no_fault(text: str | None) -> None:
    """Python takes "²" for a digit that it cannot read, and reads no more than 4,300 of others."""
    assert whole_number(text) is None


def test_a_number_is_read_as_pages_write_it() -> None:
    assert [whole_number(text) for text in ("0", "007", str(2**63 - 1))] == [0, 7, 2**63 - 1]
