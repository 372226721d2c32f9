"""Currencies by ISO 4217: how many decimals an amount of one has.

Not as CLDR has it: that says how people write amounts, and leaves out the decimals of the Serbian dinar and others,
which invoices and banks have.
"""

_TWO = 2
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_OTHERS = {
    **dict.fromkeys(_NONE.split(), 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}


def decimals_of(currency: str) -> int:
    """Give how many decimals a minor unit of a currency stands for."""
    return _OTHERS.get(currency, _TWO)
