"""Credit codes and identity numbers: which 18 characters are what."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

CodeVerdict = Literal["valid", "valid_format_bad_check", "pii_suspected", "invalid"]

_USCC = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}")
_USCC_VALUES = {char: value for value, char in enumerate("0123456789ABCDEFGHJKLMNPQRTUWXY")}
_USCC_WEIGHTS = [3**place % 31 for place in range(17)]
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ID_WEIGHTS = [2 ** (17 - place) % 11 for place in range(17)]
_ID = re.compile(r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])\d{15}[\dX]")


def uscc_check_digit(first17: str) -> str:
    """The 18th character of a credit code (GB 32100-2015). Raises KeyError for a letter that codes don't use."""
    total = sum(_USCC_VALUES[char] * weight for char, weight in zip(first17, _USCC_WEIGHTS, strict=True))
    return "0123456789ABCDEFGHJKLMNPQRTUWXY"[(31 - total % 31) % 31]


def organisation_check_digit(first8: str) -> str:
    """The check digit of the organisation code inside (characters 9–17 of a credit code)."""
    total = sum(int(char, 36) * weight for char, weight in zip(first8, _INNER_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def is_identity_number(text: str) -> bool:
    """Whether these 18 characters are a citizen's identity number: region, plausible birth date, check digit."""
    text = text.upper()
    if not _ID.fullmatch(text):
        return False
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    total = sum(int(char) * weight for char, weight in zip(text[:17], _ID_WEIGHTS, strict=True))
    return 1900 <= born.year <= 2100 and "10X98765432"[total % 11] == text[17]


def judge_uscc(text: str) -> CodeVerdict:
    """What 18 characters in a credit-code column are.

    An identity number can pass the credit code's own check, so that is asked first; real codes issued early can fail
    it, so that alone is no fault.
    """
    text = text.upper()
    if is_identity_number(text):
        return "pii_suspected"
    if not _USCC.fullmatch(text) or len(set(text)) == 1:
        return "invalid"
    sound = uscc_check_digit(text[:17]) == text[17] and organisation_check_digit(text[8:16]) == text[16]
    return "valid" if sound else "valid_format_bad_check"


def passes_luhn(digits: str) -> bool:
    """The check of bank-card numbers."""
    doubled = (int(char) * (1 if place % 2 else 2) for place, char in enumerate(reversed(digits), start=1))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
