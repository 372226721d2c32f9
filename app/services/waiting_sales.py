"""Sales that wait until somebody claims them: they count as sold, and earn nothing, by rules, promotions or tiers.

Whose sale it was is said in `verification.sale_claims`; here is how whoever counts sales tells those that wait.
"""

import json
from typing import Any

from sqlalchemy import ColumnClause, ColumnElement, func, literal_column
from sqlalchemy.dialects.postgresql import JSONB

from app.domain.saying.reasons import WAITS
from app.models.sales import SalesDocument

_NO_REASONS: ColumnClause[Any] = literal_column("'[]'::jsonb", JSONB())
_WAITS: ColumnClause[Any] = literal_column(f"'{json.dumps([{'code': WAITS}])}'::jsonb", JSONB())

SALE_WAITS: ColumnElement[bool] = func.coalesce(SalesDocument.reasons, _NO_REASONS).contains(_WAITS)
"""The condition of a document that waits to be claimed: a reason of it says so."""
