/* States of well-known tasks, drawn from the numbers observed: classic control with the geometry of gymnasium's own
 * pictures, grids, and plain bars for anything else. Each draws into a box of one unit of height. Touches no page.
 */
(() => {
  "use strict";

  const { number } = window.dlviz.numbers;
  const TURN = 2 * Math.PI;

  /** Width of a scene by its height. */
  const ratio = ({ kind, rows, columns, names }) =>
    ({ cartpole: 1.5, "mountain-car": 1.5, acrobot: 1.25, pendulum: 1.25, grid: columns / rows, numbers: Math.min(3, 12 / (names.length + 1)) })[kind];

  function rounded(pen, x, y, width, height, radius, fill) {
    pen.fillStyle = fill;
    pen.beginPath();
    pen.roundRect(x, y, width, height, radius);
    pen.fill();
  }

  function stroke(pen, color, width, ...points) {
    pen.strokeStyle = color;
    pen.lineWidth = width;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.stroke();
  }

  function dot(pen, x, y, radius, color) {
    pen.fillStyle = color;
    pen.beginPath();
    pen.arc(x, y, radius, 0, TURN);
    pen.fill();
  }

  /** From one point in a direction, with a head. */
  function arrow(pen, x, y, dx, dy, color, width) {
    const length = Math.hypot(dx, dy);
    if (!(length > 1e-6)) return;
    const [ux, uy, head] = [dx / length, dy / length, Math.min(4 * width, length * 0.6)];
    const end = [x + dx, y + dy];
    const side = (sign) => [end[0] - head * (ux - sign * 0.6 * uy), end[1] - head * (uy + sign * 0.6 * ux)];
    stroke(pen, color, width, [x, y], end);
    stroke(pen, color, width, side(1), end, side(-1));
  }

  /** A push to the left (0) or the right (the last one); of a continuous action, its share of the largest. */
  const push = (action, actions, most = 1) =>
    action === undefined || Number.isNaN(action) ? 0 : actions.length ? (2 * action) / (actions.length - 1) - 1 : Math.max(-1, Math.min(1, action / most));

  const SCENES = {
    cartpole(pen, [x, , angle], { action, actions, color }) {
      const unit = 1.5 / 4.8; // the track is 4.8 long
      const at = (v) => 0.75 + v * unit;
      stroke(pen, color.axis, 0.006, [0, 0.75], [1.5, 0.75]);
      for (const end of [-2.4, 2.4]) stroke(pen, color.serious, 0.008, [at(end) - Math.sign(end) * 0.004, 0.7], [at(end) - Math.sign(end) * 0.004, 0.8]);
      rounded(pen, at(x) - 0.2 * unit, 0.75 - 0.12 * unit, 0.4 * unit, 0.24 * unit, 0.012, color.fg);
      const axle = [at(x), 0.75 - 0.06 * unit];
      stroke(pen, color.c3, 0.08 * unit, axle, [axle[0] + Math.sin(angle) * unit, axle[1] - Math.cos(angle) * unit]);
      dot(pen, ...axle, 0.03 * unit, color.c5);
      const force = push(action, actions);
      arrow(pen, at(x) + Math.sign(force) * 0.24 * unit, 0.75, force * 0.13, 0, color.c0, 0.014);
    },
    acrobot(pen, [cos1, sin1, cos2, sin2], { action, actions, color }) {
      const unit = 0.5 / 2.2;
      const at = ([x, y]) => [0.625 + x * unit, 0.5 - y * unit];
      const one = Math.atan2(sin1, cos1);
      const two = one + Math.atan2(sin2, cos2);
      const elbow = [Math.sin(one), -Math.cos(one)];
      const tip = [elbow[0] + Math.sin(two), elbow[1] - Math.cos(two)];
      stroke(pen, color.c2, 0.006, at([-2.6, 1]), at([2.6, 1])); // the tip has to get above it
      stroke(pen, color.c5, 0.2 * unit, at([0, 0]), at(elbow));
      stroke(pen, color.c0, 0.2 * unit, at(elbow), at(tip));
      for (const joint of [[0, 0], elbow]) dot(pen, ...at(joint), 0.1 * unit, color.c3);
      turning(pen, at(elbow), push(action, actions), 0.4 * unit, color.c1);
    },
    pendulum(pen, [cos, sin], { action, actions, color }) {
      const unit = 0.5 / 1.3;
      const middle = [0.625, 0.5];
      stroke(pen, color.grid, 0.006, middle, [0.625, 0.5 - 1.2 * unit]); // upright is what is wanted
      stroke(pen, color.c1, 0.2 * unit, middle, [0.625 - sin * unit, 0.5 - cos * unit]);
      dot(pen, ...middle, 0.05 * unit, color.fg);
      turning(pen, middle, push(action, actions, 2), 0.35 * unit, color.c0);
    },
    "mountain-car"(pen, [x], { action, actions, color }) {
      const unit = 1.5 / 1.8;
      const at = (v) => [(v + 1.2) * unit, 0.98 - (Math.sin(3 * v) * 0.45 + 0.55) * unit * 0.95];
      stroke(pen, color.axis, 0.008, ...Array.from({ length: 91 }, (_, i) => at(-1.2 + (i * 1.8) / 90)));
      const flag = at(actions.length ? 0.5 : 0.45);
      stroke(pen, color.fg, 0.006, flag, [flag[0], flag[1] - 0.14]);
      rounded(pen, flag[0], flag[1] - 0.14, 0.07, 0.045, 0, color.c3);
      const [place, slope] = [at(x), Math.atan(Math.cos(3 * x) * 1.35 * 0.95)];
      pen.save();
      pen.translate(...place);
      pen.rotate(-slope);
      rounded(pen, -0.045, -0.06, 0.09, 0.04, 0.012, color.fg);
      for (const wheel of [-0.025, 0.025]) dot(pen, wheel, -0.016, 0.016, color.muted);
      const force = push(action, actions);
      arrow(pen, Math.sign(force) * 0.06, -0.04, force * 0.1, 0, color.c0, 0.012);
      pen.restore();
    },
    grid(pen, [cell], { action, color, scene: { rows, columns, cells, moves }, before }) {
      const side = 1 / rows;
      const middle = (one) => [((one % columns) + 0.5) * side, (Math.floor(one / columns) + 0.5) * side];
      const fills = { H: color.axis, C: color.serious, G: color.c2, "#": color.fg };
      for (let i = 0; i < rows * columns; i++) {
        const [x, y] = middle(i);
        pen.globalAlpha = { H: 0.75, C: 0.5, G: 0.55, "#": 0.8 }[cells[i]] ?? 1;
        rounded(pen, x - side * 0.48, y - side * 0.48, side * 0.96, side * 0.96, side * (cells[i] === "H" ? 0.48 : 0.08), fills[cells[i]] ?? color.tile);
        pen.globalAlpha = 1;
        if (/[SG]|[^A-Z#]/.test(cells[i] ?? "F")) write(pen, cells[i], x, y, side * 0.36, color.fg, "center");
      }
      before.forEach((one, i) => {
        if (!i) return;
        pen.globalAlpha = 0.15 + (0.6 * i) / before.length;
        stroke(pen, color.c0, side * 0.06, middle(before[i - 1]), middle(one));
      });
      pen.globalAlpha = 1;
      if (!Number.isFinite(cell)) return;
      const [x, y] = middle(cell);
      dot(pen, x, y, side * 0.28, color.c0);
      const way = { L: [-1, 0], D: [0, 1], R: [1, 0], U: [0, -1] }[moves?.[action]];
      if (way) arrow(pen, x + way[0] * side * 0.05, y + way[1] * side * 0.05, way[0] * side * 0.4, way[1] * side * 0.4, color.c3, side * 0.07);
    },
    numbers(pen, state, { color, scene: { names, ends }, wide }) {
      const row = 1 / (names.length + 1);
      const [left, right] = [wide * 0.36, wide * 0.8];
      const size = Math.min(row * 0.62, 0.07);
      names.forEach((name, i) => {
        const y = (i + 1) * row;
        const [low, high] = ends[i];
        const at = (v) => left + (right - left) * (high > low ? Math.max(0, Math.min(1, (v - low) / (high - low))) : 0.5);
        const zero = at(low < 0 && high > 0 ? 0 : low >= 0 ? low : high);
        rounded(pen, left, y - row * 0.3, right - left, row * 0.6, row * 0.1, color.tile);
        if (Number.isFinite(state[i])) rounded(pen, Math.min(zero, at(state[i])), y - row * 0.3, Math.max(0.004, Math.abs(at(state[i]) - zero)), row * 0.6, 0, color.c0);
        stroke(pen, color.axis, 0.004, [zero, y - row * 0.36], [zero, y + row * 0.36]);
        write(pen, name, left - 0.02, y, size, color.muted, "right", left - 0.04);
        write(pen, number(+state[i].toPrecision(3)), right + 0.02, y, size, color.fg, "left");
      });
    },
  };

  /** An arc around a joint, the way it is turned: to the left, counter-clockwise, for a positive torque. */
  function turning(pen, [x, y], torque, radius, color) {
    if (!torque) return;
    const [from, to] = [-Math.PI / 2, -Math.PI / 2 - torque * 1.6];
    pen.strokeStyle = color;
    pen.lineWidth = radius * 0.16;
    pen.beginPath();
    pen.arc(x, y, radius, from, to, torque > 0);
    pen.stroke();
    const end = [x + radius * Math.cos(to), y + radius * Math.sin(to)];
    const way = torque > 0 ? [Math.sin(to), -Math.cos(to)] : [-Math.sin(to), Math.cos(to)];
    arrow(pen, ...end, way[0] * radius * 0.3, way[1] * radius * 0.3, color, radius * 0.16);
  }

  /** Text of a height, in as much room as there is; letters of less than a pixel are drawn larger and scaled. */
  function write(pen, text, x, y, size, color, align, room = Infinity) {
    pen.save();
    pen.translate(x, y);
    pen.scale(size / 20, size / 20);
    pen.font = "600 20px sans-serif";
    pen.textAlign = align;
    pen.textBaseline = "middle";
    pen.fillStyle = color;
    const fits = (shown) => (pen.measureText(shown).width * size) / 20 <= room;
    let shown = text;
    while (shown.length > 1 && !fits(shown === text ? text : `${shown}…`)) shown = shown.slice(0, -1);
    pen.fillText(shown === text ? text : `${shown}…`, 0, 0);
    pen.restore();
  }

  /** Draw a state over a whole canvas. */
  function draw(canvas, scene, state, told) {
    const pen = canvas.getContext("2d");
    const unit = canvas.height;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.setTransform(unit, 0, 0, unit, 0, 0);
    SCENES[scene.kind](pen, state, { ...told, scene, wide: canvas.width / unit });
  }

  window.dlviz.scenes = { draw, ratio };
})();
