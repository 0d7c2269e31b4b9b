/* The picture of a live diagram, and the view of it: only what is near is drawn, and from far away one path for each
 * family of layers. boxes.js says where everything lies, diagramacts.js what is done with it.
 */
(() => {
  "use strict";

  const { html, svg, boxes } = window.dlviz;
  const { arranged, HEADER, ASIDE } = boxes;
  const [LABEL, KIND, SUMMARY] = [28, 22, 34]; // letters, as in charts/lettering.py
  const [NEAREST, FARTHEST] = [3, 0.02];
  const HIDDEN = 560; // px, the height of what cannot be measured yet
  const MANY = 700; // boxes from which on they are drawn as paths
  const LEGIBLE = 0.3; // scale below which words are not drawn
  const READ = 0.6; // scale at which a diagram opens at least
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  function cut(text, most) {
    const letters = [...text.trim().replace(/\s+/g, " ")];
    if (letters.length <= most) return letters.join("");
    const tail = Math.floor(most / 3);
    return `${letters.slice(0, most - tail - 1).join("")}…${letters.slice(-tail).join("")}`;
  }

  /** Ways of wires, as charts/diagram_svg.py draws them: what several share is drawn once. */
  function curves(ways) {
    let d = "";
    const seen = new Set();
    for (const points of ways) {
      let down = false;
      for (let i = 1; i < points.length; i++) {
        const [[x, y], [x1, y1]] = [points[i - 1], points[i]];
        const key = `${x} ${y} ${x1} ${y1}`;
        const fresh = !seen.has(key);
        if (fresh) {
          seen.add(key);
          const half = Math.round(5 * (y + y1)) / 10;
          d += `${down ? "" : `M${x} ${y}`}${x === x1 ? `V${y1}` : `C${x} ${half} ${x1} ${half} ${x1} ${y1}`}`;
        }
        down = fresh;
      }
    }
    return d;
  }

  function tip(points) {
    const [[, before], [x, y]] = points.slice(-2);
    return `M${x} ${y}l-4 ${y < before ? 7 : -7}h8z`;
  }

  const area = ({ x, y, w, h }) => `M${x} ${y}h${w}v${h}h${-w}z`;

  class DiagramView {
    constructor(figure, data) {
      Object.assign(this, { figure, data, root: -1, chosen: -1, lit: null, nodes: new Map(), pointers: new Map() });
      this.title = figure.querySelector(".dlviz-title").textContent;
      this.opened = new Set(data.opened);
      this.children = data.id.map((_, i) => data.groups[i]?.children ?? []);
      this.stage = figure.querySelector(".dlviz-netstage");
      this.build();
      window.dlviz.diagramPanel(this);
      this.lay();
      this.home();
      this.listen();
      figure.classList.add("dlviz-live");
      this.find(location.hash);
    }

    /* ---- Elements ---- */

    build() {
      this.unseen = !this.stage.clientHeight; // in something folded
      this.stage.style.height = `${this.stage.clientHeight || HIDDEN}px`;
      const path = (style) => svg("path", { class: style });
      this.paths = {
        plain: path("dlviz-wire"),
        skip: path("dlviz-wire dlviz-skip"),
        tips: path("dlviz-tips"),
        lit: path("dlviz-wire dlviz-lit"),
        litSkip: path("dlviz-wire dlviz-lit dlviz-skip"),
        litTips: path("dlviz-tips dlviz-lit"),
      };
      this.layers = { far: svg("g", {}), frames: svg("g", {}), closed: svg("g", {}), shapes: svg("g", {}) };
      const wires = svg("g", { class: "dlviz-wires" }, ...Object.values(this.paths), this.layers.shapes);
      this.world = svg("g", {}, this.layers.far, this.layers.frames, wires, this.layers.closed);
      this.map = svg("svg", { class: "dlviz-netmap", width: "100%", height: "100%" }, this.world);
      const words = `${this.title}: diagram. Arrow keys move the view, + and − zoom; Tab goes on to the layers`;
      this.port = html("div", { class: "dlviz-port", tabindex: 0, role: "application", "aria-label": words }, this.map);
      this.voice = html("div", { class: "dlviz-say", "aria-live": "polite" });
      this.stage.replaceChildren(this.port);
      this.figure.append(this.voice);
    }

    name(i) {
      return this.data.label[i] || this.data.kind[i] || this.data.id[i];
    }

    element(placed) {
      const { i, w, h, open } = placed;
      const { data } = this;
      const block = this.children[i].length > 0;
      const [label, summary] = [cut(this.name(i), LABEL), cut(data.summary[i], SUMMARY)];
      const kind =
        data.label[i] && data.kind[i].toLowerCase() !== data.label[i].toLowerCase() ? cut(data.kind[i], KIND) : "";
      const times = data.times[i] ? `× ${data.times[i].toLocaleString("en")}` : "";
      const port = data.family[i] === data.port;
      const style = data.styles[data.family[i]];
      // In the order of what is written on it, so that it can be called by that.
      const told = [this.name(i), data.kind[i], times, data.summary[i]].filter(Boolean).join(", ");
      const node = svg("g", {
        class: `${open ? "dlviz-netblock" : "dlviz-box"} ${style}`,
        role: "button",
        tabindex: -1,
        "aria-label": told,
        "aria-expanded": block ? String(open) : null,
      });
      node.dataset.i = i;
      const rect = (attributes) => svg("rect", { width: w, height: h, ...attributes });
      const first = (x, y, end) => {
        const more = kind ? [" ", svg("tspan", { class: "dlviz-what", dx: 3 }, kind)] : [];
        const many = times ? [svg("text", { class: "dlviz-times", x: end, y }, times)] : [];
        // Spaces between texts are not drawn: they are for those who hear them.
        return [svg("text", { class: "dlviz-netname", x, y }, label, ...more), " ", ...many, " "];
      };
      if (open) {
        const sign = svg("path", { class: "dlviz-sign", d: `M${w - 19} ${HEADER / 2}h8` });
        node.append(rect({ rx: 10 }), ...first(12, HEADER / 2 + 4, w - 26), sign);
        return node;
      }
      if (times) node.append(...[6, 3].map((d) => rect({ class: "dlviz-sheet", x: d, y: d, rx: 8 })));
      node.append(rect({ rx: port ? Math.floor(h / 2) : block ? 8 : 6 }));
      if (!port) node.append(svg("rect", { class: "dlviz-stripe", x: 5, y: 7, width: 3, height: h - 14, rx: 1.5 }));
      node.append(...first(16, summary ? 18 : Math.floor(h / 2) + 4, w - (block ? 26 : 10)));
      if (summary) node.append(svg("text", { class: "dlviz-sum", x: 16, y: 34 }, summary));
      if (block) node.append(svg("path", { class: "dlviz-sign", d: `M${w - 19} ${Math.floor(h / 2)}h8m-4-4v8` }));
      return node;
    }

    shape(line) {
      const [x, y] = line.points.at(-1);
      const left = this.ends.has(`${x + ASIDE} ${y}`);
      const beside = (text, side, style = "") =>
        svg(
          "text",
          { class: `dlviz-shape${style}${side ? " dlviz-end" : ""}`, x: x + (side ? -7 : 7), y: y - 10 },
          text,
        );
      const told = line.strand.label ? [beside(cut(line.strand.label, SUMMARY), left)] : [];
      const values = line.sources.length;
      if (values > 1) told.push(beside(`× ${values.toLocaleString("en")}`, !left, " dlviz-amount"));
      return told;
    }

    /* ---- What is drawn ---- */

    wide() {
      return this.port.clientWidth || 1;
    }

    high() {
      return this.port.clientHeight || 1;
    }

    lay() {
      this.scene = arranged(this.data, this.opened, this.root);
      this.ends = new Set(this.scene.lines.map(({ points }) => points.at(-1).join(" ")));
      for (const line of this.scene.lines) {
        const [xs, ys] = [0, 1].map((axis) => line.points.map((point) => point[axis]));
        line.left = Math.min(...xs) - 60;
        line.right = Math.max(...xs) + 60;
        line.top = Math.min(...ys);
        line.bottom = Math.max(...ys);
      }
      this.drawn = null;
      this.far = null;
    }

    /** Move what is drawn; draw anew when the view leaves it. */
    draw() {
      const { k, x, y } = this.view;
      this.world.style.transform = `translate(${x}px,${y}px) scale(${k})`;
      const [left, top, right, bottom] = [-x / k, -y / k, (this.wide() - x) / k, (this.high() - y) / k];
      const at = this.drawn;
      const within = at && left >= at[0] && top >= at[1] && right <= at[2] && bottom <= at[3];
      if (!within || k < at[4] / 2 || k > at[4] * 3) {
        const [across, down] = [(right - left) / 2, (bottom - top) / 2];
        this.fill([left - across, top - down, right + across, bottom + down, k]);
      }
      this.figure.classList.toggle("dlviz-wordless", k < LEGIBLE);
      this.onview?.();
    }

    fill(area4) {
      const [left, top, right, bottom, k] = area4;
      this.drawn = area4;
      const seen = [...this.scene.boxes.values()].filter(
        ({ x, y, w, h }) => x < right && y < bottom && x + w > left && y + h > top,
      );
      const lines = this.scene.lines.filter(
        (line) => line.left < right && line.top < bottom && line.right > left && line.bottom > top,
      );
      const many = seen.length > MANY;
      this.layers.far.replaceChildren(...(many ? this.farther() : []));
      this.keep(many ? [] : seen);
      const told = many || k < LEGIBLE ? [] : lines;
      this.layers.shapes.replaceChildren(...told.flatMap((line) => this.shape(line)));
      this.wire(lines, many);
      this.shade();
    }

    /** Elements of these boxes and no others. */
    keep(seen) {
      const kept = new Map();
      for (const placed of seen) {
        const known = this.nodes.get(placed.i);
        const same =
          known && known.placed.open === placed.open && known.placed.w === placed.w && known.placed.h === placed.h;
        const node = same ? known.node : this.element(placed);
        if (!same) this.layers[placed.open ? "frames" : "closed"].append(node);
        if (!same && known) known.node.remove();
        node.style.transform = `translate(${placed.x}px,${placed.y}px)`;
        kept.set(placed.i, { node, placed });
      }
      for (const [i, { node }] of this.nodes) if (!kept.has(i)) node.remove();
      this.nodes = kept;
      if (kept.has(this.stop)) kept.get(this.stop).node.tabIndex = 0;
      else if (kept.size) this.rove([...kept.keys()].find((i) => !kept.get(i).placed.open) ?? kept.keys().next().value);
    }

    wire(lines, many) {
      const lit = (line) => !!this.lit?.lines.has(line);
      const set = (name, d) => this.paths[name].setAttribute("d", d);
      const ways = (bright, skip) =>
        lines.filter((line) => lit(line) === bright && line.strand.skip === skip).map(({ points }) => points);
      const tips = (bright) =>
        many
          ? ""
          : lines
              .filter((line) => lit(line) === bright)
              .map(({ points }) => tip(points))
              .join("");
      for (const [bright, plain, skip, ends] of [
        [false, "plain", "skip", "tips"],
        [true, "lit", "litSkip", "litTips"],
      ]) {
        set(plain, curves(ways(bright, false)));
        set(skip, curves(ways(bright, true)));
        set(ends, tips(bright));
      }
    }

    /** All boxes as a few paths. */
    farther() {
      return (this.far ??= this.outlines());
    }

    outlines() {
      const d = {};
      for (const placed of this.scene.boxes.values()) {
        const name = placed.open
          ? "dlviz-netblock dlviz-faint"
          : `dlviz-box ${this.data.styles[this.data.family[placed.i]]}`;
        d[name] = (d[name] ?? "") + area(placed);
      }
      return Object.entries(d).map(([name, path]) => svg("path", { class: `${name} dlviz-far`, d: path }));
    }

    /** Which boxes are chosen, and which stand back. */
    shade() {
      this.map.classList.toggle("dlviz-shaded", !!this.lit?.boxes);
      for (const [i, { node }] of this.nodes) {
        node.classList.toggle("dlviz-chosen", i === this.chosen);
        node.classList.toggle("dlviz-on", !!this.lit?.boxes?.has(i));
      }
    }

    /* ---- The view ---- */

    move(dx, dy) {
      this.glide(false);
      const { view, scene } = this;
      // Something stays in sight.
      const within = (at, size, room) => Math.min(Math.max(at, 60 - size), room - 60);
      view.x = within(view.x + dx, scene.width * view.k, this.wide());
      view.y = within(view.y + dy, scene.height * view.k, this.high());
      this.draw();
    }

    zoom(factor, x = this.wide() / 2, y = this.high() / 2) {
      this.glide(false);
      const { view } = this;
      const k = Math.min(Math.max(view.k * factor, Math.min(FARTHEST, this.whole())), NEAREST);
      view.x = x - ((x - view.x) * k) / view.k;
      view.y = y - ((y - view.y) * k) / view.k;
      view.k = k;
      this.draw();
    }

    /** As it stands in the page: from its upper end on, as wide as fits, if words can be read then. */
    home() {
      const { width, boxes } = this.scene;
      const k = Math.min(1, Math.max(this.wide() / width, READ));
      const upper = [...boxes.values()].reduce((best, placed) => (!best || placed.y < best.y ? placed : best), null);
      const middle = upper ? upper.x + upper.w / 2 : 0;
      const spare = this.wide() - width * k;
      const x = spare < 0 ? Math.min(0, Math.max(spare, this.wide() / 2 - middle * k)) : spare / 2;
      this.view = { k, x, y: 0 };
      this.draw();
    }

    whole() {
      return Math.min(1, this.wide() / this.scene.width, this.high() / this.scene.height);
    }

    fit() {
      this.glide(true);
      const k = this.whole();
      this.view = { k, x: (this.wide() - this.scene.width * k) / 2, y: (this.high() - this.scene.height * k) / 2 };
      this.draw();
    }

    /** Bring a box to where it is seen, beside the panel. */
    show(i, closer = false) {
      const placed = this.scene.boxes.get(i);
      if (!placed) return;
      const { view } = this;
      if (closer || view.k < LEGIBLE) view.k = Math.max(view.k, 0.9);
      const room = this.wide() - (this.covered?.() ?? 0);
      const [left, top] = [view.x + placed.x * view.k, view.y + placed.y * view.k];
      const [w, h] = [placed.w * view.k, Math.min(placed.h * view.k, this.high())];
      if (!closer && left >= 0 && top >= 0 && left + w <= room && top + h <= this.high()) return;
      this.glide(true);
      view.x = room / 2 - (placed.x + placed.w / 2) * view.k;
      view.y = this.high() / 2 - placed.y * view.k - h / 2;
      this.draw();
    }

    /** Whether the next change is smooth. */
    glide(on) {
      const smooth = on && !still.matches && this.nodes.size < 400;
      this.map.classList.toggle("dlviz-moving", smooth);
      clearTimeout(this.gliding);
      if (smooth) this.gliding = setTimeout(() => this.map.classList.remove("dlviz-moving"), 300);
    }
  }

  Object.assign(window.dlviz, { DiagramView, curves, arrowTip: tip });
})();
