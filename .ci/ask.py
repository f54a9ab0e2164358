"""Waits for the web page that process PID starts, asks it over HTTP and checks the answer: ask.py URL PID QUESTION WANTED."""

import json
import os
import sys
import time
import urllib.error
import urllib.request

PATIENCE = 1200.0  # seconds: a first installation may download everything


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] != "Z"


def wait_for(url: str, pid: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5) as page:
                if page.status == 200:
                    return
        except OSError:
            pass
        if not alive(pid):
            sys.exit("the first command ended before its page was up")
        time.sleep(1)
    sys.exit(f"no page at {url} after {PATIENCE:.0f} s")


def ask(url: str, question: str) -> str:
    body = json.dumps({"data": [question]}).encode()
    request = urllib.request.Request(f"{url}/gradio_api/call/ask", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as reply:
        event = json.load(reply)["event_id"]
    with urllib.request.urlopen(f"{url}/gradio_api/call/ask/{event}", timeout=120) as stream:
        for line in stream.read().decode().splitlines():
            if line.startswith("data: ["):
                return str(json.loads(line[6:])[0])
    sys.exit("the page gave no answer")


def main() -> None:
    url, pid, question, wanted = sys.argv[1:]
    wait_for(url, int(pid))
    answer = ask(url, question)
    print(f"the page answered: {answer}")
    if wanted not in answer:
        sys.exit(f"{wanted} is not in it")


main()
