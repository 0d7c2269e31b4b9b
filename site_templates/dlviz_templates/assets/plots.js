/* Live plots: tooltips for mouse, finger and keyboard, pictures of samples, a logarithmic axis, a legend that hides. The
 * picture stands in the page already and is drawn anew only on another scale. Loaded after numbers.js and plotmarks.js;
 * panels.js has matrices and sweeps, and exploreplots.js what leaves a figure.
 *
 * A click on what stands for samples is told to the page as "dlviz:pick" with { row, column }; its gallery listens.
 */
(() => {
  "use strict";

  const { html, svg, percent, tint, button, loadScript, base } = window.dlviz;
  const { unpack, axis, geometry, drawMarks } = window.dlviz.plotmarks;
  const NEAR = 30; // px from which a dot is pointed at
  const TIP_ROWS = 12;
  const READ_TOGETHER = new Set(["bar", "step", "line", "interval", "area"]);
  const SMALL_TILE = 64; // px; smaller pictures are shown larger, with their pixels to be seen
  const live = new WeakMap();

  function pick(row, column) {
    document.dispatchEvent(new CustomEvent("dlviz:pick", { detail: { row, column } }));
  }

  /** Hand a figure to `exploreplots.js`, which comes with the first click; `what` is the figure as it is shown. */
  async function leave(way, entry) {
    try {
      await Promise.all(["explore.js", "exploreplots.js"].map((name) => loadScript(base + name)));
      await window.dlviz.leaveFigure(way, entry);
    } catch (error) {
      entry.voice.textContent = `Could not be loaded: ${error.message}`;
    }
  }

  /** Buttons that every figure has, after its own. */
  function tools(entry, ...own) {
    entry.voice = html("div", { class: "dlviz-say", "aria-live": "polite" });
    entry.figure.append(entry.voice);
    entry.figure.querySelector(".dlviz-tools").append(
      ...own,
      button("CSV", () => leave("download", entry), { title: "Download the numbers" }),
      button("Explore", () => leave("explore", entry), { title: "Open in Plotly" }),
    );
    entry.figure.classList.add("dlviz-live");
  }

  /** Put a tooltip beside a place in its box, on the side with more room. */
  function placeTip(tip, x, y, width, height) {
    tip.hidden = false;
    const left = x < width / 2 ? x + 14 : x - 14 - tip.offsetWidth;
    const top = Math.min(Math.max(y - tip.offsetHeight / 2, -20), height - tip.offsetHeight + 36);
    tip.style.transform = `translate(${Math.round(Math.max(left, -50))}px, ${Math.round(top)}px)`;
  }

  class Plot {
    constructor(figure) {
      this.figure = figure;
      this.kind = "plot";
      this.title = figure.querySelector(".dlviz-title").textContent;
      this.spec = JSON.parse(figure.dataset.spec);
      this.sprite = figure.dataset.sprite ? JSON.parse(figure.dataset.sprite) : null;
      this.plot = figure.querySelector(".dlviz-plot");
      this.svg = this.plot.querySelector("svg");
      this.marks = this.svg.querySelector(".dlviz-marks");
      this.hidden = new Set();
      this.turned = { x: false, y: false };
      tools(this, ...["x", "y"].filter((name) => this.spec[name].other).map((name) => this.scaleButton(name)));
      this.legend();
      this.tip = html("div", { class: "dlviz-tip", hidden: "" });
      this.cursor = svg("g", { class: "dlviz-cursor" });
      this.svg.append(this.cursor);
      this.plot.append(this.tip);
      this.listen();
    }

    /** Layers and places are made on the first touch. */
    get layers() {
      return (this.unpacked ??= this.spec.layers.map(unpack));
    }

    get x() {
      return (this.axisX ??= axis(this.turned.x ? { ...this.spec.x, ...this.spec.x.other } : this.spec.x));
    }

    get y() {
      return (this.axisY ??= axis(this.turned.y ? { ...this.spec.y, ...this.spec.y.other } : this.spec.y));
    }

    places(layer) {
      return (layer.places ??= geometry(layer, this.x, this.y));
    }

    shown() {
      return this.layers.filter((layer, i) => !this.hidden.has(i));
    }

    /* ---- Legend ---- */

    legend() {
      for (const key of this.figure.querySelectorAll(".dlviz-key")) {
        const places = key.dataset.layers.split(" ").map(Number);
        const node = button("", () => this.toggle(places, node), { "aria-pressed": "true" });
        node.append(...key.childNodes);
        key.append(node);
      }
    }

    toggle(places, node) {
      const hide = node.getAttribute("aria-pressed") === "true";
      for (const place of places) {
        if (hide) this.hidden.add(place);
        else this.hidden.delete(place);
        this.group(place)?.classList.toggle("dlviz-off", hide);
      }
      node.setAttribute("aria-pressed", String(!hide));
      this.point(null);
    }

    group(place) {
      return this.marks.querySelector(`[data-layer="${place}"]`);
    }

    /* ---- Scales ---- */

    scaleButton(name) {
      const both = this.spec.x.other && this.spec.y.other;
      const log = () => !!(this.turned[name] ? this.spec[name].other : this.spec[name]).log;
      const node = button(
        both ? `log ${name}` : "log",
        () => {
          this.turn(name);
          node.setAttribute("aria-pressed", String(log()));
        },
        { title: `Logarithmic ${name === "x" ? "horizontal" : "vertical"} axis`, "aria-pressed": String(!!this.spec[name].log) },
      );
      return node;
    }

    /** Change an axis between its two scales: ticks come from the page, marks are drawn anew. */
    turn(name) {
      this.turned[name] = !this.turned[name];
      this.axisX = this.axisY = null;
      this.original ??= this.remember();
      const { ticks, lines, label } = this.original[name];
      const other = this.turned[name] ? this.spec[name].other : null;
      const made = (other?.ticks ?? []).map(([place, words]) => this.tick(name, place, words));
      this.svg.querySelector(`.dlviz-${name}`).replaceChildren(...(other ? made.map(([text]) => text) : ticks));
      this.lines(name).forEach((line) => line.remove());
      if (lines.length) this.svg.querySelector(".dlviz-grid").append(...(other ? made.map(([, line]) => line) : lines));
      const words = this.svg.querySelector(`.dlviz-${name}-label`);
      if (words) words.textContent = other ? `${this.spec[name].label}${other.log ? " (log)" : ""}` : label;
      this.redraw();
    }

    remember() {
      const group = (name) => ({
        ticks: [...this.svg.querySelector(`.dlviz-${name}`).childNodes],
        lines: this.lines(name),
        label: this.svg.querySelector(`.dlviz-${name}-label`)?.textContent,
      });
      this.drawn = this.spec.layers.map((_, i) => [...(this.group(i)?.childNodes ?? [])]);
      this.cut = this.marks.classList.contains("dlviz-cut");
      return { x: group("x"), y: group("y") };
    }

    /** Lines of the grid that belong to the ticks of one axis. */
    lines(name) {
      const all = [...this.svg.querySelectorAll(".dlviz-grid line")];
      return all.filter((line) => line.hasAttribute("x1") === (name === "x"));
    }

    tick(name, place, words) {
      const at = percent(name === "x" ? place : 1 - place);
      if (name === "x") return [svg("text", { x: at, y: "100%" }, words), svg("line", { y2: "100%", x1: at, x2: at })];
      return [svg("text", { y: at }, words), svg("line", { x2: "100%", y1: at, y2: at })];
    }

    redraw() {
      const anew = this.turned.x || this.turned.y;
      this.marks.classList.toggle("dlviz-cut", this.cut || anew);
      this.layers.forEach((layer, i) => {
        layer.places = null;
        const nodes = anew ? drawMarks(layer, this.places(layer), this.x, this.y) : this.drawn[i];
        this.group(i)?.replaceChildren(...nodes);
      });
      const texts = [...this.svg.querySelectorAll(".dlviz-values text")];
      const values = this.layers.find((layer) => layer.mark === "bar" && layer.horizontal)?.x ?? [];
      [...values].filter(Number.isFinite).forEach((value, i) => {
        texts[i]?.setAttribute("x", percent(Math.min(1, Math.max(0, this.x.floor(Math.max(value, 0))))));
      });
      this.point(null);
    }

    /* ---- Pointing ---- */

    listen() {
      const words = `${this.title}: plot, move through its marks with the arrow keys`;
      const told = { tabindex: 0, role: "application", "aria-label": words, "aria-describedby": `${this.figure.id}-d` };
      for (const [name, value] of Object.entries(told)) this.plot.setAttribute(name, value);
      this.svg.setAttribute("aria-label", this.title); // its title element would be a tooltip over ours
      this.svg.removeAttribute("aria-labelledby");
      this.svg.querySelector(":scope > title")?.remove();
      const at = (event) => {
        const box = this.svg.getBoundingClientRect();
        return this.find(event.clientX - box.left, event.clientY - box.top);
      };
      const on = (name, action) => this.plot.addEventListener(name, action);
      on("pointermove", (event) => this.point(at(event)));
      on("pointerdown", (event) => this.point(at(event)));
      on("pointerleave", (event) => event.pointerType !== "touch" && this.point(null));
      on("blur", () => this.point(null));
      on("click", (event) => {
        const found = at(event);
        if (found) this.choose(found);
      });
      on("keydown", (event) => this.press(event));
    }

    size() {
      return [this.svg.clientWidth || 700, this.svg.clientHeight || 240];
    }

    /** The mark nearest to a place in px: { layer, i }, or null. */
    find(px, py) {
      const [width, height] = this.size();
      let best = null;
      let least = Infinity;
      for (const layer of this.shown()) {
        if (layer.mark === "rule" || layer.thin) continue;
        const { x, y, boxes } = this.places(layer);
        for (let i = 0; i < x.length; i++) {
          const away = boxes
            ? this.fromBox(layer, boxes[i], px / width, 1 - py / height, width, height)
            : Math.hypot(x[i] * width - px, (1 - y[i]) * height - py);
          const distance = layer.mark === "dot" ? (away > NEAR ? Infinity : Math.max(0, away - 8) - 1) : away;
          if (distance < least) [least, best] = [distance, { layer, i }];
        }
      }
      return best;
    }

    /** px from a box; of bars and intervals it counts along their axis first, so that small ones are found too. */
    fromBox(layer, [a, b, c, d], p, q, width, height) {
      const outside = (v, one, two) => Math.max(Math.min(one, two) - v, v - Math.max(one, two), 0);
      const [across, down] = [outside(p, a, b) * width, outside(q, c, d) * height];
      if (layer.mark === "cell") return across + down > 0 ? Infinity : 0;
      const [along, beyond] = layer.horizontal ? [down, across] : [across, down];
      return along + (beyond > 0 ? 4 + beyond / 1000 : 0);
    }

    /** Show what is said of a mark, or of none. */
    point(found) {
      this.found = found;
      this.plot.classList.toggle("dlviz-choose", !!found?.layer.picks);
      this.cursor.replaceChildren();
      if (!found) {
        this.tip.hidden = true;
        return;
      }
      const related = this.related(found);
      this.cursor.append(...related.flatMap((mark) => this.highlight(mark)));
      this.tip.replaceChildren(...this.words(found, related));
      const { x, y } = this.places(found.layer);
      const [width, height] = this.size();
      const inside = (v) => Math.min(1, Math.max(0, v));
      placeTip(this.tip, inside(x[found.i]) * width, inside(1 - y[found.i]) * height, width, height);
    }

    /** The mark, and those of other layers at the same place that are read together with it. */
    related({ layer, i }) {
      if (!READ_TOGETHER.has(layer.mark)) return [{ layer, i }];
      const found = [];
      for (const other of this.shown()) {
        if (other.thin || !READ_TOGETHER.has(other.mark) || other.horizontal !== layer.horizontal) continue;
        const j = other === layer || other.base[i] === layer.base[i] ? i : other.base.indexOf(layer.base[i]);
        if (j >= 0) found.push({ layer: other, i: j });
      }
      return found.slice(0, TIP_ROWS);
    }

    highlight({ layer, i }) {
      const { x, y, boxes } = this.places(layer);
      if (boxes && layer.mark !== "interval") {
        const [a, b, c, d] = boxes[i];
        const box = { x: percent(Math.min(a, b)), y: percent(1 - Math.max(c, d)) };
        const size = { width: percent(Math.abs(b - a)), height: percent(Math.abs(d - c)) };
        return Number.isFinite(a + b + c + d) ? [svg("rect", { class: "dlviz-frame", ...box, ...size })] : [];
      }
      if (!Number.isFinite(x[i] + y[i]) || layer.mark === "area") return [];
      const style = layer.mark === "line" ? tint(layer.color) : "dlviz-ring";
      return [svg("circle", { class: style, cx: percent(x[i]), cy: percent(1 - y[i]), r: layer.mark === "line" ? 4 : 6 })];
    }

    /* ---- Words ---- */

    words({ layer, i }, related) {
      const note = layer.notes?.[i];
      const chosen = layer.picks ? [html("small", {}, "Click or press Enter to see samples")] : [];
      const picture = this.picture(layer.keys?.[i]);
      if (note) return [...picture, html("p", {}, note), ...chosen];
      const head = READ_TOGETHER.has(layer.mark) ? this.place(layer, i) : layer.label;
      const rows = READ_TOGETHER.has(layer.mark) ? this.rows(related) : this.coordinates(layer, i);
      return [...picture, ...(head ? [html("b", {}, head)] : []), ...rows, ...chosen];
    }

    place(layer, i) {
      const along = layer.horizontal ? this.y : this.x;
      const start = along.text(layer.base[i]);
      const words = layer.end ? `${start} to ${along.text(layer.end[i])}` : start;
      return along.names || !along.label ? words : `${along.label} ${words}`;
    }

    /** One row a layer; a band or interval without a name stands in the row of the layer that has its colour. */
    rows(marks) {
      const nameless = marks.filter(({ layer }) => !layer.label && layer.low && layer.high);
      const hosts = new Map(nameless.map((mark) => [mark, marks.find((m) => m.layer.label && m.layer.color === mark.layer.color)]));
      return marks
        .filter((mark) => !hosts.get(mark))
        .map((mark) => this.row(mark, nameless.find((other) => hosts.get(other) === mark) ?? mark));
    }

    row({ layer, i }, { layer: around, i: j }) {
      const up = layer.horizontal ? this.x : this.y;
      const middle = layer.mark === "area" ? "" : up.text(layer.value[i]);
      const ends = around.low && around.high ? `${up.text(around.low[j])} to ${up.text(around.high[j])}` : "";
      const color = tint(layer.colors ? layer.colors[i] : layer.color);
      const value = middle && ends ? `${middle} (${ends})` : middle || ends;
      return this.line(layer.faint ? "dlviz-faint" : color, layer.label || up.label || "value", value);
    }

    line(style, name, value) {
      return html("div", { class: style }, html("i"), html("span", {}, name), html("output", {}, value));
    }

    coordinates(layer, i) {
      const style = tint(layer.colors ? layer.colors[i] : layer.color);
      const read = (ax, one, two) => (two ? `${ax.text(one[i])} to ${ax.text(two[i])}` : ax.text(one[i]));
      return [
        this.line(style, this.x.label || "x", read(this.x, layer.x, layer.x2)),
        this.line(style, this.y.label || "y", read(this.y, layer.y, layer.y2)),
        ...(layer.weights ? [this.line(style, "share of the most", `${Math.round(100 * layer.weights[i])} %`)] : []),
      ];
    }

    /** Which tile is whose: as the page tells, or in the order of the dots. */
    get tiles() {
      const { places } = this.sprite;
      const inOrder = () => [...new Set(this.layers.flatMap((layer) => layer.keys ?? []).filter((key) => key))];
      return (this.numbered ??= new Map(places ? Object.entries(places) : inOrder().map((key, place) => [key, place])));
    }

    /** The picture of a sample out of the figure's one picture of many. */
    picture(key) {
      const place = this.sprite ? this.tiles.get(key) : undefined;
      if (place === undefined) return [];
      const { address, tile, columns } = this.sprite;
      const times = tile < SMALL_TILE ? Math.max(1, Math.round(96 / tile)) : 1;
      const side = tile * times;
      const node = html("div", { class: `dlviz-tile${times > 1 ? " dlviz-pixels" : ""}` });
      Object.assign(node.style, {
        width: `${side}px`,
        height: `${side}px`,
        backgroundImage: `url("${new URL(address, document.baseURI).href}")`,
        backgroundSize: `${side * columns}px auto`,
        backgroundPosition: `${-side * (place % columns)}px ${-side * Math.floor(place / columns)}px`,
      });
      return [node];
    }

    /* ---- Keys ---- */

    press(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.plot) return;
      const stride = event.shiftKey ? 10 : 1;
      const actions = {
        ArrowLeft: () => this.step(-stride),
        ArrowRight: () => this.step(stride),
        Home: () => this.step(-Infinity),
        End: () => this.step(Infinity),
        ArrowUp: () => this.other(-1),
        ArrowDown: () => this.other(1),
        Enter: () => this.found && this.choose(this.found),
        Escape: () => this.point(null),
      };
      const action = actions[event.key];
      if (!action) return;
      event.preventDefault();
      event.stopPropagation(); // the theme has single-key shortcuts of its own
      action();
    }

    /** Marks of a layer from left to right, or from the top. */
    order(layer) {
      const rank = (v) => (layer.horizontal ? -v : v);
      const { x, y } = this.places(layer);
      const along = layer.horizontal ? y : x;
      const known = [...x.keys()].filter((i) => Number.isFinite(x[i]) && Number.isFinite(y[i]));
      return known.sort((i, j) => rank(along[i]) - rank(along[j]) || i - j);
    }

    /** What arrow keys go along: first what has a name, then the bands around it. */
    reachable() {
      const found = this.shown().filter((layer) => layer.mark !== "rule" && !layer.thin && layer.base.length);
      return found.sort((a, b) => !a.label - !b.label);
    }

    step(by) {
      const layer = this.found?.layer ?? this.reachable()[0];
      if (!layer) return;
      const order = this.order(layer);
      const now = this.found ? order.indexOf(this.found.i) : by < 0 ? order.length : -1;
      this.speak({ layer, i: order[Math.min(order.length - 1, Math.max(0, now + by))] });
    }

    other(by) {
      const layers = this.reachable();
      if (!layers.length) return;
      const now = layers.indexOf(this.found?.layer);
      const layer = layers[(now + by + layers.length) % layers.length];
      const same = this.found ? layer.base.indexOf(this.found.layer.base[this.found.i]) : -1;
      this.speak({ layer, i: same >= 0 ? same : this.order(layer)[0] });
    }

    speak(found) {
      if (found.i === undefined) return;
      this.point(found);
      const own = this.words(found, [found]).map((node) => [...(node.children.length ? node.children : [node])]);
      this.voice.textContent = [found.layer.label, ...own.flat().map((node) => node.textContent)].filter(Boolean).join(", ");
    }

    choose({ layer, i }) {
      if (layer.picks) pick(...layer.picks[i]);
    }
  }

  /* ---- The page ---- */

  /** Wake the figures of a page that are not awake. */
  function startPlots() {
    const kinds = { "dlviz-plotfig": Plot, "dlviz-matrix": window.dlviz.Matrix, "dlviz-sweep": window.dlviz.Sweep };
    for (const [name, Kind] of Object.entries(kinds)) {
      for (const figure of document.querySelectorAll(`figure.${name}`)) {
        if (!live.has(figure)) live.set(figure, new Kind(figure));
      }
    }
    document.body.classList.toggle("dlviz-live-picks", !!document.querySelector(".dlviz-pick"));
  }

  document.addEventListener("click", ({ target }) => {
    const cell = target.closest?.(".dlviz-pick");
    if (cell) pick(cell.dataset.row, cell.dataset.column);
  });

  Object.assign(window.dlviz, { startPlots, pick, leave, figureTools: tools, placeTip, plots: live });
})();
