"""What the page says, in Chinese and in English; answers themselves are always in Chinese, as the documents are."""

from __future__ import annotations

from collections.abc import Mapping

Texts = Mapping[str, str]

# key: (Chinese, English)
_TEXTS: dict[str, tuple[str, str]] = {
    "title": ("预算问答", "Budget answers"),
    "tagline": ("每个数字都翻到原页给您看", "Every figure with its printed page"),
    "view_ask": ("提问", "Ask"),
    "view_documents": ("文件", "Documents"),
    "view_audit": ("核查", "Audit"),
    "theme": ("深色／浅色", "Dark / light"),
    "logout": ("退出", "Sign out"),
    "skip": ("跳到提问框", "Skip to the question"),
    # conversations
    "new": ("新对话", "New conversation"),
    "conversations": ("对话", "Conversations"),
    "untitled": ("还没有提问", "Nothing asked yet"),
    "rename": ("改名", "Rename"),
    "delete": ("删除", "Delete"),
    "delete_conversation": ("删除这个对话？", "Delete this conversation?"),
    "menu": ("对话列表", "Conversations"),
    # asking
    "ask_label": ("您的问题", "Your question"),
    "ask_hint": ("问一个数字或内容，例如某项支出多少、为什么增加", "Ask in Chinese about any figure or passage"),
    "send": ("提问", "Ask"),
    "hello": ("想查哪个数字？", "Which figure are you looking for?"),
    "hello_more": (
        "我只说文件里写明的：每个数字带文件、页码、表、行和列，点一下就看到原页。文件里没有的，直接说没有。",
        "Only what the documents say: each figure with its document, page, table, row and column; click it to see the page.",
    ),
    "examples": ("可以这样问", "For example"),
    "you": ("您问", "You asked"),
    "answer": ("答", "Answer"),
    "looking": ("正在查……", "Looking it up…"),
    "loading_search": ("正在载入检索部件，只有第一次需要几秒……", "Loading the search parts, only this once…"),
    "sources": ("出处", "Sources"),
    "open_source": ("打开原页", "Open the page"),
    "copy_answer": ("复制", "Copy"),
    "copied": ("已复制", "Copied"),
    "retry": ("重问", "Ask again"),
    "edit": ("改问题", "Edit"),
    "up": ("对", "Right"),
    "down": ("不对", "Wrong"),
    "thanks": ("已记下，谢谢", "Noted, thank you"),
    "comment": ("哪里不对？正确的应是多少，在哪一页？", "What is wrong? What should it be, on which page?"),
    "send_comment": ("提交", "Send"),
    "cancel": ("取消", "Cancel"),
    "excel": ("Excel", "Excel"),
    "word": ("Word", "Word"),
    "png": ("图存为 PNG", "Save chart as PNG"),
    "pick": ("请选一个：", "Pick one:"),
    "calculation": ("计算", "Calculation"),
    "model": ("由模型 {} 组织语句，数字经核对", "Worded by {}, figures checked"),
    # states
    "state_refused": ("没有答案", "No answer"),
    "state_scope": ("不在回答范围内", "Out of scope"),
    "state_blank": ("文件里是空白", "Blank in the document"),
    "state_clarify": ("需要您确认", "Please say which"),
    "state_trouble": ("没有答成", "Could not answer"),
    "next_not_in_documents": ("换个说法，或到“文件”页看看收录了哪些表", "Reword it, or see under Documents which tables there are"),
    "next_not_indexed": ("到“文件”页上传这份文件后再问", "Upload the document under Documents, then ask again"),
    "next_empty_table": ("文件声明此表为空；点出处看原页", "The document declares the table empty; see the source"),
    "next_blank_cell": ("这一格没有填数，不等于零；点出处看原页", "The cell is blank, which is not zero; see the source"),
    "next_out_of_scope": ("可以问某一项的金额、比例、增减、原因或内容", "Ask for amounts, shares, changes, reasons or contents"),
    "go_documents": ("去“文件”页", "Go to Documents"),
    "empty_title": ("还没有收录任何文件", "Nothing is indexed yet"),
    "empty_more": (
        "把部门预算、决算文件（PDF、扫描件、Excel、Word、网页、文本）拖到“文件”页，读完就能提问。",
        "Drop budgets or final accounts on the Documents page; once read, they can be asked.",
    ),
    "offline": ("连接中断，正在重连……已问的问题都在，不会丢。", "Connection lost, reconnecting… Nothing asked is lost."),
    "online": ("已重新连上", "Connected again"),
    "warming": ("检索部件载入中；查数字不受影响", "Search is loading; figures can be asked already"),
    # the page on the table
    "table_title": ("原页", "The page"),
    "table_empty": ("答案的出处会翻开在这里，数字用框标出。", "The source of an answer opens here, with the figure marked."),
    "page_of": ("第 {} / {} 页", "Page {} of {}"),
    "previous": ("上一页", "Previous page"),
    "next": ("下一页", "Next page"),
    "zoom_in": ("放大", "Zoom in"),
    "zoom_out": ("缩小", "Zoom out"),
    "fit": ("适合宽度", "Fit width"),
    "centre": ("回到标记处", "Back to the mark"),
    "download_pages": ("下载本页 PDF", "Download this page (PDF)"),
    "download_file": ("下载原文件", "Download the file"),
    "close": ("关闭", "Close"),
    "no_picture": ("这一页打不开", "This page cannot be opened"),
    # charts
    "chart": ("图", "Chart"),
    "chart_item": ("项目", "Item"),
    "chart_value": ("数额", "Amount"),
    "rest": ("其余", "Rest"),
    # documents
    "upload_title": ("上传文件", "Upload"),
    "upload_hint": (
        "拖到这里，或点击选择：PDF、扫描件、xlsx、docx、html、txt，每份不超过 50 MB",
        "Drop files here or click to choose: PDF, xlsx, docx, html, txt, 50 MB at most each",
    ),
    "indexed": ("已收录", "Indexed"),
    "n_documents": ("{} 份", "{}"),
    "doc_department": ("单位", "Body"),
    "doc_year": ("年度", "Year"),
    "doc_kind": ("种类", "Kind"),
    "doc_pages": ("页", "pages"),
    "doc_tables": ("张表", "tables"),
    "doc_figures": ("个数字", "figures"),
    "proofs_held": ("项核对相符", "checks held"),
    "proofs_failed": ("项不符", "failed"),
    "unread": ("未读出的页", "Unread pages"),
    "unread_page": ("第 {} 页", "Page {}"),
    "show_read": ("看读出了什么", "See what was read"),
    "remove": ("移除", "Remove"),
    "remove_title": ("移除这份文件？", "Remove this document?"),
    "remove_more": (
        "以后的提问不再使用它；通过本页上传的副本一并删除。您自己的原文件不受影响。",
        "It will no longer be used for answers, and the uploaded copy is deleted. Your own file is untouched.",
    ),
    "removed": ("已移除 {}", "Removed {}"),
    "tables": ("表", "Tables"),
    "outline": ("目录", "Outline"),
    "proofs": ("核对", "Checks"),
    "no_tables": ("没有读到表", "No tables were read"),
    "no_outline": ("没有读到标题", "No headings were read"),
    "no_proofs": ("没有可核对的算式", "Nothing to check"),
    "rows": ("行", "rows"),
    "more_rows": ("还有 {} 行未显示；全部内容可下载原文件查看", "{} more rows not shown"),
    "stage_wait": ("排队", "waiting"),
    "stage_done": ("已读完：{} 页，{} 张表，{} 个数字", "Read: {} pages, {} tables, {} figures"),
    "stage_skipped": ("内容已收录，无需再读", "Already indexed"),
    "too_big": ("超过 50 MB，没有上传：请拆分，或在服务器上用 assistant ingest 读入", "Larger than 50 MB, not uploaded: split it"),
    "uploading": ("上传中", "uploading"),
    "ask_about": ("问这份文件", "Ask about it"),
    # audit
    "audit_title": ("文件自相矛盾之处", "Where documents contradict themselves"),
    "audit_more": (
        "同一个数在文字和表里不一致、合计与分项对不上等。每处都把两边的原页并排放在这里，由您判断。",
        "A figure that differs between text and table, totals that do not add up. Both places side by side, for you to judge.",
    ),
    "audit_rounding": ("四舍五入可以解释的尾差", "Differences that rounding explains"),
    "audit_none": ("没有发现自相矛盾之处", "No contradictions found"),
    "audit_difference": ("相差", "Difference"),
    "audit_choose": ("文件", "Document"),
    "audit_all": ("全部文件", "All documents"),
    "audit_pick": ("请选一份文件", "Pick a document"),
    "audit_count": ("{} 处", "{} found"),
    "audit_this": ("核查这份", "Audit it"),
    # signing in
    "login_title": ("登录", "Sign in"),
    "login_name": ("用户名", "Name"),
    "login_password": ("密码", "Password"),
    "login_send": ("登录", "Sign in"),
    "login_wrong": ("用户名或密码不对", "Wrong name or password"),
}  # fmt: skip

CHINESE = {key: pair[0] for key, pair in _TEXTS.items()}
ENGLISH = {key: pair[1] for key, pair in _TEXTS.items()}


def texts_for(accept_language: str | None) -> Texts:
    """By the first language a browser names: English where that is not Chinese; Chinese where it names none."""
    first = (accept_language or "zh").split(",")[0].strip().lower()
    return CHINESE if first.startswith("zh") or first in ("", "*") else ENGLISH
