"""``python -m eval compare A B``: what a change did, question by question; a gate that closes where wrong answers rose.

A and B are run folders, or records that ``run --record`` wrote: small files of verdicts that are kept with the code.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.__main__ import Parser
from assistant.domain import Answer, answer_to_json
from eval.report import OUTCOMES, table_to_lines
from eval.runs import Run, read_run
from eval.score import Outcome
from index.errors import BudgetError

CHANGES_SHOWN = 20  # of those that are judged the same
EVERY_SET = "all"
SIGNIFICANT = 0.05
UNSEEN = ("id", "elapsed_ms", "model")


@dataclass(frozen=True, slots=True)
class Judged:
    """One question as it was judged; ``said`` is a digest of what people see of the answer (not its time, nor its trace)."""

    id: str
    set: str
    question: str
    outcome: Outcome
    said: str


@dataclass(frozen=True, slots=True)
class Change:
    """One question whose answer is another one than before; the outcomes may be the same."""

    id: str
    question: str
    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True)
class Comparison:
    """Questions asked in both runs. ``only`` are the ids that one of the runs lacks."""

    counts: Mapping[Outcome, tuple[int, int]]
    sets: Mapping[str, tuple[float, float]]  # share of right answers, before and after
    gained: tuple[Change, ...]  # right now
    lost: tuple[Change, ...]  # right before
    others: tuple[Change, ...]  # wrong became missed, or the reverse
    changed: tuple[Change, ...]  # judged the same, said differently
    only: tuple[str, ...]

    @property
    def wrong_rose(self) -> bool:
        before, after = self.counts[Outcome.WRONG]
        return after > before

    @property
    def chance(self) -> float:
        """How often as many right answers would change sides, or more, if the change had no effect."""
        return mcnemar(len(self.lost), len(self.gained))

    def fell(self, guarded: Iterable[str], tolerance: float) -> tuple[str, ...]:
        """Guarded sets whose share of right answers fell by more than the tolerance."""
        names = list(guarded)
        return tuple(n for n, (a, b) in self.sets.items() if (n in names or EVERY_SET in names) and a - b > tolerance + 1e-9)


def mcnemar(lost: int, gained: int) -> float:
    """Exact, two-sided: a fair coin's chance of a split at least as uneven."""
    n = lost + gained
    tail = sum(math.comb(n, i) for i in range(min(lost, gained) + 1))
    return float(min(1.0, 2 * tail / (1 << n)))


def compare(before: Sequence[Judged], after: Sequence[Judged]) -> Comparison:
    old, new = ({one.id: one for one in run} for run in (before, after))
    both = [id for id in old if id in new]
    moved = [_change(old[id], new[id]) for id in both if old[id].outcome is not new[id].outcome]
    return Comparison(
        counts={o: (sum(old[id].outcome is o for id in both), sum(new[id].outcome is o for id in both)) for o in Outcome},
        sets={name: _right([old[id] for id in ids], [new[id] for id in ids]) for name, ids in _by_set(both, new).items()},
        gained=tuple(c for c in moved if c.after is Outcome.CORRECT),
        lost=tuple(c for c in moved if c.before is Outcome.CORRECT),
        others=tuple(c for c in moved if Outcome.CORRECT not in (c.before, c.after)),
        changed=tuple(_change(old[id], new[id]) for id in both if old[id].outcome is new[id].outcome and old[id].said != new[id].said),
        only=tuple(id for id in [*old, *new] if not (id in old and id in new)),
    )


def run(words: list[str]) -> int:
    """Exit code 1 where more answers are wrong, or a guarded set fell. Raises BudgetError where a path holds no run."""
    args = _parse_args(words)
    before, after = read_judged(args.a), read_judged(args.b)
    found = compare(before, after)
    absent = [name for name in args.guard if name not in (EVERY_SET, *found.sets)]
    if absent:
        raise BudgetError(f"要看守的题集 {'、'.join(absent)} 不在两次运行里：现有 {'、'.join(found.sets) or '（没有共同的题）'}")
    print("\n".join(comparison_to_lines(found)))
    fell = found.fell(args.guard, args.tolerance)
    for name in fell:
        print(f"题集 {name} 的正确率下降超过 {100 * args.tolerance:g} 个百分点 / a guarded set fell")
    return 1 if found.wrong_rose or fell else 0


def _parse_args(words: Sequence[str]) -> argparse.Namespace:
    parser = Parser(prog="python -m eval compare", description="比较两次运行 / what changed between two runs")
    parser.add_argument("a", type=Path, metavar="RUN_A", help="此前的结果文件夹或判分记录 / run folder or record, before")
    parser.add_argument("b", type=Path, metavar="RUN_B", help="此后的结果文件夹或判分记录 / run folder or record, after")
    parser.add_argument(
        "--guard", action="append", default=[], metavar="SET", help="正确率不许下降的题集，all 为全部 / sets that must not fall, or all"
    )
    parser.add_argument(
        "--tolerance", type=_share, default=0.0, metavar="X", help="容许下降多少，如 0.01 为 1 个百分点 / allowed fall (default: 0)"
    )
    return parser.parse_args(words)


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} 不在 0 到 1 之间 / not between 0 and 1")
    return value


# ---------------------------------------------------------------- runs and records


def read_judged(path: Path) -> tuple[Judged, ...]:
    """Of a run folder or a record. Raises BudgetError where it is neither."""
    if path.is_dir() or not path.exists():
        return run_to_judged(read_run(path))
    try:
        items = json.loads(path.read_text("utf-8"))["verdicts"]
        return tuple(Judged(**{**item, "outcome": Outcome(item["outcome"])}) for item in items)
    except (OSError, ValueError, TypeError, KeyError) as error:
        again = f"请用 python -m eval run … --record {path} 重新生成"
        raise BudgetError(f"判分记录 {path} 读不了（{type(error).__name__}）：{again}") from error


def run_to_judged(run: Run) -> tuple[Judged, ...]:
    return tuple(
        Judged(case.id, case.set, case.question, verdict.outcome, _digest(run.answers.get(case.id)))
        for case, verdict in zip(run.cases, run.verdicts, strict=True)
    )


def write_record(path: Path, run: Run) -> None:
    """One line a question, so that a change of the record reads as a change of answers. Raises BudgetError where it cannot be written."""
    lines = ",\n".join(json.dumps(asdict(one), ensure_ascii=False) for one in run_to_judged(run))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'{{"verdicts": [\n{lines}\n]}}\n', "utf-8")
    except OSError as error:
        raise BudgetError(f"判分记录写不到 {path}（{error.strerror}）：请换一个 --record") from error


def _digest(answer: Answer | None) -> str:
    if answer is None:
        return ""
    seen = {name: value for name, value in answer_to_json(answer).items() if name not in UNSEEN}
    seen["citations"] = [{name: value for name, value in one.items() if name != "bbox"} for one in seen["citations"]]
    return hashlib.sha256(json.dumps(seen, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:12]


# ---------------------------------------------------------------- words


def comparison_to_lines(found: Comparison) -> list[str]:
    counts = [(OUTCOMES[o], str(a), str(b), f"{b - a:+d}" if a != b else "0") for o, (a, b) in found.counts.items() if a or b]
    lines = table_to_lines([("", "此前", "此后", "变化"), *counts])
    if found.only:
        lines.append(f"只在一次运行里的题不比较：{len(found.only)} 道")
    if found.gained or found.lost:
        verdict = "，差别显著" if found.chance < SIGNIFICANT else "，可能只是偶然"
        lines.append(f"若本无差别，答对的题这样变动的概率（McNemar 精确检验）p = {found.chance:.3f}{verdict}")
    for title, changes in (("答对了", found.gained), ("不再答对", found.lost), ("错误与未答之间", found.others)):
        lines += [f"{title}：{len(changes)}", *(f"  {c.id} {OUTCOMES[c.before]}→{OUTCOMES[c.after]} {c.question}" for c in changes)]
    shown = found.changed[:CHANGES_SHOWN]
    lines += [f"判分不变、答案有变：{len(found.changed)}", *(f"  {c.id} {OUTCOMES[c.after]} {c.question}" for c in shown)]
    lines += ["  ……"] if len(shown) < len(found.changed) else []
    return [*lines, *(["错误增多了 / more wrong answers than before"] if found.wrong_rose else [])]


def _by_set(ids: Iterable[str], judged: Mapping[str, Judged]) -> dict[str, list[str]]:
    sets: dict[str, list[str]] = {}
    for id in ids:
        sets.setdefault(judged[id].set, []).append(id)
    return sets


def _right(before: Sequence[Judged], after: Sequence[Judged]) -> tuple[float, float]:
    """Shares of right answers among the questions that are scored on both sides."""
    pairs = [(a, b) for a, b in zip(before, after, strict=True) if Outcome.UNSCORED not in (a.outcome, b.outcome)]
    right = [sum(pair[side].outcome is Outcome.CORRECT for pair in pairs) for side in (0, 1)]
    return (right[0] / len(pairs), right[1] / len(pairs)) if pairs else (0.0, 0.0)


def _change(before: Judged, after: Judged) -> Change:
    return Change(after.id, after.question, before.outcome, after.outcome)
