/* What the pointer, fingers and keys do to live charts, and the crosshair these share. Loaded before live.js, which gives
 * its charts the methods here: they say `this` to a chart.
 */
(() => {
  "use strict";

  const { html, svg, percent, tint } = window.dlviz;
  const { lowerBound, nearest, number, place } = window.dlviz.numbers;
  const TIP_ROWS = 12;

  const alive = new Set();
  /** The page's crosshair: { kind, x, q, chart }, where q is the pointer's height from 0 to 1. */
  let cursor = null;

  /** One place for all charts of the page that have the same axis. */
  function moveCursor(chart, x, q = 0.5) {
    cursor = x === null ? null : { kind: chart.kind, x, q, chart };
    for (const other of alive) {
      if (!other.figure.isConnected)
        alive.delete(other); // an instant navigation has left its page
      else if (cursor) other.point(cursor);
      else {
        other.cursor.replaceChildren();
        other.tip.hidden = true;
      }
    }
  }

  const steering = {
    listen() {
      const fingers = new Map();
      let start = null;
      const at = (event) => {
        const box = this.svg.getBoundingClientRect();
        return {
          p: Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)),
          q: 1 - (event.clientY - box.top) / box.height,
        };
      };
      const on = (name, action, options) => this.plot.addEventListener(name, action, options);
      on("pointerdown", (event) => {
        if (event.target.closest("button") || event.button) return;
        if (event.pointerType === "touch")
          fingers.set(event.pointerId, { x: this.x.value(at(event).p), p: at(event).p });
        else {
          start = at(event).p;
          this.plot.setPointerCapture(event.pointerId);
        }
      });
      on("pointermove", (event) => {
        const { p, q } = at(event);
        if (fingers.has(event.pointerId)) fingers.get(event.pointerId).p = p;
        if (fingers.size > 1) return this.pinch([...fingers.values()]);
        moveCursor(this, this.x.value(p), q);
        if (start !== null)
          this.cursor.append(
            svg("rect", { x: percent(Math.min(start, p)), width: percent(Math.abs(p - start)), height: "100%" }),
          );
      });
      on("pointerup", (event) => {
        const p = at(event).p;
        fingers.delete(event.pointerId);
        if (start !== null && Math.abs(p - start) * this.svg.clientWidth > 6)
          this.zoom(this.x.value(Math.min(start, p)), this.x.value(Math.max(start, p)));
        start = null;
      });
      on("pointercancel", (event) => {
        fingers.delete(event.pointerId);
        start = null;
      });
      on("pointerleave", (event) => {
        if (start === null && event.pointerType !== "touch") moveCursor(this, null);
      });
      on("blur", () => moveCursor(this, null));
      on("dblclick", (event) => {
        if (!event.target.closest("button")) this.set({ range: null });
      });
      on(
        "wheel",
        (event) => {
          if (!event.ctrlKey && !event.metaKey) return;
          event.preventDefault();
          this.zoomBy(event.deltaY > 0 ? 1.25 : 0.8, this.x.value(at(event).p));
        },
        { passive: false },
      );
      on("keydown", (event) => this.press(event));
    },

    press(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.plot) return;
      const stride = event.shiftKey ? 10 : 1;
      const actions = {
        ArrowLeft: () => this.step(-stride),
        ArrowRight: () => this.step(stride),
        Home: () => this.step(-Infinity),
        End: () => this.step(Infinity),
        ArrowUp: () => this.turn(-1),
        ArrowDown: () => this.turn(1),
        "+": () => this.zoomBy(0.5),
        "=": () => this.zoomBy(0.5),
        "-": () => this.zoomBy(2),
        0: () => this.set({ range: null }),
        Escape: () => {
          moveCursor(this, null);
          if (this.range) this.set({ range: null });
        },
        l: () => this.toggle("log"),
        "?": () => this.controls.help.click(),
      };
      const action = actions[event.key] ?? actions[event.key.toLowerCase()];
      if (!action) return;
      event.preventDefault();
      event.stopPropagation(); // the theme has single-key shortcuts of its own
      action();
    },

    step(by) {
      const lead = this.lines[this.lead % this.lines.length];
      if (!lead?.x.length) return;
      const [from, to] = [
        lowerBound(lead.x, this.x.low),
        Math.min(lead.x.length, nearest(lead.x, this.x.high) + 1) - 1,
      ];
      const now = cursor?.kind === this.kind ? nearest(lead.x, cursor.x) + by : by > 0 && by < Infinity ? from : by;
      const i = Math.max(from, Math.min(to, now));
      moveCursor(this, lead.x[i], this.y.at(lead.y[i]));
      this.speak(lead);
    },

    turn(by) {
      this.lead = (this.lead + by + this.lines.length) % this.lines.length;
      this.step(0);
    },

    speak(lead) {
      const values = [lead, ...this.lines.filter((line) => line !== lead && !line.faint)].slice(0, 4);
      const told = values.map((line) => `${line.label} ${number(line.y[nearest(line.x, cursor.x)])}`);
      this.voice.textContent = `${this.axisName()} ${place(cursor.x, this.kind)}: ${told.join(", ")}`;
    },

    zoom(low, high) {
      const smallest = (this.whole[1] - this.whole[0]) * 1e-7;
      [low, high] = [Math.max(low, this.whole[0]), Math.min(high, this.whole[1])];
      if (high - low > smallest)
        this.set({ range: low <= this.whole[0] && high >= this.whole[1] ? null : [low, high] });
    },

    zoomBy(factor, center = cursor?.kind === this.kind ? cursor.x : (this.x.low + this.x.high) / 2) {
      this.zoom(center - (center - this.x.low) * factor, center + (this.x.high - center) * factor);
    },

    /** Two fingers: what was touched stays under each of them. */
    pinch([a, b]) {
      if (Math.abs(a.p - b.p) < 0.05) return;
      const perPlace = (b.x - a.x) / (b.p - a.p);
      if (perPlace > 0) this.zoom(a.x - a.p * perPlace, a.x + (1 - a.p) * perPlace);
    },

    /** Draw the crosshair at the page's common place; the chart under the pointer says the values too. */
    point({ kind, x, q, chart }) {
      this.cursor.replaceChildren();
      this.tip.hidden = true;
      const p = this.x.at(x);
      if (kind !== this.kind || !(p >= 0 && p <= 1)) return;
      const width = this.svg.clientWidth;
      this.cursor.append(svg("line", { x1: percent(p), x2: percent(p), y2: "100%" }));
      const rows = [];
      for (const line of this.lines) {
        if (!line.x.length) continue;
        const i = nearest(line.x, x);
        const there = this.x.at(line.x[i]);
        const gap = Math.max(12 / width, Math.abs(this.x.at(line.x[Math.max(0, i - 1)]) - there));
        if (Math.abs(there - p) > gap) continue;
        const y = this.y.at(line.soft[i]);
        if (y >= 0 && y <= 1 && there >= 0 && there <= 1 && !line.faint)
          this.cursor.append(svg("circle", { class: tint(line.color), cx: percent(there), cy: percent(1 - y), r: 4 }));
        rows.push({ line, i, y: Number.isFinite(y) ? y : -1 });
      }
      if (chart === this && rows.length) this.tell(rows, p, q);
    },

    tell(rows, p, q) {
      const near = [...rows].sort((a, b) => Math.abs(a.y - q) - Math.abs(b.y - q)).slice(0, TIP_ROWS);
      const lead = near[0];
      near.sort((a, b) => b.y - a.y);
      const value = ({ line, i }) =>
        this.weight ? `${number(line.soft[i])} (${number(line.y[i])})` : number(line.y[i]);
      const shown = near.map((row) =>
        html(
          "div",
          { class: row.line.style + (row === lead ? " dlviz-near" : "") },
          html("i"),
          html("span", {}, row.line.label),
          html("output", {}, value(row)),
        ),
      );
      const at = place(lead.line.x[lead.i], this.kind);
      this.tip.replaceChildren(html("b", {}, `${this.axisName()} ${at}`), ...shown);
      if (rows.length > near.length) this.tip.append(html("span", {}, `and ${rows.length - near.length} more`));
      this.tip.hidden = false;
      const [left, room] = [p * this.svg.clientWidth, this.svg.clientWidth - this.tip.offsetWidth];
      const beside = left + 14 <= room ? left + 14 : left - 14 - this.tip.offsetWidth;
      this.tip.style.transform = `translate(${Math.max(-40, Math.min(room + 8, beside))}px, 6px)`;
    },

    /** Draw it again, as after a change of the axes. */
    showCursor() {
      if (cursor) this.point(cursor);
    },

    forgetCursor() {
      cursor = null;
    },
  };

  Object.assign(window.dlviz, { alive, steering });
})();
