"""What of a question no figure or passage explains: words with a meaning of their own are reason enough to say no."""

from __future__ import annotations

from assistant.match import Ask, span_mask

ENOUGH = 0.7  # with this share of the content explained, a verb more or less is no reason to refuse


def leftover(ask: Ask, covered: int) -> list[str]:
    """The unexplained words that carry meaning, in order; empty where only filler is left.

    A word counts as explained where at least half of it is covered, or where it is explained at another place of the question.
    """
    if not ask.uncovered(covered):
        return []
    explained = {w.text for w in ask.words if not span_mask(w.start, w.end) & ~covered}
    share = (ask.content & covered).bit_count() / max(1, ask.content.bit_count())
    out = []
    for word in ask.words:
        span = span_mask(word.start, word.end)
        open_ = (span & ask.content & ~covered).bit_count()
        size = word.end - word.start
        if not open_ or (open_ * 3 <= size if size > 2 else open_ * 2 <= size) or word.text in explained:
            continue
        if glossed(ask, covered, word.end):
            continue
        telling = len(word.text) > 1 and (share < ENOUGH or (not word.empty and word.kind != "vn"))
        if word.kind == "eng" or telling or (len(word.text) == 1 and word.kind.startswith("n")):
            out.append(word.text)
    return out


def glossed(ask: Ask, covered: int, end: int) -> bool:
    """True where a word and the brackets behind it say the same and one of them is covered: 人员（工资福利）."""
    opened = ask.text.rfind("(", 0, end)
    if opened > 0 and ask.text.find(")", opened) >= end:  # the word stands in brackets: what they gloss decides
        return bool(covered >> (opened - 1) & 1)
    opening = ask.text.find("(", end)
    close = ask.text.find(")", end)
    return (
        opening >= 0
        and close > opening + 1
        and not span_mask(opening + 1, close) & ask.content & ~covered
        and bool(span_mask(opening + 1, close) & ask.content)
    )
