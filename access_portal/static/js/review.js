// Single-key shortcuts of the review pages. Everything they do can be done without them.
(() => {
  "use strict";

  const STORE = "gatehouse-shortcuts";
  const dialog = document.querySelector("[data-shortcuts]");
  const opener = document.querySelector("[data-shortcuts-open]");
  const toggle = document.querySelector("[data-shortcuts-on]");

  function areOn() {
    try {
      return localStorage.getItem(STORE) !== "off";
    } catch {
      return true; // storage may be forbidden
    }
  }

  function remember(on) {
    try {
      localStorage.setItem(STORE, on ? "on" : "off");
    } catch {
      // then the choice lasts as long as the page
    }
  }

  function isTyping(target) {
    return target instanceof Element && target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, dialog") !== null;
  }

  function press(key) {
    const control = document.querySelector(`[data-key="${key}"]`);
    if (control) control.click();
    return control !== null;
  }

  function walk(step) {
    const cases = [...document.querySelectorAll("[data-case]")];
    const here = cases.indexOf(document.activeElement);
    const next = cases[here < 0 ? (step > 0 ? 0 : cases.length - 1) : here + step];
    if (next) next.focus();
    return cases.length > 0;
  }

  function goTo(id) {
    const heading = document.getElementById(id);
    const form = heading && heading.closest("section").querySelector("form");
    const first = form && form.querySelector("input:not([type=hidden]), select, textarea");
    if (first) first.focus();
    return Boolean(first);
  }

  function help() {
    if (dialog && !dialog.open) dialog.showModal();
    return dialog !== null;
  }

  const actions = {
    j: () => walk(1) || press("j"),
    k: () => walk(-1) || press("k"),
    c: () => press("c"),
    a: () => goTo("approve"),
    r: () => goTo("refuse"),
    "?": help,
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
    const act = actions[event.key];
    if (!act || (toggle && !toggle.checked)) return;
    if (act()) event.preventDefault();
  });

  // Prepared words fill the form in place instead of loading the page again; words of one's own are never overwritten.
  const links = [...document.querySelectorAll("[data-reason]")];
  const code = document.getElementById("refuse_code");
  const text = document.getElementById("refuse_text");
  const change = document.getElementById("refuse_what_to_change");

  function isPrepared(value, name) {
    return value.trim() === "" || links.some((link) => link.dataset[name].trim() === value.trim());
  }

  function prepare(link) {
    if (isPrepared(text.value, "wording")) text.value = link.dataset.wording;
    if (isPrepared(change.value, "change")) change.value = link.dataset.change;
    code.value = link.dataset.reason;
  }

  if (code && text && change) {
    for (const link of links) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        prepare(link);
        text.focus();
      });
    }
    code.addEventListener("change", () => {
      const link = links.find((candidate) => candidate.dataset.reason === code.value);
      if (link) prepare(link);
    });
  }

  if (opener && dialog) {
    opener.hidden = false;
    opener.addEventListener("click", help);
  }
  if (toggle) {
    toggle.checked = areOn();
    toggle.addEventListener("change", () => remember(toggle.checked));
  }
})();
