"""What a programme says about compensation: whether a tax is paid back with its reward, or by runs of their own."""

from typing import Literal

from pydantic import Field

from app.domain.program_file.parts import Part


class Compensation(Part):
    """When the tax that the sponsor takes over reaches the participants."""

    paid: Literal["at_once", "by_run"] = Field(
        "at_once", description="at_once: together with the load; by_run: by a run over all loads of a period"
    )
    goods: bool = Field(default=True, description="a run takes goods and vouchers that were delivered as well")
