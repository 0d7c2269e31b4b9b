/* What is beside a diagram: its tools, the search, what is told of the box that is chosen, a small map of the whole,
 * and the picture as a file. Wants diagramacts.js.
 */
(() => {
  "use strict";

  const { html, svg, button, curves, arrowTip } = window.dlviz;
  const LISTED = 60; // hits and neighbours in a list
  const TOLD = 5; // facts of a layer that the mouse is over
  const LINGER = 350; // ms that it has to be there
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const HELP =
    "Drag to move, Ctrl and wheel or two fingers to zoom. A click on a block opens and closes it, a double click " +
    "shows it alone. Keys: arrows move the view, + and − zoom, 0 shows all; after the Tab key, arrows go along the " +
    "wires, Enter tells of a layer and opens a block, I shows it alone, Backspace goes to the block around it, " +
    "/ searches, Escape leaves.";

  window.dlviz.diagramPanel = (diagram) => {
    tools(diagram);
    legend(diagram);
    panel(diagram);
    pointing(diagram);
    overview(diagram);
  };

  /* ---- Tools ---- */

  function tools(diagram) {
    const { figure, stage } = diagram;
    const bar = figure.querySelector(".dlviz-tools");
    const tool = (label, title, action) => button(label, action, { title });
    const sign = (label, title, action) => button(label, action, { title, "aria-label": title });
    const help = html("p", { class: "dlviz-help", hidden: "" }, HELP);
    const ask = button(
      "?",
      () => {
        help.hidden = !help.hidden;
        ask.setAttribute("aria-expanded", String(!help.hidden));
      },
      { "aria-expanded": "false", "aria-label": "Help: mouse and keys", title: "Mouse and keys" },
    );
    const blocks = diagram.children.some((inside) => inside.length)
      ? [
          tool("Open all", "Open all blocks", () => diagram.all(true)),
          tool("Close all", "Close all blocks", () => diagram.all(false)),
        ]
      : [];
    const full = document.fullscreenEnabled
      ? [
          tool("Full screen", "Full screen", () =>
            document.fullscreenElement ? document.exitFullscreen() : stage.requestFullscreen(),
          ),
        ]
      : [];
    bar.append(
      search(diagram),
      ...blocks,
      sign("−", "Zoom out", () => diagram.zoom(1 / 1.4)),
      sign("+", "Zoom in", () => diagram.zoom(1.4)),
      tool("Fit", "Show all", () => diagram.fit()),
      tool("Save SVG", "Save the picture as it is opened", () => save(diagram)),
      ...full,
      ask,
    );
    stage.before(help);
    const path = html("nav", { class: "dlviz-way", "aria-label": "Blocks around what is shown", hidden: "" });
    stage.append(path);
    diagram.onroot = () => {
      const { root } = diagram;
      path.hidden = root < 0;
      if (root < 0) return;
      const step = (i) => button(i < 0 ? "all" : diagram.name(i), () => diagram.isolate(i));
      const around = [-1, ...diagram.ancestors(root).reverse()];
      path.replaceChildren(...around.flatMap((i) => [step(i), "›"]), html("b", {}, diagram.name(root)));
    };
  }

  /** Families of layers can be made to stand out. */
  function legend(diagram) {
    const keys = [...diagram.figure.querySelectorAll("[data-family]")];
    for (const key of keys) {
      const family = +key.dataset.family;
      const node = button(
        "",
        () => {
          diagram.family = diagram.family === family ? -1 : family;
          keys.forEach((one) =>
            one.firstChild.setAttribute("aria-pressed", String(+one.dataset.family === diagram.family)),
          );
          diagram.chosen = -1;
          diagram.onchoose(-1);
          diagram.follow();
          diagram.refresh();
        },
        { "aria-pressed": "false", title: "Let these stand out" },
      );
      node.append(...key.childNodes);
      key.append(node);
    }
  }

  /* ---- Search ---- */

  function search(diagram) {
    const { data } = diagram;
    const shapes = new Map();
    for (const { start, label } of data.wires) shapes.set(start, `${shapes.get(start) ?? ""} ${label}`);
    const texts = data.id.map((id, i) =>
      [id, data.label[i], data.kind[i], data.summary[i], shapes.get(i) ?? ""].join("\n").toLowerCase(),
    );
    const input = html("input", {
      type: "search",
      placeholder: "Search layers",
      "aria-label": "Search layers by name, kind or shape",
    });
    const told = html("output", { "aria-live": "polite" });
    const list = html("ol", { class: "dlviz-hits", hidden: "" });
    let hits = [];
    let at = -1;

    function look() {
      const words = input.value.toLowerCase();
      const plain = (text) => text.replace(/×/g, "x");
      const parts = plain(words)
        .split(/\s+/)
        .filter((part) => part && part !== "x");
      hits = parts.length
        ? texts.flatMap((text, i) => (parts.every((part) => plain(text).includes(part)) ? [i] : []))
        : [];
      at = -1;
      told.textContent = parts.length ? `${hits.length.toLocaleString("en")} found` : "";
      list.replaceChildren(
        ...hits.slice(0, LISTED).map((i, place) =>
          html(
            "li",
            {},
            button("", () => go(place), { class: data.styles[data.family[i]], tabindex: -1 }),
          ),
        ),
      );
      [...list.children].forEach((item, place) => {
        const i = hits[place];
        item.firstChild.append(
          html("i", { "aria-hidden": "true" }),
          html("b", {}, data.id[i] || diagram.name(i)),
          html("span", {}, ` ${data.kind[i]}`),
        );
      });
      if (hits.length > LISTED) list.append(html("li", {}, `and ${(hits.length - LISTED).toLocaleString("en")} more`));
      list.hidden = !hits.length;
    }

    function go(place) {
      if (!hits.length) return;
      at = (place + hits.length) % hits.length;
      [...list.children].forEach((item, i) => item.classList.toggle("dlviz-at", i === at));
      list.children[at]?.scrollIntoView({ block: "nearest" });
      told.textContent = `${at + 1} of ${hits.length.toLocaleString("en")}`;
      diagram.choose(hits[at], { reveal: true, closer: true });
    }

    input.addEventListener("input", look);
    input.addEventListener("focus", () => (list.hidden = !hits.length));
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      const step = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        go(at < 0 && step < 0 ? -1 : at + step);
      } else if (event.key === "Escape") {
        event.preventDefault();
        if (list.hidden) input.value = "";
        list.hidden = true;
        if (!input.value) look();
        diagram.port.focus();
      }
    });
    const box = html("span", { class: "dlviz-search", role: "search" }, input, told, list);
    box.addEventListener("focusout", ({ relatedTarget }) => {
      if (!box.contains(relatedTarget)) list.hidden = true;
    });
    diagram.search = input;
    return box;
  }

  /* ---- What is told of a box ---- */

  function panel(diagram) {
    const { data, stage, figure } = diagram;
    const aside = html("aside", { class: "dlviz-panel", "aria-label": "The chosen layer", hidden: "" });
    stage.after(aside);
    diagram.covered = () => (aside.hidden || getComputedStyle(aside).position !== "absolute" ? 0 : aside.offsetWidth);
    stage.addEventListener("fullscreenchange", () => {
      // Beside the stage, or in it while it fills the screen.
      if (document.fullscreenElement === stage) stage.append(aside);
      else stage.after(aside);
      diagram.refresh();
    });
    const act = (label, action, attributes = {}) => button(label, action, { class: "dlviz-act", ...attributes });

    function neighbours(title, near, far) {
      const found = new Map();
      for (const wire of data.wires) {
        if (!diagram.within(wire[near], diagram.chosen) || diagram.within(wire[far], diagram.chosen)) continue;
        found.set(wire[far], wire.label);
      }
      if (!found.size) return [];
      const items = [...found].slice(0, LISTED).map(([i, label]) =>
        html(
          "li",
          {},
          act(data.family[i] === data.port ? diagram.name(i) : data.id[i], () => diagram.choose(i, { reveal: true })),
          ` ${[data.label[i] !== data.id[i] && data.kind[i], label].filter(Boolean).join(" ")}`,
        ),
      );
      if (found.size > LISTED) items.push(html("li", {}, `and ${found.size - LISTED} more`));
      return [html("h5", {}, title), html("ul", {}, ...items)];
    }

    function side(name, words) {
      return act(
        words,
        () => {
          diagram.side = diagram.side === name ? "" : name;
          diagram.follow();
          diagram.refresh();
          for (const one of aside.querySelectorAll("[data-side]"))
            one.setAttribute("aria-pressed", String(one.dataset.side === diagram.side));
        },
        { "aria-pressed": "false", "data-side": name, title: "Let these stand out" },
      );
    }

    diagram.onchoose = (i) => {
      if (i >= 0 && diagram.family >= 0) {
        diagram.family = -1;
        figure.querySelectorAll("[data-family] button").forEach((key) => key.setAttribute("aria-pressed", "false"));
        diagram.follow();
      }
      aside.hidden = i < 0;
      if (i < 0) return;
      const more = data.more[i] ?? {};
      const block = diagram.children[i].length > 0;
      const times = data.times[i] ? ` × ${data.times[i].toLocaleString("en")}` : "";
      const wired = data.wires.length > 0;
      const close = button("✕", () => (diagram.choose(-1), diagram.port.focus()), {
        "aria-label": "Close",
        title: "Close (Esc)",
        class: "dlviz-shut",
      });
      const within = aside.contains(document.activeElement);
      aside.replaceChildren(
        html(
          "header",
          { class: data.styles[data.family[i]] },
          html("i", { "aria-hidden": "true" }),
          html("h4", {}, diagram.name(i)),
          close,
        ),
        html(
          "p",
          { class: "dlviz-kindline" },
          `${data.kind[i]}${times}`,
          ...(data.id[i] && data.id[i] !== diagram.name(i) ? [html("code", {}, data.id[i])] : []),
        ),
        ...(data.summary[i] && !data.facts[i].some(([, value]) => value.includes(data.summary[i]))
          ? [html("p", {}, data.summary[i])]
          : []),
        ...(data.says[i] ? [html("p", {}, data.says[i])] : []),
        html(
          "p",
          { class: "dlviz-acts" },
          ...(block
            ? [
                act(diagram.opened.has(i) ? "Close" : "Open", () => (diagram.toggle(i), diagram.choose(i))),
                act("Alone", () => diagram.isolate(i), { title: "Show this block alone" }),
              ]
            : []),
          ...(wired ? [side("before", "What leads here"), side("after", "What follows")] : []),
          ...(more.href ? [html("a", { href: more.href }, "More on it")] : []),
        ),
        ...(data.facts[i].length ? [facts(i)] : []),
        ...(more.counts ? [histogram(more, data.styles[data.family[i]])] : []),
        ...(more.moved ? [movement(more.moved, data.styles[data.family[i]])] : []),
        ...(more.pictures ? [pictures(more.pictures)] : []),
        ...neighbours("from", "end", "start"),
        ...neighbours("to", "start", "end"),
      );
      if (within) (aside.querySelector("button:not(.dlviz-shut)") ?? close).focus();
      aside.scrollTop = 0;
      diagram.say(`${diagram.name(i)}, ${data.kind[i]}. ${data.says[i]}`);
    };
    aside.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      diagram.choose(-1);
      diagram.port.focus();
    });

    function facts(i) {
      return html(
        "dl",
        {},
        ...data.facts[i].map(([name, value]) => html("div", {}, html("dt", {}, name), html("dd", {}, value))),
      );
    }
  }

  function histogram({ counts, span }, style) {
    const n = counts.length;
    const bars = [...counts].map((letter, i) => {
      const height = LETTERS.indexOf(letter);
      return height ? `M${i} 64V${64 - height}H${i + 0.92}V64z` : "";
    });
    return html(
      "figure",
      { class: style },
      svg(
        "svg",
        {
          viewBox: `0 0 ${n} 64`,
          preserveAspectRatio: "none",
          role: "img",
          "aria-label": `Weights from ${span[0]} to ${span[1]}`,
        },
        svg("path", { class: "dlviz-bins", d: bars.join("") }),
      ),
      html("figcaption", {}, html("span", {}, span[0]), html("span", {}, "weights"), html("span", {}, span[1])),
    );
  }

  function movement([places, values], style) {
    const known = values.filter((value) => value !== null);
    const [low, high] = [Math.min(0, ...known), Math.max(...known)];
    const width = places.at(-1) || 1;
    let pen = "M";
    let d = "";
    values.forEach((value, i) => {
      if (value === null) return (pen = "M");
      const y = 38 - (36 * (value - low)) / (high - low || 1);
      d += `${pen}${((100 * places[i]) / width).toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
    });
    if (known.length === 1) d += "h.1";
    const words = `how far its weights moved, from one checkpoint to the next; at most ${+high.toPrecision(3)}`;
    return html(
      "figure",
      { class: style },
      svg(
        "svg",
        { viewBox: "0 0 100 40", preserveAspectRatio: "none", role: "img", "aria-label": words },
        svg("path", { class: "dlviz-course", d }),
      ),
      html("figcaption", {}, html("span", {}, words)),
    );
  }

  function pictures(all) {
    const shown = all.map(([src, width, height, side, alt]) => {
      const scale = side / Math.max(width, height, 1);
      const pixels = Math.max(width, height) > 64 ? null : "dlviz-pixels";
      const size = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
      return src
        ? html("img", { src, alt, title: alt || null, class: pixels, loading: "lazy", decoding: "async", ...size })
        : html("span", { class: "dlviz-nopicture" }, `${alt || "picture"}: not in the folder`);
    });
    return html("p", { class: "dlviz-pictures" }, ...shown);
  }

  /* ---- A few words on what the mouse is over ---- */

  function pointing(diagram) {
    const { data, port, stage } = diagram;
    const tip = html("div", { class: "dlviz-tip", hidden: "" });
    let over = -1;
    let waiting = 0;
    stage.append(tip);
    const leave = () => {
      clearTimeout(waiting);
      tip.hidden = true;
      over = -1;
    };
    function tell(i, x, y) {
      const told = data.facts[i]
        .slice(0, TOLD)
        .map(([name, value]) => html("p", {}, html("span", {}, name), " ", value));
      const summary = data.summary[i] ? [html("p", {}, data.summary[i])] : [];
      tip.replaceChildren(
        html("b", {}, data.id[i]),
        html("p", {}, html("span", {}, data.kind[i])),
        ...summary,
        ...told,
      );
      tip.hidden = false;
      const [wide, high] = [stage.clientWidth, stage.clientHeight];
      const left = x < wide / 2 ? x + 16 : x - 16 - tip.offsetWidth;
      const top = Math.min(y + 16, high - tip.offsetHeight - 6);
      tip.style.transform = `translate(${Math.round(Math.max(4, left))}px,${Math.round(Math.max(4, top))}px)`;
    }
    port.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "mouse" || event.buttons) return leave();
      const found = diagram.hit(event);
      const i = found?.head ? found.i : -1;
      if (i === over) return;
      leave();
      over = i;
      const box = stage.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      // What is chosen is told already.
      if (i >= 0 && i !== diagram.chosen) waiting = setTimeout(() => tell(i, x, y), LINGER);
    });
    for (const name of ["pointerleave", "pointerdown", "wheel"]) port.addEventListener(name, leave, { passive: true });
  }

  /* ---- A small map of the whole ---- */

  function overview(diagram) {
    const frame = svg("rect", { class: "dlviz-seen" });
    const shapes = svg("g", {});
    const map = svg(
      "svg",
      { class: "dlviz-overview", preserveAspectRatio: "none", "aria-hidden": "true" },
      shapes,
      frame,
    );
    diagram.stage.append(map);
    let drawn = null;
    diagram.onview = () => {
      const { scene, view } = diagram;
      const [wide, high] = [diagram.wide() / view.k, diagram.high() / view.k];
      map.toggleAttribute("hidden", scene.width <= wide * 1.05 && scene.height <= high * 1.05);
      if (drawn !== scene) {
        drawn = scene;
        shapes.replaceChildren(...diagram.outlines());
        const scale = Math.min(96 / scene.width, (diagram.high() - 24) / scene.height);
        map.setAttribute("viewBox", `0 0 ${scene.width} ${scene.height}`);
        map.style.width = `${Math.max(20, scene.width * scale)}px`;
        map.style.height = `${Math.max(20, scene.height * scale)}px`;
      }
      const within = (at, size) => Math.min(Math.max(at, 0), size);
      const [left, top] = [within(-view.x / view.k, scene.width), within(-view.y / view.k, scene.height)];
      const [right, bottom] = [
        within(wide - view.x / view.k, scene.width),
        within(high - view.y / view.k, scene.height),
      ];
      const least = scene.height / 60;
      for (const [name, value] of Object.entries({
        x: left,
        y: top,
        width: right - left,
        height: Math.max(bottom - top, least),
      }))
        frame.setAttribute(name, value);
    };
    const go = (event) => {
      const box = map.getBoundingClientRect();
      const { view, scene } = diagram;
      const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
      diagram.move(
        diagram.wide() / 2 - x * scene.width * view.k - view.x,
        diagram.high() / 2 - y * scene.height * view.k - view.y,
      );
    };
    map.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      map.setPointerCapture(event.pointerId);
      go(event);
    });
    map.addEventListener("pointermove", (event) => map.hasPointerCapture(event.pointerId) && go(event));
  }

  /* ---- The picture as a file ---- */

  const STYLES = [
    "fill",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "stroke-opacity",
    "stroke-dasharray",
    "font-size",
    "font-weight",
    "text-anchor",
    "paint-order",
  ];

  /** As it is opened, with the colours of the page; styles are written into each element, since a file has no sheet. */
  function save(diagram) {
    const { scene } = diagram;
    const boxes = [...scene.boxes.values()];
    const made = (placed) => {
      const node = diagram.element(placed);
      node.setAttribute("transform", `translate(${placed.x} ${placed.y})`);
      return node;
    };
    const wires = (skip) => curves(scene.lines.filter((line) => line.strand.skip === skip).map(({ points }) => points));
    const picture = svg(
      "svg",
      {
        class: "dlviz-netmap",
        width: scene.width,
        height: scene.height,
        viewBox: `0 0 ${scene.width} ${scene.height}`,
      },
      svg("rect", { width: scene.width, height: scene.height, class: "dlviz-paper" }),
      ...boxes.filter(({ open }) => open).map(made),
      svg("path", { class: "dlviz-wire", d: wires(false) }),
      svg("path", { class: "dlviz-wire dlviz-skip", d: wires(true) }),
      svg("path", { class: "dlviz-tips", d: scene.lines.map(({ points }) => arrowTip(points)).join("") }),
      ...scene.lines.flatMap((line) => diagram.shape(line)),
      ...boxes.filter(({ open }) => !open).map(made),
    );
    const out = html("div", { class: "dlviz-saving" }, picture);
    diagram.stage.append(out);
    for (const node of picture.querySelectorAll("*")) {
      const style = getComputedStyle(node);
      for (const name of STYLES) node.setAttribute(name, style.getPropertyValue(name));
      for (const name of ["class", "role", "tabindex", "aria-expanded", "data-i"]) node.removeAttribute(name);
    }
    picture.removeAttribute("class");
    picture.setAttribute("font-family", getComputedStyle(diagram.figure).fontFamily);
    picture.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    out.remove();
    const file = new Blob([new XMLSerializer().serializeToString(picture)], { type: "image/svg+xml" });
    const link = html("a", { href: URL.createObjectURL(file), download: `${diagram.figure.id}.svg` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  window.dlviz.startDiagrams();
  window.document$?.subscribe(window.dlviz.startDiagrams); // each page of an instant navigation
})();
