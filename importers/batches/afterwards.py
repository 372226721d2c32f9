"""What follows the end of an import, or of its undoing: what promotions pay or take back, and sums for charts.

What is imported or undone stands by then. Whoever is killed here leaves it to the chores, which do the same.
"""

import datetime as dt

from app.db.transaction import Sessions, transaction
from app.services.ledger import figures
from app.services.promotions import running as promotions
from app.services.timing import stage


def bring_up_to_date(registry: Sessions, now: dt.datetime) -> None:
    """Bring promotions up to what was sold, and make the sums anew that were touched, for all programmes."""
    with stage("promotions"):
        promotions.run_due(registry, now)
    with transaction(registry) as session:  # after promotions: what they gave or took back is in the sums as well
        for program_id in figures.waiting(session, now + figures.AT_MOST_EVERY):
            figures.refresh(session, program_id, now)
