// Questionnaires while one types: questions that are not asked are put away, words are counted, and what the server
// would refuse is said beside the question on leaving it. The server decides; nothing here stops a form from being sent.
(() => {
  "use strict";

  const PAUSE = 1200; // milliseconds of quiet before a count is read out
  const UNSPACED = /[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]/g;
  const GROUPED = /^(-?\d{1,3}(?:[ ,'’_\u00a0\u2009\u202f]\d{3})+|-?\d+)$/;
  const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@.]+$/;
  const PAGE = /^https?:\/\/[^\s/?#]+\.[^\s/?#]+/i;
  const ORCID = /^(?:https?:\/\/)?(?:orcid\.org\/)?(\d{4})-?(\d{4})-?(\d{4})-?(\d{3}[\dX])$/i;

  function countWords(text) {
    let total = 0;
    for (const run of text.split(/\s+/)) {
      const rest = run.replace(UNSPACED, "");
      total += [...run].length - [...rest].length + (/[\p{L}\p{N}]/u.test(rest) ? 1 : 0);
    }
    return total;
  }

  const countCharacters = (text) => [...text].length;

  function isOrcid(text) {
    const match = ORCID.exec(text);
    if (!match) return false;
    const digits = match.slice(1).join("").toUpperCase();
    const total = [...digits.slice(0, 15)].reduce((sum, digit) => (sum + Number(digit)) * 2, 0);
    const rest = (12 - (total % 11)) % 11;
    return digits[15] === (rest === 10 ? "X" : String(rest));
  }

  class Questionnaire {
    constructor(root) {
      this.root = root;
      this.sentences = JSON.parse(root.dataset.sentences);
      this.numbers = new Intl.NumberFormat("en"); // as the server writes them
      this.questions = new Map([...root.querySelectorAll("[data-question]")].map((el) => [el.dataset.question, el]));
      this.pressing = false;
      for (const question of this.questions.values()) this.addCount(question);
      root.addEventListener("input", (event) => this.changed(event));
      root.addEventListener("change", (event) => this.changed(event));
      root.addEventListener("focusout", (event) => this.left(event));
      document.addEventListener("pointerdown", () => (this.pressing = true), true);
      for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => (this.pressing = false), true);
      this.showAsked();
      window.addEventListener("pageshow", () => this.showAsked()); // a browser may put answers back after a return
    }

    say(key, values = {}) {
      return this.sentences[key].replace(/%\((\w+)\)s/g, (_all, name) =>
        typeof values[name] === "number" ? this.numbers.format(values[name]) : (values[name] ?? ""),
      );
    }

    // What is answered

    inputs(question) {
      return [...question.querySelectorAll(".field input, .field textarea, .field select")];
    }

    answer(question) {
      const inputs = this.inputs(question);
      if (question.dataset.kind === "file") return this.hasFile(question, inputs) ? ["file"] : [];
      const chosen = inputs.filter((input) => !["radio", "checkbox"].includes(input.type) || input.checked);
      return chosen.map((input) => input.value.trim()).filter((value) => value !== "");
    }

    hasFile(question, inputs) {
      const removed = inputs.some((input) => input.type === "checkbox" && input.checked);
      return inputs.some((input) => input.files?.length) || (!removed && question.querySelector(".attachment-now") !== null);
    }

    // Who is asked

    isAsked(question) {
      const when = question.dataset.when ? JSON.parse(question.dataset.when) : {};
      return Object.entries(when).every(([name, values]) => {
        const other = this.questions.get(name);
        if (!other) return true; // answered before, and not open now
        if (!this.isAsked(other)) return false;
        const given = this.answer(other);
        return values === null ? given.length > 0 : given.some((value) => values.includes(value));
      });
    }

    showAsked() {
      for (const question of this.questions.values()) question.hidden = !this.isAsked(question);
      for (const section of this.root.querySelectorAll("[data-section]")) {
        section.hidden = section.querySelector("[data-question]:not([hidden])") === null;
      }
    }

    // Counts

    addCount(question) {
      const { kind, maxWords, maxCharacters } = question.dataset;
      const area = question.querySelector(".field textarea, .field input");
      if (!area || !(maxWords || (kind === "long_text" && maxCharacters))) return;
      const count = document.createElement("p");
      count.className = "question-count";
      count.setAttribute("aria-hidden", "true"); // it changes with every key; `spoken` is what is read out
      const spoken = document.createElement("p");
      spoken.className = "visually-hidden";
      spoken.setAttribute("role", "status");
      question.querySelector(".field").after(count, spoken);
      question.count = { area, count, spoken, timer: 0 };
      this.showCount(question);
    }

    showCount(question) {
      const { area, count } = question.count;
      const { minWords, maxWords, maxCharacters } = question.dataset;
      const text = area.value.trim();
      const words = countWords(text);
      const over = (maxWords && words > Number(maxWords)) || countCharacters(text) > Number(maxCharacters);
      count.toggleAttribute("data-over", Boolean(over));
      count.textContent = maxWords
        ? this.say(minWords ? "words_least" : "words", { number: words, least: Number(minWords), most: Number(maxWords) })
        : this.say("characters", { number: countCharacters(text), most: Number(maxCharacters) });
    }

    announceCount(question) {
      clearTimeout(question.count.timer);
      question.count.timer = setTimeout(() => (question.count.spoken.textContent = question.count.count.textContent), PAUSE);
    }

    // What the server would say

    problem(question) {
      const given = this.answer(question);
      const { kind, required, missing } = question.dataset;
      if (given.length === 0) return required ? missing || this.say("missing") : "";
      if (kind === "file") return this.fileProblem(question);
      if (kind === "text" || kind === "long_text") return this.lengthProblem(question.dataset, given[0]);
      if (kind === "integer") return this.numberProblem(question.dataset, given[0]);
      if (kind === "email") return EMAIL.test(given[0]) ? "" : this.say("email");
      if (kind === "url") return PAGE.test(/^[a-z][a-z0-9+.-]*:\/\//i.test(given[0]) ? given[0] : `https://${given[0]}`) ? "" : this.say("url");
      if (kind === "orcid") return isOrcid(given[0]) ? "" : this.say("orcid");
      return "";
    }

    lengthProblem(rules, text) {
      const [words, characters] = [countWords(text), countCharacters(text)];
      const rule = (key, number, limit) => this.say(key, { number, most: limit, least: limit });
      if (characters > Number(rules.maxCharacters)) return rule("max_characters", characters, Number(rules.maxCharacters));
      if (words > Number(rules.maxWords)) return rule("max_words", words, Number(rules.maxWords));
      if (words < Number(rules.minWords)) return rule("min_words", words, Number(rules.minWords));
      if (characters < Number(rules.minCharacters)) return rule("min_characters", characters, Number(rules.minCharacters));
      return "";
    }

    numberProblem(rules, text) {
      if (!GROUPED.test(text)) return this.say("integer");
      const number = Number(text.replace(/[^\d-]/g, ""));
      const [least, most] = [Number(rules.minNumber ?? -1e15), Number(rules.maxNumber ?? 1e15)];
      return number < least || number > most ? this.say("range", { least, most }) : "";
    }

    fileProblem(question) {
      const file = this.inputs(question).find((input) => input.files?.length)?.files[0];
      const { endings, types, maxBytes, maxSize } = question.dataset;
      if (!file) return "";
      if (file.size > Number(maxBytes)) return this.say("file_size", { most: maxSize });
      if (file.size === 0) return this.say("file_empty");
      return endings.split(",").some((ending) => file.name.toLowerCase().endsWith(ending)) ? "" : this.say("file_type", { types });
    }

    // Where it is said

    showProblem(question, message) {
      const field = question.querySelector(".field");
      const inputs = this.inputs(question);
      const target = field.querySelector("fieldset") ?? inputs.at(-1);
      const id = question.dataset.errorId;
      field.querySelector(".field-errors")?.remove();
      field.classList.toggle("field--wrong", message !== "");
      const others = (target.getAttribute("aria-describedby") ?? "").split(" ").filter((part) => part && part !== id);
      const described = message ? [id, ...others] : others;
      if (described.length) target.setAttribute("aria-describedby", described.join(" "));
      else target.removeAttribute("aria-describedby");
      for (const input of inputs) {
        if (message) input.setAttribute("aria-invalid", "true");
        else input.removeAttribute("aria-invalid");
      }
      if (message) this.place(field, id, message);
    }

    place(field, id, message) {
      const list = document.createElement("ul");
      list.className = "field-errors";
      list.id = id;
      const item = document.createElement("li");
      item.textContent = message;
      list.append(item);
      (field.querySelector("fieldset") ?? field).append(list);
    }

    // What one does

    changed(event) {
      const question = event.target.closest("[data-question]");
      if (!question) return;
      this.showAsked();
      if (question.count) {
        this.showCount(question);
        this.announceCount(question);
      }
      const wrong = question.querySelector(".field--wrong") !== null;
      const picked = event.type === "change" && question.dataset.kind === "file";
      if ((wrong && this.problem(question) === "") || picked) this.showProblem(question, this.problem(question));
    }

    left(event) {
      const field = event.target.closest("[data-question] .field");
      const question = field?.closest("[data-question]");
      const next = event.relatedTarget;
      if (!field || field.contains(next)) return;
      if (next?.closest?.("button, [type=submit]")) return; // the page must not move under a button that is being pressed
      const tell = () => {
        if (!question.hidden && !field.contains(document.activeElement)) this.showProblem(question, this.problem(question));
      };
      if (this.pressing) document.addEventListener("pointerup", () => setTimeout(tell), { once: true });
      else tell();
    }
  }

  for (const root of document.querySelectorAll("[data-questionnaire]")) new Questionnaire(root);
})();
