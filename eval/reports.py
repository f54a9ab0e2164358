"""temporary"""
from pathlib import Path
from eval.runs import Run
def write_reports(folder: Path, run: Run, pictures: bool = True) -> Path:
    return folder / "report.html"
