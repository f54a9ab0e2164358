"""Two figures that should be one: equal to the digits that they print, and told apart in words where they are not."""

from __future__ import annotations

from decimal import Decimal

from index.amounts import MONEY, convert, format_amount
from index.domain import Figure, Origin, Proof


def same_amount(a: Figure, b: Figure) -> bool:
    """Equal after conversion: to the last digit of the coarser print (rounded or cut), or one hundredth apart in like prints."""
    if a.value is None or b.value is None:
        return False
    wanted = a.unit if MONEY.get(a.unit, Decimal(0)) >= MONEY.get(b.unit, Decimal(0)) else b.unit
    x, y = convert(a.value, a.unit, wanted), convert(b.value, b.unit, wanted)
    if x is None or y is None:
        return False
    one, other = last_digit(a, wanted), last_digit(b, wanted)
    if one == other:
        return abs(x - y) <= (one if one < 1 else 0)
    return abs(x - y) < max(one, other)


def last_digit(figure: Figure, wanted: str) -> Decimal:
    """The value of a figure's last printed digit, in another unit."""
    value = figure.value or Decimal(0)
    exponent = value.as_tuple().exponent
    last = Decimal(1).scaleb(exponent if isinstance(exponent, int) and value else -2)
    return convert(last, figure.unit, wanted) or last


def same_proof(kind: str, a: Figure, b: Figure, message: str) -> Proof:
    """A proof that two figures agree; ``message`` opens the sentence that tells where they do not."""
    held = same_amount(a, b)
    value = convert(b.value or Decimal(0), b.unit, a.unit)
    apart = format_amount(abs((value or Decimal(0)) - (a.value or Decimal(0))), a.unit)
    words = "" if held else f"{message}：{shown(a)}，{shown(b)}，相差{apart}"
    return Proof(kind, held, a.value, value, a.unit, (a.id, b.id), words, held and value != a.value)


def shown(f: Figure) -> str:
    """A figure with what it is called where it stands: 预算安排201.50万元."""
    label = "".join(f.col_path[-2:]) if f.origin is Origin.PROSE else "·".join(f.col_path[-1:])
    return f"{label}{f.raw}{'' if f.raw.endswith(f.unit) else f.unit}"


def last_label(figure: Figure) -> str:
    """What a figure is called (预算安排, 减少), "" where it is only named."""
    return figure.col_path[-1] if figure.col_path else ""


def item_name(claim: Figure) -> str:
    """The innermost item that a figure is about."""
    return claim.row_path[-1] if claim.row_path else ""
