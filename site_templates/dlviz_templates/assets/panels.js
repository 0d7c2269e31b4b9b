/* Live matrices and sweeps, and what wakes all figures of a page. Loaded after plots.js. */
(() => {
  "use strict";

  const { html, percent, pick, figureTools } = window.dlviz;
  const { decode } = window.dlviz.plotmarks;
  const { number } = window.dlviz.numbers;
  const SIGNS = "0123456789a";
  // As in charts/matrix.py: one letter a cell, for plain, diagonal and below zero.
  const STEPS = Object.fromEntries(
    [
      ["", "0123456789a"],
      ["d", "ABCDEFGHIJK"],
      ["n", "lmnopqrstuv"],
    ].flatMap(([before, letters]) => [...letters].map((letter, i) => [letter, before + SIGNS[i]])),
  );

  /** A table whose cells are walked through with the arrow keys, one tab stop in all, and that a click chooses from. */
  class Matrix {
    constructor(figure) {
      this.figure = figure;
      this.kind = "matrix";
      this.title = figure.querySelector(".dlviz-title").textContent;
      this.spec = JSON.parse(figure.dataset.spec);
      this.spec.columns ??= this.spec.rows;
      this.table = figure.querySelector(".dlviz-heat");
      this.body = this.table.tBodies[0];
      this.view = 0;
      figureTools(this);
      this.tip = html("div", { class: "dlviz-tip", hidden: "" });
      figure.append(this.tip);
      this.addViews();
      this.listen();
    }

    /* ---- Views ---- */

    addViews() {
      for (const node of this.figure.querySelectorAll(".dlviz-views button")) {
        node.disabled = node.hidden = false;
        node.addEventListener("click", () => this.show(+node.dataset.view));
      }
      this.figure.querySelector(".dlviz-ramps").removeAttribute("aria-hidden");
    }

    cells() {
      return [...this.body.rows].flatMap((row) => [...row.cells].slice(1));
    }

    show(view) {
      const cells = this.cells();
      this.first ??= { steps: cells.map((cell) => cell.dataset.v), texts: cells.map((cell) => cell.textContent) };
      const { views } = this.spec;
      const steps = view ? [...views[view - 1].steps].map((letter) => STEPS[letter] ?? "x") : this.first.steps;
      const texts = view ? views[view - 1].texts.flat() : this.first.texts;
      const written = this.first.texts.some(Boolean);
      cells.forEach((cell, i) => {
        cell.dataset.v = steps[i];
        if (written) cell.textContent = texts[i];
        cell.removeAttribute("title");
      });
      const ramps = view ? views[view - 1].ramps : this.spec.ramps;
      this.figure.querySelectorAll(".dlviz-ramp").forEach((ramp, i) => {
        ramp.querySelectorAll("b").forEach((end, j) => (end.textContent = ramps[i]?.[j] ?? ""));
      });
      for (const node of this.figure.querySelectorAll(".dlviz-views button"))
        node.setAttribute("aria-pressed", String(+node.dataset.view === view));
      this.view = view;
    }

    values() {
      const from = this.view ? this.spec.views[this.view - 1] : this.spec;
      return (from.decoded ??= decode(from.values));
    }

    /* ---- Cells ---- */

    /** Row and column of a cell in the whole table; -1 is a header. */
    where(cell) {
      const names = this.head();
      return cell.parentElement === names
        ? { row: -1, column: cell.cellIndex - 1 }
        : { row: cell.parentElement.sectionRowIndex, column: cell.cellIndex - 1 };
    }

    head() {
      return this.table.tHead.rows[this.table.tHead.rows.length - 1];
    }

    at(row, column) {
      return (row < 0 ? this.head() : this.body.rows[row])?.cells[column + 1];
    }

    listen() {
      const { picks } = this.spec;
      this.table.setAttribute("role", "grid");
      this.table.classList.toggle("dlviz-picks", picks);
      this.stop(this.at(0, 0));
      this.figure.querySelector(".dlviz-heat-box").removeAttribute("tabindex"); // the cells take the focus, and scroll
      const cellOf = (event) => event.target.closest("td[data-v], th[scope]");
      this.table.addEventListener("click", (event) => {
        const cell = cellOf(event);
        if (cell) this.choose(cell);
      });
      this.table.addEventListener("keydown", (event) => this.press(event, cellOf(event)));
      this.table.addEventListener("pointerover", (event) => this.point(cellOf(event)));
      this.table.addEventListener("pointerleave", () => this.point(null));
      this.table.addEventListener("focusin", (event) => this.point(cellOf(event)));
      this.table.addEventListener("focusout", () => this.point(null));
    }

    /** Of all cells one can be reached with the tab key. */
    stop(cell) {
      if (!cell) return;
      this.table.querySelector("[tabindex]")?.removeAttribute("tabindex");
      cell.tabIndex = 0;
    }

    press(event, cell) {
      if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
      const { row, column } = this.where(cell);
      const [rows, columns] = [this.spec.rows.length, this.spec.columns.length];
      const goals = {
        ArrowLeft: [row, column - 1],
        ArrowRight: [row, column + 1],
        ArrowUp: [row - 1, column],
        ArrowDown: [row + 1, column],
        Home: [row, 0],
        End: [row, columns - 1],
        PageUp: [0, column],
        PageDown: [rows - 1, column],
      };
      const goal = goals[event.key];
      if (!goal && event.key !== "Enter" && event.key !== " " && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation(); // the theme has single-key shortcuts of its own
      if (event.key === "Escape") this.point(null);
      else if (!goal) this.choose(cell);
      else if (goal[0] >= -1 && goal[1] >= -1 && (goal[0] >= 0 || goal[1] >= 0)) {
        const next = this.at(...goal);
        if (!next) return;
        this.stop(next);
        next.focus();
      }
    }

    choose(cell) {
      if (!this.spec.picks) return;
      const { row, column } = this.where(cell);
      this.table.querySelector("[aria-selected]")?.removeAttribute("aria-selected");
      cell.setAttribute("aria-selected", "true");
      pick(this.spec.rows[row] ?? "", this.spec.columns[column] ?? "");
    }

    point(cell) {
      const { row, column } = cell ? this.where(cell) : { row: -1, column: -1 };
      this.tip.hidden = row < 0 || column < 0;
      if (this.tip.hidden) return;
      const { rows, columns, rowLabel, columnLabel } = this.spec;
      const line = (name, value) => html("div", {}, html("i"), html("span", {}, name), html("output", {}, value));
      this.tip.replaceChildren(
        line(rowLabel || "row", rows[row]),
        line(columnLabel || "column", columns[column]),
        line(this.figure.querySelector(".dlviz-views [aria-pressed=true]")?.textContent ?? "value", this.text(cell, row, column)),
        ...(this.spec.picks ? [html("small", {}, "Click or press Enter to see samples")] : []),
      );
      const box = cell.getBoundingClientRect();
      const left = box.right + 8 + this.tip.offsetWidth > innerWidth ? box.left - 8 - this.tip.offsetWidth : box.right + 8;
      const top = Math.min(box.top, innerHeight - this.tip.offsetHeight - 8);
      this.tip.style.transform = `translate(${Math.round(Math.max(4, left))}px, ${Math.round(top)}px)`;
    }

    text(cell, row, column) {
      const given = this.view ? this.spec.views[this.view - 1].texts : this.spec.texts;
      const value = this.values()[row * this.spec.columns.length + column];
      return cell.textContent || given?.[row]?.[column] || (Number.isNaN(value) ? "–" : number(value));
    }
  }

  /* ---- A threshold ---- */

  class Sweep {
    constructor(figure) {
      this.figure = figure;
      this.kind = "sweep";
      this.title = figure.querySelector(".dlviz-title").textContent;
      this.spec = JSON.parse(figure.dataset.spec);
      this.thresholds = decode(this.spec.thresholds);
      this.curves = this.spec.curves.map(([name, code]) => [name, decode(code)]);
      this.counts = this.spec.counts.map(([name, code]) => [name, decode(code)]);
      this.slider = figure.querySelector("input[type=range]");
      this.svg = figure.querySelector(".dlviz-canvas");
      this.stops = [...figure.querySelectorAll(".dlviz-stops button")];
      this.cells = [...figure.querySelectorAll(".dlviz-sweep-numbers td")];
      figureTools(this);
      this.svg.querySelector(":scope > title")?.remove(); // it would be a tooltip over the cursor
      this.svg.removeAttribute("aria-labelledby");
      this.svg.setAttribute("aria-label", this.title);
      this.slider.disabled = false;
      this.slider.addEventListener("input", () => this.show(+this.slider.value));
      for (const stop of this.stops) {
        stop.disabled = false;
        stop.addEventListener("click", () => this.show(+stop.dataset.place));
      }
      this.drag();
      this.show(+this.slider.value);
    }

    show(place) {
      const threshold = this.thresholds[place];
      if (threshold === undefined) return;
      const written = threshold.toFixed(this.spec.decimals).replace("-", "−");
      this.slider.value = place;
      this.slider.setAttribute("aria-valuetext", written);
      this.figure.querySelector("output").textContent = written;
      const x = percent((threshold - this.spec.low) / (this.spec.high - this.spec.low));
      const line = this.svg.querySelector(".dlviz-cursor line");
      line?.setAttribute("x1", x);
      line?.setAttribute("x2", x);
      this.svg.querySelectorAll(".dlviz-cursor circle").forEach((dot, i) => {
        const value = this.curves[i][1][place];
        dot.setAttribute("cx", x);
        dot.setAttribute("cy", percent(1 - (Number.isFinite(value) ? value : 0)));
        dot.setAttribute("visibility", Number.isFinite(value) ? "visible" : "hidden");
      });
      const told = [...this.curves, ...this.counts].map(([, values]) => values[place]);
      this.cells.forEach((cell, i) => {
        const known = Number.isFinite(told[i]);
        cell.textContent = !known ? "–" : i < this.curves.length ? told[i].toFixed(3) : number(told[i]);
      });
      for (const stop of this.stops) stop.setAttribute("aria-pressed", String(+stop.dataset.place === place));
    }

    /** The line is moved in the picture too. */
    drag() {
      const plot = this.figure.querySelector(".dlviz-plot");
      const move = (event) => {
        const box = this.svg.getBoundingClientRect();
        const goal = this.spec.low + ((event.clientX - box.left) / box.width) * (this.spec.high - this.spec.low);
        let best = 0;
        this.thresholds.forEach((value, i) => {
          if (Math.abs(value - goal) < Math.abs(this.thresholds[best] - goal)) best = i;
        });
        this.show(best);
      };
      let held = false;
      plot.addEventListener("pointerdown", (event) => {
        if (event.button) return;
        held = true;
        plot.setPointerCapture(event.pointerId);
        move(event);
      });
      plot.addEventListener("pointermove", (event) => held && move(event));
      for (const name of ["pointerup", "pointercancel"]) plot.addEventListener(name, () => (held = false));
    }
  }

  Object.assign(window.dlviz, { Matrix, Sweep });
  window.dlviz.startPlots();
  window.document$?.subscribe(window.dlviz.startPlots); // each page of an instant navigation
})();
