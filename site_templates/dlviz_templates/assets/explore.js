/* What leaves a chart: every point as CSV, and Plotly in a dialog. Loaded on the first click. */
(() => {
  "use strict";

  const GL_FROM = 20000; // points from which Plotly draws with WebGL
  const { base, button, html, loadScript } = window.dlviz;

  const download = (chart, curves) => save(`${chart.figure.id}.csv`, table(curves));

  function save(name, text) {
    const href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    html("a", { href, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10000);
  }

  // A cell that starts like a formula would be run by a spreadsheet.
  const cell = (text) => `"${text.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;

  function table(curves) {
    const rows = ["series,run,metric,step,epoch,seconds,value"];
    for (const { line, step, epoch, time, y } of curves) {
      const head = [line.label, line.run, line.series].map(cell).join();
      for (let i = 0; i < y.length; i++) {
        rows.push([head, step[i], epoch?.[i] ?? "", time ? +time[i].toFixed(3) : "", y[i]].join());
      }
    }
    return rows.join("\n") + "\n";
  }

  let redraw = null;

  const explore = (chart, curves) => openPlotly(chart.title, () => [traces(chart, curves), layout(chart)]);

  /** Open Plotly in a dialog; `figure` gives traces and layout, again after each change of the scheme. */
  async function openPlotly(title, figure) {
    await loadScript(`${base}plotly.min.js`);
    const stage = html("div");
    const head = html(
      "header",
      {},
      html("span", {}, title),
      button("Close", () => dialog.close()),
    );
    const dialog = html("dialog", { class: "dlviz-dialog", "aria-label": `${title} in Plotly` }, head, stage);
    dialog.addEventListener("close", () => {
      Plotly.purge(stage);
      dialog.remove();
      redraw = null;
    });
    document.body.append(dialog);
    dialog.showModal(); // Escape closes it, and the focus goes back to where it was
    redraw = () =>
      Plotly.react(stage, ...figure(), {
        responsive: true,
        displaylogo: false,
        showSendToCloud: false,
        plotlyServerURL: "",
      });
    redraw();
  }

  const variable = (name) => getComputedStyle(document.body).getPropertyValue(`--dlviz-${name}`).trim();
  // Plotly reads a small HTML in its texts; entities it writes as characters.
  const inert = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

  function bandTraces({ label, color, x, low, middle, high }) {
    const tint = variable(`c${color % 10}`);
    const edge = {
      type: "scatter",
      mode: "lines",
      x,
      line: { width: 0, color: tint },
      showlegend: false,
      hoverinfo: "skip",
    };
    return [
      { ...edge, y: low },
      { ...edge, y: high, fill: "tonexty", fillcolor: `${tint}2e` },
      { type: "scatter", mode: "lines", x, y: middle, name: inert(label), line: { color: tint, width: 2 } },
    ];
  }

  function traces(chart, curves) {
    const points = curves.reduce((sum, { y }) => sum + y.length, 0);
    const lines = curves
      .filter((curve) => curve[chart.kind])
      .map(({ line, y, ...axes }) => ({
        type: points > GL_FROM ? "scattergl" : "scatter",
        mode: y.length > 1 ? "lines" : "markers",
        name: inert(line.label),
        x: axes[chart.kind],
        y,
        line: {
          color: variable(line.faint ? "muted" : `c${line.color % 10}`),
          width: line.faint ? 1 : 2,
          dash: { dashed: "dash", dotted: "dot" }[line.dash] ?? "solid",
        },
        visible: line.faint && !chart.showFaint ? "legendonly" : true,
      }));
    return [...chart.bands().flatMap(bandTraces), ...lines];
  }

  function layout(chart) {
    const across = chart.kind === "time" ? "time, seconds" : chart.axisName();
    const look = plotlyLook(across, chart.spec.yLabel || chart.title);
    return { ...look, yaxis: { ...look.yaxis, type: chart.log ? "log" : "linear" } };
  }

  /** Colours and fonts of the page, with the names of both axes. */
  function plotlyLook(across, up) {
    const grid = variable("grid");
    const axis = (title) => ({
      title: { text: inert(title) },
      gridcolor: grid,
      zerolinecolor: grid,
      linecolor: variable("axis"),
    });
    return {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: variable("fg"), family: getComputedStyle(document.body).fontFamily },
      margin: { t: 24, r: 16 },
      hovermode: "x unified",
      hoverlabel: { bgcolor: variable("surface"), font: { color: variable("fg") }, namelength: -1 },
      showlegend: true,
      xaxis: axis(across),
      yaxis: axis(up),
    };
  }

  new MutationObserver(() => redraw?.()).observe(document.body, {
    attributes: true,
    attributeFilter: ["data-md-color-scheme"],
  });
  Object.assign(window.dlviz, { download, explore, openPlotly, save, csvCell: cell, variable, inert, plotlyLook });
})();
