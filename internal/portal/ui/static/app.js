// What the portal does better with scripts. Every page works without this file.
"use strict";
(() => {
  const script = document.getElementById("app-js");
  const text = (name) => script.dataset[name] || "";
  const root = document.documentElement;
  const each = (selector, fn, within = document) => within.querySelectorAll(selector).forEach(fn);

  // Theme: at once here, remembered by the server behind the scenes.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-theme-form]") || !event.submitter) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    root.dataset.theme = event.submitter.value;
    each("button", (b) => b === event.submitter ? b.setAttribute("aria-current", "true") : b.removeAttribute("aria-current"), form);
    form.closest("details").open = false;
    fetch(form.action, { method: "POST", body, redirect: "manual", credentials: "same-origin" });
  });

  // Menus close on Escape and on a click elsewhere; arrow keys walk through them.
  const closeMenus = (except) => each("details.menu[open]", (m) => { if (m !== except) m.open = false; });
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest && event.target.closest("details.menu[open]");
    if (event.key === "Escape") {
      closeMenus();
      if (menu) menu.querySelector("summary").focus();
    }
    if (menu && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const items = [...menu.querySelectorAll(".menu-item")];
      const step = event.key === "ArrowDown" ? 1 : -1;
      const at = items.indexOf(document.activeElement);
      items[(at + step + items.length) % items.length]?.focus();
      event.preventDefault();
    }
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest("input,textarea,select,[contenteditable],dialog")) {
      const box = document.querySelector("main [data-search]") || document.querySelector("[data-search]");
      if (box) { event.preventDefault(); box.focus(); box.select(); }
    }
  });

  // Toasts: one place, announced, gone after a while unless they report a fault.
  const toasts = () => document.getElementById("toasts");
  function toast(message) {
    if (!toasts()) return;
    const t = document.createElement("div"), p = document.createElement("p");
    t.className = "toast tone-ok";
    p.textContent = message;
    t.append(p);
    toasts().append(t);
    fade(t);
  }
  function fade(t) {
    if (t.classList.contains("tone-bad") || t.classList.contains("tone-warn")) return;
    setTimeout(() => { t.classList.add("toast-gone"); setTimeout(() => t.remove(), 300); }, 6000);
  }

  // Confirmation: the page that asks is shown as a dialog of this page.
  async function ask(link) {
    const answer = await fetch(link.href, { credentials: "same-origin" });
    const found = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-question]");
    if (!found) { location.href = link.href; return; }
    const dialog = document.createElement("dialog");
    dialog.setAttribute("aria-labelledby", "question-title");
    dialog.append(document.importNode(found, true));
    document.body.append(dialog);
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-dialog-close]")) { event.preventDefault(); dialog.close(); }
    });
    dialog.addEventListener("close", () => { dialog.remove(); (link.closest("details")?.querySelector("summary") || link).focus(); });
    closeMenus();
    enhance(dialog);
    dialog.showModal();
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !window.HTMLDialogElement) return;
    event.preventDefault();
    ask(link).catch(() => { location.href = link.href; });
  });

  // Copy, reveal.
  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const from = document.getElementById(copy.dataset.copy);
      try { await navigator.clipboard.writeText(from.textContent); toast(text("copied")); } catch { getSelection().selectAllChildren(from); }
    }
    const reveal = event.target.closest("[data-reveal]");
    if (reveal) {
      const field = document.getElementById(reveal.dataset.reveal), show = field.type === "password";
      field.type = show ? "text" : "password";
      reveal.setAttribute("aria-pressed", String(show));
      reveal.textContent = text(show ? "hide" : "show");
    }
  });

  // Chosen rows: the bar appears with the first one.
  function countChosen(table) {
    const picks = [...table.querySelectorAll("[data-pick]")], n = picks.filter((p) => p.checked).length;
    const bar = table.querySelector(".bulk"), all = table.querySelector("[data-pick-all]");
    if (!bar) return;
    bar.hidden = n === 0;
    bar.querySelector("[data-chosen-text]").textContent = text("chosen").replace("{n}", n);
    all.checked = n > 0 && n === picks.length;
    all.indeterminate = n > 0 && n < picks.length;
    picks.forEach((p) => p.closest("tr").classList.toggle("picked", p.checked));
  }
  document.addEventListener("change", (event) => {
    const table = event.target.closest("[data-table]");
    if (!table) return;
    if (event.target.matches("[data-pick-all]")) each("[data-pick]", (p) => { p.checked = event.target.checked; }, table);
    countChosen(table);
  });

  // Rows that can be put into another order: dragged by a handle, or moved with the arrow keys on it. Buttons do the same without scripts.
  each("[data-order]", (box) => {
    const rows = [...box.querySelectorAll("tbody tr")], ids = rows.map((row) => row.dataset.id);
    const arrange = (from, to) => {
      if (to < 0 || to >= ids.length || to === from) return;
      const next = [...ids], address = new URL(box.dataset.order, location.href);
      next.splice(to, 0, next.splice(from, 1)[0]);
      address.searchParams.set("arranged", "1");
      next.forEach((id) => address.searchParams.append(box.dataset.field, id));
      address.hash = "grip-" + ids[from];
      location.assign(address);
    };
    rows.forEach((row, at) => {
      const grip = document.createElement("button");
      grip.type = "button";
      grip.className = "grip";
      grip.id = "grip-" + row.dataset.id;
      grip.setAttribute("aria-label", box.dataset.grip + " – " + row.dataset.name);
      grip.addEventListener("keydown", (event) => {
        const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
        if (step) { event.preventDefault(); arrange(at, at + step); }
      });
      const target = (y) => rows.findIndex((other) => { const r = other.getBoundingClientRect(); return y >= r.top && y < r.bottom; });
      grip.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        event.preventDefault();
        grip.focus();
        grip.setPointerCapture?.(event.pointerId);
        row.classList.add("dragged");
        const move = (e) => { const over = target(e.clientY); rows.forEach((other, i) => { other.classList.toggle("drop-above", i === over && over < at); other.classList.toggle("drop-below", i === over && over > at); }); };
        const end = (e) => {
          grip.removeEventListener("pointermove", move);
          rows.forEach((other) => other.classList.remove("dragged", "drop-above", "drop-below"));
          if (e.type === "pointerup") arrange(at, target(e.clientY));
        };
        grip.addEventListener("pointermove", move);
        grip.addEventListener("pointerup", end, { once: true });
        grip.addEventListener("pointercancel", end, { once: true });
      });
      row.cells[0].prepend(grip);
    });
    if (location.hash.startsWith("#grip-")) document.getElementById(location.hash.slice(1))?.focus();
  });

  // The head of a table stays visible below the banner of a delegated session, however many lines that has.
  const banner = document.querySelector(".acting");
  if (banner) new ResizeObserver(() => root.style.setProperty("--acting", banner.offsetHeight + "px")).observe(banner);

  // A session that has ended elsewhere or idled too long takes the page along (CH-6). Asking does not keep it alive.
  if (document.body.dataset.session) {
    setInterval(async () => {
      const answer = await fetch(document.body.dataset.session, { headers: { "X-Poll": "1" }, credentials: "same-origin" }).catch(() => null);
      if (answer && answer.status === 401) { each("main form[data-guard]", (form) => { if (unsaved) keepDraft(form); }); unsaved = false; location.reload(); }
    }, 60000);
  }

  // A look while it is chosen: the colours of the previews follow what is typed.
  const looks = document.querySelector("[data-looks]");
  if (looks) {
    const field = (name) => document.getElementById("f-" + name);
    const colour = (name) => (field(name)?.value.trim() || field(name)?.placeholder || "").toLowerCase();
    document.addEventListener("input", () => {
      const all = ["accent_light", "accent_dark", "navigation_light", "navigation_dark"].map(colour);
      if (all.every((c) => /^#[0-9a-f]{6}$/.test(c))) {
        let sheet = document.getElementById("brand-sheet");
        if (!sheet) {
          sheet = document.createElement("link");
          sheet.rel = "stylesheet";
          sheet.id = "brand-sheet";
          document.head.append(sheet);
        }
        const href = "/brand/" + all.map((c) => c.slice(1)).join("-") + ".css";
        if (sheet.getAttribute("href") !== href) sheet.href = href;
      }
      const name = field("product_name");
      if (name) each(".brand-name", (n) => { n.textContent = name.value || name.placeholder; }, looks);
    });
  }

  let unsaved = false;

  // Told of changes on the server, the page asks for itself again and takes over the parts that differ. Nothing that somebody is
  // working in is touched: forms, open menus and dialogs, chosen rows. Only a tab that is looked at keeps a connection.
  const untouched = "form[method=post]:has(input:not([type=hidden]),select,textarea),details[open],dialog,[hx-get],.toasts,audio,.picked";
  function take(now, then) {
    if (now.isEqualNode(then) || now.matches(untouched) || now.contains(document.activeElement) && document.activeElement.matches("input,select,textarea")) return;
    const kids = [...now.children], next = [...then.children];
    const apart = now.tagName !== then.tagName || kids.length !== next.length || !kids.length;
    if (apart && !now.querySelector(untouched)) { now.replaceWith(document.importNode(then, true)); return; }
    if (now.tagName !== then.tagName || kids.length !== next.length) return;
    for (const a of then.attributes) if (a.name !== "hidden" && a.name !== "open" && now.getAttribute(a.name) !== a.value) now.setAttribute(a.name, a.value);
    kids.forEach((k, i) => take(k, next[i]));
  }
  if (document.body.dataset.live && window.EventSource) {
    const at = new URL(document.body.dataset.live, location.href);
    let source = null, waiting = 0, lost = 0, asked = false;
    async function refresh() {
      waiting = 0;
      if (asked || document.hidden) return;
      if (unsaved || document.querySelector("dialog[open]")) { waiting = setTimeout(refresh, 3000); return; }
      asked = true;
      try {
        const answer = await fetch(location.href, { headers: { "X-Poll": "1" }, credentials: "same-origin" });
        if (answer.ok && !answer.redirected) {
          const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
          const now = document.querySelector("main"), then = fresh.querySelector("main");
          if (now && then) { take(now, then); enhance(document); }
        }
      } catch { /* the note below tells */ }
      asked = false;
    }
    const soon = () => { if (!waiting) waiting = setTimeout(refresh, 300 + Math.random() * 700); };
    function note(show) {
      let p = document.getElementById("live-note");
      if (show && !p) {
        p = document.createElement("p");
        p.id = "live-note";
        p.setAttribute("role", "status");
        p.textContent = text("lost");
        document.body.append(p);
      }
      if (!show && p) p.remove();
    }
    function listen() {
      if (source || document.hidden) return;
      source = new EventSource(at);
      source.onopen = () => { clearTimeout(lost); lost = 0; note(false); };
      source.onerror = () => {
        if (!lost) lost = setTimeout(() => note(true), 4000);
        if (source && source.readyState === EventSource.CLOSED) { source = null; setTimeout(listen, 10000); }
      };
      source.addEventListener("changed", (event) => { at.searchParams.set("after", event.lastEventId); soon(); });
      source.addEventListener("end", () => { deaf(); if (!unsaved) location.reload(); });
    }
    function deaf() { if (source) source.close(); source = null; clearTimeout(lost); lost = 0; }
    document.addEventListener("visibilitychange", () => document.hidden ? deaf() : listen());
    window.addEventListener("pagehide", deaf);
    window.addEventListener("pageshow", listen);
    listen();
  }

  // What was typed into a form outlives a session that ends before it arrives: it is kept in this tab until the person who typed it is
  // back at the same form, and nowhere else. Passwords and files are not kept.
  const who = document.querySelector(".account-button")?.textContent.trim();
  const drafted = "draft";
  const keepDraft = (form) => {
    const fields = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !["csrf", "version"].includes(name) && !form.querySelector(`[type="password"][name="${CSS.escape(name)}"]`));
    try { sessionStorage.setItem(drafted, JSON.stringify({ who, at: location.pathname + location.search, fields })); } catch { /* full or switched off: then it is lost */ }
  };
  const dropDraft = () => { try { sessionStorage.removeItem(drafted); } catch { /* switched off */ } };
  if (document.body.dataset.session) {
    let draft = null;
    try { draft = JSON.parse(sessionStorage.getItem(drafted)); } catch { /* switched off */ }
    dropDraft();
    const form = document.querySelector("main form[data-guard]");
    if (draft && draft.away && form && !form.querySelector("[data-faults]") && draft.who === who && draft.at === location.pathname + location.search) {
      for (const box of form.querySelectorAll('[type="checkbox"], [type="radio"]')) box.checked = draft.fields.some(([name, value]) => name === box.name && value === box.value);
      const left = [...draft.fields];
      for (const field of form.querySelectorAll("input, select, textarea")) {
        if (["hidden", "password", "file", "checkbox", "radio"].includes(field.type)) continue;
        const i = left.findIndex(([name]) => name === field.name);
        if (i >= 0) field.value = left.splice(i, 1)[0][1];
      }
      unsaved = true;
    }
    document.addEventListener("submit", (event) => { if (event.target.matches("form[data-guard]")) keepDraft(event.target); else dropDraft(); });
  } else {
    // Only what met the door instead of its form comes back: the answer to a form that arrived shows by itself what was typed.
    try {
      const draft = JSON.parse(sessionStorage.getItem(drafted));
      if (draft) sessionStorage.setItem(drafted, JSON.stringify({ ...draft, away: true }));
    } catch { /* switched off */ }
  }

  // Unsaved changes.
  document.addEventListener("input", (event) => { if (event.target.closest("form[data-guard]")) unsaved = true; });
  document.addEventListener("submit", () => { unsaved = false; });
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

  // Whatever arrives later – a dialog, a part that htmx fetched – is made better too.
  function enhance(within) {
    each("[data-copy],[data-reveal],[data-pick-all]", (e) => { e.hidden = false; }, within);
    each("[data-table]", countChosen, within);
    each(".toast", fade, within);
  }
  enhance(document);
  document.addEventListener("htmx:after:swap", () => enhance(document));
  const faults = document.querySelector("[data-faults]");
  if (faults) faults.focus();
})();
