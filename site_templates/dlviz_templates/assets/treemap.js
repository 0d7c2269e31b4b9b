/* Live treemaps: what is said of each part, a button for each view, and the inside of a part at full size. Rectangles
 * come laid out, on a grid of 10,000; the inside of a part is the same ones, drawn larger. Wants dlviz.js and boxes.js.
 */
(() => {
  "use strict";

  const { html, svg, boxes } = window.dlviz;
  const GRID = 10000;
  const [LINE, OVER, BESIDE] = [17, 5, 8]; // px of a name, over it, beside it
  const NAMES = ["700 13px", "600 12px", "11px"]; // type of each level whose names are shown, as in diagram.css
  const live = new Map();
  const percent = (share) => `${(100 * share).toFixed(2)}%`;

  function share(part, whole) {
    const amount = (100 * part) / whole;
    return amount >= 9.95 ? `${amount.toFixed(0)} %` : amount >= 0.05 ? `${amount.toFixed(1)} %` : "< 0.1 %";
  }

  class Treemap {
    constructor(figure, { views, styles }) {
      Object.assign(this, { figure, styles, view: 0, root: 0, at: -1 });
      this.views = views.map(([name, names, parents, values, families, edges, words, links]) => ({
        name,
        parts: names.map((label, i) => ({
          i,
          label,
          parent: parents[i],
          value: values[i],
          family: families[i],
          edges: edges[i],
          words: words[i],
          link: links[i],
          leaf: families[i] >= 0,
        })),
      }));
      this.plan = figure.querySelector(".dlviz-plan");
      this.picture = this.plan.querySelector("svg");
      this.title = figure.querySelector(".dlviz-title").textContent;
      this.tip = html("div", { class: "dlviz-tip", hidden: "" });
      this.voice = html("div", { class: "dlviz-say", "aria-live": "polite" });
      this.way = html("nav", { class: "dlviz-way", "aria-label": "Parts around what is shown", hidden: "" });
      this.plan.append(this.tip);
      this.plan.before(this.way);
      figure.append(this.voice);
      this.pen = html("canvas").getContext("2d");
      this.listen();
      this.draw();
      figure.classList.add("dlviz-live");
    }

    get parts() {
      return this.views[this.view].parts;
    }

    /** A part's edges, as shares of what is shown. */
    place({ edges }) {
      const [left, top, right, bottom] = this.parts[this.root].edges;
      const [w, h] = [right - left || 1, bottom - top || 1];
      return [(edges[0] - left) / w, (edges[1] - top) / h, (edges[2] - left) / w, (edges[3] - top) / h];
    }

    depth(i) {
      let depth = 0;
      for (let at = i; at > 0 && at !== this.root; at = this.parts[at].parent) depth++;
      return depth;
    }

    path(i) {
      const names = [];
      for (let at = i; at > 0; at = this.parts[at].parent) names.unshift(this.parts[at].label);
      return names.join(".");
    }

    around(i) {
      const found = [];
      for (let at = i; at >= 0; at = this.parts[at].parent) found.unshift(at);
      return found;
    }

    /* ---- The picture ---- */

    draw() {
      const { parts, root } = this;
      this.shown = parts.filter(({ i }) => i === root || this.around(i).includes(root));
      const d = {};
      const levels = { 1: "", 2: "" };
      for (const part of this.shown) {
        const [x, y, x1, y1] = this.place(part).map((edge) => Math.round(GRID * edge));
        const area = `M${x} ${y}H${x1}V${y1}H${x}z`;
        if (part.leaf) d[this.styles[part.family]] = (d[this.styles[part.family]] ?? "") + area;
        const depth = this.depth(part.i);
        if (levels[depth] !== undefined) levels[depth] += area;
      }
      this.ring = svg("path", { class: "dlviz-ring" });
      this.picture.replaceChildren(
        ...Object.entries(d).map(([style, area]) => svg("path", { class: `dlviz-area ${style}`, d: area })),
        ...[2, 1].map((level) => svg("path", { class: `dlviz-border dlviz-level${level}`, d: levels[level] })),
        this.ring,
      );
      this.label();
      this.lead();
      this.point(-1);
    }

    label() {
      this.figure.querySelectorAll(".dlviz-part").forEach((node) => node.remove());
      const { clientWidth: wide, clientHeight: high } = this.plan;
      const family = getComputedStyle(this.plan).fontFamily;
      const width = (words, font) => {
        this.pen.font = `${font} ${family}`;
        return this.pen.measureText(words).width;
      };
      const lines = {};
      for (const part of this.shown) {
        const depth = this.depth(part.i);
        if (!depth || depth > NAMES.length) continue;
        const [x, y, x1, y1] = this.place(part);
        const below = (y - this.place(this.parts[part.parent])[1]) * high < LINE;
        const taken = below ? (lines[part.parent] ?? 0) : 0;
        const room = (x1 - x) * wide - 2 * BESIDE - width(part.label, NAMES[depth - 1]);
        const fits = room >= 0 && (taken + 1) * LINE + OVER <= (y1 - y) * high;
        lines[part.i] = taken + fits;
        if (!fits) continue;
        const amount = ` ${share(part.value, this.parts[0].value)}`;
        const more = depth === 1 && room >= width(amount, "11px") ? [" ", html("small", {}, amount.trim())] : [];
        const place = `left:${percent(x)};top:${percent(y)};width:${percent(x1 - x)};height:${percent(y1 - y)}`;
        const style = `${place};padding-top:${OVER + taken * LINE}px`;
        const name = html("b", { "data-i": part.i }, part.label);
        this.tip.before(html("span", { class: `dlviz-part dlviz-outer${depth}`, style }, name, ...more));
      }
    }

    /** The way back to the whole. */
    lead() {
      const above = this.around(this.root);
      this.way.hidden = above.length < 2;
      const steps = above.slice(0, -1).flatMap((i) => {
        const node = html("button", { type: "button" }, i ? this.parts[i].label : "all");
        node.addEventListener("click", () => this.enter(i));
        return [node, "›"];
      });
      this.way.replaceChildren(...steps, html("b", {}, this.parts[this.root]?.label ?? ""));
    }

    /* ---- Pointing ---- */

    point(i, [x, y] = []) {
      this.at = i;
      const part = this.parts[i];
      this.tip.hidden = !part;
      if (!part) return this.ring?.setAttribute("d", "");
      const [left, top, right, bottom] = this.place(part).map((edge) => GRID * edge);
      this.ring.setAttribute("d", `M${left} ${top}H${right}V${bottom}H${left}z`);
      const whole = this.parts[0].value;
      const [outer] = this.around(i).slice(-2);
      const lines = [
        html("b", {}, this.path(i)),
        html("p", {}, part.words || ""),
        html("p", {}, `${share(part.value, whole)} of all`),
      ];
      if (outer > 0 && outer !== i)
        lines.push(html("p", {}, `${this.path(outer)}: ${share(this.parts[outer].value, whole)} of all`));
      this.tip.replaceChildren(...lines);
      const { clientWidth: wide, clientHeight: high } = this.plan;
      const at = [x ?? (((left + right) / 2) * wide) / GRID, y ?? (((top + bottom) / 2) * high) / GRID];
      const to = at[0] < wide / 2 ? at[0] + 14 : at[0] - 14 - this.tip.offsetWidth;
      const down = Math.min(Math.max(at[1] + 14, 4), high - this.tip.offsetHeight - 4);
      this.tip.style.transform = `translate(${Math.round(Math.max(4, to))}px,${Math.round(Math.max(4, down))}px)`;
    }

    hit(event) {
      const box = this.plan.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      const [u, v] = [x / box.width, y / box.height];
      const inside = this.shown
        .filter((part) => part.i !== this.root)
        .findLast((part) => {
          const [left, top, right, bottom] = this.place(part);
          return u >= left && u < right && v >= top && v < bottom;
        });
      return [inside?.i ?? -1, [x, y]];
    }

    /** To the layer, or into the part around it. */
    follow(i) {
      const part = this.parts[i];
      if (!part) return;
      if (part.link) {
        const there = new URL(part.link, document.baseURI).href === location.href;
        if (there) window.dispatchEvent(new Event("hashchange"));
        else location.href = part.link;
        return;
      }
      const inner = this.around(i).find((one) => this.depth(one) === 1 && !this.parts[one].leaf);
      if (inner > 0) this.enter(inner);
    }

    enter(i) {
      this.root = i;
      this.draw();
      this.voice.textContent = i ? `${this.path(i)} alone` : "All parts";
      this.plan.focus({ preventScroll: true });
    }

    show(view) {
      const path = this.path(this.root);
      this.view = view;
      this.root = Math.max(
        0,
        this.parts.findIndex(({ i }) => this.path(i) === path),
      );
      this.figure
        .querySelectorAll("[data-view]")
        .forEach((node) => node.setAttribute("aria-pressed", String(+node.dataset.view === view)));
      this.draw();
    }

    listen() {
      const { plan } = this;
      const words = `${this.title}: treemap; arrow keys move through its parts, Enter goes to one, Backspace back`;
      for (const [name, value] of Object.entries({ tabindex: 0, role: "application", "aria-label": words }))
        plan.setAttribute(name, value);
      this.figure
        .querySelectorAll("[data-view]")
        .forEach((node) => node.addEventListener("click", () => this.show(+node.dataset.view)));
      plan.addEventListener("pointermove", (event) => this.point(...this.hit(event)));
      plan.addEventListener("pointerleave", ({ pointerType }) => pointerType === "touch" || this.point(-1));
      plan.addEventListener("click", (event) => this.click(event));
      // The first touch tells, the second goes there.
      plan.addEventListener("pointerdown", (event) => {
        const [i, place] = this.hit(event);
        this.told = event.pointerType !== "touch" || i === this.at;
        this.point(i, place);
      });
      plan.addEventListener("keydown", (event) => this.press(event));
      plan.addEventListener("blur", () => this.point(-1));
      let wide = 0;
      new ResizeObserver(() => {
        if (plan.clientWidth !== wide) this.label();
        wide = plan.clientWidth;
      }).observe(plan);
    }

    /** A name leads inside; so does a part without an address. */
    click(event) {
      const named = event.target.closest("[data-i]")?.dataset.i;
      if (named && !this.parts[named].leaf) this.enter(+named);
      else if (this.told) this.follow(named ? +named : this.hit(event)[0]);
    }

    press(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const leaves = this.shown.filter(({ leaf, i }) => leaf && i !== this.root).map(({ i }) => i);
      const place = leaves.indexOf(this.at);
      const steps = {
        ArrowRight: place + 1,
        ArrowDown: place + 1,
        ArrowLeft: Math.max(place - 1, 0),
        ArrowUp: Math.max(place - 1, 0),
        Home: 0,
        End: leaves.length - 1,
      };
      const up = this.parts[this.root].parent;
      if (steps[event.key] !== undefined) {
        this.point(leaves[Math.min(steps[event.key], leaves.length - 1)] ?? -1);
        this.voice.textContent = [...this.tip.children].map((line) => line.textContent).join(", ");
      } else if (event.key === "Enter") this.follow(this.at);
      else if ((event.key === "Escape" || event.key === "Backspace") && up >= 0) this.enter(up);
      else if (event.key === "Escape") this.point(-1);
      else return;
      event.preventDefault();
      event.stopPropagation(); // the theme has single-key shortcuts of its own
    }
  }

  async function enhance(figure) {
    live.set(figure, null);
    try {
      const data = await boxes.unpack(figure.dataset.treemap);
      if (data.views.length) live.set(figure, new Treemap(figure, data));
    } catch (error) {
      live.delete(figure);
      console.error(error);
    }
  }

  function start() {
    for (const figure of live.keys()) if (!figure.isConnected) live.delete(figure);
    document.querySelectorAll("figure.dlviz-treemap").forEach((figure) => live.has(figure) || enhance(figure));
  }

  window.dlviz.treemaps = live;
  start();
  window.document$?.subscribe(start); // each page of an instant navigation
})();
