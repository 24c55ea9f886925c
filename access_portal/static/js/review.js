// The cockpit by keyboard, and small comforts. Everything here can be done without it.
(() => {
  "use strict";

  const STORE = "gatehouse-shortcuts";
  const dialog = document.querySelector("[data-shortcuts]");
  const opener = document.querySelector("[data-shortcuts-open]");
  const toggle = document.querySelector("[data-shortcuts-on]");

  // Single-key shortcuts

  function areOn() {
    try {
      return localStorage.getItem(STORE) !== "off";
    } catch {
      return true; // storage may be forbidden
    }
  }

  function remember(on) {
    document.documentElement.toggleAttribute("data-keys", on);
    try {
      localStorage.setItem(STORE, on ? "on" : "off");
    } catch {
      // then the choice lasts as long as the page
    }
  }

  function isTyping(target) {
    const typed = "input:not([type=checkbox]):not([type=radio]), textarea, select, dialog";
    return target instanceof Element && target.closest(typed) !== null;
  }

  function focusFirst(root) {
    const fields = root.querySelectorAll("input:not([type=hidden]), select, textarea");
    const first = [...fields].find((field) => field.offsetParent !== null);
    if (first) first.focus();
  }

  function show(details) {
    details.open = true;
    focusFirst(details);
    details.scrollIntoView({ block: "nearest" });
  }

  function press(key) {
    const control = document.querySelector(`[data-key="${key}"]`);
    if (!control) return false;
    if (control.tagName === "SUMMARY") show(control.closest("details"));
    else control.click();
    return true;
  }

  function walk(step) {
    const cases = [...document.querySelectorAll("[data-case]")];
    const here = cases.indexOf(document.activeElement);
    const next = cases[here < 0 ? (step > 0 ? 0 : cases.length - 1) : here + step];
    if (next) next.focus();
    return cases.length > 0;
  }

  function search() {
    const field = document.querySelector("[data-search]");
    if (field) {
      field.closest("details").open = true;
      field.focus();
      return true;
    }
    return false;
  }

  function help() {
    if (dialog && !dialog.open) dialog.showModal();
    return dialog !== null;
  }

  const actions = { j: () => walk(1) || press("j"), k: () => walk(-1) || press("k"), "/": search, "?": help };
  for (const key of "ncumoqearh") actions[key] = () => press(key);

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isTyping(event.target) && !event.target.closest("dialog")) event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
    const act = Object.hasOwn(actions, event.key) ? actions[event.key] : null;
    if (!act || (toggle && !toggle.checked)) return;
    if (act()) event.preventDefault();
  });

  if (opener && dialog) {
    opener.hidden = false;
    opener.addEventListener("click", help);
  }
  if (toggle) {
    toggle.checked = areOn();
    document.documentElement.toggleAttribute("data-keys", toggle.checked);
    toggle.addEventListener("change", () => remember(toggle.checked));
  }

  // Links that lead to a folded form unfold it

  for (const link of document.querySelectorAll("[data-opens]")) {
    link.addEventListener("click", (event) => {
      const details = document.getElementById(link.dataset.opens);
      if (!details) return;
      event.preventDefault();
      show(details);
    });
  }

  // Prepared reasons fill the form in place; words of one's own are never overwritten

  for (const details of document.querySelectorAll("details.act")) {
    const links = [...details.querySelectorAll("[data-canned-reason]")];
    if (!links.length) continue;
    const field = (name) => details.querySelector(`[name="${name}"]`);
    const isPrepared = (value, name) =>
      value.trim() === "" || links.some((link) => link.dataset[name].trim() === value.trim());
    const put = (name, word, link) => {
      const text = field(name);
      if (text && isPrepared(text.value, word)) text.value = link.dataset[word];
    };
    const prepare = (link) => {
      put("text", "wording", link);
      put("what_to_change", "change", link);
      field("code").value = link.dataset.cannedReason;
    };
    for (const link of links) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        prepare(link);
        field("text").focus();
      });
    }
    field("code").addEventListener("change", (event) => {
      const link = links.find((candidate) => candidate.dataset.cannedReason === event.target.value);
      if (link) prepare(link);
    });
  }

  // Questions to the applicant: one row at first, more when they are needed

  const rows = [...document.querySelectorAll("[data-ask-row]")];
  const more = document.querySelector("[data-more-asks]");
  const isEmpty = (row) => row.querySelector("textarea").value.trim() === "";

  function offerMore() {
    if (more) more.hidden = !rows.some((row) => row.hidden);
  }

  function freeRow() {
    const row = rows.find(isEmpty);
    if (row) row.hidden = false;
    offerMore();
    return row;
  }

  function ask(question, text) {
    const row = freeRow();
    if (!row) return;
    show(row.closest("details"));
    const about = row.querySelector("select");
    const area = row.querySelector("textarea");
    about.value = question;
    if (about.selectedIndex < 0) about.value = "";
    area.value = text;
    area.focus();
  }

  if (more) {
    for (const row of rows.slice(1)) row.hidden = isEmpty(row) && !row.querySelector(".field--wrong");
    offerMore();
    more.addEventListener("click", () => {
      const row = rows.find((candidate) => candidate.hidden);
      row.hidden = false;
      offerMore();
      focusFirst(row);
    });
    for (const link of document.querySelectorAll("[data-canned-ask]")) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        ask(link.dataset.question, link.dataset.text);
      });
    }
    for (const link of document.querySelectorAll("[data-about]")) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        ask(link.dataset.about, "");
      });
    }
  }

  // The checklist is ticked once, wherever it is asked for

  document.addEventListener("change", (event) => {
    if (!(event.target instanceof HTMLInputElement) || event.target.name !== "checked") return;
    for (const box of document.querySelectorAll('input[name="checked"]')) {
      if (box.value === event.target.value) box.checked = event.target.checked;
    }
  });

  // How long an act can still be taken back; the server has the last word

  const banner = document.querySelector("[data-undo]");
  if (banner) {
    const words = banner.querySelector("[data-undo-left]");
    const began = performance.now();
    const had = Math.round((Date.parse(banner.dataset.until) - Date.parse(banner.dataset.now)) / 1000);
    words.hidden = false;
    const tell = () => {
      const left = had - Math.floor((performance.now() - began) / 1000);
      words.textContent = left > 0 ? `${words.dataset.text} ${left}` : words.dataset.over;
      if (left > 0) return;
      clearInterval(clock);
      for (const button of banner.querySelectorAll("button")) button.disabled = true;
    };
    const clock = setInterval(tell, 1000);
    tell();
  }
})();
