/* What leaves a chart: every point as CSV, and Plotly in a dialog. Loaded on the first click. */
(() => {
  "use strict";

  const GL_FROM = 20000; // points from which Plotly draws with WebGL
  const AXES = ["step", "epoch", "time"];

  function download(chart, curves) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([table(curves)], { type: "text/csv" }));
    link.download = `${chart.figure.id}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function table(curves) {
    // A cell that starts like a formula would be run by a spreadsheet.
    const cell = (text) => `"${text.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
    const rows = ["series,run,metric,step,epoch,seconds,value"];
    for (const { line, y, ...axes } of curves) {
      const head = [line.label, line.run, line.series].map(cell).join();
      for (let i = 0; i < y.length; i++)
        rows.push(`${head},${AXES.map((axis) => axes[axis]?.[i] ?? "").join()},${y[i]}`);
    }
    return rows.join("\n") + "\n";
  }

  let redraw = null;

  async function explore(chart, curves) {
    await window.dlviz.loadScript(`${window.dlviz.base}plotly.min.js`);
    const dialog = document.createElement("dialog"),
      head = document.createElement("header"),
      stage = document.createElement("div");
    const title = document.createElement("span"),
      close = document.createElement("button");
    dialog.className = "dlviz-dialog";
    dialog.setAttribute("aria-label", `${chart.title} in Plotly`);
    title.textContent = chart.title;
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      Plotly.purge(stage);
      dialog.remove();
      redraw = null;
    });
    head.append(title, close);
    dialog.append(head, stage);
    document.body.append(dialog);
    dialog.showModal(); // Escape closes it, and the focus goes back to where it was
    redraw = () =>
      Plotly.react(stage, traces(chart, curves), layout(chart), {
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

  function traces(chart, curves) {
    const points = curves.reduce((sum, { y }) => sum + y.length, 0);
    return curves
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
          dash: line.dashed ? "dash" : "solid",
        },
        visible: line.faint && !chart.showFaint ? "legendonly" : true,
      }));
  }

  function layout(chart) {
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
      xaxis: axis(chart.kind === "time" ? "time, seconds" : chart.axisName()),
      yaxis: { ...axis(chart.spec.yLabel || chart.title), type: chart.log ? "log" : "linear" },
    };
  }

  new MutationObserver(() => redraw?.()).observe(document.body, {
    attributes: true,
    attributeFilter: ["data-md-color-scheme"],
  });
  Object.assign(window.dlviz, { download, explore });
})();
