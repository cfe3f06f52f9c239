/* Suggestions under the search box: a combobox as the ARIA practices describe it. Without this file the box is a box. */
"use strict";

(() => {
  const box = document.querySelector("[data-suggest]");
  const input = box && box.querySelector("input");
  if (!input || !window.fetch) return;

  const FEWEST = 2; // letters
  const PAUSE = 180; // milliseconds without a key before anything is asked
  const LONGEST = 360; // letters of headings that go into the question: it takes 400

  const list = document.createElement("ul");
  list.id = "suggestions";
  list.className = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", box.dataset.name);
  const said = document.createElement("p");
  said.className = "unseen";
  said.setAttribute("role", "status");
  box.append(list, said);
  for (const [name, value] of Object.entries({
    role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
  })) input.setAttribute(name, value);

  let offered = []; // what stands in the list
  let active = -1;
  let asked = 0; // the number of the last question: an answer to an older one is dropped
  let waiting = 0;

  const close = () => {
    clearTimeout(waiting);
    asked += 1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    mark(-1);
  };

  const mark = (index) => {
    active = index;
    [...list.children].forEach((option, n) => option.setAttribute("aria-selected", String(n === index)));
    if (index < 0) {
      input.removeAttribute("aria-activedescendant");
    } else {
      input.setAttribute("aria-activedescendant", list.children[index].id);
      list.children[index].scrollIntoView({ block: "nearest" });
    }
  };

  const short = (text, most) => (text.length > most ? text.slice(0, text.lastIndexOf(" ", most) + 1 || most).trim() : text);

  const choose = (index) => {
    const { text, kind } = offered[index];
    const names = (box.dataset[`${kind}Fields`] || kind).split(" "); // creators stand in two fields
    const quoted = `"${short(text.replaceAll('"', " ").trim(), LONGEST / names.length)}"`;
    input.value = names.length > 1 ? names.map((name) => `${name}:${quoted}`).join(" OR ") : quoted;
    input.form.elements.namedItem("in").value = names.length > 1 ? "" : kind;
    close();
    input.form.requestSubmit();
  };

  const piece = (name, text) => {
    const element = document.createElement("span");
    element.className = name;
    element.textContent = text;
    return element;
  };

  const show = (found) => {
    offered = found;
    list.replaceChildren(...found.map(({ text, kind, titles }, n) => {
      const option = document.createElement("li");
      option.id = `suggestion-${n}`;
      option.setAttribute("role", "option");
      option.append(piece("suggestion-text", text), " ", piece("suggestion-kind", `${box.dataset[kind] || ""} ${titles.toLocaleString("en")}`.trim()));
      return option;
    }));
    mark(-1);
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    said.textContent = found.length ? box.dataset.some.replace("{n}", found.length) : box.dataset.none;
  };

  const ask = async () => {
    const typed = input.value.trim();
    if (typed.length < FEWEST) return close();
    const number = ++asked;
    try {
      const answer = await fetch(`${box.dataset.suggest}?${new URLSearchParams({ q: typed })}`);
      const found = answer.ok ? await answer.json() : [];
      if (number === asked && document.activeElement === input) show(found);
    } catch {
      if (number === asked) close(); // no connection: the reader types on
    }
  };

  const later = () => {
    clearTimeout(waiting);
    asked += 1; // what is on its way is for words that are there no more
    waiting = setTimeout(ask, PAUSE);
  };

  input.addEventListener("input", (event) => { if (!event.isComposing) later(); });
  input.addEventListener("compositionend", later);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const open = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!open) {
        if (event.key === "ArrowDown") ask();
      } else {
        const step = event.key === "ArrowDown" ? 1 : -1;
        const places = offered.length + 1; // the box itself is one of them
        mark(((active + 1 + step + places) % places) - 1);
      }
      event.preventDefault();
    } else if (event.key === "Enter" && open && active >= 0) {
      event.preventDefault();
      choose(active);
    } else if (event.key === "Escape" && open) {
      event.preventDefault(); // the words stay: a second Escape is the browser's
      close();
    } else if (event.key === "Tab" && open) {
      close();
    }
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose([...list.children].indexOf(option));
  });
})();

/* The progress of a purchase check: without this file the page renews itself. */
(() => {
  const place = document.querySelector("[data-progress]");
  if (!place || !window.fetch) return;

  const PAUSE = 1000; // milliseconds between two questions
  const bar = place.querySelector("progress");
  const said = place.querySelector("[role=status]");
  const number = (n) => n.toLocaleString("en");

  const ask = async () => {
    try {
      const answer = await fetch(place.dataset.progress, { cache: "no-store" });
      const { state, done, of } = await answer.json();
      if (!answer.ok || state === "done" || state === "failed") return location.reload();
      if (of) bar.max = of;
      bar.value = done;
      if (state === "queued") said.textContent = said.dataset.queued;
      if (state === "running") said.textContent = said.dataset.running.replace("{done}", number(done)).replace("{of}", number(of));
    } catch {
      // no connection: the next question may get through
    }
    setTimeout(ask, PAUSE);
  };
  setTimeout(ask, PAUSE);
})();
