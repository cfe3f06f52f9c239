"""Prices as vendors write them: "1,250.00 บาท", "฿350", "๓๕๐.-", "USD 25"."""

import re
from decimal import Decimal

import msgspec

from config.tables import Text
from config.values import ascii_digits

BAHT = "THB"
CURRENCIES = {
    **dict.fromkeys(("บาท", "บ.", "฿", "thb", "baht"), BAHT),
    **dict.fromkeys(("usd", "us$", "$", "ดอลลาร์", "เหรียญ"), "USD"),
    **dict.fromkeys(("eur", "€", "ยูโร"), "EUR"),
    **dict.fromkeys(("gbp", "£", "ปอนด์"), "GBP"),
    **dict.fromkeys(("jpy", "¥", "เยน"), "JPY"),
}
NAMES: dict[str, Text] = {
    BAHT: Text(th="บาท", en="baht"),
    "USD": Text(th="ดอลลาร์สหรัฐ", en="US dollars"),
    "EUR": Text(th="ยูโร", en="euros"),
    "GBP": Text(th="ปอนด์สเตอร์ลิง", en="pounds sterling"),
    "JPY": Text(th="เยน", en="yen"),
}
_SIGN = "|".join(re.escape(sign) for sign in sorted(CURRENCIES, key=len, reverse=True))
_AMOUNT = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,2})?|[0-9]+(?:\.[0-9]+)?"
_PRICE = re.compile(rf"(?P<before>{_SIGN})?\s*(?P<amount>{_AMOUNT})\s*(?:\.-|/-|,-)?\s*(?P<after>{_SIGN})?", re.I)
MARKED = re.compile(
    rf"(?:ราคา\s*)?(?:(?:{_SIGN})\s*(?:{_AMOUNT})|(?:{_AMOUNT})\s*(?:\.-)?\s*(?:{_SIGN}))(?:\.-)?", re.I
)
MOST = Decimal(10) ** 12  # what costs more is no price


class Price(msgspec.Struct, frozen=True):
    """An amount in a currency (ISO 4217); baht where none is named."""

    amount: Decimal
    currency: str = BAHT


def price(text: str) -> Price | None:
    """The first amount that a cell names, or None: ``ราคา 1,250.00 บาท`` is 1250 THB; ``แจกฟรี`` is none."""
    found = _PRICE.search(ascii_digits(text))
    if not found or Decimal(amount := found["amount"].replace(",", "")) > MOST:
        return None
    sign = (found["before"] or found["after"] or "บาท").lower()
    return Price(Decimal(amount), CURRENCIES[sign])


def quantity(text: str) -> int | None:
    """How many copies a cell asks for: ``๒ เล่ม`` is 2."""
    found = re.search(r"[0-9]{1,6}", ascii_digits(text).replace(",", ""))
    return int(found[0]) if found else None
