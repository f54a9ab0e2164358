"""The lexicon: how people say what the documents print. One readable TOML file, extended without touching code."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from assistant.flat import flat
from index.errors import BudgetError

PHRASE = 3  # characters from which a stop word is looked for in the text itself
DEFAULT = Path(__file__).with_name("lexicon.toml")


@dataclass(frozen=True)
class Topic:
    """A part that every budget has: how people ask for it, and what its headings say."""

    asked: tuple[str, ...]
    headings: tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """``synonyms``: alias → canonical spellings; ``ask``: kind of question → phrases, longest first; ``stop_words``: filler."""

    synonyms: Mapping[str, tuple[str, ...]]
    short: Mapping[str, tuple[str, ...]]
    suffix: Mapping[str, tuple[str, ...]]
    others: tuple[str, ...]
    ask: Mapping[str, tuple[str, ...]]
    stop_words: frozenset[str]
    requires: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()  # said in the question, then one of these in the labels
    stop_phrases: tuple[str, ...] = ()  # those of the stop words that are made of several words
    names: tuple[str, ...] = ()  # subjects of the national tables, longest first: words end where they begin and end
    terms: frozenset[str] = frozenset()  # verbs that name items
    vocabulary: str = ""  # all synonyms and terms in one text
    topics: tuple[Topic, ...] = ()
    whole: tuple[str, ...] = ()
    ratios: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    several: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # a word for several printed items, and those
    opposites: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()  # two groups of words that make one item another
    parts: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()  # what is often printed as one item, and asked for by itself

    def is_term(self, word: str) -> bool:
        """True for words that stand in a synonym or are listed as terms: what they say is part of an item (结转, 接待)."""
        return word in self.vocabulary

    def asks(self, kind: str, text: str) -> str | None:
        """The first phrase of this kind found in the text."""
        return next((p for p in self.ask.get(kind, ()) if p in text), None)


def longest(words: list[str]) -> tuple[str, ...]:
    """Without repeats, longest first, so that the most telling phrase is found first."""
    return tuple(sorted(dict.fromkeys(words), key=lambda w: (-len(w), w)))


def pairs_of(raw: Mapping[str, Any], name: str) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    return tuple((frozenset(one), frozenset(other)) for one, other in raw.get("opposites", {}).get(name, ()))


@lru_cache(maxsize=4)
def load_lexicon(path: Path = DEFAULT) -> Lexicon:
    """Read the file. Raises BudgetError naming file and reason where it is not valid TOML or lacks a part."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        aliases: dict[str, list[str]] = {}
        for canonical, spoken in raw["synonyms"].items():
            for alias in spoken:
                aliases.setdefault(flat(alias), []).append(flat(canonical))
        bodies = raw["bodies"]
        return Lexicon(
            synonyms={a: tuple(c) for a, c in sorted(aliases.items(), key=lambda kv: (-len(kv[0]), kv[0]))},
            short={k: tuple(v) for k, v in bodies["short"].items()},
            suffix={k: tuple(v) for k, v in bodies["suffix"].items()},
            others=longest(bodies["others"]["names"]),
            ask={kind: longest(words) for kind, words in raw["ask"].items()},
            stop_words=frozenset(raw["stop"]["words"]) | {p for words in raw["ask"].values() for p in words},
            whole=tuple(raw.get("whole", {}).get("terms", ())),
            ratios={name: (parts[0], parts[1]) for name, parts in raw.get("ratios", {}).items()},
            several={spoken: tuple(items) for spoken, items in raw.get("several", {}).items()},
            opposites=pairs_of(raw, "pairs"),
            parts=pairs_of(raw, "parts"),
            requires=pairs_of(raw, "requires"),
            names=longest(raw.get("terms", {}).get("names", [])),
            terms=frozenset(raw.get("terms", {}).get("words", ())),
            vocabulary="\n".join([*aliases, *map(flat, raw["synonyms"]), *raw.get("terms", {}).get("words", [])]),
            stop_phrases=longest([w for w in raw["stop"]["words"] if len(w) >= PHRASE]),
            topics=tuple(Topic(tuple(t["asked"]), tuple(t["headings"])) for t in raw.get("topics", {}).values()),
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, AttributeError) as error:
        raise BudgetError(f"词典 {path.name} 读不了（{error}）：请按文件开头的说明改正") from error
