/* Galleries of a page: which samples are shown, in which order, and which of their regions. The first samples stand in the
 * page, the others in the figure's data. Wants dlviz.js and samples.js.
 */
(() => {
  "use strict";

  const { html, button, card, enlarge } = window.dlviz;
  const galleries = new Map();
  const comma = (amount) => amount.toLocaleString("en");

  /* ---- One gallery ---- */

  function enhance(figure) {
    const spec = JSON.parse(figure.dataset.gallery);
    const list = figure.querySelector(".dlviz-items");
    const bar = figure.querySelector(".dlviz-choose");
    const shown = figure.querySelector(".dlviz-shown");
    const judged = figure.matches(".dlviz-judged");
    const items = spec.items.map((data, i) => ({
      data,
      node: list.children[i] && adopt(list.children[i]),
      cells: cells(data[2] ?? 0, data[3] ?? 0),
      wrong: data[4],
      aside: i >= spec.items.length - spec.aside,
    }));
    const main = items.filter((item) => !item.aside);
    /** Row and column, of each where a sample has several. */
    function cells(rows, columns) {
      const others = [].concat(columns);
      return [].concat(rows).map((row, i) => [spec.names[row], spec.names[others[i]]]);
    }

    const everything = { row: "", column: "", count: 0, wrong: false, limit: spec.first };
    let state = { ...everything, sort: "", falling: true, threshold: spec.slider?.[1] };
    let chosen = main;
    let origin = null;
    let large = null;
    const updates = []; // what the controls do when the state has changed

    /** A card is made when it is first shown, and kept. */
    const nodeOf = (item) => (item.node ??= adopt(card(spec, item.data)));

    function adopt(node) {
      const name = node.querySelector(".dlviz-name");
      const told = `Show large: ${name.firstChild.textContent}`;
      name.append(button("", () => open(node), { class: "dlviz-open", "aria-haspopup": "dialog", "aria-label": told }));
      node.querySelector(".dlviz-tiles")?.addEventListener("click", () => open(node));
      return node;
    }

    function open(node) {
      large ??= enlarge({ figure, list, nodeOf, set, comma, chosen: () => chosen });
      large(node);
    }

    /** Predictions below the threshold go, and annotations that only they had found are missed. */
    function judge(node) {
      const shapes = node.querySelectorAll(".dlviz-view > svg > *");
      node.querySelectorAll(".dlviz-region").forEach((region, i) => {
        const { score, partner } = region.dataset;
        let { kind } = region.dataset;
        const predicted = kind === "match" || kind === "false";
        if (!predicted) kind = +partner >= state.threshold ? "truth" : "missed";
        for (const one of [region, shapes[i]]) {
          one.dataset.kind = kind;
          one.toggleAttribute("hidden", predicted && +score < state.threshold);
        }
      });
    }

    function set(change) {
      state = { ...state, ...change };
      const { row, column, wrong, sort, falling, limit } = state;
      const fits = ([one, other]) => (!row || one === row) && (!column || other === column);
      const there = row && column ? items : main; // what stands aside is only shown for its own cell
      chosen = there.filter((it) => it.cells.some(fits) && (!wrong || it.wrong));
      if (sort) {
        const keys = new Map(chosen.map((item) => [item, number(item, sort)]));
        // What has no number stands last either way.
        const below = (a, b) => (isNaN(a) || isNaN(b) ? isNaN(a) - isNaN(b) : a === b ? 0 : a < b === falling ? 1 : -1);
        chosen.sort((a, b) => below(keys.get(a), keys.get(b)));
      }
      const nodes = chosen.slice(0, limit).map(nodeOf);
      if (spec.slider) nodes.forEach(judge);
      list.replaceChildren(...nodes);
      update();
    }

    function number(item, name) {
      const value = item.data[1]?.[spec.facts[item.data[0]].indexOf(name)] ?? "";
      return parseFloat(value.replace(/,/g, "").replace("−", "-").replace("∞", "Infinity"));
    }

    /* ---- What is said of it ---- */

    function words() {
      const { row, column, wrong, count } = state;
      const [here, all] = [list.children.length, chosen.length];
      if (!row && !column && !wrong) {
        if (here === 1 && spec.total === 1 && !judged) return spec.chosen;
        const amount = here === spec.total ? `All ${comma(here)}` : `${comma(here)} of ${comma(spec.total)}`;
        return `${amount} shown${spec.chosen && "; "}${spec.chosen}`;
      }
      const cell = [row && `${spec.axes[0]} ${row}`, column && `${spec.axes[1]} ${column}`].filter(Boolean);
      if (row && row === column && !all) return `${cell.join(", ")}: none in this gallery, which is of mistakes`;
      if (all && chosen.every((item) => item.aside)) return `${cell.join(", ")}: ${here < all ? `${comma(here)} of ` : ""}${comma(all)} ${spec.asideChosen}`;
      const single = chosen.every((item) => item.cells.length < 2); // else a sample is more than its mistake
      const noun = all && single && chosen.every((item) => item.wrong) ? "mistakes" : "samples";
      // How many there are beyond this gallery, only the matrix knows.
      const among = main.length < spec.total ? ` among the ${comma(main.length)} in this gallery` : "";
      const amount = here < all ? `${comma(here)} of ${comma(all)}` : comma(all) || "0";
      const told = count > all ? `${comma(here)} of ${comma(count)} ${noun} shown here` : `${amount} ${amount === "1" ? noun.slice(0, -1) : noun}${among}`;
      return `${cell.join(", ") || "only mistakes"}: ${told}`;
    }

    function counts() {
      const amount = (kind) => list.querySelectorAll(`.dlviz-region[data-kind="${kind}"]:not([hidden])`).length;
      const told = { match: "found", missed: "missed", false: "false" };
      const there = Object.keys(told).filter((kind) => figure.querySelector(`[data-key="${kind}"]`));
      return `. In these pictures: ${there.map((kind) => `${amount(kind)} ${told[kind]}`).join(", ")}`;
    }

    const act = (name, action) => button(name, action, { class: "dlviz-act" });
    const all = act("Show all", () => (set(everything), shown.focus()));
    const back = act("Back to the cell", () => origin.focus());
    const more = act("", () => {
      const before = list.children.length;
      set({ limit: before + spec.first });
      list.children[before].querySelector(".dlviz-open").focus({ preventScroll: true });
    });
    list.after(more);

    function update() {
      updates.forEach((one) => one());
      shown.replaceChildren(words() + (judged ? counts() : ""));
      if (state.row || state.column || state.wrong) shown.append(" ", all);
      if (origin?.isConnected) shown.append(" ", back);
      const left = chosen.length - list.children.length;
      more.hidden = !left;
      more.textContent = `Show ${Math.min(left, spec.first)} more`;
    }

    /* ---- What it is chosen by ---- */

    function toggle(name, title, now, action) {
      const node = button(name, action, { title });
      updates.push(() => {
        node.setAttribute("aria-pressed", String(!!now()));
        node.textContent = name + (now() || "");
      });
      bar.append(node);
    }

    function slider([min, start, max]) {
      const told = html("output", {}, start.toFixed(2));
      const input = html("input", { type: "range", min, max, step: 0.01, value: start });
      input.addEventListener("input", () => {
        told.textContent = (+input.value).toFixed(2);
        set({ threshold: +input.value });
      });
      return html("label", { title: "Predictions of less confidence are left out" }, "confidence ≥", input, told);
    }

    function choice(which, name) {
      const amounts = new Map();
      for (const { cells, aside } of items) {
        const own = new Set(cells.map((cell) => cell[which === "row" ? 0 : 1]));
        own.forEach((value) => value && amounts.set(value, (amounts.get(value) ?? 0) + !aside));
      }
      const order = [...amounts].sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }));
      const options = order.map(([value, amount]) => html("option", { value }, amount ? `${value} (${amount})` : value));
      const node = html("select", {}, html("option", { value: "" }, "any"), ...options);
      node.addEventListener("change", () => set({ [which]: node.value, count: 0, limit: spec.first }));
      updates.push(() => (node.value = state[which]));
      return html("label", {}, `${name} `, node);
    }

    if (spec.slider) bar.append(slider(spec.slider));
    ["row", "column"].forEach((which, i) => spec.axes[i] && bar.append(choice(which, spec.axes[i])));
    if (new Set(main.map((item) => !!item.wrong)).size > 1) {
      const only = () => set({ wrong: !state.wrong, limit: spec.first });
      toggle("only mistakes", "Leave out what is right", () => (state.wrong ? " ✓" : ""), only);
    }
    if (spec.sorts.length) bar.append(html("span", {}, "sort by"));
    for (const name of spec.sorts) {
      const next = () =>
        state.sort !== name ? { sort: name, falling: true } : state.falling ? { falling: false } : { sort: "" };
      const now = () => state.sort === name && (state.falling ? " ↓" : " ↑");
      toggle(name, "Greatest first, least first, as it was", now, () => set(next()));
    }
    if (figure.querySelector(".dlviz-region")) {
      const now = () => (figure.matches(".dlviz-labels") ? " ✓" : "");
      toggle("all labels", "Of small regions too", now, () => (figure.classList.toggle("dlviz-labels"), update()));
    }
    figure.querySelectorAll("[data-key]").forEach((key) => {
      const flip = () => node.setAttribute("aria-pressed", String(!figure.classList.toggle(`dlviz-no-${key.dataset.key}`)));
      const node = button("", flip, { "aria-pressed": "true" });
      node.append(...key.childNodes);
      key.append(node);
    });
    update();

    galleries.set(figure, {
      able: items.some((item) => item.cells.some(([row, column]) => row || column)),
      /** Show a cell of a matrix; returns how many of it there are. */
      pick({ row = "", column = "", count = 0 }, from) {
        origin = from;
        set({ ...everything, row, column, count });
        return chosen.length;
      },
      /** Lead the eye and the keyboard here. */
      face() {
        const { top } = shown.getBoundingClientRect();
        const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
        shown.focus({ preventScroll: true });
        if (top < 60 || top > innerHeight / 2) figure.scrollIntoView({ behavior: still ? "auto" : "smooth" });
      },
    });
  }

  /* A click in a matrix, a bar or a table: { row, column }, "" for any, and `count`, if it knows how many there are. */
  document.addEventListener("dlviz:pick", ({ detail }) => {
    const from = document.activeElement === document.body ? null : document.activeElement;
    const able = [...galleries.values()].filter((gallery) => gallery.able);
    const found = able.filter((gallery) => gallery.pick(detail, from));
    (found[0] ?? able[0])?.face();
  });

  function start() {
    for (const figure of galleries.keys()) if (!figure.isConnected) galleries.delete(figure);
    document.querySelectorAll("figure.dlviz-gallery").forEach((figure) => galleries.has(figure) || enhance(figure));
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
  window.document$?.subscribe(start);
})();
