"""Does a page's text layer say what the page shows? Measurable signs only; the numbers are shares, so they hold for short and long pages.

On 484 digital pages of real and set budgets the shares below are 0.0 and at most 0.6 %; a page whose fonts lack their
character map has 20 % and more. The thresholds stand far from both.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from index.domain import Page

NO_TEXT = "本页没有文字层，只有图像"
SCAN_LAYER = "本页是扫描图像，自带的文字层不可靠"
NO_MAP = "本页字体缺少字符映射，文字层是乱码"
RARE_HAN = "本页文字层的汉字与字形不符，是乱码"


@dataclass(frozen=True, slots=True)
class LieSettings:
    few: int = 8  # characters; fewer on a page of images say nothing (a page number, a stamp)
    little: int = 40  # characters; fewer on a page that is one image are the scanner's additions
    picture: float = 0.02  # share of the page under images that may be text: a title set as a picture
    whole: float = 0.7  # share of the page under images: a scan, or a background
    covered: float = 0.5  # share of the text that lies under the image
    odd: float = 0.05  # share of characters that no budget prints
    rare: float = 0.2  # share of Chinese characters outside the usual few thousand
    enough_han: int = 20


SETTINGS = LieSettings()
_PRINTED = set("×÷·°±§©®²³¹½¼¾µ¥£¢éèêëàáâäãåçñóòôöõúùûüíìîïøæß")


def page_lies(page: Page, images: float = 0.0, covered: float = 0.0, outlines: int = 0, settings: LieSettings = SETTINGS) -> str | None:
    """Why the text layer cannot be trusted, in Chinese; None where it can.

    ``page`` has the visible characters; ``images`` is the share of its area under images (0–1), ``covered`` the share
    of its text objects that are invisible or painted over by an image, ``outlines`` the number of drawn curves, as
    which text without characters may come.
    """
    text = "".join(glyph.text for glyph in page.glyphs)
    if len(text) < settings.few and (images > settings.picture or outlines > settings.few):
        return SCAN_LAYER if covered else NO_TEXT
    if images > settings.whole and (covered > settings.covered or len(text) < settings.little):
        return SCAN_LAYER if covered else NO_TEXT
    return text_lies(text, settings)


def text_lies(text: str, settings: LieSettings = SETTINGS) -> str | None:
    """The signs in the characters alone."""
    shown = [char for char in text if not char.isspace()]
    if not shown:
        return None
    if sum(map(_is_odd, shown)) > settings.odd * len(shown):
        return NO_MAP
    han = [char for char in shown if _is_han(char)]
    if len(han) >= settings.enough_han and sum(not _is_usual(char) for char in han) > settings.rare * len(han):
        return RARE_HAN
    return None


def _is_odd(char: str) -> bool:
    """Control, private, unassigned and replacement characters, and the accented Latin that raw font codes turn into."""
    if char.isascii():
        return not char.isprintable()
    if char == "\ufffd" or unicodedata.category(char) in ("Cc", "Cn", "Co", "Cs"):
        return True
    return "\x80" <= char < "\u0250" and char not in _PRINTED


def _is_han(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" or char >= "\U00020000"


def _is_usual(char: str) -> bool:
    """One of the 3,755 usual simplified or 5,401 usual traditional characters: level 1 of GB 2312 and of Big5."""
    for charset, first, last in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6)):
        try:
            code = char.encode(charset)
        except UnicodeEncodeError:
            continue
        if len(code) == 2 and first <= code[0] <= last:
            return True
    return False
