"""What a programme says about its rewards: how prices are made, who approves orders, what an address has."""

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from app.domain.program_file.parts import NotNegative, Part, Positive, Words, each_once

AddressField: TypeAlias = Literal["name", "company", "street", "postal_code", "city", "country", "phone"]


class RewardsPart(Part):
    """How rewards are priced and ordered."""

    approve_above: NotNegative | None = Field(
        None,
        description="an order worth more than this, in the currency, waits for somebody of the programme who did not "
        "place it; none: orders go on by themselves",
    )
    margin: int = Field(0, ge=0, le=100_000, description="basis points added to the cost of a reward, for its price")
    tax: int = Field(0, ge=0, le=100_000, description="basis points of tax added to cost and margin")
    round_to: Positive | None = Field(None, description="computed prices are rounded up to a multiple, in points")
    announced_days: int = Field(14, ge=0, le=366, description="people are told of a season so many days ahead")
    payment: Words | None = Field(
        None, description="how the money of a price in points and money is paid, as whoever ordered reads it"
    )
    address: Annotated[list[AddressField], Field(min_length=1), AfterValidator(each_once)] = Field(
        ["name", "street", "postal_code", "city"], description="what has to be filled in where goods are sent"
    )
