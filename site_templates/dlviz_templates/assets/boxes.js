/* Where the boxes and wires of a diagram lie, with any of its blocks open. charts/spacing.py and charts/scene.py have
 * the same for the picture that stands in the page: keep them alike. Rows and their order come from there.
 */
(() => {
  "use strict";

  const [GAP, NARROW, TALL, SHORT, WIDE, SHELF, FULL] = [26, 12, 34, 18, 56, 14, 6];
  const [LIGHT, PASSES, ROOM, SPARE] = [1 / 1024, 6, 0.6, 60];
  const [HEADER, UNDER, PAD, ASIDE, EDGE, SEVERAL] = [28, 8, 16, 14, 10, -1];

  /** JSON that was deflated, in base64. */
  function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).json();
  }

  /** A block's part of the data, with what is above and below each node of its rows. */
  function group([children, inputs, outputs, rows, coded]) {
    const count = children.length + inputs.length + outputs.length;
    const strands = coded.map(([start, end, flags, label, sources, first, bends = 0]) => {
      const up = !!(flags & 2);
      const between = Array.from({ length: bends }, (_, i) => first + i);
      const chain = up ? [end, ...between, start] : [start, ...between, end];
      return { start, end, skip: !!(flags & 1) && bends > 0, up, label, sources, chain };
    });
    const rowOf = [];
    rows.forEach((row, i) => row.forEach((node) => (rowOf[node] = i)));
    const [above, below] = [rowOf.map(() => []), rowOf.map(() => [])];
    for (const { chain } of strands) {
      for (let i = 1; i < chain.length; i++) {
        const [one, other] = [chain[i - 1], chain[i]];
        if (rowOf[other] !== rowOf[one] + 1 || below[one].includes(other)) continue;
        below[one].push(other);
        above[other].push(one);
      }
    }
    const longest = (order, near) => {
      const found = [];
      for (const node of order)
        found[node] = near[node].reduce((most, other) => Math.max(most, found[other]), 0) + (node < count);
      return found;
    };
    const order = rows.flat();
    const boxes = [longest(order, above), longest([...order].reverse(), below)];
    const same = (node) => (other) => other < count === node < count;
    const sides = [above, below].map((side, turn) =>
      side.map((near, node) => {
        const alike = near.filter(same(node));
        const weight = alike.length ? (node < count ? 1 : LIGHT) : LIGHT * LIGHT;
        return { near: alike.length ? alike : near, weight, boxes: boxes[turn] };
      }),
    );
    const shelves = rows.map((row) => !sides.some((side) => side[row[0]].near.length));
    return { children, inputs, outputs, rows, strands, count, rowOf, sides, shelves };
  }

  /** The median; of the two in the middle, that on the longer way, so that a main path stays straight. */
  function middle(wishes) {
    wishes.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    const half = wishes.length >> 1;
    const [high, more] = wishes[half];
    const [low, fewer] = wishes[half - 1] ?? wishes[half];
    if (wishes.length % 2 || more > fewer) return high;
    return fewer > more ? low : (low + high) / 2;
  }

  /** Each node of a row as near to the middle of its neighbours as the others allow. */
  function settle(row, offsets, side, down, ports, x, [low, high]) {
    const pools = [];
    row.forEach((node, i) => {
      const { near, weight, boxes } = side[node];
      const beside = (other) => {
        const [upper, lower] = down ? [other, node] : [node, other];
        const shift = (ports[upper]?.[1] ?? 0) - (ports[lower]?.[0] ?? 0);
        return [x[other] + (down ? shift : -shift), boxes[other]];
      };
      const wish = near.length ? middle(near.map(beside)) : x[node];
      let pool = [weight * (wish - offsets[i]), weight, 1];
      while (pools.length && pools.at(-1)[0] / pools.at(-1)[1] > pool[0] / pool[1]) {
        const before = pools.pop();
        pool = pool.map((value, j) => before[j] + value);
      }
      pools.push(pool);
    });
    let i = 0;
    for (const [total, weight, members] of pools) {
      const place = Math.min(Math.max(total / weight, low), high);
      for (let j = 0; j < members; j++, i++) x[row[i]] = place + offsets[i];
    }
  }

  function spaced({ rows, count, sides, rowOf, shelves }, sizes, ports) {
    const width = (node) => (node < count ? sizes[node][0] : 0);
    const x = rowOf.map(() => 0);
    const offsets = rows.map((row) => {
      const places = [0];
      for (let i = 1; i < row.length; i++) {
        const gap = row[i - 1] < count && row[i] < count ? GAP : NARROW;
        places.push(places[i - 1] + (width(row[i - 1]) + width(row[i])) / 2 + gap);
      }
      return places;
    });
    const wide = rows.map((row, r) => (width(row[0]) + width(row.at(-1))) / 2 + offsets[r].at(-1));
    const shelf = Math.max(0, ...wide.filter((_, r) => shelves[r]));
    rows.forEach((row, r) => {
      const left = -(shelves[r] ? shelf : wide[r]) / 2;
      row.forEach((node, i) => (x[node] = left + width(row[0]) / 2 + offsets[r][i]));
    });
    const room = wide.reduce((most, one) => Math.max(most, one), 0) * ROOM + SPARE;
    for (let turn = 0; turn < PASSES; turn++) {
      for (let i = 0; i < rows.length; i++) {
        const r = turn % 2 ? rows.length - 1 - i : i;
        const row = rows[r];
        const bounds = [width(row[0]) / 2 - room, room - offsets[r].at(-1) - width(row.at(-1)) / 2];
        settle(row, offsets[r], sides[turn % 2], turn % 2 === 0, ports, x, bounds);
      }
    }
    const all = rows.flat();
    const left = all.reduce((least, node) => Math.min(least, x[node] - width(node) / 2), Infinity);
    for (const node of all) x[node] = Math.floor(x[node] - left + 0.5);
    const whole = all.reduce((most, node) => Math.max(most, x[node] + width(node) / 2), 0);
    const heights = rows.map((row) => row.reduce((most, node) => Math.max(most, node < count ? sizes[node][1] : 0), 0));
    let y = 0;
    const tops = heights.map((height, i) => {
      const top = y;
      if (i + 1 < rows.length) {
        const full = Math.max(rows[i].length, rows[i + 1].length) > FULL;
        y += shelves[i] && shelves[i + 1] ? SHELF : !(height && heights[i + 1]) ? SHORT : full ? WIDE : TALL;
      }
      y += height;
      return top;
    });
    return { x, tops, heights, width: Math.ceil(whole), height: y };
  }

  /** A block by itself, its children at their sizes; `fits` has the open ones among them. */
  function fitted(data, block, fits) {
    const inside = data.groups[block];
    const sizes = inside.children.map((child) =>
      fits[child] ? [fits[child].width, fits[child].height] : data.size[child],
    );
    while (sizes.length < inside.count) sizes.push([0, 0]);
    const at = spaced(
      inside,
      sizes,
      inside.children.map((child) => fits[child]?.beside),
    );
    let width = Math.max(at.width + 2 * PAD, block >= 0 ? data.header[block] : 0);
    width += width % 2;
    const top = block >= 0 ? HEADER + UNDER : PAD;
    const fit = { inside, sizes, at, left: (width - at.width) >> 1, top, width, height: top + at.height + PAD };
    fit.port = (source, out) => {
      const ports = out ? inside.outputs : inside.inputs;
      const place = Math.max(ports.indexOf(source), ports.indexOf(SEVERAL));
      if (place < 0) return null;
      return fit.left + at.x[inside.children.length + (out ? inside.inputs.length : 0) + place];
    };
    fit.beside = [inside.inputs, inside.outputs].map((ports, out) => {
      const place = fit.port(ports[0] ?? SEVERAL, !!out);
      return place === null ? 0 : place - (width >> 1);
    });
    return fit;
  }

  /** Lines of one block: each strand, or one for each port it leads to. */
  function lines(block, places, fits) {
    const { inside, at, sizes, left, top } = fits[block];
    const frame = places.get(block);
    const child = (node) => inside.children[node] ?? -1;
    const x = (node) => frame.x + left + at.x[node];
    const row = (node) => {
      const begin = frame.y + top + at.tops[inside.rowOf[node]];
      return [begin, begin + at.heights[inside.rowOf[node]]];
    };
    const edges = (node) => {
      const placed = places.get(child(node));
      return placed && child(node) >= 0 ? [placed.y, placed.y + placed.h] : [frame.y + frame.h, frame.y + HEADER];
    };
    const port = (node, source, out) => {
      const inner = child(node) >= 0 ? (fits[child(node)]?.port(source, out) ?? null) : null;
      return inner === null ? x(node) : places.get(child(node)).x + inner;
    };

    const asides = new Map();
    const before = new Map();
    for (const { chain, up } of inside.strands) {
      if (up) continue;
      const end = chain.at(-1);
      before.set(end, (before.get(end) ?? new Set()).add(chain.at(-2)));
    }
    for (const [node, others] of before) {
      if (child(node) < 0 || fits[child(node)]) continue;
      const ordered = [...others].sort((a, b) => at.x[a] - at.x[b] || a - b);
      const off = ordered.map((other) => Math.abs(at.x[other] - at.x[node]));
      const straight = off.indexOf(Math.min(...off));
      const reach = Math.floor(sizes[node][0] / 2) - EDGE;
      ordered.forEach((other, i) => {
        asides.set(`${node} ${other}`, Math.max(-reach, Math.min(reach, (i - straight) * ASIDE)));
      });
    }

    const points = ({ chain, up }, start, end) => {
      const [first, last] = [chain[0], chain.at(-1)];
      const [upper, lower] = up ? [end, start] : [start, end + (asides.get(`${last} ${chain.at(-2)}`) ?? 0)];
      const found = [
        [upper, edges(first)[1]],
        [upper, row(first)[1]],
      ];
      for (const bend of chain.slice(1, -1)) found.push(...row(bend).map((y) => [x(bend), y]));
      found.push([lower, row(last)[0]], [lower, edges(last)[0]]);
      const kept = found.filter((point, i) => !i || point[0] !== found[i - 1][0] || point[1] !== found[i - 1][1]);
      return up ? kept.reverse() : kept;
    };

    return inside.strands.flatMap((strand) => {
      const ends = new Map();
      for (const source of strand.sources) {
        const pair = [port(strand.start, source, true), port(strand.end, source, false)];
        const key = pair.join(" ");
        if (!ends.has(key)) ends.set(key, { pair, sources: [] });
        ends.get(key).sources.push(source);
      }
      return [...ends.values()].map(({ pair, sources }) => ({
        block,
        strand,
        sources,
        points: points(strand, ...pair),
      }));
    });
  }

  /** The scene: boxes by number, lines, width and height. `root`: -1, or a block that is shown alone. */
  function arranged(data, opened, root = -1) {
    const shown = [root];
    for (const block of shown) {
      shown.push(...data.groups[block].children.filter((child) => opened.has(child) && data.groups[child]));
    }
    const fits = {};
    for (const block of [...shown].reverse()) fits[block] = fitted(data, block, fits);
    const whole = fits[root];
    const margin = root < 0 ? 0 : PAD;
    const places = new Map([[root, { i: root, x: margin, y: margin, w: whole.width, h: whole.height, open: true }]]);
    for (const block of shown) {
      const { inside, sizes, at, left, top } = fits[block];
      const frame = places.get(block);
      inside.children.forEach((child, node) => {
        const [w, h] = sizes[node];
        const r = inside.rowOf[node];
        const x = frame.x + left + at.x[node] - Math.floor(w / 2);
        const over = inside.shelves[r] ? 0 : Math.floor((at.heights[r] - h) / 2);
        const y = frame.y + top + at.tops[r] + over;
        places.set(child, { i: child, x, y, w, h, open: !!fits[child] });
      });
    }
    const drawn = shown.flatMap((block) => lines(block, places, fits));
    places.delete(-1);
    return { boxes: places, lines: drawn, width: whole.width + 2 * margin, height: whole.height + 2 * margin };
  }

  /** All that came packed, with numbers of names turned into names. */
  function opened(data) {
    const named = (numbers) => numbers.map((number) => data.names[number]);
    for (const column of ["id", "label", "kind", "summary", "says"]) data[column] = named(data[column]);
    data.facts = data.facts.map((words) =>
      named(words).reduce((all, word, i) => (i % 2 ? all.at(-1).push(word) : all.push([word]), all), []),
    );
    for (const block of Object.keys(data.groups)) {
      data.groups[block] = group(data.groups[block]);
      for (const strand of data.groups[block].strands) strand.label = data.names[strand.label];
    }
    data.wires = data.wires.map(([start, end, label]) => ({ start, end, label: data.names[label] }));
    return data;
  }

  const readDiagram = async (text) => opened(await unpack(text));
  window.dlviz.boxes = { unpack, readDiagram, arranged, HEADER, ASIDE };
})();
