"""``python -m eval COMMAND``: measure the assistant."""

from __future__ import annotations

import sys

COMMANDS = {"bench": "速度与其下限之比 / speed beside its floor"}


def main(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help"):
        print("用法 / usage: python -m eval COMMAND …")
        for name, text in COMMANDS.items():
            print(f"  {name}\t{text}")
        return 0
    if words[0] == "bench":
        from eval import bench

        return bench.run(words[1:])
    print(f"没有这个命令 / no such command: {words[0]}（{'、'.join(COMMANDS)}）", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
