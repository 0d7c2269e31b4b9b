/* Numbers of a live chart: decoding, smoothing, searching; axes, ticks and how values are written. Touches no page. */
(() => {
  "use strict";

  /* ---- Data ---- */

  function decode(code) {
    if (code instanceof Float64Array) return code; // done before
    if (code.n !== undefined) return Float64Array.from({ length: code.n }, (_, i) => code.x0 + code.dx * i);
    const text = atob(code.f4 ?? code.f8);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return code.f8 ? new Float64Array(bytes.buffer) : Float64Array.from(new Float32Array(bytes.buffer));
  }

  /** One curve of a run by one axis, sorted; null where the run does not have it. Arrays are decoded once. */
  function curve(key, name, axis) {
    const whole = wholeCurve(key, name);
    const thinned = window.dlviz.runs.get(key)?.series[name]?.thinned;
    return whole[axis] && { ...sorted(whole[axis], whole.y), thinned };
  }

  /** Every point of one curve as the file has it: { step, epoch, time, y }, null for an axis it does not know. */
  function wholeCurve(key, name) {
    const run = window.dlviz.runs.get(key);
    const series = run?.series[name];
    const array = (what) => {
      const place = series?.[what];
      return place === undefined ? null : (run.arrays[place] = decode(run.arrays[place]));
    };
    return { step: array("step"), epoch: array("epoch"), time: array("time"), y: array("y") };
  }

  function sorted(x, y) {
    let order = null;
    for (let i = 0; i < x.length && !order; i++) if (!(x[i] >= (i ? x[i - 1] : -Infinity))) order = [...x.keys()];
    if (!order) return { x, y };
    order = order.filter((i) => Number.isFinite(x[i])).sort((a, b) => x[a] - x[b] || a - b);
    return { x: Float64Array.from(order, (i) => x[i]), y: Float64Array.from(order, (i) => y[i]) };
  }

  /** Exponential moving average without the start's bias; NaN and infinities pass through and are not averaged. */
  function smoothed(y, weight) {
    let sum = 0;
    let share = 0;
    return y.map((value) => {
      if (!Number.isFinite(value)) return value;
      sum = sum * weight + value * (1 - weight);
      share = share * weight + 1 - weight;
      return sum / share;
    });
  }

  /** First place in a sorted array whose value is not below. */
  function lowerBound(array, value) {
    let low = 0;
    let high = array.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (array[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function nearest(array, value) {
    const i = lowerBound(array, value);
    return i && (i === array.length || value - array[i - 1] <= array[i] - value) ? i - 1 : i;
  }

  /* ---- Axes: the same rules as charts/scales.py ---- */

  const PAD = 0.04;
  const LEAST = 2.2250738585072014e-308;
  const TIME_UNITS = [
    ["days", 86400],
    ["hours", 3600],
    ["minutes", 60],
    ["seconds", 1],
  ];
  const THOUSANDS = [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ];
  const timeUnit = (span) => TIME_UNITS.find(([, length]) => span >= 2 * length) ?? TIME_UNITS[3];

  function scale(low, high, log) {
    if (!log) {
      const at = (v) => (v / 2 - low / 2) / (high / 2 - low / 2); // halves: their difference cannot overflow
      return { low, high, log, at, value: (p) => low + p * (high - low) };
    }
    const a = Math.log(low);
    const b = Math.log(high);
    return { low, high, log, at: (v) => (v >= LEAST ? (Math.log(v) - a) / (b - a) : v < LEAST ? -Infinity : NaN) };
  }

  function xScale(low, high) {
    const air = Math.max(1, Math.abs(low) * 1e-6);
    return high > low ? scale(low, high) : scale(low - air, high + air);
  }

  function yScale(low, high, log) {
    if (!(low <= high)) return scale(log ? 0.1 : 0, 1, log);
    if (log) {
      const air = Math.max(Number.isFinite(high / low) ? (high / low) ** PAD : 10, 1.05);
      return scale(Math.max(low / air, LEAST), Math.min(high * air, Number.MAX_VALUE), true);
    }
    const size = Math.max(Math.abs(low), Math.abs(high));
    const half = high / 2 - low / 2;
    const air = size < 1e-290 || half <= size * 1e-12 ? (size > 1e-290 ? size * 0.05 : 0.5) : half * 2 * PAD;
    const bottom = low >= 0 && low < air ? 0 : low - air;
    return scale(Math.max(bottom, -Number.MAX_VALUE), Math.min(high + air, Number.MAX_VALUE), false);
  }

  function roundStep(low, high, count, time) {
    const rough = (0.9 * (high / 2 - low / 2)) / (count / 2); // rather one tick more than half as many
    if (time && rough >= 1 && rough <= 60) return [1, 2, 5, 10, 15, 30, 60].find((step) => step >= rough);
    const power = 10 ** Math.floor(Math.log10(rough));
    return power * [1, 2, 5, 10].find((step) => step >= (rough / power) * (1 - 1e-9));
  }

  function multiples(low, high, step) {
    const values = [];
    for (let i = Math.ceil(low / step - 1e-9); i <= Math.floor(high / step + 1e-9); i++) values.push(i * step);
    return values;
  }

  function decades(low, high, count) {
    const first = Math.ceil(Math.log10(low) - 1e-9);
    const last = Math.floor(Math.log10(high) + 1e-9);
    const stride = Math.max(1, Math.ceil((last - first + 1) / (count + 1)));
    let values = [];
    for (let p = Math.ceil(first / stride) * stride; p <= last; p += stride) values.push(10 ** p);
    if (values.length < 3) {
      values = [];
      for (let p = first - 1; p <= last; p++)
        values.push(...[1, 2, 5].map((m) => m * 10 ** p).filter((v) => v >= low && v <= high));
    }
    return values.length > 2 ? values : multiples(low, high, roundStep(low, high, count));
  }

  const power = (v) => (v ? v.toExponential(3).replace(/\.?0*e\+?/, "e") : "0");
  const plain = (v) => String(+v.toPrecision(6));

  /** How the ticks of one axis are written, all alike. */
  function writer(low, high, values, log) {
    const size = Math.max(Math.abs(low), Math.abs(high));
    const step = Math.min(...values.slice(1).map((v, i) => v - values[i]), size);
    const decimals = (s) => Math.min(20, Math.max(0, Math.ceil(-Math.log10(s) - 1e-9)));
    if (log) return (v) => (v >= 1e-3 && v < 1e4 ? plain(v) : power(v));
    if (size < 1e-3 || size >= 1e15) return step > size * 1e-4 ? power : plain;
    const [unit, letter] = THOUSANDS.find(([u]) => size >= 1e4 && size >= u) ?? [1, ""];
    return (v) => (v ? (v / unit).toFixed(decimals(step / unit)) + letter : "0");
  }

  function ticks(axis, count, kind) {
    const unit = kind === "time" ? timeUnit(axis.high - axis.low)[1] : 1;
    const low = axis.low / unit;
    const high = axis.high / unit;
    let step = axis.log ? 0 : roundStep(low, high, count, kind === "time" && unit < 86400);
    if ((kind === "step" || kind === "epoch") && high - low >= 2) step = Math.max(step, 1);
    const values = axis.log ? decades(low, high, count) : multiples(low, high, step);
    const write = writer(low, high, values, axis.log);
    return values.map((v) => ({ place: axis.at(v * unit), label: write(v) }));
  }

  function number(v) {
    if (!Number.isFinite(v)) return Number.isNaN(v) ? "NaN" : v > 0 ? "∞" : "−∞";
    const size = Math.abs(v);
    const text =
      Number.isInteger(v) && size < 1e15
        ? v.toLocaleString("en")
        : size >= 1e-3 && size < 1e6
          ? (+v.toPrecision(4)).toLocaleString("en", { maximumFractionDigits: 6 })
          : power(v);
    return text.replace(/^-/, "−");
  }

  function place(v, kind) {
    if (kind !== "time") return number(v);
    const [h, m, s] = [Math.floor(v / 3600), Math.floor(v / 60) % 60, v % 60];
    return h ? `${h} h ${m} min` : m ? `${m} min ${Math.floor(s)} s` : `${+s.toFixed(1)} s`;
  }

  const numbers = {
    curve,
    wholeCurve,
    smoothed,
    lowerBound,
    nearest,
    LEAST,
    timeUnit,
    xScale,
    yScale,
    ticks,
    number,
    place,
  };
  Object.assign(window.dlviz, { numbers });
})();
