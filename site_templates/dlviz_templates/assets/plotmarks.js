/* Marks of live plots: decoding their arrays, where they lie, and their paths on another scale, as charts/marks2d.py draws
 * them on the first one. Touches no page.
 */
(() => {
  "use strict";

  const { svg, tint } = window.dlviz;
  const { number, LEAST } = window.dlviz.numbers;
  const GRID = 1000;
  const FARTHEST = 20; // heights of the picture that a mark may lie outside by
  const LEAST_HEIGHT = 0.003; // of a bar that is not zero, as a share of the picture
  const LEVELS = 8;
  const ODD = 65535;
  const SIZES = [
    [40, " dlviz-large"],
    [400, ""],
    [1500, " dlviz-small"],
    [Infinity, " dlviz-tiny"],
  ];

  /* ---- Decoding: the forms are told in charts/coding.py ---- */

  const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));

  function decode(code) {
    if (Array.isArray(code)) return Float64Array.from(code, (v) => v ?? NaN);
    if (code.n !== undefined) return Float64Array.from({ length: code.n }, (_, i) => code.x0 + code.dx * i);
    if (code.u) return Float64Array.from(bytes(code.i), (place) => code.u[place] ?? NaN);
    if (code.f4 !== undefined) return Float64Array.from(new Float32Array(bytes(code.f4).buffer));
    const step = (code.high - code.low) / (ODD - 1);
    const digits = step > 0 ? Math.min(20, Math.max(0, -Math.floor(Math.log10(step)))) : 20;
    const value = (q) => (q === ODD ? NaN : +(code.low + step * q).toFixed(digits));
    return Float64Array.from(new Uint16Array(bytes(code.q).buffer), value);
  }

  function decodeTexts(code) {
    if (!code || Array.isArray(code)) return code;
    if (code.u) return Array.from(bytes(code.i), (place) => code.u[place]);
    return code.t.split(code.by).map((text) => (code.a ?? "") + text + (code.z ?? ""));
  }

  /** A layer with its arrays; `base` and `value` are the axis it stands on and the other one. */
  function unpack(raw) {
    const layer = { ...raw };
    for (const name of ["x", "y", "x2", "y2", "low", "high", "weights", "colors"])
      if (raw[name]) layer[name] = decode(raw[name]);
    layer.keys = decodeTexts(raw.keys);
    const named = (key) => (raw.label ? `${key}: ${raw.label}` : key);
    layer.notes = raw.notes?.of ? layer.keys.map(named) : decodeTexts(raw.notes);
    layer.picks = decodeTexts(raw.picks)?.map((pick) => pick.split("\n"));
    layer.base = layer.horizontal ? layer.y : layer.x;
    layer.value = layer.horizontal ? layer.x : layer.y;
    layer.end = layer.horizontal ? layer.y2 : layer.x2;
    return layer;
  }

  /* ---- Axes ---- */

  function axis({ low, high, log, names, time, label }) {
    const [a, b] = log ? [Math.log(low), Math.log(high)] : [low, high];
    const linear = (v) => (v / 2 - low / 2) / (high / 2 - low / 2);
    const at = log ? (v) => (v >= LEAST ? (Math.log(v) - a) / (b - a) : NaN) : linear;
    const date = (v) => new Date(v * 1000).toISOString().slice(0, 19).replace("T", " ").replace(" 00:00:00", "");
    const text = (v) =>
      names ? (names[Math.round(v)] ?? "–") : Number.isNaN(v) ? "–" : time && Math.abs(v) < 8e12 ? date(v) : number(v);
    return { low, high, log, names, label, at, text, floor: (v) => (log && v < LEAST ? 0 : at(v)) };
  }

  /* ---- Places, from 0 to 1, y upwards ---- */

  function edges(layer, i) {
    if (layer.end) return [layer.base[i], layer.end[i]];
    if (layer.mark === "step") {
      const next = i + 1 < layer.base.length ? i + 1 : i;
      const width = layer.base[next] - layer.base[next - 1] || 1;
      return [layer.base[i], layer.base[i] + width];
    }
    const [offset, width] = layer.at ?? [0, 0];
    return [layer.base[i] + offset - width / 2, layer.base[i] + offset + width / 2];
  }

  /** Where the marks of a layer lie: `x` and `y` of each, and its box [left, right, low, high] where it has one. */
  function geometry(layer, X, Y) {
    const n = layer.base.length;
    const [along, up] = layer.horizontal ? [Y, X] : [X, Y];
    const place = new Float64Array(n);
    const tall = new Float64Array(n);
    const boxes = ["bar", "step", "cell", "interval"].includes(layer.mark) ? [] : null;
    const foot = up.log ? 0 : up.at(0);
    for (let i = 0; i < n; i++) {
      let box = null;
      if (layer.mark === "bar" || layer.mark === "step") {
        const [a, b] = edges(layer, i).map(along.floor);
        let head = up.floor(layer.value[i]);
        if (Math.abs(head - foot) < LEAST_HEIGHT) head = foot + Math.sign(layer.value[i]) * LEAST_HEIGHT;
        [place[i], tall[i], box] = [(a + b) / 2, head, [a, b, foot, head]];
      } else if (layer.mark === "cell") {
        box = [X.floor(layer.x[i]), X.floor(layer.x2[i]), Y.floor(layer.y[i]), Y.floor(layer.y2[i])];
        [place[i], tall[i]] = [(box[0] + box[1]) / 2, (box[2] + box[3]) / 2];
      } else if (layer.mark === "area") {
        [place[i], tall[i]] = [X.at(layer.x[i]), (Y.at(layer.low[i]) + Y.at(layer.high[i])) / 2];
      } else {
        [place[i], tall[i]] = [along.at(layer.base[i] + (layer.at?.[0] ?? 0)), up.at(layer.value[i])];
        const ends = [layer.low?.[i] ?? layer.value[i], layer.high?.[i] ?? layer.value[i]].map(up.floor);
        if (boxes) box = [place[i], place[i], ...ends];
      }
      boxes?.push(layer.horizontal && layer.mark !== "cell" ? [box[2], box[3], box[0], box[1]] : box);
    }
    return layer.horizontal ? { x: tall, y: place, boxes } : { x: place, y: tall, boxes };
  }

  /* ---- Paths ---- */

  const grid = (place) => Math.round(Math.max(-FARTHEST, Math.min(FARTHEST, place)) * GRID * 10) / 10;
  const point = (x, y) => `${grid(x)} ${grid(1 - y)}`;
  const whole = (...values) => values.every(Number.isFinite);
  const rectangle = ([a, b, c, d]) => `M${point(a, c)}L${point(a, d)} ${point(b, d)} ${point(b, c)}z`;
  const path = (style, d) => svg("path", { class: style, d });
  const dash = (layer) => (layer.dash ? ` dlviz-${layer.dash}` : "");

  /** Marks by the class of their colour: "" for the layer's own. */
  function byColor(layer) {
    const groups = new Map();
    for (let i = 0; i < layer.base.length; i++) {
      const style = layer.colors && !layer.faint ? ` ${tint(layer.colors[i])}` : "";
      if (!groups.has(style)) groups.set(style, []);
      groups.get(style).push(i);
    }
    return [...groups];
  }

  function curve(x, y) {
    let d = "";
    let pen = "M";
    for (let i = 0; i < x.length; i++) {
      if (whole(x[i], y[i])) d += pen + point(x[i], y[i]);
      pen = whole(x[i], y[i]) ? "L" : "M";
    }
    return d;
  }

  const DRAW = {
    bar: (layer, { boxes }) =>
      byColor(layer).map(([style, marks]) =>
        path(`dlviz-bars${style}`, marks.map((i) => (whole(...boxes[i]) ? rectangle(boxes[i]) : "")).join("")),
      ),
    step(layer, { boxes }) {
      let d = "";
      let last = null;
      for (const [a, b, foot, head] of boxes.filter((box) => whole(...box)).sort((p, q) => p[0] - q[0])) {
        d += Math.abs(a - last) < 1e-9 && last !== null ? "" : `${last === null ? "" : `L${point(last, foot)}`}M${point(a, foot)}`;
        d += `L${point(a, head)} ${point(b, head)}`;
        last = b;
      }
      return [path(`dlviz-steps${dash(layer)}`, last === null ? "" : `${d}L${point(last, boxes[0][2])}`)];
    },
    line: (layer, { x, y }) => [path(`dlviz-line${dash(layer)}`, curve(x, y))],
    area(layer, { x }, X, Y) {
      const marks = [...x.keys()].filter((i) => whole(x[i], Y.floor(layer.low[i]), Y.floor(layer.high[i])));
      const edge = (values, order) => order.map((i) => point(x[i], Y.floor(values[i])));
      const outline = [...edge(layer.high, marks), ...edge(layer.low, marks.slice().reverse())].join("L");
      return [path("dlviz-band", outline && `M${outline}z`)];
    },
    dot(layer, { x, y }) {
      const size = SIZES.find(([most]) => x.length <= most)[1];
      const spot = (i) => (whole(x[i], y[i]) ? `M${point(x[i], y[i])}z` : "");
      return byColor(layer).map(([style, marks]) => path(`dlviz-dots${size}${style}`, marks.map(spot).join("")));
    },
    interval(layer, { x, y, boxes }) {
      return byColor(layer).flatMap(([style, marks]) => [
        path(
          `dlviz-whiskers${style}`,
          marks.map((i) => (whole(...boxes[i]) ? `M${point(boxes[i][0], boxes[i][2])}L${point(boxes[i][1], boxes[i][3])}` : "")).join(""),
        ),
        path(
          `dlviz-dots dlviz-large${style}`,
          marks.map((i) => (whole(x[i], y[i]) ? `M${point(x[i], y[i])}z` : "")).join(""),
        ),
      ]);
    },
    rule(layer, { x, y }) {
      const same = (values) => values.every((v) => v === values[0] || Number.isNaN(v));
      if (same(layer.y)) [x, y] = [[0, 1], [y[0], y[0]]];
      else if (same(layer.x)) [x, y] = [[x[0], x[0]], [0, 1]];
      return [path(`dlviz-rule${dash(layer)}`, curve(x, y))];
    },
    cell(layer, { boxes }) {
      const levels = Array.from({ length: LEVELS + 1 }, () => "");
      boxes.forEach((box, i) => {
        const level = Math.ceil(Math.min(1, Math.max(0, layer.weights[i])) * LEVELS);
        if (level > 0 && whole(...box)) levels[level] += rectangle(box);
      });
      return levels.flatMap((d, level) => (d ? [path(`dlviz-cells dlviz-l${level}`, d)] : []));
    },
  };

  const drawMarks = (layer, places, X, Y) => DRAW[layer.mark](layer, places, X, Y);

  Object.assign(window.dlviz, { plotmarks: { decode, decodeTexts, unpack, axis, geometry, drawMarks } });
})();
