"""How a programme's rules are changed: the `rules` part of its file."""

from pydantic import Field

from app.domain.program_file.parts import Part


class RulesSettings(Part):
    """Who publishes rules that are changed by pages."""

    second_person: bool = Field(default=False, description="true: whoever wrote a draft has another person publish it")
