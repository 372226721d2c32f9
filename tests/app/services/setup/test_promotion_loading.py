"""What a programme's file says anew while promotions go on: all are measured alike, and none loses its days."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.domain.states import RuleDraftSubject
from app.services.promotions import showing
from app.services.rules.rule_drafts import DraftInvalid, judged
from app.services.setup.program_files import ProgramFileInvalid
from tests.app.services.promotions.running import Running
from tests.support import programs
from tests.support.desk import TODAY, Desk

FAIR = {"fair": ["2026-05-01", "2026-05-02"]}


class Told:
    """A promotion that counts the days of a fair; what the programme's file says of these can be said anew."""

    def __init__(self, session: Session, code: str) -> None:
        self.code, self.session = code, session
        self.desk = Desk(session, code, named_days=FAIR)
        self.running = Running(self.desk, scope={"days": ["fair"]}, target={"default": 100})

    def says(self, **changes: Any) -> None:
        programs.load(self.session, programs.document(self.code, **{"named_days": FAIR, **changes}))

    def value(self, who: str) -> int:
        self.running.bring_up()
        return self.running.standing(who).value


@pytest.fixture
def told(session: Session, code: str) -> Told:
    return Told(session, code)


def test_who_was_measured_before_the_fair_was_prolonged_has_its_last_day_too(told: Told) -> None:
    told.desk.invoice("1", 10, who="D1", issued_on="2026-05-03")
    assert told.value("D1") == 0
    told.says(named_days={"fair": ["2026-05-01", "2026-05-02", "2026-05-03"], "gala": ["2026-06-01"]})
    told.desk.invoice("2", 10, who="D2", issued_on="2026-05-03")
    assert (told.value("D1"), told.value("D2")) == (10_000, 10_000)


def test_who_was_measured_before_the_programme_began_later_is_measured_anew(told: Told) -> None:
    told.desk.invoice("1", 10, issued_on="2026-05-01")
    assert told.value("D1") == 10_000
    assert told.running.row.measured
    told.says(named_days={**FAIR, "gala": ["2026-06-01"]})
    assert told.running.row.measured, "days that it does not look at change nothing"
    told.says(program={"starts_on": "2026-05-02"})
    assert told.value("D1") == 0


def test_days_that_a_promotion_goes_on_by_stay_until_it_is_closed(told: Told) -> None:
    told.desk.invoice("1", 10, issued_on="2026-05-01")
    assert told.value("D1") == 10_000
    with pytest.raises(ProgramFileInvalid, match="'fair' is gone, and the promotion autumn goes on by it"):
        told.says(named_days={})
    with pytest.raises(DraftInvalid) as refused:
        judged(told.session, told.desk.program, RuleDraftSubject.STACKS, {"stacks": {"base": "sum"}})
    assert [problem[1][:26] for problem in refused.value.problems] == ["named_days: 'fair' is gone"]
    told.running.close()
    told.says(named_days={})
    (shown,) = showing.progress_of(told.session, told.desk.rules, told.desk.people["D1"], None, TODAY)
    assert shown.value == 10_000, "what it came to stays readable"
