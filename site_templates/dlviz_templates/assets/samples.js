/* A sample of a gallery: its card, made of data in the same way as figures/gallery.html.j2 makes the first ones, and the
 * same card large, with a way to its neighbours. Wants dlviz.js.
 */
(() => {
  "use strict";

  const { html, svg, tint, button } = window.dlviz;
  const KINDS = ["truth", "match", "missed", "false"];
  const ABSENT = "the picture is not in the folder";

  /* ---- A sample, as the template has it ---- */

  function card(spec, [facts, values = [], , , wrong, title = "", href, pictures = [], regions = [], texts = []]) {
    const of = (name, all, make) => (all.length ? [html("div", { class: name }, ...all.map(make))] : []);
    const named = pictures.length > 1;
    const told = (wrong ?? null) === null ? [] : [html("b", { class: "dlviz-verdict" }, wrong ? "wrong" : "right")];
    return html(
      "li",
      { class: `dlviz-item${wrong ? " dlviz-wrong" : ""}` },
      ...of("dlviz-tiles", pictures, (picture, i) => tile(spec, picture, i ? [] : regions, named)),
      html("p", { class: "dlviz-name" }, href ? html("a", { href }, title) : html("span", {}, title), ...told),
      ...of("dlviz-texts", texts, text),
      ...(values.length ? [html("dl", {}, ...values.map((value, i) => fact(spec.facts[facts][i], value)))] : []),
    );
  }

  const fact = (name, value) => html("div", {}, html("dt", {}, name), html("dd", {}, value));

  function tile(spec, [src, width, height, side, alt], regions, named) {
    const [w, h] = [width, height].map((px) => Math.max(1, Math.round((px * side) / Math.max(width, height))));
    const style = `--w:${w};--r:${(width / height).toFixed(4)}`;
    const pixels = Math.max(width, height) > 64 ? null : "dlviz-pixels";
    const picture = src
      ? { class: pixels, src: spec.base + src, width: w, height: h, alt, loading: "lazy", decoding: "async" }
      : { class: "dlviz-nopicture", role: "img", "aria-label": `${alt}: ${ABSENT}` };
    const view = html("div", { class: "dlviz-view", style }, src ? html("img", picture) : html("span", picture, ABSENT));
    if (regions.length) {
      const box = { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" };
      view.append(svg("svg", box, ...regions.map(shape)), ...regions.map((one) => label(spec, one, width, height)));
    }
    const which = named ? [html("span", { class: "dlviz-which", "aria-hidden": "true" }, alt)] : [];
    return html("div", { class: "dlviz-tile" }, ...which, html("div", { class: "dlviz-frame" }, view));
  }

  function shape([kind, x, y, width, height, color, , , , d]) {
    const common = { class: tint(color), "data-kind": KINDS[kind % 4] };
    return d ? svg("path", { ...common, d }) : svg("rect", { ...common, x, y, width, height });
  }

  function label(spec, [kind, x, y, w, h, color, name, score, partner, outline], width, height) {
    const span = (start, length, low, extent, whole) => {
      const [begin, end] = [low, low + extent].map((value) => Math.min(Math.max(value, 0), whole));
      return `${start}:${((100 * begin) / whole).toFixed(2)}%;${length}:${((100 * (end - begin)) / whole).toFixed(2)}%`;
    };
    const classes = ["dlviz-region", tint(color)];
    if (y < 0.1 * height) classes.push("dlviz-in");
    if (2 * x + w > width) classes.push("dlviz-end");
    if (kind > 3) classes.push("dlviz-quiet"); // its label would lie over another one
    if (outline) classes.push("dlviz-outlined");
    return html(
      "span",
      {
        class: classes.join(" "),
        "data-kind": KINDS[kind % 4],
        "data-score": score,
        "data-partner": partner,
        style: `${span("left", "width", x, w, width)};${span("top", "height", y, h, height)}`,
      },
      html("b", {}, [spec.names[name ?? 0], score?.toFixed(2)].filter(Boolean).join(" ")),
    );
  }

  /** A word in the colour of what it speaks for, by its percent. */
  function weighed([words, percent]) {
    const side = percent > 0 ? "for" : "against";
    return percent ? html("span", { class: `dlviz-${side}`, style: `--w:${Math.abs(percent)}%` }, words) : words;
  }

  function text([name, ...pieces], place) {
    const tag = place ? "ins" : "del";
    const long = pieces.map((piece) => (Array.isArray(piece) ? piece[0] : piece)).join("").length > 600 ? " dlviz-long" : "";
    const words = pieces.map((piece, i) => (Array.isArray(piece) ? weighed(piece) : i % 2 ? html(tag, {}, piece) : piece));
    const body = html("p", { class: `dlviz-text${long}` }, ...words.filter((piece) => piece !== ""));
    return html("div", {}, html("p", { class: "dlviz-which" }, name), body);
  }

  /* ---- Large: a copy of the card; the style sheet does the rest ---- */

  /** A dialog for one gallery; returns what opens it for a card. */
  function enlarge({ figure, list, nodeOf, set, comma, chosen }) {
    let place = 0;
    const body = html("div", { class: "dlviz-body" });
    const told = html("output", { "aria-live": "polite" });
    const before = button("‹", () => turn(-1), { "aria-label": "Previous", title: "Previous (←)" });
    const after = button("›", () => turn(1), { "aria-label": "Next", title: "Next (→)", autofocus: "" });
    const close = button("✕", () => dialog.close(), { "aria-label": "Close", title: "Close (Esc)" });
    const blink = button("Blink", () => blinking(!body.classList.contains("dlviz-blink")), {
      "aria-pressed": "false",
      title: "Both in one place, in turn",
    });
    const dialog = html("dialog", { class: "dlviz-enlarged" }, html("header", {}, before, told, after, blink, close), body);
    figure.append(dialog);

    dialog.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      turn(step);
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
    dialog.addEventListener("close", () => {
      blinking(false);
      chosen()[place].node.querySelector(".dlviz-open").focus();
    });

    function blinking(on) {
      body.classList.toggle("dlviz-blink", on);
      blink.setAttribute("aria-pressed", String(on));
    }

    function turn(step) {
      if (!chosen()[place + step]) return;
      place += step;
      if (place >= list.children.length) set({ limit: place + 1 }); // where the focus goes when it closes
      fill();
    }

    function fill() {
      const card = nodeOf(chosen()[place]).cloneNode(true);
      card.querySelector(".dlviz-open").remove();
      body.replaceChildren(html("div", { class: card.className }, ...card.childNodes));
      told.textContent = `${comma(place + 1)} of ${comma(chosen().length)}`;
      dialog.setAttribute("aria-label", body.querySelector(".dlviz-name").firstChild.textContent);
      dialog.scrollTop = 0;
      // Not `disabled`, which would take the focus, and the keys, away.
      before.setAttribute("aria-disabled", String(!chosen()[place - 1]));
      after.setAttribute("aria-disabled", String(!chosen()[place + 1]));
      blink.hidden = body.querySelectorAll("img").length < 2;
    }

    return (card) => {
      place = chosen().findIndex((item) => item.node === card);
      fill();
      if (!dialog.open) dialog.showModal();
    };
  }

  Object.assign(window.dlviz, { card, enlarge });
})();
