/* Maps over pictures, live: one picture large, its maps to choose from along each axis, and several ways to see them. The
 * first picture and a sheet of all stand in the page already. Wants dlviz.js, numbers.js and maps.js.
 */
(() => {
  "use strict";

  const { html, button } = window.dlviz;
  const { palette, heatsOf, cellAt, styleOf, draw } = window.dlviz.maps;
  const { number } = window.dlviz.numbers;
  const BUTTONS = 6; // values of an axis that are a button each; of more, a list
  const [OVER, SWIPE, PAIR] = ["overlay", "swipe", "side by side"];
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const done = new WeakSet();
  const words = ({ choice }) => choice.filter(Boolean).join(" · ");
  /** Keys that are ours, not the browser's, nor the theme's, which has some of a single letter. */
  const taken = (event) => event.altKey || event.ctrlKey || event.metaKey || (event.preventDefault(), event.stopPropagation());

  function enhance(figure) {
    const spec = JSON.parse(figure.dataset.overlay);
    const [title, stage, seen, ways, scale, axesBar, says, line, strip] = "title stage seen ways scale axes says picking strip"
      .split(" ").map((name) => figure.querySelector(`.dlviz-${name}`));
    const colors = palette(spec);
    const several = spec.axes.map((_, axis) => axis).filter((axis) => spec.values[axis].length > 1);
    const every = (axis) => `every ${spec.axes[axis]}`;
    const titles = spec.items.map(([name]) => name);
    const items = spec.items.map(([name, src, width, height, side, alt, wrong, group, facts, values, ...maps], i) => ({
      ...{ name, alt, wrong, group, width, height },
      box: maps[4], // what is explained, where that is a part of the picture
      src: src && spec.base + src,
      key: titles.indexOf(name) < i ? `${name} (${i + 1})` : name,
      style: `--w:${side * Math.min(1, width / height)};--r:${width / height}`,
      facts: values.map((value, j) => [spec.facts[facts][j], value]),
      get heats() {
        return (this.found ??= heatsOf(spec, maps)); // decoded when they are first wanted
      },
    }));
    if (!items.length) return;

    const state = { item: 0, choice: spec.start, other: [], view: OVER, only: null, opacity: spec.opacity, raw: false, same: false, weak: false };
    const here = () => items[state.item];
    /** Those that are right or wrong, or of a group; all for null. */
    const fitting = (only) => items.filter(({ wrong, group }) => only === null || wrong === only || group === only);
    const among = () => fitting(state.only);

    /* ---- Which map ---- */

    /** The one with most of the wanted values, the first of several, as in charts/overlay.py; that of one axis first. */
    function nearest({ heats }, wanted, first = -1) {
      const score = ({ choice }) => choice.reduce((sum, value, i) => sum + (value === wanted[i] && (i === first ? 99 : 1)), 0);
      return heats.reduce((best, heat) => (best && score(best) >= score(heat) ? best : heat), null);
    }
    const heatOf = (item) => nearest(item, state.choice);
    const turned = (heat, axis, value) => nearest(here(), heat.choice.with(axis, value), axis);
    const valuesOf = (axis) => spec.values[axis].filter((value) => here().heats.some(({ choice }) => choice[axis] === value));

    /** Largest of all maps that can be compared with this one: of the same method, say, in any picture. */
    const tops = {};
    function topOf(heat) {
      const group = (one) => JSON.stringify(spec.apart.map((axis) => one.choice[axis]));
      if (!state.same) return heat.peak;
      if (!Object.keys(tops).length)
        for (const one of items.flatMap(({ heats }) => heats)) tops[group(one)] = Math.max(tops[group(one)] ?? 0, one.peak);
      return tops[group(heat)];
    }

    /* ---- The stage: pictures with a map each ---- */

    let panes = [];

    function pane(heat, label = []) {
      const { src, alt, style, width, height, box } = here();
      const absent = "the picture is not in the folder";
      const image = src
        ? html("img", { src, alt, width, height, class: Math.max(width, height) <= 64 ? "dlviz-pixels" : null })
        : src === null // a map of no one picture
          ? html("span", { class: "dlviz-blank" })
          : html("span", { class: "dlviz-nopicture", role: "img", "aria-label": `${alt}: ${absent}` }, absent);
      const view = html("div", { class: "dlviz-view", style }, image);
      const made = { node: html("div", { class: "dlviz-pane" }, ...label, view), view, heat };
      if (!heat) return made;
      made.canvas = html("canvas", { class: "dlviz-map", role: "img", "aria-label": `map: ${words(heat)}. ${heat.note}` });
      made.mark = html("i", { class: "dlviz-cell", hidden: "" });
      view.append(made.canvas, ...(box ? [html("i", { class: "dlviz-target", style: styleOf(box) })] : []), made.mark);
      const name = `${words(heat) || title.textContent}: the arrow keys move over its cells`;
      for (const [key, value] of [["role", "application"], ["tabindex", 0], ["aria-label", name]]) view.setAttribute(key, value);
      follow(made);
      return made;
    }

    /** Cells are pointed at, or walked through; in a swipe a drag moves the line. */
    function follow(made) {
      const { view, heat } = made;
      let held = false;
      let place = null;
      const point = (at) => show(made, (place = at));
      const move = ({ clientX, clientY }) => {
        const { left, top, width, height } = view.getBoundingClientRect();
        point([(clientX - left) / width, (clientY - top) / height]);
        if (held) swipe(100 * place[0]);
      };
      view.addEventListener("pointerdown", (event) => {
        held = state.view === SWIPE && !event.button;
        if (held) view.setPointerCapture(event.pointerId);
        move(event);
      });
      view.addEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) view.addEventListener(name, () => (held = false));
      // A finger that is lifted leaves, and what it pointed at is to be read then.
      for (const name of ["pointerleave", "blur"]) view.addEventListener(name, (event) => event.pointerType !== "touch" && point(null));
      view.addEventListener("keydown", (event) => {
        const step = ARROWS[event.key];
        if ((!step && event.key !== "Escape") || taken(event)) return;
        const middle = [(heat.area[0] + heat.area[2]) / 2, (heat.area[1] + heat.area[3]) / 2];
        point(step && (place ? cellAt(heat, place)?.go(...step) ?? middle : middle));
      });
    }

    /** The cell at a place in all panes, and in words that of one. */
    function show(made, place) {
      for (const { heat, mark } of panes) {
        const cell = place && mark && cellAt(heat, place);
        if (mark) mark.hidden = !cell;
        if (cell) mark.style.cssText = styleOf(cell.area);
      }
      const cell = place && cellAt(made.heat, place);
      scale.firstChild.textContent = cell ? cellWords(made.heat, cell) : "";
    }

    function cellWords({ width, height, peak, fold }, { row, column, value }) {
      const told = isNaN(value) ? "not a number" : `${number(+(value * peak).toPrecision(3))}, ${Math.round(100 * value)} % of the largest`;
      return `row ${row + 1} of ${height}, column ${column + 1} of ${width}: ${told}${fold > 1 ? ` (mean of ${fold} × ${fold} cells)` : ""}`;
    }

    function swipe(split) {
      state.split = Math.min(Math.max(split, 0), 100);
      stage.style.setProperty("--split", `${state.split}%`);
      if (state.view === SWIPE) ways.querySelector("[data-key=line]").value = state.split;
    }

    function layOut() {
      const heat = heatOf(here());
      const axis = several.find((one) => state.view === every(one));
      const label = (...children) => [html("div", { class: "dlviz-label" }, ...children)];
      if (!heat) panes = [pane(null)];
      else if (axis !== undefined) {
        panes = valuesOf(axis).map((value) => {
          const one = turned(heat, axis, value);
          const choose = button(value, () => set({ choice: one.choice, view: OVER }), { title: "Show this one large", "data-key": `every ${value}` });
          if (one === heat) choose.setAttribute("aria-current", "true");
          return pane(one, label(choose, html("small", {}, number(one.peak))));
        });
      } else if (state.view === PAIR) {
        const right = nearest(here(), state.other.length ? state.other : nextTo(heat).choice);
        state.other = right.choice;
        panes = [pane(heat, label(words(heat))), pane(right, label(...several.map((one) => list(one, right, "other"))))];
      } else panes = [pane(heat)];
      stage.replaceChildren(...panes.map(({ node }) => node));
      stage.className = `dlviz-stage dlviz-n${Math.min(panes.length, 3)}${state.view === SWIPE ? " dlviz-swipe" : ""}`;
      show(null, null);
    }

    /** Something else to compare with: the next value of the first axis that has one. */
    function nextTo(heat) {
      const axis = several.find((one) => valuesOf(one).length > 1) ?? 0;
      const values = valuesOf(axis);
      return turned(heat, axis, values[(values.indexOf(heat.choice[axis]) + 1) % values.length]);
    }

    function paint() {
      const { raw, same, weak } = state;
      const opacity = here().src === null ? 1 : state.opacity;
      const side = panes.length > 2 ? 128 : 256;
      for (const { canvas, heat } of panes) if (canvas) draw(canvas, heat, { colors, opacity, raw, weak, side, top: topOf(heat) });
      for (const thumb of thumbs) thumb.sketch?.();
      const found = panes.flatMap((one) => one.heat ?? []);
      if (!found.length) return scale.lastChild.replaceChildren();
      const top = found.length < 2 || (same && new Set(found.map(topOf)).size < 2) ? number(topOf(found[0])) : "largest";
      const signed = found.some((heat) => heat.signed);
      const stops = (ramp, sign) => ramp.map((color, i) => [color, sign * (i / (ramp.length - 1)) ** (weak ? 2 : 1)]);
      const ramp = [...(signed ? stops(spec.cool, -1).reverse() : []), ...stops(spec.warm, 1)];
      const parts = ramp.map(([color, at]) => `${color} ${signed ? 50 + 50 * at : 100 * at}%`);
      const bar = html("i", { style: `background:linear-gradient(to right,${parts.join()})` });
      const whose = same ? "one scale for all that can be compared" : panes.length > 1 ? "each map on its own scale" : "";
      scale.lastChild.replaceChildren(html("b", {}, signed ? `−${top}` : "0"), bar, html("b", {}, top), html("span", {}, whose));
    }

    /* ---- What is said ---- */

    function tell() {
      const { name, wrong, facts } = here();
      const heat = heatOf(here());
      const paragraph = (text) => html("p", {}, text);
      const verdict = html("b", { class: `dlviz-verdict${wrong ? " dlviz-wrong" : ""}` }, wrong ? "wrong" : "right");
      seen.firstElementChild.replaceChildren(html("span", {}, name), ...(wrong === null ? [] : [verdict]));
      seen.querySelector("dl").replaceChildren(...facts.map(([one, value]) => html("div", {}, html("dt", {}, one), html("dd", {}, value))));
      if (!heat) return says.replaceChildren(paragraph("There is no map of this picture."));
      const which = html("p", { class: "dlviz-which" }, words(heat), html("span", {}, ` largest value ${number(heat.peak)}`));
      const told = spec.says.filter(([value]) => heat.choice.includes(value));
      const notes = told.map(([value, text]) => html("p", { class: "dlviz-of-value" }, html("b", {}, value), ` ${text}`));
      says.replaceChildren(which, ...(heat.note ? [paragraph(heat.note)] : []), ...notes);
    }

    /* ---- Controls: made anew with every choice; the one that was used keeps the focus, by its key ---- */

    function segments(name, entries) {
      const made = entries.map(([label, on, action]) =>
        button(label, action, { "aria-pressed": String(on), "data-key": `${name} ${label}` }),
      );
      return html("span", { class: "dlviz-segments", role: "group", "aria-label": name }, ...made);
    }

    function list(axis, heat, which = "choice") {
      const label = which === "other" ? `${spec.axes[axis]}, right` : spec.axes[axis];
      const node = html("select", { "aria-label": label, "data-key": label }, ...valuesOf(axis).map((value) => html("option", { value }, value)));
      node.value = heat.choice[axis];
      node.addEventListener("change", () => set({ [which]: turned(heat, axis, node.value).choice }));
      return node;
    }

    function range(key, attributes, action) {
      const node = html("input", { type: "range", "aria-label": key, "data-key": key, ...attributes });
      node.addEventListener("input", () => action(+node.value, node));
      return node;
    }

    function slide(axis, heat) {
      const values = valuesOf(axis);
      const place = values.indexOf(heat.choice[axis]);
      const told = html("output", {}, values[place]);
      const to = (at, node) => {
        node.setAttribute("aria-valuetext", (told.textContent = values[at]));
        set({ choice: turned(heatOf(here()), axis, values[at]).choice }, axesBar); // a slider that is held has to stay
      };
      const node = range(spec.axes[axis], { min: 0, max: values.length - 1, value: place, "aria-valuetext": values[place] }, to);
      return html("span", { class: "dlviz-slide" }, node, told);
    }

    function chooser(axis, heat) {
      const [name, values] = [spec.axes[axis], valuesOf(axis)];
      const entry = (value) => [value, value === heat.choice[axis], () => set({ choice: turned(heat, axis, value).choice })];
      let node = values[0]; // the only one
      if (values.length > BUTTONS) node = list(axis, heat);
      else if (values.length > 1) node = segments(name, values.map(entry));
      if (values.length > 1 && spec.sliders.includes(axis)) node = slide(axis, heat);
      return html("div", { class: "dlviz-axis" }, html("span", {}, name), node);
    }

    function control(kept) {
      const heat = heatOf(here());
      if (kept !== axesBar) axesBar.replaceChildren(...(heat ? several.map((axis) => chooser(axis, heat)) : []));
      const blank = here().src === null; // nothing lies below
      const views = [OVER, ...(blank ? [] : [SWIPE]), ...(several.length ? [PAIR] : []), ...several.map(every)];
      const opacity = range("opacity", { min: 0, max: 1, step: 0.02, value: state.opacity }, (value) => paint(Object.assign(state, { opacity: value })));
      const toggle = (label, key, title) =>
        button(label, () => set({ [key]: !state[key] }), { "aria-pressed": String(state[key]), "data-key": label, title });
      ways.replaceChildren(
        ...(views.length > 1 ? [segments("way to see it", views.map((view) => [view, view === state.view, () => set({ view })]))] : []),
        ...(blank ? [] : [html("label", {}, "opacity", opacity)]),
        ...(state.view === SWIPE ? [html("label", {}, "line", range("line", { min: 0, max: 100, value: state.split }, swipe))] : []),
        toggle("raw cells", "raw", "The map as coarse as it was computed, without smoothing"),
        toggle("show weak", "weak", "Colours by the square root: what is small beside a peak can be seen"),
        toggle("same scale", "same", "One scale for all maps that can be compared, instead of each its own"),
      );
      line.lastChild.replaceChildren(...picking());
    }

    function picking() {
      if (items.length < 2) return [];
      const groups = [["right", 0], ["wrong", 1], ...new Set(items.map(({ group }) => group))].map((one) => [one].flat());
      const told = groups.map(([label, only = label]) => [label, only, fitting(only).length]).filter(([label, , n]) => label && n && n < items.length);
      const kinds = [["all", null, items.length], ...told].map(([label, only, n]) => [`${label} ${n}`, state.only === only, () => set({ only })]);
      const place = among().indexOf(here());
      const step = (sign, by, name, end) =>
        button(sign, () => turn(by), { "aria-label": name, title: name, "data-key": name, "aria-disabled": String(place === end) });
      return [
        ...(told.length ? [segments("pictures", kinds)] : []),
        step("‹", -1, "Previous picture", 0),
        html("output", {}, `${place + 1} of ${among().length}`),
        step("›", 1, "Next picture", among().length - 1),
      ];
    }

    /* ---- Pictures to choose from ---- */

    function turn(by) {
      const next = among()[Math.min(Math.max(among().indexOf(here()) + by, 0), among().length - 1)];
      set({ item: items.indexOf(next) });
    }

    /** The sheet's pictures become buttons, with the map that is chosen over each. */
    const thumbs = [...(strip?.children ?? [])].map((node, i) => {
      const { key, wrong, facts } = items[i];
      const name = [key, ...(wrong === null ? [] : [wrong ? "wrong" : "right"]), ...facts.slice(0, 3).map((fact) => fact.join(" "))].join(", ");
      const press = button("", () => set({ item: i }), { "aria-label": name, title: name, "data-key": `picture ${i}` });
      const old = node.querySelector(".dlviz-map");
      const canvas = html("canvas", { class: "dlviz-map", "aria-hidden": "true" });
      let drawn = "";
      const sketch = () => {
        const heat = heatOf(items[i]);
        const { same, raw, weak } = state;
        const now = `${words(heat)} ${same} ${raw} ${weak}`;
        const opacity = items[i].src === null ? 1 : 0.6;
        if (now !== drawn) draw(canvas, heat, { colors, opacity, raw, weak, side: 40, top: topOf(heat) });
        drawn = now;
      };
      old?.replaceWith(canvas);
      press.append(...node.childNodes);
      node.append(press);
      node.removeAttribute("title");
      return { node, press, sketch: old && sketch };
    });
    strip?.addEventListener("keydown", (event) => {
      const by = { ...Object.fromEntries(Object.entries(ARROWS).map(([key, [x, y]]) => [key, x + y])), Home: -items.length, End: items.length }[event.key];
      if (!by || taken(event)) return;
      turn(by);
      thumbs[state.item].press.focus();
    });

    function markThumbs() {
      thumbs.forEach(({ node, press }, i) => {
        node.hidden = !among().includes(items[i]);
        press.tabIndex = i === state.item ? 0 : -1;
        press.setAttribute("aria-current", String(i === state.item));
      });
    }

    /* ---- One state, and an address for it ---- */

    function set(change, kept) {
      const used = document.activeElement;
      Object.assign(state, change);
      if (!among().includes(here())) state.item = items.indexOf(among()[0]);
      update(kept);
      if (!used.isConnected) figure.querySelector(`[data-key="${CSS.escape(used.dataset.key ?? "")}"]`)?.focus({ preventScroll: true });
      history.replaceState(history.state, "", `#${figure.id}?${address()}`);
    }

    function update(kept) {
      layOut();
      control(kept);
      swipe(state.split ?? 50);
      paint();
      tell();
      markThumbs();
    }

    function address() {
      const query = new URLSearchParams({ picture: here().key, view: state.view });
      heatOf(here())?.choice.forEach((value) => query.append("map", value));
      if (state.view === PAIR) state.other.forEach((value) => query.append("with", value));
      return query;
    }

    function arrive() {
      const [id, told] = location.hash.slice(1).split(/\?(.*)/);
      if (id !== figure.id || !told) return;
      const query = new URLSearchParams(told);
      const fits = (key) => query.getAll(key).length === spec.axes.length;
      state.item = Math.max(0, items.findIndex(({ key }) => key === query.get("picture")));
      if (fits("map")) state.choice = query.getAll("map");
      state.other = fits("with") ? query.getAll("with") : [];
      state.view = [SWIPE, PAIR, ...several.map(every)].find((view) => view === query.get("view")) ?? OVER;
      state.only = null;
      update();
      figure.scrollIntoView();
    }

    scale.append(html("output", { "aria-live": "polite" }), html("div", { class: "dlviz-bar" }));
    line.append(html("span", { class: "dlviz-turn" }));
    if (state.choice.length !== spec.axes.length) state.choice = items[0].heats[0]?.choice ?? [];
    update();
    arrive();
    figure.classList.add("dlviz-live");
    window.addEventListener("hashchange", () => figure.isConnected && arrive());
  }

  function start() {
    const found = [...document.querySelectorAll("figure.dlviz-overlay")].filter((figure) => !done.has(figure));
    found.forEach((figure) => enhance(figure, done.add(figure)));
  }
  start();
  window.document$?.subscribe(start);
})();
