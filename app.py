"""The web page: ``python app.py [--store DIR] [--host 127.0.0.1] [--port 7860]``.

Composition only: questions go to ``Assistant.ask``, its answers are rendered by ``answer_to_markdown``. Nothing is loaded
from the internet: usage statistics are off and fonts are the reader's own.
"""

from __future__ import annotations

import argparse
import logging
import os
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant import BudgetError

if TYPE_CHECKING:
    from assistant.pipeline import Assistant

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported
os.environ.setdefault("HF_HUB_OFFLINE", "1")

STORE_VARIABLE = "BUDGET_ASSISTANT_STORE"
PORT_VARIABLE = "BUDGET_ASSISTANT_PORT"
LONGEST_HISTORY = 20  # turns handed to the assistant
EXAMPLES = ("龙岗区对口帮扶预算多少", "龙岗区对口帮扶预算为什么增加", "深圳市工信局的公务接待费是多少", "项目支出是什么意思")
FONTS = ("system-ui", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "sans-serif")
STYLE = "footer {display: none !important} .message table {font-variant-numeric: tabular-nums}"


class Desk:
    """The assistant behind the page. It is opened with the first question, so that the page itself is there at once."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self._lock = threading.Lock()
        self._assistant: Assistant | None = None

    def _open(self) -> Assistant:
        with self._lock:
            if self._assistant is None:
                from assistant.pipeline import Assistant

                self._assistant = Assistant.open(self.store)
            return self._assistant

    def reply(self, question: str, messages: Sequence[dict[str, Any]] = ()) -> str:
        """The answer as markdown with its sources; what went wrong as one line."""
        from assistant.render import answer_to_markdown

        history = [{"role": str(m["role"]), "content": content_to_text(m["content"])} for m in messages[-LONGEST_HISTORY:]]
        try:
            return answer_to_markdown(self._open().ask(question, history))
        except BudgetError as error:
            return f"⚠️ {error}"
        except Exception:
            logging.exception("question failed")
            return "⚠️ 内部错误，没有得到答案；详情见服务器的日志"

    def status(self) -> str:
        """What is indexed, or how to get something indexed."""
        try:
            documents = self._open().library.source.documents()
        except BudgetError as error:
            return f"⚠️ {error}"
        if not documents:
            return f"⚠️ 还没有收录任何文件：请先运行 assistant ingest 文件或文件夹 --store {self.store}"
        names = "；".join(document.title for document in documents[:6])
        return f"已收录 {len(documents)} 份文件：{names}{'……' if len(documents) > 6 else ''}"


def content_to_text(content: Any) -> str:
    """A chat message's text; the page hands it over as a string or as a list of parts."""
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))


def build_page(desk: Desk) -> Any:
    """The page as gradio blocks, with the endpoint ``/ask`` (one question, the answer as markdown) for programs."""
    import gradio as gr

    def on_question(question: str, messages: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
        if not question.strip():
            return "", messages
        answer = desk.reply(question, messages)
        return "", [*messages, {"role": "user", "content": question}, {"role": "assistant", "content": answer}]

    def ask(question: str) -> str:
        return desk.reply(question)

    with gr.Blocks(title="预算问答助手", analytics_enabled=False, fill_height=True) as page:
        gr.Markdown("# 预算问答助手\n每个数字都注明文件、页码、表、行和列；文件里没有的，直接说没有。")
        status = gr.Markdown()
        chat = gr.Chatbot(label="对话", height=520, buttons=["copy"], feedback_options=None, latex_delimiters=[])
        with gr.Row():
            box = gr.Textbox(placeholder="例如：龙岗区对口帮扶预算多少", show_label=False, max_length=2000, scale=8, autofocus=True)
            send = gr.Button("提问", variant="primary", scale=1)
        gr.Examples([[example] for example in EXAMPLES], box, label="可以这样问")
        wires: dict[str, Any] = {"inputs": [box, chat], "outputs": [box, chat], "api_visibility": "private", "concurrency_id": "ask"}
        box.submit(on_question, **wires)
        send.click(on_question, **wires)
        page.load(desk.status, outputs=status, api_visibility="private")
        gr.api(ask, api_name="ask", concurrency_id="ask")
    return page


def serve(page: Any, host: str, port: int | None, **options: Any) -> Any:
    """Starts the page: no public link, no statistics, fonts of the reader's own system."""
    import gradio as gr

    theme = gr.themes.Default(font=FONTS, font_mono=("ui-monospace", "monospace"))
    return page.launch(
        server_name=host, server_port=port, share=False, quiet=True, footer_links=[], run_history=False, theme=theme, css=STYLE, **options
    )


def port_is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python app.py", description="预算问答网页 / the web page")
    store = os.environ.get(STORE_VARIABLE) or "store"
    parser.add_argument("--store", type=Path, default=Path(store), help=f"索引目录，默认 ${STORE_VARIABLE} 或 ./store / index folder")
    parser.add_argument("--host", default="127.0.0.1", help="监听地址，默认只限本机 / address, this machine only by default")
    parser.add_argument("--port", type=int, default=os.environ.get(PORT_VARIABLE) or "7860", help="端口 / port")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    args = parse_args(argv)
    if not port_is_free(args.host, args.port):
        print(f"地址 {args.host}:{args.port} 已被占用或不可用：请用 --port 换一个端口", file=sys.stderr)
        return 1
    print(f"网页地址：http://{args.host}:{args.port}（Ctrl+C 结束）", flush=True)
    serve(build_page(Desk(args.store)), args.host, args.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
