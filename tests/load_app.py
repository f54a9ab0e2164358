"""Many people asking figure questions of a running page at once: ``python tests/load_app.py URL [--people 20] [--seconds 60]``.

Each asks, waits for the answer, reads for a moment and asks again. Prints answers, errors and times; fails on any error.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import threading
import time
from urllib.error import URLError
from urllib.request import Request, urlopen

QUESTIONS = (("龙岗区对口帮扶预算多少", "9,233.81"), ("深圳市工信局的公务接待费是多少", "21.00"), ("龙岗区项目支出合计多少", "194,072.89"))


def ask(url: str, question: str) -> str:
    body = json.dumps({"data": [question]}).encode()
    with urlopen(Request(f"{url}/gradio_api/call/ask", body, {"Content-Type": "application/json"}), timeout=60) as reply:
        event = json.load(reply)["event_id"]
    with urlopen(f"{url}/gradio_api/call/ask/{event}", timeout=60) as stream:
        lines = stream.read().decode().splitlines()
    return str(json.loads(next(line[6:] for line in lines if line.startswith("data: [")))[0])


def person(url: str, end: float, pause: float, seconds: list[float], errors: list[str], dice: random.Random) -> None:
    time.sleep(dice.uniform(0, pause))
    while time.monotonic() < end:
        question, wanted = dice.choice(QUESTIONS)
        start = time.monotonic()
        try:
            answer = ask(url, question)
            if wanted not in answer:
                errors.append(f"{question}: {answer[:80]}")
        except (URLError, OSError, StopIteration, ValueError) as error:
            errors.append(f"{question}: {error!r}")
        seconds.append(time.monotonic() - start)
        time.sleep(dice.uniform(0.5, 1.5) * pause)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between an answer and the next question")
    args = parser.parse_args()
    seconds: list[float] = []
    errors: list[str] = []
    end = time.monotonic() + args.seconds
    people = [
        threading.Thread(target=person, args=(args.url.rstrip("/"), end, args.pause, seconds, errors, random.Random(n)))
        for n in range(args.people)
    ]
    for one in people:
        one.start()
    for one in people:
        one.join()
    ordered = sorted(seconds)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    times = f"median {statistics.median(ordered):.3f} s, p95 {p95:.3f} s, longest {ordered[-1]:.3f} s"
    print(f"{len(ordered)} answers, {len(errors)} errors, {times}")
    for error in errors[:5]:
        print(error)
    return bool(errors)


if __name__ == "__main__":
    sys.exit(main())
