"""Codes that UBL and CII share: UNTDID 1001 for kinds of documents, ISO 6523 for schemes of identifiers."""

CREDIT_NOTES = frozenset({"81", "83", "261", "296", "308", "381", "396", "420", "458", "532"})
"""What gives back; a corrected invoice (384) states amounts with their signs and is an invoice."""
SELF_BILLED = frozenset({"261", "389", "500", "501", "527"})
GTIN_SCHEMES = frozenset({"0160", "0088"})
"""The second is that of places, which some write for goods as well: both are numbers of GS1."""
