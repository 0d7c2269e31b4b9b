/* A live chart: drawn from every point of its runs, with legend, smoothing and marks, as charts/svg.py does and into the
 * same element. What steers it, crosshair and zoom among it, is in steer.js.
 */
(() => {
  "use strict";

  const { loadScript, loadRuns, html, svg, percent, tint, button, base } = window.dlviz;
  const { alive, steering } = window.dlviz;
  const { curve, wholeCurve, smoothed, lowerBound, LEAST, timeUnit, xScale, yScale, ticks } = window.dlviz.numbers;
  const LINE = 15; // height of words, px
  const FAR = 1e5; // px; a path that leaves the picture by more is not drawn by every browser
  const RING = [-8, 18, -23, 33]; // from a ring down to the baseline of its words, px
  const VERTICAL = [14, 29, 44];
  const GLYPHS = { nan: "M-3.5-3.5l7 7m0-7l-7 7", high: "M0-4l4 7h-8z", low: "M0 4l4-7h-8z" };
  const MARKERS = [
    // as in charts/palette.py
    "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
    "M-3-3h6v6h-6z",
    "M0-4l4 7h-8z",
    "M0-4.5l4 4.5-4 4.5-4-4.5z",
    "M0 4l4-7h-8z",
    "M-1.2-4h2.4v2.8h2.8v2.4h-2.8v2.8h-2.4v-2.8h-2.8v-2.4h2.8z",
    "M-4-3h3l1 2 1-2h3l-2.5 3 2.5 3h-3l-1-2-1 2h-3l2.5-3z",
  ];

  /** Path of the points from one index up to another, in pixels: of each column its first, lowest, highest and last. */
  function trace(x, y, from, to, X, Y) {
    let path = "";
    let start = true;
    let lone = false;
    let column = NaN;
    let first = 0;
    let least = 0;
    let most = 0;
    let last = 0;
    const emit = (i) => {
      path += `${start ? "M" : "L"}${Math.round(X(x[i]) * 10) / 10} ${Math.round(Y(y[i]) * 10) / 10}`;
      lone = start;
      start = false;
    };
    const flush = () => {
      if (Number.isNaN(column)) return;
      const a = Math.min(least, most);
      const b = Math.max(least, most);
      emit(first);
      if (a > first) emit(a);
      if (b > a && b > first) emit(b);
      if (last > b) emit(last);
      column = NaN;
    };
    for (let i = from; i < to; i++) {
      if (!Number.isFinite(Y(y[i]))) {
        flush();
        if (lone) path += "h0";
        start = true;
        lone = false;
        continue;
      }
      const here = Math.floor(X(x[i]));
      if (here !== column) {
        flush();
        column = here;
        first = least = most = i;
      } else if (y[i] < y[least]) least = i;
      else if (y[i] > y[most]) most = i;
      last = i;
    }
    flush();
    return lone ? path + "h0" : path;
  }

  /* ---- One chart ---- */

  const resized = new ResizeObserver((entries) => {
    for (const chart of alive) if (entries.some((entry) => entry.target === chart.plot)) chart.schedule();
  });

  class Chart {
    constructor({ figure, spec, controls }, missing) {
      this.figure = figure;
      this.spec = spec;
      this.controls = controls;
      this.missing = missing;
      this.plot = figure.querySelector(".dlviz-plot");
      this.svg = this.plot.querySelector("svg");
      this.title = figure.querySelector(".dlviz-title").textContent;
      this.kind = spec.axes[0];
      this.log = spec.log;
      this.fit = !!spec.focus;
      this.weight = 0;
      this.range = null;
      this.hidden = new Set();
      this.showFaint = spec.lines.every((line) => line.faint) && !spec.bands.length;
      this.lead = 0;
      this.tip = html("div", { class: "dlviz-tip", hidden: "" });
      this.voice = html("div", { class: "dlviz-say", "aria-live": "polite" });
      this.reset = button("Show all", () => this.set({ range: null }), { class: "dlviz-reset" });
      this.remark = html("p", { class: "dlviz-note", role: "status", hidden: "" });
      this.plot.append(this.tip, this.reset);
      this.plot.after(this.remark);
      figure.append(this.voice);
      figure.classList.add("dlviz-live");
      this.svg.setAttribute("aria-label", this.title); // its title element would be a tooltip over the crosshair's
      this.svg.removeAttribute("aria-labelledby");
      this.legend();
      this.listen();
      this.draw();
      resized.observe(this.plot);
    }

    toggle(key) {
      this.set({ [key]: !this[key] });
      this.controls[key].setAttribute("aria-pressed", String(this[key]));
    }

    set(changes) {
      Object.assign(this, changes);
      this.forgetCursor();
      this.schedule();
    }

    say(...words) {
      this.remark.textContent = words.filter(Boolean).join(" ");
      this.remark.hidden = !this.remark.textContent;
    }

    /** Make the legend's entries buttons, and remember for each line which of them have to be on for it to be shown. */
    legend() {
      this.keysOf = this.spec.lines.map(() => []);
      for (const key of this.figure.querySelectorAll(".dlviz-key")) {
        const what = ["run", "split", "band", "faint"].find((name) => name in key.dataset);
        const id = what + key.dataset[what];
        if (what === "run" || what === "split")
          for (const place of key.dataset[what].split(" ")) this.keysOf[place].push(id);
        const choose = (event) => (event.shiftKey || event.altKey ? this.solo(id) : this.hide(id));
        const node = button("", choose, { "data-id": id });
        node.append(...key.childNodes);
        key.append(node);
      }
      this.showState();
    }

    /** Show the state of the chart in its legend. */
    showState() {
      for (const node of this.keys()) {
        const pressed = node.dataset.id === "faint" ? this.showFaint : !this.hidden.has(node.dataset.id);
        node.setAttribute("aria-pressed", String(pressed));
      }
    }

    keys() {
      return [...this.figure.querySelectorAll(".dlviz-key button")];
    }

    async hide(id) {
      if (id === "faint") {
        this.showFaint = !this.showFaint;
        const context = this.spec.lines.filter((line) => line.faint && this.showFaint);
        this.missing.push(...(await loadRuns(this.spec, context)));
      } else if (!this.hidden.delete(id)) this.hidden.add(id);
      this.showState();
      this.schedule();
    }

    /** Hide all others of its kind; or show these again, if it is alone already. */
    solo(id) {
      const isSplit = (key) => key.startsWith("split");
      const others = this.keys()
        .map((node) => node.dataset.id)
        .filter((other) => other !== id && other !== "faint" && isSplit(other) === isSplit(id));
      const alone = !this.hidden.has(id) && others.every((other) => this.hidden.has(other));
      const kept = [...this.hidden].filter((key) => isSplit(key) !== isSplit(id));
      this.hidden = new Set(alone ? kept : [...kept, ...others]);
      this.showState();
      this.schedule();
    }

    /** The curves to draw, with their arrays; smoothing is kept until it changes. */
    shown() {
      const lines = [];
      this.spec.lines.forEach((line, i) => {
        if (line.faint ? !this.showFaint : this.keysOf[i].some((id) => this.hidden.has(id))) return;
        const kept = (line.kept ??= {});
        const data = (kept[this.kind] ??= curve(this.key(line), line.series, this.kind));
        if (!data) return;
        if (data.weight !== this.weight)
          Object.assign(data, { weight: this.weight, soft: this.weight ? smoothed(data.y, this.weight) : data.y });
        lines.push({
          ...line,
          ...data,
          style: line.faint ? "dlviz-faint" : tint(line.color) + (line.dash ? ` dlviz-${line.dash}` : ""),
        });
      });
      return lines.sort((a, b) => !a.faint - !b.faint);
    }

    key(line) {
      return `${this.spec.experiment}/${line.run}`;
    }

    /** What the axis counts, in words. */
    axisName() {
      return this.kind === this.spec.axes[0] && this.kind !== "time" ? this.spec.xLabel : this.kind;
    }

    bands() {
      return this.kind === this.spec.axes[0] ? this.spec.bands.filter((_, i) => !this.hidden.has(`band${i}`)) : [];
    }

    schedule() {
      this.frame ??= requestAnimationFrame(() => {
        this.frame = null;
        this.draw();
      });
    }

    draw() {
      const lines = this.shown();
      const bands = this.bands();
      const ends = [...lines, ...bands].filter((l) => l.x.length).flatMap((l) => [l.x[0], l.x[l.x.length - 1]]);
      this.whole = ends.length ? [Math.min(...ends), Math.max(...ends)] : [0, 1];
      this.x = xScale(...(this.range ?? this.whole));
      for (const line of lines) {
        line.from = Math.max(0, lowerBound(line.x, this.x.low) - 1);
        line.to = Math.min(line.x.length, lowerBound(line.x, this.x.high) + 2);
      }
      const outside = this.limits(lines, bands);
      this.lines = lines;
      const [width, height] = [this.svg.clientWidth || 700, this.svg.clientHeight || 240];
      const X = (v) => this.x.at(v) * width;
      const Y = (v) => {
        const y = (1 - this.y.at(v)) * height;
        return Number.isFinite(y) ? Math.max(-FAR, Math.min(FAR, y)) : y;
      };
      this.cursor = svg("g", { class: "dlviz-cursor" });
      this.svg.replaceChildren(
        this.svg.querySelector("desc") ?? "",
        ...this.axes(width),
        svg(
          "svg",
          { class: "dlviz-curves", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none" },
          ...bands.flatMap((band) => this.band(band, X, Y)),
          ...lines.flatMap((line) => this.line(line, X, Y)),
        ),
        ...lines.filter((line) => !line.faint).flatMap((line) => [...this.odd(line), ...this.end(line)]),
        ...this.marks(lines),
        this.cursor,
      );
      this.reset.hidden = !this.range;
      this.say(...this.remarks(lines, outside));
      this.showCursor();
    }

    /** Set the value axis; returns how many points lie outside, when it is fitted to the middle. */
    limits(lines, bands) {
      let low = Infinity;
      let high = -Infinity;
      let count = 0;
      const values = [];
      const take = (v) => {
        if (!Number.isFinite(v) || (this.log && v < LEAST)) return;
        if (v < low) low = v;
        if (v > high) high = v;
      };
      for (const line of lines)
        for (let i = line.from; i < line.to; i++) {
          take(line.y[i]);
          if (this.weight) take(line.soft[i]);
          if (this.fit && Number.isFinite(this.log ? Math.log(line.y[i]) : line.y[i])) values.push(line.y[i]);
        }
      for (const band of bands)
        band.x.forEach((x, i) => {
          if (x >= this.x.low && x <= this.x.high) {
            take(band.low[i] ?? NaN);
            take(band.high[i] ?? NaN);
          }
        });
      if (this.fit && this.spec.focus) {
        const [from, to] = this.spec.focus;
        [low, high] = [this.log && from < LEAST ? low : from, to]; // zero and below have no place on a logarithmic axis
      } else if (this.fit && values.length) {
        const order = Float64Array.from(values).sort();
        low = order[Math.floor(0.01 * (order.length - 1))];
        high = order[Math.ceil(0.99 * (order.length - 1))];
      }
      this.y = yScale(low, high, this.log);
      for (const v of values) if (v < this.y.low || v > this.y.high) count++;
      return count;
    }

    remarks(lines, outside) {
      const lost = this.spec.lines.filter((line) => line.kept && !line.kept[this.kind]).length;
      return [
        outside &&
          `${outside.toLocaleString("en")} ${outside === 1 ? "point lies" : "points lie"} outside the picture: turn off “fit” to see all.`,
        lines.some((line) => line.thinned) && "Curves of more than 200,000 points are thinned; every extreme is kept.",
        this.missing.length
          ? `Not found: ${[...new Set(this.missing)].join(", ")}.`
          : lost && `${lost} ${lost === 1 ? "curve has" : "curves have"} no ${this.kind} to be drawn by.`,
      ];
    }

    axes(width) {
      const grid = svg("g", { class: "dlviz-grid" });
      const left = svg("g", { class: "dlviz-y" });
      const below = svg("g", { class: "dlviz-x" });
      for (const { place, label } of ticks(this.y, 6)) {
        grid.append(svg("line", { x2: "100%", y1: percent(1 - place), y2: percent(1 - place) }));
        left.append(svg("text", { y: percent(1 - place) }, label));
      }
      for (const { place, label } of ticks(this.x, width < 420 ? 5 : 6, this.kind))
        below.append(svg("text", { x: percent(place), y: "100%" }, label));
      const unit = this.kind === "time" ? `, ${timeUnit(this.x.high - this.x.low)[0]}` : "";
      const value = `${this.spec.yLabel}${this.log ? " (log)" : ""}`.trim();
      return [
        grid,
        left,
        below,
        svg("text", { class: "dlviz-x-label", x: "100%", y: "100%" }, this.axisName() + unit),
        svg("text", { class: "dlviz-y-label" }, value),
      ];
    }

    band(band, X, Y) {
      const whole = [...band.x.keys()].filter((i) => band.low[i] !== null && band.high[i] !== null);
      const edge = (values, order) =>
        order.map((i) => `${X(band.x[i]).toFixed(1)} ${Math.max(-1e4, Math.min(1e4, Y(values[i]))).toFixed(1)}`);
      const middle = band.middle.map((v) => v ?? NaN);
      const outline = [...edge(band.high, whole), ...edge(band.low, whole.slice().reverse())].join("L");
      return [
        svg("path", { class: `dlviz-band ${tint(band.color)}`, d: outline && `M${outline}z` }),
        svg("path", {
          class: `dlviz-line ${tint(band.color)}`,
          d: trace(band.x, middle, 0, band.x.length, X, Y),
        }),
      ];
    }

    line(line, X, Y) {
      const path = (values, extra) =>
        svg("path", { class: `dlviz-line ${line.style}${extra}`, d: trace(line.x, values, line.from, line.to, X, Y) });
      return this.weight ? [path(line.y, " dlviz-raw"), path(line.soft, "")] : [path(line.y, "")];
    }

    /** NaN as a cross on the axis, infinities as triangles at their edge, with a bar as far as they last. */
    odd(line) {
      const stretches = [];
      const open = {};
      for (let i = line.from; i < line.to; i++) {
        const y = line.y[i];
        const p = this.x.at(line.x[i]);
        const kind = Number.isNaN(y)
          ? "nan"
          : y === Infinity
            ? "high"
            : y === -Infinity || (this.log && y < LEAST)
              ? "low"
              : null;
        if (!kind || p < 0 || p > 1) continue;
        const last = open[kind];
        if (last && (i === last.i + 1 || p - last.end <= 0.015)) Object.assign(last, { end: p, i });
        else stretches.push((open[kind] = { kind, start: p, end: p, i }));
      }
      return stretches.map(({ kind, start, end }) => {
        const edge = kind === "high" ? "0" : "100%";
        return svg(
          "g",
          { class: `dlviz-odd ${tint(line.color)}` },
          svg("line", { x1: percent(start), x2: percent(end), y1: edge, y2: edge }),
          svg("svg", { x: percent(start), y: edge }, svg("path", { d: GLYPHS[kind] })),
        );
      });
    }

    end(line) {
      for (let i = line.to - 1; i >= line.from; i--) {
        const [x, y] = [this.x.at(line.x[i]), this.y.at(line.soft[i])];
        if (!Number.isFinite(y) || x > 1 || y < 0 || y > 1) continue;
        return [
          svg(
            "svg",
            { class: `dlviz-end ${tint(line.color)}`, x: percent(x), y: percent(1 - y) },
            svg("path", { d: MARKERS[line.color % MARKERS.length] }),
          ),
        ];
      }
      return [];
    }

    /** Rings and vertical lines, with words where they hide least; the same rules as charts/marks.py. */
    marks(lines) {
      const colors = new Set(lines.map((line) => line.color));
      const taken = [];
      return this.spec.marks.flatMap((mark) => {
        const x = this.x.at(mark.x[this.kind] ?? NaN);
        const y = mark.y === null ? null : this.y.at(mark.y);
        const hidden = this.spec.lines.some((line) => line.color === mark.color) && !colors.has(mark.color);
        if (hidden || !(x >= 0 && x <= 1) || (y !== null && !(y >= 0 && y <= 1))) return [];
        const at = { x: percent(x), y: y === null ? "0" : percent(1 - y) };
        const down = this.wordsPlace(mark.label, x, y, lines, taken);
        const side = x < 0.5 ? { dx: 8 } : { dx: -8, "text-anchor": "end" };
        return [
          svg(
            "g",
            { class: `dlviz-mark dlviz-${mark.kind} ${tint(mark.color)}` },
            y === null ? svg("line", { x1: at.x, x2: at.x, y2: "100%" }) : svg("circle", { cx: at.x, cy: at.y, r: 5 }),
            ...(down === undefined ? [] : [svg("text", { ...at, ...side, dy: down }, mark.label)]),
          ),
        ];
      });
    }

    /** Pixels from a mark down to its words, where these meet no others and hide the fewest curves. */
    wordsPlace(label, x, y, lines, taken) {
      const height = this.svg.clientHeight;
      const width = (6.2 * label.length) / this.svg.clientWidth;
      const [left, right] = x < 0.5 ? [x, x + width] : [x - width, x];
      const top = (1 - (y ?? 1)) * height;
      const free = (y === null ? VERTICAL : RING).filter(
        (down) =>
          top + down > 0 &&
          top + down <= height &&
          taken.every(([l, r, other]) => left > r || right < l || Math.abs(top + down - other) >= LINE),
      );
      const ends = [this.x.value(left), this.x.value(right)];
      const crossed = (down) => {
        const [low, high] = [1 - (top + down) / height, 1 - (top + down - LINE) / height];
        return lines.filter((line) => this.runsThrough(line, ends, low, high)).length;
      };
      const costs = free.map(crossed);
      const down = free[costs.indexOf(Math.min(...costs))]; // the first of equals
      if (down !== undefined) taken.push([left, right, top + down]);
      return down;
    }

    runsThrough(line, [left, right], low, high) {
      let [least, most] = [Infinity, -Infinity];
      const to = Math.min(line.x.length, lowerBound(line.x, right) + 1);
      for (let i = Math.max(0, lowerBound(line.x, left) - 1); i < to; i++) {
        const y = this.y.at(line.y[i]);
        if (!Number.isFinite(y)) continue;
        least = Math.min(least, y);
        most = Math.max(most, y);
      }
      return least <= high && most >= low;
    }

    /* What leaves the chart */

    /** Every point of every curve, hidden ones too: [{ line, step, epoch, time, y }]. */
    async all() {
      await loadRuns(this.spec, this.spec.lines);
      const curves = this.spec.lines.map((line) => ({ line, ...wholeCurve(this.key(line), line.series) }));
      return curves.filter((item) => item.y);
    }

    /** Hand every point to `dlviz.download` or `dlviz.explore`, which come with their own script. */
    async leave(way) {
      try {
        const [curves] = await Promise.all([this.all(), loadScript(`${base}explore.js`)]);
        await window.dlviz[way](this, curves);
      } catch (error) {
        this.say(`Could not be loaded: ${error.message}`);
      }
    }
  }

  function live(entry, missing) {
    const chart = new Chart(entry, missing);
    alive.add(chart);
    return chart;
  }

  Object.assign(Chart.prototype, steering);
  Object.assign(window.dlviz, { live });
})();
