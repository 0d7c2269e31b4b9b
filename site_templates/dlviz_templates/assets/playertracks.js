/* The tracks of an episode, drawn as charts/player_lanes.py draws the first one, over any stretch of its steps and on the
 * scale of several episodes. A step takes one unit of width. Wants dlviz.js.
 */
(() => {
  "use strict";

  const { svg, tint } = window.dlviz;
  const GRID = 1000;
  const TOP = 0.04; // air above and below, as a share of the height
  const MOST = 1200; // places across that a picture can tell apart
  const DASHES = { solid: "", dashed: " dlviz-dashed", dotted: " dlviz-dotted" };

  /** Ends of an axis of a track, wide enough for all of several episodes. */
  function spanOf(track, plays) {
    if (track.kind === "share") return [0, 1];
    let [low, high] = track.kind === "bar" ? [0, 0] : [Infinity, -Infinity];
    for (const { n, traces } of plays) {
      const own = track.traces.map(([name]) => traces[name]).filter(Boolean);
      for (let t = 0; t < n; t++) {
        let [down, up] = [0, 0];
        for (const values of own) {
          const value = values[t];
          if (!Number.isFinite(value)) continue;
          if (track.kind !== "bar") [low, high] = [Math.min(low, value), Math.max(high, value)];
          else if (value < 0) down += value;
          else up += value;
        }
        if (track.kind === "bar") [low, high] = [Math.min(low, down), Math.max(high, up)];
      }
    }
    return widened(low, high, track.kind);
  }

  function widened(low, high, kind) {
    if (high / 2 - low / 2 > 1e-290) return [low, high];
    return kind === "bar" || !(low <= high) ? [0, 1] : [low - 0.5, high + 0.5];
  }

  const placer = ([low, high]) => (v) => {
    const half = high / 2 - low / 2; // of the range, which may be too large for a float
    const share = half > 1e-290 ? (v / 2 - low / 2) / half : 0.5;
    return Math.round(GRID * (1 - TOP - (1 - 2 * TOP) * Math.max(0, Math.min(1, share))));
  };

  /** Steps from a to b of which a picture keeps what it can show: the least and the greatest of each bundle. */
  function kept(values, a, b) {
    const bundle = Math.ceil((b - a) / (MOST / 2));
    const steps = [];
    if (bundle < 3) for (let t = a; t < b; t++) steps.push(t);
    else
      for (let t = a; t < b; t += bundle) {
        let [low, high] = [t, t];
        for (let i = t; i < Math.min(t + bundle, b); i++) {
          if (!(values[i] >= values[low])) low = i;
          if (!(values[i] <= values[high])) high = i;
        }
        steps.push(...[...new Set([Math.min(low, high), Math.max(low, high)])]);
      }
    return steps;
  }

  function line(values, a, b, at) {
    let [d, pen, alone] = ["", false, false];
    for (const t of kept(values, a, b)) {
      const value = values[t];
      if (Number.isFinite(value)) {
        d += `${pen ? "L" : "M"}${t + 0.5} ${at(value)}`;
        alone = !pen;
        pen = true;
      } else {
        if (alone) d += "h0"; // a dot: a line of no length with round ends
        pen = alone = false;
      }
    }
    return alone ? `${d}h0` : d;
  }

  const DRAW = {
    line(track, { traces }, a, b, ends) {
      return track.traces.flatMap(([name, , color, dash]) => {
        const values = traces[name];
        if (!values) return [];
        const own = track.own ? placer(track.own[name]) : placer(ends);
        return [svg("path", { class: `dlviz-line ${tint(color)}${DASHES[dash]}`, d: line(values, a, b, own) })];
      });
    },
    bar(track, { traces }, a, b, ends) {
      const at = placer(ends);
      const [down, up] = [new Float64Array(b - a), new Float64Array(b - a)];
      const bundle = Math.max(1, Math.ceil((b - a) / (MOST / 2)));
      return track.traces.flatMap(([name, , color]) => {
        if (!traces[name]) return [];
        let d = "";
        for (let start = a; start < b; start += bundle) {
          const end = Math.min(start + bundle, b);
          let best = null;
          for (let t = start; t < end; t++) {
            const value = traces[name][t];
            if (!Number.isFinite(value)) continue;
            const side = value < 0 ? down : up;
            const foot = side[t - a];
            side[t - a] += value;
            if (!best || Math.abs(value) > Math.abs(best[1] - best[0])) best = [foot, foot + value];
          }
          const [low, high] = best ? best.map(at) : [0, 0];
          if (low !== high) d += `M${start} ${low}V${high}H${end}V${low}z`;
        }
        return [svg("path", { class: `dlviz-fill ${tint(color)}`, d })];
      });
    },
    share(track, { traces }, a, b) {
      const at = (v) => Math.round(GRID * (1 - Math.max(0, Math.min(1, v)))); // the whole height
      const stride = Math.max(1, Math.ceil((b - a) / MOST));
      const steps = [];
      for (let t = a; t < b; t += stride) steps.push(t);
      let foot = steps.map(() => 0);
      return track.traces.flatMap(([name, , color]) => {
        if (!traces[name]) return [];
        const head = steps.map((t, i) => foot[i] + (traces[name][t] || 0));
        const right = (i) => Math.min(steps[i] + stride, b);
        const upper = head.map((v, i) => `V${at(v)}H${right(i)}`).join("");
        const lower = steps.map((t, i) => `V${at(foot[i])}H${t}`).reverse().join("");
        foot = head;
        return [svg("path", { class: `dlviz-fill ${tint(color)}`, d: `M${a} ${at(0)}${upper}${lower}z` })];
      });
    },
    choice(track, { traces }, a, b) {
      const chosen = traces[track.traces[0][0]];
      const rows = Math.max(1, track.labels.length);
      const pieces = Array.from({ length: rows }, () => "");
      const stride = Math.max(1, Math.ceil((b - a) / (4 * MOST)));
      for (let t = a; t < b; ) {
        let end = t + stride;
        while (end < b && chosen[end] === chosen[t]) end += stride;
        end = Math.min(end, b);
        const row = chosen[t];
        if (row >= 0 && row < rows) {
          const [top, bottom] = [row, row + 1].map((v) => Math.round((GRID * v) / rows));
          pieces[row] += `M${t} ${top}H${end}V${bottom}H${t}z`;
        }
        t = end;
      }
      return pieces.flatMap((d, row) => (d ? [svg("path", { class: `dlviz-fill ${tint(row)}`, d })] : []));
    },
  };

  /** Marks of a track from step a to step b, and the line at zero. */
  function draw(track, play, a, b, ends) {
    const marks = DRAW[track.kind](track, play, a, b, ends);
    const zero = track.kind === "bar" || (track.kind === "line" && !track.own && ends[0] < 0 && ends[1] > 0);
    return zero ? [svg("path", { class: "dlviz-zero", d: `M${a} ${placer(ends)(0)}H${b}` }), ...marks] : marks;
  }

  window.dlviz.tracks = { spanOf, draw, GRID };
})();
