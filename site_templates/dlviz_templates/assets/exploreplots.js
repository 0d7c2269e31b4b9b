/* What leaves a plot, a matrix or a sweep: its numbers as CSV, and Plotly. Loaded after explore.js, on the first click. */
(() => {
  "use strict";

  const { openPlotly, save, csvCell, variable, inert, plotlyLook } = window.dlviz;
  const GL_FROM = 20000;
  const color = (layer) => variable(layer.faint ? "muted" : `c${layer.color % 10}`);
  const known = (values) => Array.from(values, (v) => (Number.isFinite(v) ? v : ""));

  /* ---- CSV ---- */

  const TABLES = {
    plot({ spec, layers }) {
      const columns = ["x", "y", "x2", "y2", "low", "high", "weights"].filter((name) => layers.some((layer) => layer[name]));
      const notes = layers.some((layer) => layer.notes);
      const titled = { x: spec.x.label || "x", y: spec.y.label || "y", x2: `${spec.x.label || "x"} to`, y2: `${spec.y.label || "y"} to` };
      const rows = [["series", ...columns.map((name) => titled[name] ?? name), ...(notes ? ["note"] : [])].map(csvCell).join()];
      const written = (layer, name, i) => {
        const names = name[0] === "x" ? spec.x.names : name[0] === "y" ? spec.y.names : null;
        const value = layer[name]?.[i];
        return !Number.isFinite(value) ? "" : names ? csvCell(names[Math.round(value)] ?? "") : value;
      };
      for (const layer of layers)
        for (let i = 0; i < layer.base.length; i++) {
          const cells = [csvCell(layer.label ?? ""), ...columns.map((name) => written(layer, name, i))];
          rows.push([...cells, ...(notes ? [csvCell(layer.notes?.[i] ?? "")] : [])].join());
        }
      return rows;
    },
    matrix(entry) {
      const { rows, columns, rowLabel, columnLabel } = entry.spec;
      const values = known(entry.values());
      const corner = [rowLabel, columnLabel].filter(Boolean).join(" / ");
      const line = (name, i) => [csvCell(name), ...values.slice(i * columns.length, (i + 1) * columns.length)].join();
      return [[corner, ...columns].map(csvCell).join(), ...rows.map(line)];
    },
    sweep({ spec, thresholds, curves, counts }) {
      const all = [...curves, ...counts];
      const cells = (i) => [thresholds[i], ...all.map(([, values]) => values[i])].map((v) => (Number.isFinite(v) ? +v.toPrecision(6) : ""));
      const head = [spec.label, ...all.map(([name]) => name)].map(csvCell).join();
      return [head, ...Array.from(thresholds.keys(), (i) => cells(i).join())];
    },
  };

  /* ---- Plotly ---- */

  const line = (layer) => ({ color: color(layer), width: layer.faint || layer.thin ? 1 : 2, dash: { dashed: "dash", dotted: "dot" }[layer.dash] ?? "solid" });
  const marker = (layer, size) => ({
    size,
    color: layer.colors ? Array.from(layer.colors, (c) => variable(`c${c % 10}`)) : color(layer),
  });
  const swap = (layer, trace) => (layer.horizontal ? { ...trace, x: trace.y, y: trace.x } : trace);
  const middle = (layer) => Array.from(layer.base, (v, i) => (layer.end ? (v + layer.end[i]) / 2 : v + (layer.at?.[0] ?? 0)));

  const TRACES = {
    bar: (layer) => [
      swap(layer, {
        type: "bar",
        orientation: layer.horizontal ? "h" : "v",
        x: middle(layer),
        y: layer.value,
        width: layer.end ? Array.from(layer.base, (v, i) => layer.end[i] - v) : layer.at?.[1],
        marker: { color: marker(layer).color },
      }),
    ],
    step(layer) {
      const last = layer.base.length - 1;
      const end = layer.end?.[last] ?? layer.base[last];
      const values = { x: [...layer.base, end], y: [...layer.value, layer.value[last]] };
      return [{ ...values, mode: "lines", line: { ...line(layer), shape: "hv" }, fill: "tozeroy", fillcolor: `${color(layer)}2e` }];
    },
    line(layer) {
      const pale = layer.thin ? { opacity: 0.4, hoverinfo: "skip" } : {};
      return [{ x: layer.x, y: layer.y, mode: "lines", line: line(layer), ...pale }];
    },
    /* Lines across the whole picture are shapes, below. */
    rule: (layer) => [{ x: layer.x, y: layer.y, mode: "lines", line: { color: variable("axis"), width: 1, dash: "dash" } }],
    area: (layer) => [
      { x: layer.x, y: layer.low, mode: "lines", line: { width: 0 }, showlegend: false, hoverinfo: "skip" },
      { x: layer.x, y: layer.high, mode: "lines", line: { width: 0 }, fill: "tonexty", fillcolor: `${color(layer)}2e`, hoverinfo: "skip" },
    ],
    dot: (layer) => [
      { type: layer.x.length > GL_FROM ? "scattergl" : "scatter", x: layer.x, y: layer.y, mode: "markers", marker: marker(layer, layer.x.length > 500 ? 4 : 7) },
    ],
    interval(layer) {
      const spread = (ends, sign) => Array.from(layer.value, (v, i) => sign * ((ends?.[i] ?? v) - v));
      const error = { type: "data", array: spread(layer.high, 1), arrayminus: spread(layer.low, -1), color: color(layer) };
      const trace = swap(layer, { x: middle(layer), y: layer.value, mode: "markers", marker: marker(layer, 8) });
      return [{ ...trace, [layer.horizontal ? "error_x" : "error_y"]: error }];
    },
    cell: (layer) => [
      {
        type: "heatmap",
        x: Array.from(layer.x, (v, i) => (v + layer.x2[i]) / 2),
        y: Array.from(layer.y, (v, i) => (v + layer.y2[i]) / 2),
        z: layer.weights,
        colorscale: [[0, variable("surface")], [1, color(layer)]],
        showscale: false,
      },
    ],
  };

  function layerTraces(layer) {
    const texts = layer.notes ? { text: layer.notes.map(inert), hovertemplate: "%{text}<extra></extra>" } : {};
    return TRACES[layer.mark](layer).map((trace) => ({
      type: "scatter",
      name: inert(layer.label ?? ""),
      showlegend: !!layer.label,
      ...texts,
      ...trace,
    }));
  }

  function across(layer) {
    const same = (values) => values.every((v) => v === values[0] || Number.isNaN(v));
    const line = { color: variable("axis"), width: 1, dash: "dash" };
    if (layer.mark !== "rule") return [];
    if (same(layer.y)) return [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: layer.y[0], y1: layer.y[0], line }];
    return same(layer.x) ? [{ type: "line", yref: "paper", y0: 0, y1: 1, x0: layer.x[0], x1: layer.x[0], line }] : [];
  }

  /** Categories are places on a numeric axis: equal names stay apart. */
  function plotAxis(told) {
    const names = told.names && { tickvals: told.names.map((_, i) => i), ticktext: told.names.map(inert) };
    return { ...names, type: told.log ? "log" : told.time ? "date" : "linear" };
  }

  const dated = (values) => values && Array.from(values, (v) => (Number.isFinite(v) && Math.abs(v) < 8e12 ? new Date(v * 1000).toISOString() : null));

  const FIGURES = {
    plot({ spec, layers, x, y }) {
      const look = plotlyLook(x.label ?? "", y.label ?? "");
      const shapes = layers.flatMap(across);
      const traces = layers.filter((layer) => !across(layer).length).flatMap(layerTraces);
      if (spec.x.time) for (const trace of traces) trace.x = dated(trace.x);
      if (spec.y.time) for (const trace of traces) trace.y = dated(trace.y);
      Object.assign(look.xaxis, plotAxis({ ...spec.x, log: x.log }));
      Object.assign(look.yaxis, plotAxis({ ...spec.y, log: y.log }), spec.y.names && { autorange: "reversed", automargin: true });
      return [traces, { ...look, shapes, hovermode: "closest", barmode: "overlay", showlegend: layers.some((layer) => layer.label) }];
    },
    matrix(entry) {
      const { rows, columns, rowLabel, columnLabel, diverging } = entry.spec;
      const values = Array.from(entry.values(), (v) => (Number.isFinite(v) ? v : null));
      const z = rows.map((_, i) => values.slice(i * columns.length, (i + 1) * columns.length));
      const most = Math.max(...values.map((v) => Math.abs(v ?? 0)));
      const scale = diverging
        ? { colorscale: [[0, variable("heat-n")], [0.5, variable("surface")], [1, variable("heat")]], zmin: -most, zmax: most }
        : { colorscale: [[0, variable("surface")], [1, variable("heat")]] };
      const look = plotlyLook(columnLabel, rowLabel);
      Object.assign(look.xaxis, plotAxis({ names: columns }), { showgrid: false, automargin: true });
      Object.assign(look.yaxis, plotAxis({ names: rows }), { showgrid: false, automargin: true, autorange: "reversed" });
      const text = rows.map((row) => columns.map((column) => inert(`${row} × ${column}`)));
      return [[{ type: "heatmap", z, ...scale, text, hovertemplate: "%{text}: %{z}<extra></extra>" }], { ...look, hovermode: "closest" }];
    },
    sweep({ spec, thresholds, curves }) {
      const traces = curves.map(([name, y], i) => ({
        type: "scatter",
        mode: "lines",
        name: inert(name),
        x: thresholds,
        y,
        line: { color: variable(`c${i % 10}`), width: 2 },
      }));
      return [traces, { ...plotlyLook(spec.label, ""), hovermode: "x unified" }];
    },
  };

  function leaveFigure(way, entry) {
    if (way === "download") return save(`${entry.figure.id}.csv`, TABLES[entry.kind](entry).join("\n") + "\n");
    return openPlotly(entry.title, () => FIGURES[entry.kind](entry));
  }

  Object.assign(window.dlviz, { leaveFigure });
})();
