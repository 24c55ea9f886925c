// A draft saves itself while one writes. What is not saved yet is kept in this browser; what another tab or device saved
// is never overwritten without asking. Without this script the Save button does the same, once for each press.
(() => {
  "use strict";

  const QUIET = 1200; // milliseconds without a key before a save
  const LONGEST = 10_000; // a save at least this often while one types
  const RETRY = [2_000, 5_000, 10_000, 30_000, 60_000];
  const COPY_LASTS = 30 * 24 * 3600 * 1000; // then a copy that nobody came back for is deleted
  const NOT_OURS = new Set(["csrfmiddlewaretoken", "version", "then"]);

  // Copies in this browser

  class Copies {
    constructor(owner, number) {
      this.prefix = `gatehouse-draft:${owner}:${number}:`;
      this.key = this.prefix + Math.random().toString(36).slice(2); // one for each open page
    }

    write(copy) {
      try {
        localStorage.setItem(this.key, JSON.stringify({ ...copy, at: Date.now() }));
        return true;
      } catch {
        return false; // storage is forbidden or full
      }
    }

    forget(key = this.key) {
      try {
        localStorage.removeItem(key);
      } catch {
        // there was none
      }
    }

    // The newest copy that was left behind, and all their keys.
    leftBehind() {
      const found = [];
      try {
        for (const key of Object.keys(localStorage)) {
          if (!key.startsWith("gatehouse-draft:")) continue;
          const copy = JSON.parse(localStorage.getItem(key));
          if (!copy || Date.now() - copy.at > COPY_LASTS) localStorage.removeItem(key);
          else if (key.startsWith(this.prefix) && key !== this.key) found.push({ key, copy });
        }
      } catch {
        // storage is forbidden, or holds something that is not ours
      }
      return found.sort((a, b) => b.copy.at - a.copy.at);
    }
  }

  class Draft {
    constructor(form) {
      this.form = form;
      this.say = form.dataset;
      this.status = form.querySelector("[data-draft-status]");
      this.conflict = document.querySelector("[data-draft-conflict]");
      this.copies = new Copies(this.say.owner, this.say.number);
      this.version = form.elements.version;
      this.edits = 0; // how often something was changed
      this.saved = 0; // how many of these changes the server has
      this.failures = 0;
      this.timer = 0;
      this.lastSave = Date.now();
      this.running = null; // the save that is on its way
      this.stopped = false;
      this.copied = true;
      form.addEventListener("input", (event) => this.changed(event));
      form.addEventListener("change", (event) => this.changed(event));
      form.addEventListener("submit", (event) => this.submitting(event));
      window.addEventListener("online", () => this.isDirty() && this.schedule(0));
      window.addEventListener("pageshow", (event) => this.shown(event));
      window.addEventListener("beforeunload", (event) => this.isDirty() && !this.copied && !this.leaving && event.preventDefault());
      document.addEventListener("visibilitychange", () => this.visibility());
      this.conflict?.querySelector("[data-draft-mine]").addEventListener("click", () => this.keepMine());
      this.conflict?.querySelector("[data-draft-theirs]").addEventListener("click", () => this.takeTheirs());
      this.tellSaved(this.say.savedAt, this.say.saySaved);
    }

    isDirty() {
      return this.edits > this.saved;
    }

    // What is in the form

    entries() {
      const files = new Set([...this.form.querySelectorAll("[data-kind=file] input")].map((input) => input.name));
      return [...new FormData(this.form)].filter(([name, value]) => typeof value === "string" && !files.has(name) && !NOT_OURS.has(name));
    }

    fill(entries) {
      const values = new Map();
      for (const [name, value] of entries) values.set(name, [...(values.get(name) ?? []), value]);
      for (const control of this.form.elements) {
        if (!control.name || NOT_OURS.has(control.name) || control.type === "file" || control.closest("[data-kind=file]")) continue;
        const given = values.get(control.name) ?? [];
        if (control.type === "checkbox" || control.type === "radio") control.checked = given.includes(control.value);
        else if (control.type !== "hidden" && control.type !== "submit") control.value = given[0] ?? "";
      }
      this.wake();
    }

    // When something happens

    changed(event) {
      if (event.target.type === "file" || event.target.closest("[data-kind=file]")) {
        if (event.type === "change") this.tell(this.say.sayFiles);
        return;
      }
      this.edits += 1;
      this.keepCopy();
      this.schedule(Math.min(QUIET, Math.max(0, this.lastSave + LONGEST - Date.now())) || QUIET);
    }

    keepCopy() {
      this.copied = this.copies.write({ version: this.version.value, entries: this.entries() });
    }

    schedule(wait) {
      clearTimeout(this.timer);
      if (!this.stopped) this.timer = setTimeout(() => this.save(), wait);
    }

    visibility() {
      if (document.visibilityState === "hidden" && this.isDirty()) this.save({ keepalive: true });
      else if (document.visibilityState === "visible" && this.failures) this.schedule(0);
    }

    // The browser may bring back what the form once held: only the server and the copies know what is right.
    shown(event) {
      if (event.persisted) {
        if (!this.isDirty() || this.stopped) window.location.reload();
        return;
      }
      if (this.isDirty()) return;
      this.form.reset();
      this.wake();
      this.edits = this.saved = 0;
      clearTimeout(this.timer);
      this.copies.forget();
      this.restore();
    }

    // Lets questionnaire.js look at the answers again.
    wake() {
      this.form.querySelector("[data-question] :is(input, textarea)")?.dispatchEvent(new Event("input", { bubbles: true }));
    }

    restore() {
      const [newest] = this.copies.leftBehind();
      if (!newest) return;
      this.version.value = newest.copy.version; // the server tells whether something newer was saved since
      this.fill(newest.copy.entries);
      this.copies.forget(newest.key);
      this.tell(this.say.sayRestored);
      this.schedule(QUIET);
    }

    // What is not saved yet is saved first, so that the page that follows never meets a save of our own.
    async submitting(event) {
      clearTimeout(this.timer);
      if (this.flushing || (this.conflict && !this.conflict.hidden)) {
        event.preventDefault();
        this.conflict?.focus();
        return;
      }
      if (this.flushed || !(this.running || this.isDirty())) {
        this.stopped = this.leaving = true;
        return;
      }
      event.preventDefault();
      this.flushing = true;
      await this.running;
      await this.save();
      this.flushing = false;
      if (this.conflict && !this.conflict.hidden) return;
      this.flushed = true; // saved or not: the answer to this press comes from the server
      this.form.requestSubmit(event.submitter ?? undefined);
    }

    // Saving

    save(options = {}) {
      clearTimeout(this.timer);
      if (this.running || this.stopped || !this.isDirty()) return this.running;
      this.running = this.post(options).finally(() => {
        this.running = null;
        if (this.isDirty() && !this.stopped && !this.failures) this.schedule(QUIET);
      });
      return this.running;
    }

    async post(options, again = true) {
      const upTo = this.edits;
      const body = new URLSearchParams(this.entries());
      body.set("version", this.version.value);
      body.set("csrfmiddlewaretoken", this.form.elements.csrfmiddlewaretoken.value);
      this.lastSave = Date.now();
      const slow = setTimeout(() => this.tell(this.say.saySaving), 1500);
      try {
        const headers = { Accept: "application/json", "X-Requested-With": "fetch" };
        const answer = await fetch(this.say.draft, { method: "POST", body, headers, credentials: "same-origin", redirect: "error", ...options });
        await this.answered(answer, upTo, again);
      } catch {
        this.failed(this.copied ? this.say.sayOffline : this.say.sayOfflineBare);
      } finally {
        clearTimeout(slow);
      }
    }

    async answered(answer, upTo, again) {
      if (answer.status === 403 && again) return this.renewToken();
      if (answer.status === 401 || answer.status === 404) return this.failed(this.say.saySignedOut); // or somebody else is in
      if (answer.status === 400 || answer.status === 413) return this.refused();
      if (answer.status !== 200 && answer.status !== 409) throw new Error(`status ${answer.status}`);
      const told = await answer.json();
      if (answer.status === 409) return told.code === "stale_version" ? this.stale(told) : this.sent();
      this.failures = 0;
      this.saved = upTo;
      this.version.value = told.version;
      if (told.unkept.length) return this.tell(this.say.sayTooLong, "wrong");
      if (this.isDirty()) this.keepCopy();
      else this.copies.forget();
      this.showProgress(told.progress);
      this.tellSaved(told.saved_at, Object.keys(told.problems).length ? this.say.sayProblems : this.say.saySaved);
    }

    // After signing in again the token of the page is an old one.
    async renewToken() {
      const answer = await fetch(this.say.draft, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (answer.status === 401) return this.failed(this.say.saySignedOut);
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      this.form.elements.csrfmiddlewaretoken.value = (await answer.json()).token;
      return this.post({}, false);
    }

    failed(words) {
      this.tell(words, "wrong");
      const wait = RETRY[Math.min(this.failures, RETRY.length - 1)];
      this.failures += 1;
      this.schedule(wait);
    }

    // To send it again would change nothing: the next key will.
    refused() {
      this.failures = 1;
      this.tell(this.say.sayTooLong, "wrong");
    }

    sent() {
      this.stopped = true;
      this.tell(this.say.saySent, "wrong");
    }

    // Something newer was saved elsewhere

    stale(told) {
      this.newer = told.version;
      if (told.differences.length === 0) {
        this.version.value = told.version;
        this.saved = this.edits;
        this.copies.forget();
        this.tellSaved(told.saved_at, this.say.saySaved);
        return;
      }
      this.stopped = true;
      this.showDifferences(told.differences);
      this.tell("");
      this.conflict.hidden = false;
      this.conflict.scrollIntoView({ block: "center" });
      this.conflict.focus();
    }

    showDifferences(differences) {
      const list = this.conflict.querySelector("[data-draft-differences]");
      const { theirs, mine, empty } = list.dataset;
      const part = (name, text) => {
        const element = document.createElement(name);
        element.textContent = text;
        return element;
      };
      const side = (title, text) => {
        const element = document.createElement("dd");
        element.append(part("strong", title), part("span", text || empty));
        return element;
      };
      list.replaceChildren(...differences.flatMap((one) => [part("dt", one.label), side(theirs, one.theirs), side(mine, one.mine)]));
    }

    keepMine() {
      this.version.value = this.newer;
      this.conflict.hidden = true;
      this.stopped = false;
      this.edits += 1;
      this.keepCopy();
      this.status.scrollIntoView({ block: "nearest" });
      this.save();
    }

    takeTheirs() {
      this.saved = this.edits;
      this.copies.forget();
      window.location.reload();
    }

    // What is said

    tell(words, kind = "") {
      if (this.status.textContent !== words) this.status.textContent = words;
      this.status.dataset.kind = kind;
    }

    tellSaved(when, words) {
      const [moment, today] = [new Date(when), new Date()];
      const day = moment.toDateString() === today.toDateString() ? {} : { day: "numeric", month: "long" };
      const time = moment.toLocaleString(document.documentElement.lang, { ...day, hour: "2-digit", minute: "2-digit" });
      this.tell(words.replace("%(time)s", time));
    }

    showProgress(progress) {
      for (const place of document.querySelectorAll("[data-progress]")) {
        const count = progress[place.dataset.progress] ?? 0;
        const words = count === 0 ? this.say.sayNothingMissing : count === 1 ? this.say.sayMissingOne : this.say.sayMissing;
        place.textContent = words.replace("%(count)s", count);
      }
    }
  }

  const form = document.querySelector("[data-draft]");
  if (form) new Draft(form);
})();
