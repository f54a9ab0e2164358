// The page's own behaviour beside Gradio's: the viewer of pages, uploads, buttons in answers, the watch over the connection.
// Everything listens on the document, as Gradio renders its components when it likes. Texts come from ui/texts.js.
"use strict";
(() => {
  const facts = window.budget || { texts: {}, lang: "zh-CN", boot: "" };
  const t = facts.texts;
  const $ = (selector, within) => (within || document).querySelector(selector);
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const tell = (name, data) => {
    const part = $(`#${name} [data-ready]`) || $(`#${name}[data-ready]`);
    if (part) part.tell(data);
  };
  const store = { get: (k) => { try { return localStorage.getItem(k); } catch { return null; } }, set: (k, v) => { try { localStorage.setItem(k, v); } catch { /* private window */ } } };
  document.documentElement.lang = facts.lang;

  // ------------------------------------------------------------ light and dark
  const theme = store.get("budget-theme");
  const dark = (on) => document.body && document.body.classList.toggle("dark", on);
  if (theme) dark(theme === "dark");

  // ------------------------------------------------------------ the page on the table
  const view = { place: null, pages: 0, zoom: 1, url: null, asked: 0 };
  const shown = () => $(".viewer-scroll");

  function open_place(place, from) {
    view.place = { ...place };
    view.home = { page: place.page, bbox: place.bbox };
    view.zoom = 1;
    view.fresh = true;
    view.from = from || view.from;
    view.cited = null;
    $("#table")?.classList.add("open");
    document.body.classList.add("viewing");
    all(".card.active, .cite.active").forEach((e) => e.classList.remove("active"));
    show_place();
    if (from && matchMedia("(max-width: 1099px)").matches) $(".viewer-close")?.focus();
  }

  async function show_place() {
    const { place } = view, scroll = shown();
    if (!scroll || !place) return;
    const asked = ++view.asked;
    const where = $(".viewer-where"), bar = $(".viewer-bar");
    where.textContent = place.title || "";
    const doc = encodeURIComponent(place.doc);
    const is_page = place.page && (place.bbox || view.pages || !place.line);
    scroll.setAttribute("aria-busy", "true");
    try {
      if (is_page) {
        const answer = await fetch(`ui/page/${doc}/${place.page}.png`);
        if (!answer.ok) throw new Error(await answer.text());
        const pages = Number(answer.headers.get("X-Pages"));
        const url = URL.createObjectURL(await answer.blob());
        if (asked !== view.asked) return URL.revokeObjectURL(url);
        if (!(await draw_page(url, pages, place, asked))) return URL.revokeObjectURL(url);
      } else {
        const query = new URLSearchParams({ line: place.line, quote: place.quote || "", column: JSON.stringify(place.column || []) });
        if (place.page) query.set("page", place.page);
        const answer = await fetch(`ui/place/${doc}?${query}`);
        const text = await answer.text();
        if (!answer.ok) throw new Error(text);
        if (asked !== view.asked) return;
        bar.hidden = true;
        scroll.innerHTML = `<div class="lines">${text}</div>`;
        ($(".boxed", scroll) || $(".hit", scroll))?.scrollIntoView({ block: "center", inline: "center" });
      }
    } catch (error) {
      if (asked !== view.asked) return;
      bar.hidden = true;
      const p = document.createElement("p");
      p.className = "viewer-trouble";
      p.setAttribute("role", "alert");
      p.textContent = `${t.no_picture}：${error.message}`;
      scroll.replaceChildren(p);
    }
    scroll.removeAttribute("aria-busy");
  }

  // False where another place was asked for while the picture was being decoded.
  async function draw_page(url, pages, place, asked) {
    const scroll = shown(), img = new Image();
    img.src = url;
    img.alt = `${place.title || place.doc} ${t.page_of.replace("{}", place.page).replace("{}", pages)}`;
    await img.decode();
    if (asked !== view.asked) return false;
    if (view.url) URL.revokeObjectURL(view.url);
    Object.assign(view, { url, pages });
    const sheet = document.createElement("div");
    sheet.className = "sheet";
    sheet.append(img);
    const at_home = place.page === view.home.page && view.home.bbox;
    if (at_home) add_mark(sheet, img, view.home.bbox, "mark");
    scroll.replaceChildren(sheet);
    $(".viewer-bar").hidden = false;
    $(".viewer-page").textContent = t.page_of.replace("{}", place.page).replace("{}", pages);
    $("[data-view-do=previous]").disabled = place.page <= 1;
    $("[data-view-do=next]").disabled = place.page >= pages;
    $("[data-view-do=centre]").disabled = !view.home.bbox;
    $(".viewer-save").open = false;
    zoom(view.fresh && at_home ? readable(img) : view.zoom);
    view.fresh = false;
    centre();
    if (at_home && place.quote && !place.column?.length) mark_lines(sheet, img, place).catch(() => {});
    return true;
  }

  function add_mark(sheet, img, [x0, top, x1, bottom], name) {
    const mark = document.createElement("div"), pad = 2, width = img.naturalWidth / 2, height = img.naturalHeight / 2; // points
    mark.className = name;
    Object.assign(mark.style, {
      left: `${(100 * (x0 - pad)) / width}%`, top: `${(100 * (top - pad)) / height}%`,
      width: `${(100 * (x1 - x0 + 2 * pad)) / width}%`, height: `${(100 * (bottom - top + 2 * pad)) / height}%`,
    });
    sheet.append(mark);
  }

  // The other lines of a passage, of which the first one is marked already.
  async function mark_lines(sheet, img, { doc, page, quote }) {
    const found = await fetch(span_url(doc, { page, box: view.home.bbox.join(","), quote })).then((r) => (r.ok ? r.json() : { boxes: [] }));
    const [first, ...rest] = found.boxes;
    if (!rest.length || !sheet.isConnected) return;
    $(".mark", sheet).remove();
    add_mark(sheet, img, first, "mark");
    for (const box of rest) add_mark(sheet, img, box, "mark line");
  }
  const span_url = (doc, query) => `ui/span/${encodeURIComponent(doc)}?${new URLSearchParams(query)}`;

  // A landscape page in a narrow panel: as large as its marked figure needs to be read.
  function readable(img) {
    const [, top, , bottom] = view.home.bbox, height = (bottom - top) * (shown().clientWidth - 28) / (img.naturalWidth / 2);
    return Math.min(4, Math.max(1, 12 / height));
  }

  function zoom(factor) {
    const sheet = $(".sheet");
    if (!sheet) return;
    const scroll = shown(), middle = [scroll.scrollLeft + scroll.clientWidth / 2, scroll.scrollTop + scroll.clientHeight / 2];
    const ratio = factor / (Number(sheet.dataset.zoom) || 1);
    view.zoom = Math.min(5, Math.max(0.5, factor));
    sheet.dataset.zoom = view.zoom;
    sheet.style.width = `${100 * view.zoom}%`;
    scroll.scrollTo(middle[0] * ratio - scroll.clientWidth / 2, middle[1] * ratio - scroll.clientHeight / 2);
  }

  function centre() {
    const scroll = shown(), mark = $(".mark", scroll);
    if (!mark) return void scroll.scrollTo(0, 0);
    const a = mark.getBoundingClientRect(), b = scroll.getBoundingClientRect();
    scroll.scrollBy(a.left + a.width / 2 - b.left - b.width / 2, a.top + a.height / 2 - b.top - b.height / 2);
  }

  function turn_page(step) {
    if (!view.place || !view.pages) return;
    const page = view.place.page + step;
    if (page < 1 || page > view.pages) return;
    view.place = { ...view.place, page };
    show_place();
  }

  function close_viewer() {
    $("#table")?.classList.remove("open");
    document.body.classList.remove("viewing");
    view.from?.focus();
  }

  const viewer_does = {
    previous: () => turn_page(-1), next: () => turn_page(1), in: () => zoom(view.zoom * 1.3), out: () => zoom(view.zoom / 1.3),
    fit: () => { zoom(1); centre(); }, close: close_viewer,
    centre: () => {
      if (view.place.page === view.home.page) return centre();
      view.place = { ...view.place, page: view.home.page };
      show_place();
    },
  };

  // ------------------------------------------------------------ pages to take away
  // What is offered: the pages of the cited table or passage where there are several, the shown page, any others.
  async function offer_ranges() {
    const { place, home, pages } = view, save = $(".viewer-save"), [span, page] = all("[data-range]", save);
    const form = $(".viewer-range", save);
    const offer = (button, text, first, last) => { button.textContent = text; Object.assign(button.dataset, { first, last }); button.hidden = false; };
    offer(page, t.range_page.replace("{}", place.page), place.page, place.page);
    span.hidden = $(".viewer-range-trouble", save).hidden = true;
    for (const field of [form.first, form.last]) { field.max = pages; field.value = place.page; }
    if (!home.bbox) return;
    const found = await fetch(span_url(place.doc, { page: home.page, box: home.bbox.join(",") })).then((r) => (r.ok ? r.json() : null)).catch(() => null);
    if (!found || found.first === found.last || home !== view.home || !save.open) return;
    offer(span, t.range_span.replace("{}", found.first).replace("{}", found.last), found.first, found.last);
    if (Number(form.first.value) !== place.page || Number(form.last.value) !== place.page) return; // somebody was faster
    form.first.value = found.first;
    form.last.value = found.last;
  }

  async function save_range(one, other) {
    const first = Math.min(one, other), last = Math.max(one, other), trouble = $(".viewer-range-trouble");
    trouble.hidden = true;
    try {
      const answer = await fetch(`ui/range/${encodeURIComponent(view.place.doc)}?first=${first}&last=${last}`);
      if (!answer.ok) throw new Error(await answer.text());
      const name = decodeURIComponent((answer.headers.get("Content-Disposition") || "").split("UTF-8''")[1] || "");
      const a = Object.assign(document.createElement("a"), { href: URL.createObjectURL(await answer.blob()), download: name });
      a.click();
      setTimeout(() => URL.revokeObjectURL(a.href), 10000);
      close_ranges();
    } catch (error) {
      trouble.textContent = `${t.range_failed}：${error.message}`;
      trouble.hidden = false;
    }
  }
  function close_ranges() {
    const save = $(".viewer-save");
    if (!save?.open) return false;
    if (save.contains(document.activeElement)) $("summary", save).focus();
    save.open = false;
    $("[data-range=span]", save).hidden = true;
    return true;
  }

  function open_card(card, from) {
    const place = JSON.parse(card.dataset.place);
    place.title = card.dataset.title;
    open_place(place, from);
    const turn = card.closest(".turn");
    view.cited = { turn: turn.dataset.turn, cite: card.dataset.cite };
    show_cited();
  }
  // Which source lies on the table; drawing the talk anew forgets it.
  function show_cited() {
    if (view.cited) all(`.turn[data-turn="${view.cited.turn}"] [data-cite="${view.cited.cite}"]`).forEach((e) => e.classList.add("active"));
  }
  function clear_viewer() {
    Object.assign(view, { place: null, cited: null, asked: view.asked + 1 });
    if (!shown() || $(".viewer.over")) return;
    all(".card.active, .cite.active").forEach((e) => e.classList.remove("active"));
    shown().replaceChildren(Object.assign(document.createElement("p"), { className: "viewer-empty", textContent: t.table_empty }));
    shown().removeAttribute("aria-busy");
    $(".viewer-where").textContent = "";
    $(".viewer-bar").hidden = true;
  }

  // ------------------------------------------------------------ answers
  let opened = ""; // the turn whose first source was laid on the table
  function on_new_answer() {
    const turns = all("#log .turn"), last = turns.at(-1);
    show_cited();
    if (!last) { if (opened) clear_viewer(); opened = ""; return; }
    const pending = $(".pending", last);
    if (pending) opened = ""; // also one that is asked again in its place
    if (last.dataset.turn !== opened) {
      if (!last.dataset.seen) { last.dataset.seen = "1"; last.scrollIntoView({ block: "start", behavior: "instant" }); }
      if (pending) return;
      opened = last.dataset.turn;
      const card = $(".card", last);
      if (!card) clear_viewer(); // else a source of another answer would lie beside this one
      else if (matchMedia("(min-width: 1100px)").matches) open_card(card);
      last.scrollIntoView({ block: "nearest" });
    }
  }

  // Examples that were not ready when the page was opened.
  async function show_examples() {
    const examples = await fetch("ui/examples").then((r) => (r.ok ? r.json() : [])).catch(() => []);
    const hello = $("#log .hello");
    if (!examples.length || !hello || $(".example", hello)) return;
    const heading = Object.assign(document.createElement("h2"), { className: "small", textContent: t.examples });
    const list = Object.assign(document.createElement("ul"), { className: "examples" });
    for (const text of examples) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "example", textContent: text });
      button.dataset.ask = text;
      list.appendChild(document.createElement("li")).append(button);
    }
    hello.append(heading, list);
  }

  async function copy(turn, button) {
    const lines = [turn.dataset.question, "", $(".said", turn).innerText.trim()];
    const cards = all(".card", turn);
    if (cards.length) lines.push("", t.sources);
    cards.forEach((c) => lines.push(`[${c.dataset.cite}] ${c.dataset.line}`));
    const text = lines.join("\n");
    try { await navigator.clipboard.writeText(text); } catch {
      const area = Object.assign(document.createElement("textarea"), { value: text });
      document.body.append(area); area.select(); document.execCommand("copy"); area.remove();
    }
    const before = button.textContent;
    button.textContent = t.copied;
    setTimeout(() => (button.textContent = before), 1500);
  }

  function edit(turn) {
    if ($(".edit", turn)) return;
    const form = document.createElement("form");
    form.className = "edit";
    form.innerHTML = '<textarea rows="2"></textarea><button class="primary"></button><button type="button" class="quiet"></button>';
    const [area, send, cancel] = form.children;
    Object.assign(area, { value: turn.dataset.question });
    area.setAttribute("aria-label", t.edit);
    send.textContent = t.send; cancel.textContent = t.cancel;
    cancel.onclick = () => { form.remove(); $("[data-do=edit]", turn).focus(); };
    form.onsubmit = (e) => {
      e.preventDefault();
      if (area.value.trim()) { form.remove(); tell("log", { do: "again", turn: turn.dataset.turn, question: area.value }); }
    };
    area.onkeydown = (e) => {
      if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); form.requestSubmit(); }
      if (e.key === "Escape") cancel.click();
    };
    $(".question", turn).append(form);
    area.focus(); area.select();
  }

  function rate(turn, thumb, tools) {
    tell("log", { do: "rate", turn: turn.dataset.turn, thumb });
    if (thumb > 0) return;
    ask_dialog({ title: t.comment, area: true, ok: t.send_comment }).then((comment) => {
      if (comment) tell("log", { do: "rate", turn: turn.dataset.turn, thumb, comment });
    });
  }

  function save_png(figure) {
    const svg = $("svg.wide", figure).cloneNode(true), box = svg.viewBox.baseVal, factor = 2;
    const white = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [k, v] of Object.entries({ width: box.width, height: box.height, fill: "#ffffff" })) white.setAttribute(k, v);
    svg.prepend(white);
    const img = new Image();
    img.onload = () => {
      const canvas = Object.assign(document.createElement("canvas"), { width: box.width * factor, height: box.height * factor });
      canvas.getContext("2d").drawImage(img, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => {
        const a = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: `${t.chart}.png` });
        a.click();
        setTimeout(() => URL.revokeObjectURL(a.href), 10000);
      }, "image/png");
    };
    img.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
  }

  // ------------------------------------------------------------ a dialogue of our own: keyboard, focus and Escape by the browser
  const ground = () => $("main.contain") || document.body; // Gradio lets rules of narrow windows hold in there alone
  function ask_dialog({ title, text, area, line, value, ok, danger }) {
    return new Promise((resolve) => {
      const dialog = document.createElement("dialog");
      dialog.className = "ask";
      dialog.innerHTML = '<form method="dialog"><h2></h2><p></p><textarea rows="3"></textarea><menu><button value="" class="quiet" formnovalidate></button><button value="ok"></button></menu></form>';
      const field = $("textarea", dialog), [cancel, send] = all("menu button", dialog);
      $("h2", dialog).textContent = title;
      $("p", dialog).textContent = text || "";
      if (!text) $("p", dialog).remove();
      if (!area) field.remove();
      else { field.value = value || ""; field.rows = line ? 1 : 3; field.setAttribute("aria-label", title); }
      cancel.textContent = t.cancel; send.textContent = ok;
      send.className = danger ? "primary danger" : "primary";
      dialog.setAttribute("aria-label", title);
      dialog.onclose = () => { resolve(dialog.returnValue === "ok" ? (area ? field.value.trim() : true) : null); dialog.remove(); };
      ground().append(dialog);
      dialog.showModal();
      if (area) field.focus();
      if (line) field.onkeydown = (e) => { if (e.key === "Enter" && !e.isComposing) { e.preventDefault(); send.click(); } };
    });
  }

  // ------------------------------------------------------------ documents
  const BIGGEST = 50 * 1024 * 1024;
  let polling = null;
  async function refresh_jobs(html) {
    const box = $("#jobs");
    if (!box) return;
    const text = html ?? await fetch("ui/jobs").then((r) => (r.ok ? r.text() : ""));
    const before = Number($(".jobs", box)?.dataset.running || 0);
    if (box.innerHTML !== text) box.innerHTML = text;
    const running = Number($(".jobs", box)?.dataset.running || 0);
    if (running < before) { tell("shelf", { do: "show" }); stale_audit(); }
    clearTimeout(polling);
    if (running) polling = setTimeout(() => refresh_jobs().catch(() => (polling = setTimeout(refresh_jobs, 3000))), 500);
  }

  function local_job(file) {
    const list = $("#jobs .jobs.local") || $("#jobs").insertAdjacentElement("beforebegin", Object.assign(document.createElement("ul"), { className: "jobs local" }));
    const li = document.createElement("li");
    li.className = "job";
    li.innerHTML = '<span class="job-name"></span><progress max="100" value="0"></progress><span class="job-said"></span>';
    $(".job-name", li).textContent = file.name;
    $("progress", li).setAttribute("aria-label", file.name);
    list.append(li);
    return li;
  }

  function send_file(file) {
    return new Promise((resolve) => {
      const li = local_job(file), bar = $("progress", li), said = $(".job-said", li);
      const end = (text, failed) => { said.textContent = text; li.classList.toggle("job-failed", failed); if (!failed) li.remove(); resolve(); };
      if (file.size > BIGGEST) return end(t.too_big, true);
      said.textContent = t.uploading;
      const request = new XMLHttpRequest();
      request.open("POST", `ui/upload?name=${encodeURIComponent(file.name)}`);
      request.upload.onprogress = (e) => (bar.value = (100 * e.loaded) / e.total);
      request.onerror = () => end(t.offline, true);
      request.onload = () => {
        if (request.status === 200) { end("", false); refresh_jobs(request.responseText); }
        else { end(request.responseText, false); refresh_jobs(); }
      };
      request.send(file);
    });
  }

  async function send_files(files) { for (const file of files) await send_file(file); }

  async function open_part(details) {
    const part = $(":scope > .part", details);
    if (!part?.dataset.src || part.dataset.loaded === "yes") return;
    part.dataset.loaded = "yes";
    const answer = await fetch(part.dataset.src).catch(() => null);
    const text = answer ? await answer.text() : t.offline;
    if (answer?.ok) part.innerHTML = text;
    else { part.textContent = text; part.dataset.loaded = ""; }
  }

  // ------------------------------------------------------------ audit
  const audit = { done: false, doc: "", asked: 0 };
  const stale_audit = () => { audit.done = false; if ($("#findings")?.offsetParent) show_audit(); };
  async function show_audit() {
    const box = $("#findings");
    if (!box || audit.done) return;
    audit.done = true;
    const asked = ++audit.asked, picking = document.activeElement?.id === "audit-doc";
    all(":scope > :not(.choose)", box).forEach((e) => e.remove());
    box.append(Object.assign(document.createElement("p"), { className: "looking", textContent: t.looking }));
    const answer = await fetch(`ui/audit?doc=${encodeURIComponent(audit.doc)}`).catch(() => null);
    const text = answer ? await answer.text() : t.offline;
    if (asked !== audit.asked) return;
    if (answer?.ok) { box.innerHTML = text; if (picking) $("#audit-doc")?.focus(); return; }
    audit.done = false;
    if (answer?.status === 404 && audit.doc) { audit.doc = ""; return show_audit(); } // removed meanwhile
    box.textContent = text;
  }
  const audit_of = (doc) => { Object.assign(audit, { doc, done: false }); show_audit(); };

  const open_view = (name) => {
    const n = { ask: 0, documents: 1, audit: 2 }[name];
    all('#views [role="tab"]').filter((e) => e.offsetParent !== null)[n]?.click();
  };

  // ------------------------------------------------------------ clicks
  const page_does = {
    copy: (b) => copy(b.closest(".turn"), b),
    retry: (b) => { const turn = b.closest(".turn"); tell("log", { do: "again", turn: turn.dataset.turn, question: turn.dataset.question }); },
    edit: (b) => edit(b.closest(".turn")),
    up: (b) => rate(b.closest(".turn"), 1), down: (b) => rate(b.closest(".turn"), -1),
    png: (b) => save_png(b.closest("figure")),
    new: () => { close_menu(); tell("rail", { do: "new" }); setTimeout(() => $("#box textarea")?.focus(), 50); },
    open: (b) => { close_menu(); opened = ""; tell("rail", { do: "open", conversation: b.closest("li").dataset.conversation }); },
    rename: async (b) => {
      const li = b.closest("li"), title = await ask_dialog({ title: t.rename, area: true, line: true, value: li.dataset.title, ok: t.rename });
      if (title) tell("rail", { do: "rename", conversation: li.dataset.conversation, title });
    },
    hide: async (b) => {
      const li = b.closest("li");
      if (await ask_dialog({ title: t.delete_conversation, text: li.dataset.title, ok: t.delete, danger: true })) tell("rail", { do: "hide", conversation: li.dataset.conversation });
    },
    remove: async (b) => {
      const li = b.closest(".document");
      if (await ask_dialog({ title: t.remove_title, text: `${li.dataset.title}。${t.remove_more}`, ok: t.remove, danger: true })) { tell("shelf", { do: "remove", doc: li.dataset.doc }); audit.done = false; }
    },
    audit: (b) => { Object.assign(audit, { doc: b.closest(".document").dataset.doc, done: false }); open_view("audit"); },
    theme: () => { const on = !document.body.classList.contains("dark"); dark(on); store.set("budget-theme", on ? "dark" : "light"); },
    reload: (b) => { tell("log", { do: "reload", turn: b.closest(".turn").dataset.turn }); setTimeout(look, 300); },
    "reload-search": () => reload_search(),
    forget: () => fetch("ui/jobs/forget", { method: "POST" }).then((r) => r.text()).then((html) => { all(".jobs.local").forEach((e) => e.remove()); return refresh_jobs(html); }).catch(() => {}),
    menu: () => $("#rail-column")?.classList.toggle("open"),
  };
  const close_menu = () => $("#rail-column")?.classList.remove("open");

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest?.(selector);
    let hit;
    if (!at(".viewer-save")) close_ranges();
    if ((hit = at("[data-range]"))) return void save_range(Number(hit.dataset.first), Number(hit.dataset.last));
    if ((hit = at("[data-view-do]"))) return void viewer_does[hit.dataset.viewDo]?.();
    if ((hit = at("[data-view]"))) return open_view(hit.dataset.view);
    if ((hit = at("[data-ask]"))) return tell("log", { do: "ask", question: hit.dataset.ask });
    if ((hit = at(".card"))) return open_card(hit, hit);
    if ((hit = at("[data-cite]"))) { const card = $(`.card[data-cite="${hit.dataset.cite}"]`, hit.closest(".turn")); return card && open_card(card, hit); }
    if ((hit = at(".place"))) return over(JSON.parse(hit.dataset.place), hit);
    if ((hit = at("[data-page][data-box]"))) {
      const doc = hit.closest("[data-doc]").dataset.doc;
      return over({ doc, page: Number(hit.dataset.page), bbox: hit.dataset.box.split(",").map(Number), title: hit.textContent.trim() }, hit);
    }
    if ((hit = at("[data-do]"))) return void page_does[hit.dataset.do]?.(hit);
    if ((hit = at('#views [role="tab"]'))) setTimeout(on_view, 30);
  });

  // The one viewer stands in the asking view; from other views it is laid over the page.
  function over(place, from) {
    if (!$("#viewer.over")) view.before = view.place && { place: { ...view.place, ...view.home }, cited: view.cited };
    ground().append(viewer_home());
    open_place(place, from);
  }
  let home = null;
  function viewer_home() { const table = $("#viewer"); home = home || table.parentElement; table.classList.add("over"); return table; }
  function viewer_back() {
    const table = $("#viewer.over");
    if (!table || !home) return;
    table.classList.remove("over");
    home.append(table);
    document.body.classList.remove("viewing");
    clear_viewer();
  }
  // What lay beside the talk before another view laid something else on the table.
  function lay_back() {
    const before = view.before;
    view.before = null;
    if (!before || !matchMedia("(min-width: 1100px)").matches) return;
    open_place(before.place);
    view.cited = before.cited;
    show_cited();
  }

  const on_view = () => {
    viewer_back();
    if ($("#desk")?.offsetParent) lay_back();
    if ($("#jobs")?.offsetParent) refresh_jobs().catch(() => {});
    if ($("#findings")?.offsetParent) show_audit();
  };

  document.addEventListener("toggle", (e) => {
    if (!e.target.open) return;
    if (e.target.matches(".viewer-save")) offer_ranges();
    else open_part(e.target).catch(() => {});
  }, true);
  document.addEventListener("submit", (e) => {
    if (!e.target.matches(".viewer-range")) return;
    e.preventDefault();
    save_range(Number(e.target.first.value), Number(e.target.last.value));
  });
  document.addEventListener("change", (e) => {
    if (e.target.id === "audit-doc") audit_of(e.target.value);
    if (e.target.id === "files") { send_files([...e.target.files]); e.target.value = ""; }
  });
  for (const kind of ["dragover", "dragleave", "drop"]) document.addEventListener(kind, (e) => {
    const drop = $(".drop");
    if (!e.dataTransfer?.types?.includes("Files")) return;
    e.preventDefault();
    drop?.classList.toggle("over", kind === "dragover");
    if (kind === "drop") { if (!drop?.offsetParent) open_view("documents"); send_files([...e.dataTransfer.files]); }
  });

  document.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && e.target.closest?.("#box")) setTimeout(look, 400);
    // An input method takes Enter to settle characters; that is no question yet.
    if (e.key === "Enter" && (e.isComposing || e.keyCode === 229)) return e.stopImmediatePropagation();
    if (e.key === "Escape" && close_ranges()) return;
    if (e.key === "Escape" && document.body.classList.contains("viewing") && !$("dialog[open]")) return close_viewer_anywhere();
    if (!e.target.closest?.(".viewer") || e.target.matches("input")) return;
    const does = { "+": "in", "=": "in", "-": "out", "0": "fit", PageUp: "previous", PageDown: "next" }[e.key];
    if (does) { e.preventDefault(); viewer_does[does](); }
  }, true);
  function close_viewer_anywhere() { close_viewer(); viewer_back(); }
  viewer_does.close = close_viewer_anywhere;

  // ------------------------------------------------------------ the connection
  let lost = false, search = "";
  function show_search(state) {
    const warming = $("#warming"), chip = $("#search-offline");
    if (warming) warming.hidden = state.search !== "loading" || !$("#log .turn, #log .examples");
    if (chip) {
      chip.hidden = state.search !== "offline";
      $("#search-reason").textContent = state.reason;
    }
    if (search === "offline" && state.search === "ready" && $("#log .answer.offline") && !$("#log .edit")) tell("rail", { do: "show" });
    search = state.search;
  }
  async function reload_search() {
    const state = await fetch("ui/search/reload", { method: "POST" }).then((r) => (r.ok ? r.json() : null)).catch(() => null);
    if (!state) return look();
    show_search(state);
    for (let n = 0; n < 60 && search === "loading"; n++) { await new Promise((done) => setTimeout(done, 500)); await look(); }
  }
  async function look() {
    const bar = $("#connection");
    try {
      const state = await fetch("ui/health", { cache: "no-store" }).then((r) => r.json());
      show_search(state);
      if (state.search !== "loading" && $("#log .hello:not(.state-empty)") && !$("#log .example")) show_examples();
      if (state.known === false) return show_signed_out();
      if (state.boot !== facts.boot) { keep_draft(); location.reload(); return; }
      if (lost && bar) {
        lost = false;
        bar.textContent = t.online; bar.className = "online";
        setTimeout(() => (bar.hidden = true), 2500);
        tell("rail", { do: "show" });
      }
    } catch {
      lost = true;
      if (bar) { bar.hidden = false; bar.className = "offline"; bar.textContent = t.offline; }
    }
  }
  // The session is over: what was typed is there again after signing in.
  function show_signed_out() {
    const bar = $("#connection");
    if (!bar || $("a", bar)) return;
    const link = Object.assign(document.createElement("a"), { href: "login", textContent: t.login_title, onclick: keep_draft });
    bar.hidden = false; bar.className = "offline";
    bar.replaceChildren(`${t.signed_out} `, link);
  }
  const keep_draft = () => { try { sessionStorage.setItem("budget-draft", $("#box textarea")?.value || ""); } catch { /* no matter */ } };
  function restore_draft() {
    try {
      const draft = sessionStorage.getItem("budget-draft"), area = $("#box textarea");
      if (draft && area) { area.value = draft; area.dispatchEvent(new Event("input", { bubbles: true })); sessionStorage.removeItem("budget-draft"); }
    } catch { /* no matter */ }
  }

  // ------------------------------------------------------------ beginning
  let settled = false;
  new MutationObserver(() => {
    if (!document.body) return;
    if (theme && !settled && $(".gradio-container")) { settled = true; dark(theme === "dark"); }
    on_new_answer();
  }).observe(document.documentElement, { childList: true, subtree: true });
  const start = () => {
    const ready = setInterval(() => {
      if (!$("#box textarea")) return;
      clearInterval(ready);
      $("#box textarea").setAttribute("aria-label", t.ask_label);
      restore_draft();
      refresh_jobs().catch(() => {});
      look();
    }, 50);
    setInterval(look, 4000);
    window.addEventListener("offline", look);
    window.addEventListener("online", look);
  };
  if (document.readyState === "complete") start(); // Gradio may load this late
  else window.addEventListener("load", start);
})();
