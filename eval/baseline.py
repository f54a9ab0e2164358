"""``python -m eval baseline SET…``: the same questions through a general retrieval pipeline, in one table with the assistant.

Three systems: the assistant; llama-index's default pipeline by search alone; and, where a model is configured, the same
pipeline with the model's answers, judged by the same rules. Each has a run folder of its own, so that ``compare`` works.
"""

from __future__ import annotations

import argparse
import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.__main__ import DEFAULT_STORE, STORE_VARIABLE, Parser
from assistant.domain import Answer, AnswerFigure, Citation, Status
from eval.ask import progress
from eval.cases import Case
from eval.llama import Model, Passage, Pipeline, texts
from eval.reports import systems_to_lines, write_reports
from eval.retrieval import DEPTH, QUOTED, Evidence, evidence_marks
from eval.run import measure, new_folder
from eval.runs import TOTAL, Detail, Run, write_run
from eval.score import Outcome, Verdict, judge
from eval.values import prints, text_to_numbers
from index.embed import make_embedder
from index.stores.index import Index

URL, MODEL, KEY = "BUDGET_ASSISTANT_LLM_URL", "BUDGET_ASSISTANT_LLM_MODEL", "BUDGET_ASSISTANT_LLM_KEY"
OURS, SEARCH, WITH_MODEL = "assistant", "search", "model"  # folders
NAMES = {SEARCH: "llama-index 默认，仅检索", WITH_MODEL: "llama-index 默认，加模型"}
NO = re.compile(
    r"(?:没有|未)(?:提到|提及|提供|包含|相关|找到|说明|给出|明确|列出)|无法|不知道|不包含|not (?:provide|mention|contain)|cannot|unable",
    re.IGNORECASE,
)


def run(words: list[str]) -> int:
    """Exit code 1 where the assistant could not process a question; BudgetError for sets, stores or models that do not work."""
    args = _parse_args(words)
    out = new_folder(args.out)
    measured = measure(args.sets, args.store, args.jobs, retrieval=True, pictures=not args.no_pictures)
    ours = measured.run
    model = Model(args.llm_url, args.llm_model, os.environ.get(KEY) or "none") if args.llm_url else None
    with Index.open(args.store) as index:
        pipeline = Pipeline(index, make_embedder(index.settings), model)
        others = {SEARCH: search_run(pipeline, ours)}
        if model:
            others[WITH_MODEL] = model_run(pipeline, ours, model)
    for name, done in {OURS: ours, **others}.items():
        write_run(out / name, done)
    beside = {NAMES[name]: done.summary for name, done in others.items()}
    print("\n".join(systems_to_lines(ours, beside)))
    page = write_reports(out, ours, measured.pairs, beside)
    print(f"\n{pipeline.passages} 个段落；结果在 {out}，报告是 {page}" + ("" if model else f"；设 {URL} 和 {MODEL} 可再加一个模型"))
    return 0 if len(ours.answers) == len(ours.cases) else 1


def search_run(pipeline: Pipeline, ours: Run) -> Run:
    """Search alone gives no answers: nothing of it is scored but where the gold stands among the passages."""
    details: dict[str, Detail] = {}
    verdicts = []
    for case in progress(ours.cases, len(ours.cases), "通用检索"):
        start = time.perf_counter()
        passages = pipeline.find(case.question, DEPTH)
        details[case.id] = Detail((), {TOTAL: 1000 * (time.perf_counter() - start)}, passages_to_evidence(passages))
        marks = {**evidence_marks(case.sources, passages_to_evidence(passages)), **seen_marks(case, texts(passages))}
        verdicts.append(Verdict(case.id, case.type, Outcome.UNSCORED, marks=marks))
    return Run(ours.cases, {}, details, tuple(verdicts), _about(ours, {"name": NAMES[SEARCH], "passages": pipeline.passages}))


def model_run(pipeline: Pipeline, ours: Run, model: Model) -> Run:
    """The model's texts read as answers: every number with a unit is a figure, every passage it was given a citation."""
    answers: dict[str, Answer] = {}
    for case in progress(ours.cases, len(ours.cases), "通用方案加模型"):
        start = time.perf_counter()
        text, passages = pipeline.answer(case.question)
        answers[case.id] = text_to_answer(case, text, passages, model.name).timed(1000 * (time.perf_counter() - start), case.id)
    details = {id: Detail((), {TOTAL: answer.elapsed_ms}) for id, answer in answers.items()}
    verdicts = tuple(judge(case, answers.get(case.id)) for case in ours.cases)
    about = _about(ours, {"name": NAMES[WITH_MODEL], "model": model.name, "url": model.url, "passages": pipeline.passages})
    return Run(ours.cases, answers, details, verdicts, about)


def text_to_answer(case: Case, text: str, passages: Sequence[Passage], model: str) -> Answer:
    """Refused where the text says that it does not know and names no amount."""
    figures = tuple(AnswerFigure(value, unit, "", 1) for value, unit in text_to_numbers(text) if unit)
    refused = not text.strip() or bool(NO.search(text) and not figures)
    cited = tuple(Citation(n, p.doc, p.doc, p.text[:QUOTED], p.page) for n, p in enumerate(passages, 1))
    return Answer(case.question, Status.REFUSED if refused else Status.ANSWERED, text, () if refused else figures, cited, model=model)


def passages_to_evidence(passages: Sequence[Passage]) -> tuple[Evidence, ...]:
    return tuple(Evidence(p.doc, p.page, None, None, None, p.text[:QUOTED], round(p.score, 4), "dense") for p in passages)


def seen_marks(case: Case, found: Sequence[str]) -> dict[str, float]:
    """Whether all gold figures are printed somewhere in the first passage, and in the first five."""
    if not case.figures:
        return {}
    return {f"seen{k}": float(all(any(prints(text, gold) for text in found[:k]) for gold in case.figures)) for k in (1, 5)}


def _about(ours: Run, system: Mapping[str, Any]) -> dict[str, Any]:
    return {**ours.about, "system": dict(system)}


def _parse_args(words: Sequence[str]) -> argparse.Namespace:
    text = "与通用检索方案比较 / the same questions through a general retrieval pipeline"
    parser = Parser(prog="python -m eval baseline", description=text)
    parser.add_argument("sets", nargs="+", type=Path, metavar="SET.jsonl", help="题集 / question sets")
    store = Path(os.environ.get(STORE_VARIABLE) or DEFAULT_STORE)
    parser.add_argument("--store", type=Path, default=store, metavar="DIR", help="索引文件夹 / index folder (default: %(default)s)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="结果文件夹 / run folders (default: runs/日期-时间)")
    parser.add_argument("--jobs", type=int, metavar="N", help="用 N 个进程提问 / processes for the assistant")
    parser.add_argument("--llm-url", default=os.environ.get(URL), metavar="URL", help=f"OpenAI 兼容服务 / server (default: ${URL})")
    parser.add_argument("--llm-model", default=os.environ.get(MODEL), metavar="NAME", help=f"模型名 / model (default: ${MODEL})")
    parser.add_argument("--no-pictures", action="store_true", help="报告里不放原件截图 / no page pictures in the report")
    args = parser.parse_args(words)
    if bool(args.llm_url) != bool(args.llm_model):
        parser.error("--llm-url 和 --llm-model 要一起给 / give both")
    return args
