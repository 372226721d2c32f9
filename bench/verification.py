"""`scripts/bench verification`: how much abuse the checks hold, how many honest claims, and how fast they look.

Two questions. What do the default settings of the portal make of the labelled set (`bench.labelled`)? And how many
documents a second pass the checks before a history of so many lines, and before one ten times as long?
"""

import argparse
import datetime as dt
import json
import os
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.config import PROJECT
from app.db.transaction import Sessions, transaction
from app.domain.program_file.verification_settings import DEFAULTS, Check
from app.domain.states import ClaimState, ClaimWay, DocumentStatus
from app.models.claims import Attachment
from app.models.claims import Claim as ClaimRow
from app.models.programs import Program
from app.services.goods import catalogue
from app.services.goods.catalogue import ProductRow
from app.services.ledger import figures
from app.services.participants import distributor_rows, distributors
from app.services.participants.distributor_rows import DistributorRow
from app.services.rulebooks import rules_of
from app.services.setup import program_files, programs
from bench import checking, honest, installation, labelled
from bench.honest import Claim, Market
from verification.gate import admit
from verification.incoming import Source

SEED = 7
DOCS = PROJECT / "docs" / "verification.md"
BEGINS, ENDS = "<!-- measured -->", "<!-- /measured -->"


def program_of(code: str, market: Market) -> dict[str, Any]:
    """Describe the programme of the labelled set: default settings, and the limits that its abuse goes around."""
    return {
        "schema": "kontor/1",
        "program": {
            "code": code,
            "name": "Labelled",
            "sponsor": "Labelled",
            "currency": "USD",
            "country": "US",
            "time_zone": "UTC",
            "locale": "en",
            "starts_on": str(market.first_day),
            "point": {"value": "0.05"},
            "verification": {
                "claim_within_days": honest.WITHIN_DAYS,
                "second_person_above": honest.LIMIT_MINOR // 100,
                "sellers": ["5000000000"],
            },
        },
        "earning_rules": [{"code": "base", "name": "Base", "kind": "per_amount", "points": 1, "step": "100.00"}],
    }


@dataclass
class Judged:
    """What became of the claims that were sent: each with its status (0: not taken in), and what was found."""

    claims: list[Claim] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    found: list[list[str]] = field(default_factory=list)


class Court:
    """A programme to which claims are sent, week by week."""

    def __init__(self, session: Session, code: str, market: Market) -> None:
        """Load the programme with its resellers and its products."""
        file = program_files.parse(yaml.safe_dump(program_of(code, market)))
        now = dt.datetime.combine(market.first_day, dt.time(), dt.UTC)
        self.program_id = programs.load(session, file, actor="bench", now=now).program_id
        program = session.get_one(Program, self.program_id)
        for day in sorted(set(market.joined.values())):
            rows = [
                DistributorRow(code=one, name=f"Reseller {one}", tax_id=honest.tax_id(one))
                for one, joined in market.joined.items()
                if joined == day
            ]
            distributor_rows.put_distributors(session, program.id, "en", rows, enrolled_on=day, may_owe=True)
        goods = [ProductRow(code=one, name=f"Product {one}", group_id=None) for one in market.products]
        catalogue.put_products(session, program.id, "en", goods)
        self.distributors = distributors.distributor_ids(session, program.id)
        self.products = catalogue.product_ids(session, program.id)

    def send(self, session: Session, claims: Sequence[Claim], day: dt.date, name: Any, judged: Judged) -> None:
        """Send claims of a week; what was sold before is known by then."""
        now = dt.datetime.combine(day, dt.time(12), dt.UTC)
        incoming, ordered = honest.laid_out(claims, self.distributors, self.products)
        source = Source(name=name, policy="accept", may_correct=False, actor="bench")
        admission = admit(session, rules_of(session, self.program_id), incoming, source, now=now)
        judged.claims += ordered
        judged.status += admission.status.tolist()
        judged.found += [[one["code"] for one in admission.reasons.get(at, ())] for at in range(len(ordered))]
        self._prove(session, ordered, admission.ids.tolist(), now)
        if name == "portal":
            self._note_devices(session, ordered, admission.ids.tolist(), now)
        figures.refresh(session, self.program_id, now)

    def _prove(self, session: Session, claims: Sequence[Claim], ids: Sequence[int], now: dt.datetime) -> None:
        rows = [
            {
                "program_id": self.program_id,
                "document_id": id_,
                "place": 1,
                "file_name": "photo.jpg",
                "media_type": "image/jpeg",
                "file_sha256": one.file,
                "file_bytes": 1,
                "picture_look": one.look,
                "pages": 1,
                "added_by": "bench",
                "added_at": now,
            }
            for one, id_ in zip(claims, ids, strict=True)
            if id_ and one.file
        ]
        if rows:
            session.execute(insert(Attachment), rows)

    def _note_devices(self, session: Session, claims: Sequence[Claim], ids: Sequence[int], now: dt.datetime) -> None:
        rows = [
            {
                "program_id": self.program_id,
                "distributor_id": self.distributors[one.distributor],
                "key": f"bench {id_}",
                "state": ClaimState.SENT,
                "way": ClaimWay.TYPED,
                "content": {},
                "document_id": id_,
                "author": "bench",
                "device_sha256": one.device,
                "created_at": now,
                "changed_at": now,
                "sent_at": now,
            }
            for one, id_ in zip(claims, ids, strict=True)
            if id_ and one.device
        ]
        if rows:
            session.execute(insert(ClaimRow), rows)


def judge(sessions: Sessions, code: str, market: Market, each: int) -> Judged:
    """Send the labelled set to a programme of default settings: a year as the sponsor reports it, then the claims."""
    dice = random.Random(SEED + 1)  # not the dice that made the market
    since = market.claims[len(market.claims) * 2 // 5].sent_on
    claims = labelled.with_abuse(market, dice, each, since)
    with transaction(sessions) as session:
        court = Court(session, code, market)
    reported, judged = Judged(), Judged()
    before = [one for one in market.claims if one.sent_on < since]
    with transaction(sessions) as session:
        court.send(session, before, since, "import", reported)
    if any(status != DocumentStatus.ACCEPTED for status in reported.status):
        raise SystemExit("what the sponsor reports is believed, and was not accepted")
    for week in labelled.weeks(claims):
        with transaction(sessions) as session:
            # the week is looked at when its last claim has come
            court.send(session, week, max(one.sent_on for one in week), "portal", judged)
    return judged


EXPECTED: dict[str, tuple[Check, ...]] = {
    "same_number": (),
    "edited_number": (Check.NUMBER_ALIKE, Check.TWIN_OWN),
    "edited_and_altered": (Check.NUMBER_ALIKE,),
    "moved_into_another_month": (Check.TWIN_OWN,),
    "of_another_distributor": (Check.TWIN_OTHER,),
    "from_the_future": (Check.ISSUED_IN_FUTURE,),
    "before_joining": (Check.BEFORE_ENROLMENT,),
    "too_late": (Check.CLAIMED_LATE,),
    "to_oneself": (Check.OWN_PURCHASE,),
    "of_an_unknown_seller": (Check.SELLER_NOT_ALLOWED,),
    "split": (Check.JUST_BELOW,),
    "round_total": (Check.ROUND_TOTAL,),
    "price_raised": (Check.PRICE_UNUSUAL,),
    "quantity_raised": (Check.QUANTITY_UNUSUAL, Check.QUANTITY_UNLIKE_OWN),
    "burst": (Check.BURST,),
    "numbered_backwards": (Check.NUMBER_BACKWARDS,),
    "wrong_total": (Check.TOTAL_DIFFERS,),
    "wrong_line": (Check.LINE_AMOUNT_DIFFERS,),
    "wrong_vat": (Check.VAT_DIFFERS,),
    "same_file": (Check.SAME_FILE,),
    "same_picture": (Check.SAME_PICTURE,),
    "many_at_once": (Check.VELOCITY,),
    "edited_pdf": (Check.PDF_CHANGED,),
    "pdf_of_before": (Check.PDF_BEFORE_ISSUE,),
    "one_device": (Check.SHARED_DEVICE,),
    "number_far_ahead": (Check.NUMBER_GAP,),
    "edited_after_reading": (Check.ALTERED_READING,),
}
"""Which checks are meant to find an abuse; none: the key of the document does."""


def told(judged: Judged) -> dict[str, Any]:
    """Say what the checks made of the labelled set."""
    honest = [at for at, one in enumerate(judged.claims) if one.abuse is None]
    abused = [at for at, one in enumerate(judged.claims) if one.abuse is not None]
    held = [status != DocumentStatus.ACCEPTED for status in judged.status]
    by_abuse: dict[str, list[int]] = defaultdict(list)
    for at in abused:
        by_abuse[str(judged.claims[at].abuse)].append(at)
    abuses = {}
    for abuse, wanted in EXPECTED.items():
        places = by_abuse[abuse]
        by_check = sum(not judged.status[at] if not wanted else bool({*wanted} & {*judged.found[at]}) for at in places)
        abuses[abuse] = {
            "claims": len(places),
            "held_bp": _share(sum(held[at] for at in places), len(places)),
            "by_its_check_bp": _share(by_check, len(places)),
        }
    checks = {}
    for check in DEFAULTS["portal"]:
        right = sum(check in judged.found[at] for at in abused)
        wrong = sum(check in judged.found[at] for at in honest)
        if right + wrong:
            checks[str(check)] = {"abuse": right, "honest": wrong, "precision_bp": _share(right, right + wrong)}
    held_honest = sum(held[at] for at in honest)
    held_abuse = sum(held[at] for at in abused)
    return {
        "honest": len(honest),
        "honest_held": held_honest,
        "honest_held_bp": _share(held_honest, len(honest)),
        "honest_refused": sum(judged.status[at] in (0, DocumentStatus.REFUSED) for at in honest),
        "honest_by": dict(Counter(code for at in honest if held[at] for code in judged.found[at]).most_common()),
        "abuse": len(abused),
        "recall_bp": _share(held_abuse, len(abused)),
        "precision_bp": _share(held_abuse, held_abuse + held_honest),
        "abuses": abuses,
        "checks": checks,
    }


def _share(part: int, whole: int) -> int:
    return part * 10_000 // whole if whole else 0


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="scripts/bench verification", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the real sales; by default KONTOR_TEST_DATA")
    parser.add_argument("--each", type=int, default=40, help="how often each abuse is put among the honest claims")
    parser.add_argument("--documents", type=int, default=100_000, help="documents that are examined")
    parser.add_argument("--history", type=int, default=1_000_000, help="lines before which they are; 0: leave it out")
    parser.add_argument("--write", action="store_true", help="write the table into docs/verification.md")
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    folder = given.data or (Path(os.environ["KONTOR_TEST_DATA"]) if "KONTOR_TEST_DATA" in os.environ else None)
    market = honest.market_of(folder, random.Random(SEED))
    with installation.at() as run:
        result: dict[str, Any] = {"labelled": told(judge(run.registry, "labelled", market, given.each))}
        if given.history:
            result["speed"] = checking.measure(run, given.documents, given.history)
    if given.write:
        write(result["labelled"])
    if given.as_json:
        print(json.dumps(result, indent=2))
    else:
        show(result)


def table(found: dict[str, Any]) -> str:
    """Write what became of the labelled set as the tables of docs/verification.md."""
    rows = [
        f"Honest claims: {found['honest']:,}, in review {_percent(found['honest_held_bp'])}, refused "
        f"{found['honest_refused']}. Claims of abuse: {found['abuse']:,}, held or refused "
        f"**{_percent(found['recall_bp'])}**; {_percent(found['precision_bp'])} of what is held or refused is abuse.",
        "",
        "| abuse | claims | held or refused | found by | by it |",
        "|---|---|---|---|---|",
    ]
    for abuse, one in found["abuses"].items():
        if not one["claims"]:
            continue  # the real lines do not let it be made
        by = ", ".join(f"`{check}`" for check in EXPECTED[abuse]) or "the document's key"
        shares = _percent(one["held_bp"]), by, _percent(one["by_its_check_bp"])
        rows.append(f"| {abuse.replace('_', ' ')} | {one['claims']} | {' | '.join(shares)} |")
    rows += ["", "| check | found in abuse | in honest claims | precision |", "|---|---|---|---|"]
    for check, one in found["checks"].items():
        rows.append(f"| `{check}` | {one['abuse']} | {one['honest']} | {_percent(one['precision_bp'])} |")
    return "\n".join(rows)


def write(found: dict[str, Any]) -> None:
    """Make the measured tables of docs/verification.md anew."""
    page = DOCS.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    DOCS.write_text(f"{before}{BEGINS}\n\n{table(found)}\n\n{ENDS}{after}", encoding="utf-8")


def show(result: dict[str, Any]) -> None:
    """Print the result for people."""
    print(table(result["labelled"]))
    speed = result.get("speed")
    if speed is None:
        return
    for name, words in (
        ("tenth", f"before {speed['history_lines'] // checking.GROWN:,} lines"),
        ("old", f"before {speed['history_lines']:,} lines of ten times as many days"),
        ("large", f"before {speed['history_lines']:,} lines of ten times as many distributors"),
    ):
        one = speed[name]
        print(
            f"{words}: {one['documents']:,} documents, {one['documents_per_second']:,} documents/s, "
            f"{one['cpu_seconds']} s of processor time"
        )
    print(
        f"ten times the history costs {speed['cost_of_an_old_programme']} (old) and "
        f"{speed['cost_of_a_large_programme']} (large) times as much; the aim is 1.5"
    )


def _percent(basis_points: int) -> str:
    return f"{basis_points // 100}.{basis_points % 100 // 10} %"


if __name__ == "__main__":
    main()
