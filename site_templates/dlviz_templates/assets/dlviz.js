/* Charts of a page. Each picture stands in the page already; this script gives it its tools and loads what makes it live:
 * numbers.js, steer.js and live.js when the page is idle, the data of its runs on first touch; explore.js comes with the
 * first click on CSV or Explore. Plots, matrices and sweeps have scripts of their own, loaded where a page has any.
 *
 * Classic scripts without dependencies that work from disk: no fetch, no modules. Names that stand in a folder enter the
 * page as text nodes only. Colours are CSS variables, so a change of scheme needs nothing from here.
 */
(() => {
  "use strict";

  const BASE = document.currentScript.src.replace(/[^/]*$/, "");
  const SVG = "http://www.w3.org/2000/svg";
  const HELP =
    "Drag to zoom, double-click to see all; Ctrl and wheel, or two fingers, zoom too. With the chart focused, arrow keys " +
    "move through the points (Shift: ten at a time), up and down change the series, + and − zoom, 0 shows all, L switches " +
    "the logarithmic axis. In the legend a click hides a series; with Shift it shows that one alone.";

  /** Data of each run by "experiment/run". */
  const runs = new Map();
  const scripts = new Map();
  /** Charts that have been near the screen, by figure element: { figure, spec, controls, waking }. */
  const charts = new Map();

  /** Data files call this. */
  function put(key, data) {
    runs.set(key, data);
  }

  function loadScript(src) {
    const address = new URL(src, document.baseURI).href;
    if (!scripts.has(address)) {
      scripts.set(
        address,
        new Promise((done, failed) => {
          const script = document.createElement("script");
          script.async = false; // run in the order they were asked for
          script.onload = () => done();
          script.onerror = () => {
            scripts.delete(address);
            failed(new Error(src));
          };
          script.src = address;
          document.head.append(script);
        }),
      );
    }
    return scripts.get(address);
  }

  /** What draws live charts; asked for when the page is idle, so that the first touch waits for data alone. */
  const loadCode = () => Promise.all(["numbers.js", "steer.js", "live.js"].map((name) => loadScript(BASE + name)));

  /** Code of figures that are no charts: asked for by pages that have one, in this order. */
  const FURTHER = {
    "figure.dlviz-drawn, .dlviz-pick": ["numbers.js", "plotmarks.js", "plots.js", "panels.js"],
    "figure.dlviz-gallery": ["samples.js", "gallery.js"],
    "figure.dlviz-diagram": ["boxes.js", "diagram.js", "diagramacts.js", "diagrampanel.js"],
    "figure.dlviz-treemap": ["boxes.js", "treemap.js"],
    "figure.dlviz-overlay": ["numbers.js", "maps.js", "overlay.js"],
    "figure.dlviz-player": ["numbers.js", "plotmarks.js", "playertracks.js", "playerscenes.js", "playerdeck.js", "player.js"],
  };

  /** Load the data files of some lines; returns the addresses that could not be loaded. */
  async function loadRuns(spec, lines) {
    const names = new Set(lines.map((line) => line.run));
    const addresses = [...names].map((name) => `${spec.root}${spec.experiment}/data/${encodeURIComponent(name)}.js`);
    const told = await Promise.allSettled(addresses.map(loadScript));
    return addresses.filter((_, i) => told[i].status === "rejected");
  }

  /* ---- Elements ---- */

  function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined) node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  }

  const html = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
  const svg = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);
  const percent = (share) => `${+(100 * share).toFixed(3)}%`;
  const tint = (color) => `dlviz-s${color % 10}`;

  function button(label, action, attributes = {}) {
    const node = html("button", { type: "button", ...attributes }, label);
    node.addEventListener("click", action);
    return node;
  }

  /* ---- Charts ---- */

  function prepare(figure) {
    const entry = { figure, spec: JSON.parse(figure.dataset.spec) };
    addTools(entry);
    fill(
      figure.querySelector(".dlviz-plot"),
      {
        tabindex: 0,
        role: "application",
        "aria-label": `${figure.querySelector(".dlviz-title").textContent}: chart, move with the arrow keys`,
        "aria-describedby": `${figure.id}-d ${figure.id}-k`,
      },
      [],
    );
    charts.set(figure, entry);
    return entry;
  }

  const chartOf = (figure) => charts.get(figure) ?? prepare(figure);

  /** Load what is drawn and go live, once; resolves to the chart. The others near it follow when the page is idle. */
  function wake(entry) {
    return (entry.waking ??= load(entry));
  }

  async function load(entry) {
    const subject = entry.spec.lines.filter((line) => !line.faint);
    const shown = subject.length || entry.spec.bands.length ? subject : entry.spec.lines;
    const [missing] = await Promise.all([loadRuns(entry.spec, shown), loadCode()]);
    const chart = window.dlviz.live(entry, missing);
    if (!awake) {
      awake = true;
      near.disconnect();
      start(); // observed anew, what is near is reported anew
    }
    return chart;
  }

  /** Not before the page is complete: until then the browser may call a moment idle in which it waits for the disk. */
  function whenIdle(task) {
    if (document.readyState !== "complete") window.addEventListener("load", () => whenIdle(task), { once: true });
    else (window.requestIdleCallback ?? setTimeout)(task);
  }

  let awake = false;
  const near = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        const entry = chartOf(target);
        if (awake) whenIdle(() => target.isConnected && wake(entry));
      }
    },
    { rootMargin: "600px" },
  );

  function addTools(entry) {
    const { figure, spec } = entry;
    const act = (action) => wake(entry).then(action);
    const toggle = (key, pressed, title) =>
      button(key, () => act((chart) => chart.toggle(key)), { title, "aria-pressed": String(pressed) });
    const slider = html("input", { type: "range", min: 0, max: 0.99, step: 0.01, value: 0 });
    slider.addEventListener("input", () => act((chart) => chart.set({ weight: +slider.value })));
    const help = html("p", { class: "dlviz-help", id: `${figure.id}-k`, hidden: "" }, HELP);
    entry.controls = {
      log: toggle("log", spec.log, "Logarithmic value axis"),
      fit: toggle(
        "fit",
        !!spec.focus,
        `Fit the value axis to ${spec.focus ? "the runs that do not diverge" : "the middle 98 % of the points"}`,
      ),
      help: button(
        "?",
        () => {
          help.hidden = !help.hidden;
          entry.controls.help.setAttribute("aria-expanded", String(!help.hidden));
        },
        { "aria-expanded": "false", "aria-label": "Help: mouse and keys", title: "Mouse and keys" },
      ),
    };
    figure.querySelector(".dlviz-tools").append(
      ...(spec.axes.length > 1 ? [axisChoice(spec, act)] : []),
      entry.controls.log,
      entry.controls.fit,
      html("label", { title: "Exponential moving average; the points themselves stay, pale" }, "smooth", slider),
      button("CSV", () => act((chart) => chart.leave("download")), { title: "Download every point" }),
      button("Explore", () => act((chart) => chart.leave("explore")), { title: "Open in Plotly" }),
      entry.controls.help,
    );
    figure.querySelector(".dlviz-plot").after(help);
  }

  function axisChoice(spec, act) {
    const name = (axis, i) => (i === 0 && axis !== "time" ? spec.xLabel : axis);
    const options = spec.axes.map((axis, i) => html("option", { value: axis }, name(axis, i)));
    const choice = html("select", { "aria-label": "Horizontal axis", title: "Horizontal axis" }, ...options);
    choice.addEventListener("change", () => act((chart) => chart.set({ kind: choice.value, range: null })));
    return choice;
  }

  /** Prepare charts as they come near the screen; called again after each page of an instant navigation. */
  function start() {
    for (const figure of charts.keys()) {
      if (figure.isConnected) continue;
      near.unobserve(figure);
      charts.delete(figure);
    }
    const figures = [...document.querySelectorAll("figure.dlviz-chart")];
    whenIdle(() => {
      figures.forEach((figure) => near.observe(figure));
      if (figures.length) loadCode();
      for (const [kind, names] of Object.entries(FURTHER)) {
        if (document.querySelector(kind)) names.forEach((name) => loadScript(BASE + name));
      }
    });
  }

  window.dlviz = Object.assign(window.dlviz ?? {}, {
    put,
    runs,
    charts,
    loadScript,
    loadRuns,
    html,
    svg,
    percent,
    tint,
    button,
    base: BASE,
  });
  for (const event of ["pointerover", "focusin", "touchstart"]) {
    document.addEventListener(
      event,
      ({ target }) => {
        const figure = target.closest?.("figure.dlviz-chart");
        if (figure) wake(chartOf(figure));
      },
      { passive: true },
    );
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
  window.document$?.subscribe(start);
})();
