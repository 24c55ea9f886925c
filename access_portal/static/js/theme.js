// The chosen colours, kept in this browser. Runs in the head, before the first paint, so that nothing flashes;
// without it the device decides (see tokens.css).
"use strict";

const THEME_KEY = "gatehouse-theme";

function storedTheme() {
  try {
    return localStorage.getItem(THEME_KEY) || "";
  } catch {
    return ""; // a browser that keeps nothing
  }
}

function applyTheme(theme) {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

function keepTheme(theme) {
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {
    // it holds for this page, then
  }
}

applyTheme(storedTheme());

document.addEventListener("DOMContentLoaded", () => {
  const choice = document.querySelector("[data-theme-choice]");
  if (!choice) return;
  const buttons = [...choice.querySelectorAll("[data-theme-value]")];
  const press = (theme) => buttons.forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.themeValue === theme)));
  press(storedTheme());
  choice.hidden = false;
  choice.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-value]");
    if (!button) return;
    keepTheme(button.dataset.themeValue);
    applyTheme(button.dataset.themeValue);
    press(button.dataset.themeValue);
  });
});
