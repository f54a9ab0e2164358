"""README.md cannot rot: its commands parse, its settings exist, its examples are answered as printed."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import app
from assistant.__main__ import main, parse_args
from assistant.api.settings import ServiceSettings
from assistant.channels.settings import ChannelSettings
from index.settings import ENV_PREFIX, IndexSettings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"```text\n\$ assistant ask (?P<question>\S+)\n(?P<answer>.*?)\n```", re.DOTALL)
CUT = "……"
COMMANDS = sorted({*re.findall(r"`(assistant [a-z][^`]*)`", README), *re.findall(r"(?m)^\.venv/bin/(assistant [a-z].*)$", README)})


def test_readme_opens_with_exactly_the_two_commands() -> None:
    first = re.search(r"```bash\n(.*?)```", README, re.DOTALL)
    assert first and first[1].split("\n") == ["./run demo", "./run test", ""]
    assert os.access(ROOT / "run", os.X_OK)


@pytest.mark.parametrize("command", COMMANDS)
def test_command_of_the_readme_parses(command: str) -> None:
    words = shlex.split(command.replace("…", ""))[1:]
    if not any(word.isupper() or "." in word or "/" in word or "问" in word for word in words) and words[0] in ("ingest", "ask"):
        return  # named in passing, without its arguments
    assert parse_args(words).command == words[0]


def test_every_command_is_in_the_readme_and_helps_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_args(["--help"])
    names = re.findall(r"^    ([a-z]+) ", capsys.readouterr().out, re.MULTILINE)
    assert names
    for name in names:
        assert f"`assistant {name}" in README, name
        with pytest.raises(SystemExit) as stopped:
            parse_args([name, "--help"])
        text = capsys.readouterr().out
        assert stopped.value.code == 0
        assert re.search("[一-鿿]", text) and re.search("[a-z]{4,}", text)


def test_every_measuring_command_is_in_the_readme() -> None:
    done = subprocess.run([sys.executable, "-m", "eval", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    names = set(re.findall(r"(?m)^ +([a-z]+)\s", done.stdout))
    assert names and names == set(re.findall(r"python -m eval ([a-z]+)", README))


def test_settings_table_names_real_settings_with_their_defaults() -> None:
    table = dict(re.findall(r"^\| `(BUDGET_ASSISTANT_\w+)` \| (?:`([^`]*)`|空) \|", README, re.MULTILINE))
    known = {ENV_PREFIX + item.name.upper(): str(item.default) for item in dataclasses.fields(IndexSettings)}
    for more in (ServiceSettings, ChannelSettings):
        known |= {ENV_PREFIX + item.name.upper(): str(item.default) for item in dataclasses.fields(more)}
    others = {app.STORE_VARIABLE: "store", app.PORT_VARIABLE: "7860"}
    elsewhere = {"BUDGET_ASSISTANT_VENV", "BUDGET_ASSISTANT_CONFIG", "BUDGET_ASSISTANT_DEBUG", "BUDGET_ASSISTANT_TOKEN"}
    assert set(table) <= set(known) | set(others) | elsewhere
    for name, default in (known | others).items():
        if name in table:
            assert table[name] == default, name
    sources = "".join(path.read_text(encoding="utf-8") for path in [ROOT / "run", *ROOT.glob("index/*.py"), *ROOT.glob("assistant/*.py")])
    for name in elsewhere:
        assert name in sources or name.removeprefix(ENV_PREFIX) in sources, name


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:index|assistant|tests|eval)/[\w/.*-]+)`", README))))
def test_file_named_in_the_readme_exists(path: str) -> None:
    assert list(ROOT.glob(path)), path


def as_shown(answer: str, shown: str) -> str:
    """The answer cut as the README cuts it: after as many lines, where the last line shown is 「……」."""
    lines = shown.split("\n")
    return "\n".join([*answer.split("\n")[: len(lines) - 1], CUT]) if lines[-1] == CUT else answer


def test_examples_are_answered_as_printed(sample_store: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> None:
    examples = list(EXAMPLE.finditer(README))
    assert len(examples) >= 5
    renewed = README
    for example in examples:
        assert main(["ask", example["question"], "--store", str(sample_store)]) == 0
        answer = as_shown(capsys.readouterr().out.strip("\n"), example["answer"])
        renewed = renewed.replace(example[0], example[0].replace(example["answer"], answer))
    if request.config.getoption("--update-docs"):
        (ROOT / "README.md").write_text(renewed, encoding="utf-8")
        pytest.skip("README.md renewed")
    assert renewed == README, "README.md is stale: pytest tests/test_docs.py --update-docs"


def test_headline_answer_stands_in_table_5(sample_store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "龙岗区对口帮扶预算多少", "--store", str(sample_store)]) == 0
    text = capsys.readouterr().out
    assert "9,233.81万元" in text and "表5" in text and "sample-lg-2024" in text


def test_demo_and_test_explain_themselves_and_refuse_what_they_do_not_know() -> None:
    for words in ([], ["nothing"]):
        done = subprocess.run(["bash", "run", *words], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 2 and "./run demo" in done.stdout and "./run test" in done.stdout


def test_page_says_its_options() -> None:
    done = subprocess.run([sys.executable, "app.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for option in ("--store", "--host", "--port"):
        assert option in done.stdout
