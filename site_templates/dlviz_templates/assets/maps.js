/* Maps over pictures: from the bytes of charts/heat.py to pixels, drawn onto a canvas that lies over the picture. Nothing is
 * read back, which a page on disk may not do.
 */
(() => {
  "use strict";

  const STEPS = 255; // colours a side
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const channels = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));

  /** Colours of -1 to 1, three bytes each: from the cool end over zero to the warm one. */
  function palette({ cool, warm }) {
    const colors = new Uint8ClampedArray(3 * (2 * STEPS + 1));
    const ramps = [cool, warm].map((ramp) => ramp.map(channels));
    for (let step = -STEPS; step <= STEPS; step++) {
      const ramp = ramps[+(step >= 0)];
      const place = (Math.abs(step) / STEPS) * (ramp.length - 1);
      const low = Math.min(Math.floor(place), ramp.length - 2);
      ramp[low].forEach((value, i) => (colors[3 * (step + STEPS) + i] = value + (place - low) * (ramp[low + 1][i] - value)));
    }
    return colors;
  }

  /** All maps of a picture; values are shares of the map's own peak, NaN where not finite. */
  function heatsOf(spec, [layout, peaks, notes, coded]) {
    const bytes = Uint8Array.from(atob(coded), (sign) => sign.charCodeAt(0));
    const [choices = [], shapes = []] = spec.layouts[layout];
    let from = 0;
    return choices.map((choice, i) => {
      const [height, width, signed, fold, area] = spec.shapes[shapes[i]];
      const codes = bytes.subarray(from, (from += height * width));
      const share = (code) => (code > 254 ? NaN : signed ? (code - 127) / 127 : code / 254);
      return {
        choice: choice.map((place, axis) => spec.values[axis][place]),
        ...{ height, width, signed, fold, area, peak: peaks[i], note: spec.notes[notes[i]] },
        values: Float32Array.from(codes, share),
      };
    });
  }

  const styleOf = ([left, top, right, bottom]) =>
    `left:${100 * left}%;top:${100 * top}%;width:${100 * (right - left)}%;height:${100 * (bottom - top)}%`;

  /** The cell at a place in the picture, told as shares; null beside the map. */
  function cellAt({ width, height, values, area: [left, top, right, bottom] }, [x, y]) {
    const [column, row] = [((x - left) / (right - left)) * width, ((y - top) / (bottom - top)) * height].map(Math.floor);
    if (column < 0 || row < 0 || column >= width || row >= height) return null;
    const at = (i, j) => [left + (i / width) * (right - left), top + (j / height) * (bottom - top)];
    const area = [...at(column, row), ...at(column + 1, row + 1)];
    /** The middle of the cell that lies some way off, as shares of the picture. */
    const go = (dx, dy) => at(clamp(column + dx, 0, width - 1) + 0.5, clamp(row + dy, 0, height - 1) + 0.5);
    return { column, row, area, go, value: values[row * width + column] };
  }

  /** Straight between the centres of cells; what is not finite counts for nothing, and stays clear itself. */
  function between({ values, height, width }, x, y) {
    const at = (row, column) => values[clamp(row, 0, height - 1) * width + clamp(column, 0, width - 1)];
    if (isNaN(at(Math.round(y), Math.round(x)))) return NaN;
    const [left, top] = [Math.floor(x), Math.floor(y)];
    let [sum, weights] = [0, 0];
    for (let i = 0; i < 4; i++) {
      const [row, column] = [top + (i >> 1), left + (i & 1)];
      const weight = isNaN(at(row, column)) ? 0 : (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
      if (weight) sum += weight * at(row, column);
      weights += weight;
    }
    return sum / weights;
  }

  /** The map in pixels, kept: a slider changes its colours alone. */
  function smooth(heat, width, height) {
    heat.kept ??= {};
    return (heat.kept[[width, height]] ??= Float32Array.from({ length: width * height }, (_, i) =>
      between(heat, (((i % width) + 0.5) * heat.width) / width - 0.5, ((Math.floor(i / width) + 0.5) * heat.height) / height - 0.5),
    ));
  }

  /** Draw a map: `top` is the value of full strength, `side` the longer side in px where it is smooth; with `weak`,
   * strength is the square root of the value, so that what is small beside a peak can be seen.
   */
  function draw(canvas, heat, { colors, top, opacity, raw, side, weak }) {
    const longer = Math.max(heat.width, heat.height);
    const [width, height] = [heat.width, heat.height].map((cells) => (raw ? cells : Math.ceil((cells * side) / longer)));
    const found = raw ? heat.values : smooth(heat, width, height);
    const gain = top > 0 ? heat.peak / top : 0;
    const image = new ImageData(width, height);
    const base = opacity ** 4;
    found.forEach((share, i) => {
      if (isNaN(share)) return; // clear
      const shown = clamp(share * gain, -1, 1);
      const value = weak ? Math.sign(shown) * Math.sqrt(Math.abs(shown)) : shown;
      const from = 3 * (Math.round(value * STEPS) + STEPS);
      image.data.set(colors.subarray(from, from + 3), 4 * i);
      image.data[4 * i + 3] = 255 * opacity * (base + (1 - base) * Math.abs(value));
    });
    Object.assign(canvas, { width, height }).getContext("2d").putImageData(image, 0, 0);
    canvas.classList.toggle("dlviz-pixels", raw);
    canvas.style.cssText = styleOf(heat.area);
  }

  window.dlviz.maps = { palette, heatsOf, cellAt, styleOf, draw };
})();
