/* Episodes, played: one state or picture and all tracks under one cursor, alone or two side by side. The tracks of the
 * first episode stand in the page already; steps of an episode are loaded when it is chosen. Wants dlviz.js, numbers.js,
 * plotmarks.js, playertracks.js, playerscenes.js and playerdeck.js.
 */
(() => {
  "use strict";

  const { html, button } = window.dlviz;
  const { decode, decodeTexts } = window.dlviz.plotmarks;
  const SPEEDS = [1, 2, 5, 10, 15, 30, 60, 120]; // steps a second
  const STRETCHES = [1000, 300, 100, 30]; // steps that are seen at once
  const CALM = matchMedia("(prefers-reduced-motion: reduce)");
  const LEAD = 8; // steps before a highlight, and after it
  const HELP = [
    ["Space", "play or pause"],
    ["← →", "a step back or on; with Shift, ten"],
    ["Home End", "the first or the last step"],
    ["[ ]", "the moment before or after"],
    ["+ −", "fewer or more steps at once"],
  ];
  const done = new WeakSet();

  /** Plays of columns, as charts/player.py packs them. */
  function unpacked(columns) {
    const texts = ["key", "title", "run", "picks", "data", "film"].map((name) => [name, decodeTexts(columns[name])]);
    const numbers = ["of", "n", "total"].map((name) => [name, decode(columns[name])]);
    const facts = columns.facts.map(decodeTexts);
    return Array.from(numbers[0][1], (_, i) => {
      const one = Object.fromEntries([...texts, ...numbers].map(([name, values]) => [name, values[i]]));
      return { ...one, picks: one.picks.split(",").filter(Boolean), facts: facts.map((values) => values[i]), reel: columns.reels[i] };
    });
  }

  function enhance(figure) {
    const spec = JSON.parse(figure.dataset.player);
    spec.plays = unpacked(spec.plays);
    if (!spec.plays.length) return;
    const [choosing, bar, decksBox] = ["choosing", "transport", "decks"].map((name) => figure.querySelector(`.dlviz-${name}`));
    const state = { t: 0, playing: false, speed: 30, loop: false, stretch: Infinity, reel: null };
    const decks = [];
    const host = { figure, spec, state, decks, seek, change, pause };

    const length = () => Math.max(1, ...decks.map((deck) => deck.n));
    const lead = () => decks[0];

    /* ---- Where the cursor is ---- */

    function seek(t, { told = true } = {}) {
      state.t = Math.max(0, Math.min(length() - 1, Math.round(t)));
      showStretch();
      for (const deck of decks) deck.show(state.t);
      showTime();
      if (told && !state.playing) remember();
    }

    /** The stretch of steps that is seen: all of them, or a page that the cursor leaves for the next. */
    function showStretch() {
      const [n, size] = [length(), Math.min(state.stretch, length())];
      let from = state.from ?? 0;
      if (state.t < from || state.t >= from + size) from = state.t - (state.playing ? Math.floor(size / 10) : Math.floor(size / 2));
      from = Math.max(0, Math.min(n - size, from));
      if (from === state.from && size === state.size) return;
      [state.from, state.size] = [from, size];
      for (const deck of decks) deck.draw(from, from + size);
    }

    function showTime() {
      seekBar.max = length() - 1;
      seekBar.value = state.t;
      if (!state.playing) seekBar.setAttribute("aria-valuetext", lead().words(state.t)); // nobody could listen that fast
      clock.firstChild.data = `${state.t.toLocaleString("en")} of ${(length() - 1).toLocaleString("en")}`;
    }

    /* ---- Playing ---- */

    let [last, owed] = [0, 0];

    function tick(now) {
      if (!state.playing || !figure.isConnected) return;
      owed += ((now - last) * state.speed) / 1000;
      last = now;
      const steps = Math.min(Math.floor(owed), 2 * state.speed);
      owed -= Math.floor(owed);
      if (steps) advance(steps);
      if (state.playing) requestAnimationFrame(tick);
    }

    function advance(steps) {
      const next = state.t + steps;
      if (state.reel) return next > state.reel.end ? clip(state.reel.place + 1) : seek(next);
      if (next < length()) return seek(next);
      if (state.loop) return seek(0);
      seek(length() - 1);
      pause();
    }

    function play() {
      if (state.t >= length() - 1) seek(0);
      state.playing = true;
      [last, owed] = [performance.now(), 0];
      for (const deck of decks) deck.run(true);
      showPlaying();
      requestAnimationFrame(tick);
    }

    function pause() {
      if (!state.playing) return;
      state.playing = false;
      state.reel = null;
      for (const deck of decks) deck.run(false);
      showPlaying();
      showTime();
      remember();
    }

    const toggle = () => (state.playing ? pause() : play());

    function showPlaying() {
      playing.textContent = state.playing ? "❚❚" : "▶";
      playing.setAttribute("aria-label", state.playing ? "Pause" : "Play");
      playing.title = `${state.playing ? "Pause" : "Play"} (Space)`;
      figure.classList.toggle("dlviz-playing", state.playing);
      reel?.setAttribute("aria-pressed", String(!!state.reel));
    }

    /** A speed at which the episode takes a quarter of a minute or so; slow for who wants no motion. */
    const usualSpeed = () => (CALM.matches ? 2 : SPEEDS.filter((speed) => speed <= Math.max(2, Math.min(30, length() / 8))).at(-1));

    /* ---- Highlights: a clip around each, one after the other ---- */

    async function clip(place) {
      const found = spec.highlights[place];
      if (!found) return (state.reel = null), pause();
      const [key, step] = found;
      state.playing = false;
      await change(0, spec.plays.findIndex((one) => one.key === key));
      state.reel = { place, end: Math.min(step + LEAD, length() - 1) };
      seek(Math.max(0, step - LEAD));
      play();
    }

    /* ---- Which episodes ---- */

    /** Show a play in a deck; resolves when its steps are there. */
    async function change(place, index) {
      if (index < 0) return;
      await decks[place].load(index);
      relayOut();
    }

    function relayOut() {
      state.from = undefined;
      figure.classList.toggle("dlviz-two", decks.length > 1);
      const timed = decks.some((deck) => deck.n > 1);
      bar.hidden = !timed;
      for (const deck of decks) deck.rescale();
      if (!state.chosenSpeed) speed.value = state.speed = usualSpeed();
      for (const option of stretch.options) option.disabled = option.value !== "all" && +option.value >= length();
      mark();
      seek(state.t);
    }

    async function compare(index) {
      if (decks.length > 1) return part();
      const deck = window.dlviz.playerDeck(host, 1);
      decksBox.append(deck.node);
      decks.push(deck);
      await change(1, index ?? other());
    }

    function part() {
      decks.pop().remove();
      relayOut();
    }

    /** Something to compare with: the same kind of example from another recording, of the same run, the earliest. */
    function other() {
      const here = spec.plays[lead().index];
      const rank = (one) => [one === here, one.of === here.of, one.run !== here.run, !one.picks.some((pick) => here.picks.includes(pick)), !one.n];
      const order = [...spec.plays.keys()].sort((a, b) => {
        const [p, q] = [rank(spec.plays[a]), rank(spec.plays[b])];
        return p.reduce((sum, value, i) => sum || value - q[i], 0) || a - b;
      });
      return order[0];
    }

    /* ---- Controls ---- */

    const tool = (label, name, action, key) => button(label, action, { "aria-label": name, title: key ? `${name} (${key})` : name });
    const playing = tool("▶", "Play", toggle, "Space");
    const seekBar = html("input", { type: "range", min: 0, max: 1, step: 1, value: 0, "aria-label": "step", class: "dlviz-seek" });
    const clock = html("output", { class: "dlviz-clock" }, "0");
    const speed = choice("speed", SPEEDS.map((value) => [value, `${value} steps/s`]), (value) => {
      state.speed = state.chosenSpeed = +value;
      for (const deck of decks) deck.run(state.playing);
    });
    const stretch = choice("steps at once", [["all", "all steps"], ...STRETCHES.map((value) => [value, `${value.toLocaleString("en")} at once`])], (value) => zoom(value === "all" ? Infinity : +value));
    const loop = button("↻", () => loop.setAttribute("aria-pressed", String((state.loop = !state.loop))), { "aria-pressed": "false", "aria-label": "Begin again at the end", title: "Begin again at the end" });
    const help = html("dl", { class: "dlviz-keys", hidden: "" }, ...HELP.map(([keys, what]) => html("div", {}, html("dt", {}, ...keys.split(" ").map((key) => html("kbd", {}, key))), html("dd", {}, what))));
    const ask = button("?", () => ask.setAttribute("aria-expanded", String(!(help.hidden = !help.hidden))), { "aria-expanded": "false", "aria-label": "Help: keys", title: "Keys" });
    const versus =
      spec.plays.length > 1 ? button("Compare", () => compare(), { "aria-pressed": "false", title: "Two episodes side by side, under one cursor" }) : null;
    const reel =
      spec.highlights.length > 0
        ? button(`Highlights ${spec.highlights.length}`, () => (state.reel ? pause() : clip(0)), { "aria-pressed": "false", title: "Play the steps where most hung on the action, one after the other" })
        : null;

    function choice(name, options, action) {
      const node = html("select", { "aria-label": name, title: name }, ...options.map(([value, label]) => html("option", { value }, label)));
      node.addEventListener("change", () => action(node.value));
      return node;
    }

    function zoom(size) {
      state.stretch = size;
      state.from = undefined;
      stretch.value = size === Infinity ? "all" : size;
      seek(state.t);
    }

    /** Fewer (1) or more (-1) steps at once. */
    function zoomBy(way) {
      const sizes = [Infinity, ...STRETCHES.filter((size) => size < length())];
      const place = sizes.indexOf(state.stretch);
      zoom(sizes[Math.max(0, Math.min(sizes.length - 1, (place < 0 ? 0 : place) + way))]);
    }

    function jump(way) {
      const steps = [...new Set(decks.flatMap((deck) => deck.moments.map(([step]) => step)))].sort((a, b) => a - b);
      const next = way > 0 ? steps.find((step) => step > state.t) : steps.findLast((step) => step < state.t);
      pause();
      if (next !== undefined) seek(next);
    }

    const step = (by) => (pause(), seek(state.t + by));
    const KEYS = {
      " ": toggle,
      ArrowLeft: ({ shiftKey }) => step(shiftKey ? -10 : -1),
      ArrowRight: ({ shiftKey }) => step(shiftKey ? 10 : 1),
      Home: () => step(-Infinity),
      End: () => step(Infinity),
      "[": () => jump(-1),
      "]": () => jump(1),
      "+": () => zoomBy(1),
      "=": () => zoomBy(1),
      "-": () => zoomBy(-1),
    };

    figure.addEventListener("keydown", (event) => {
      const { target, key } = event;
      const own = target === seekBar || !target.matches("input, select, textarea, video, summary, a");
      const action = own && !(key === " " && target.matches("button")) && KEYS[key];
      if (!action || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault(); // the browser's own, and the theme's keys of a single letter
      event.stopPropagation();
      action(event);
    });
    seekBar.addEventListener("input", () => (pause(), seek(+seekBar.value)));

    bar.append(
      tool("⇤", "Moment before", () => jump(-1), "["),
      tool("‹", "Step back", () => step(-1), "←"),
      playing,
      tool("›", "Step on", () => step(1), "→"),
      tool("⇥", "Moment after", () => jump(1), "]"),
      seekBar,
      clock,
      html("span", { class: "dlviz-more-tools" }, speed, stretch, loop, ask),
    );
    bar.after(help);
    choosing.append(...[versus, reel].filter(Boolean));

    /* ---- The list of all ---- */

    let rows = [];
    const amount = (cell) => ({ "data-sort": cell.replace(/,/g, "").replace("−", "-") });

    function list() {
      rows = spec.plays.map((one, i) => {
        const name = [spec.recordings[one.of], one.title].filter(Boolean).join(" · ");
        const open = button(name, () => (pause(), change(0, i), figure.scrollIntoView({ block: "start" })), { title: "Show it" });
        const cells = [...spec.facts.map((_, j) => one.facts[j]), one.picks.join(", ")];
        return html("tr", {}, html("th", { scope: "row" }, open), ...cells.map((cell, j) => html("td", j < spec.facts.length && spec.numeric.includes(spec.facts[j]) ? amount(cell) : {}, cell)));
      });
      figure.querySelector(".dlviz-listed tbody").replaceChildren(...rows);
    }

    function mark() {
      const shown = decks.map((deck) => deck.index);
      rows.forEach((row, i) => {
        if (shown.includes(i)) row.setAttribute("aria-current", "true");
        else row.removeAttribute("aria-current");
      });
      versus?.setAttribute("aria-pressed", String(decks.length > 1));
    }

    /* ---- One state, and an address for it ---- */

    let waiting;

    function remember() {
      if (!state.arrived) return;
      clearTimeout(waiting); // browsers take a few changes of the address a second, not one for each step
      waiting = setTimeout(() => {
        const query = new URLSearchParams({ ep: spec.plays[lead().index].key, t: state.t });
        if (decks[1]) query.set("with", spec.plays[decks[1].index].key);
        if (figure.isConnected) history.replaceState(history.state, "", `#${figure.id}?${query}`);
      }, 300);
    }

    /** Whether the address names a play of this figure. */
    async function arrive() {
      const [id, told] = location.hash.slice(1).split(/\?(.*)/);
      if (id !== figure.id || !told) return false;
      const query = new URLSearchParams(told);
      const find = (name) => spec.plays.findIndex((one) => one.key === query.get(name));
      pause();
      await change(0, Math.max(0, find("ep")));
      if (find("with") >= 0) {
        if (decks.length > 1) await change(1, find("with"));
        else await compare(find("with"));
      } else if (decks.length > 1) part();
      seek(+query.get("t") || 0, { told: false });
      figure.scrollIntoView();
      return true;
    }

    async function begin() {
      const first = window.dlviz.playerDeck(host, 0);
      decks.push(first);
      await first.load(spec.start);
      decksBox.replaceChildren(first.node);
      list();
      relayOut();
      await arrive();
      state.arrived = true;
      figure.classList.add("dlviz-live");
    }

    begin();
    window.addEventListener("hashchange", () => figure.isConnected && arrive());
  }

  function start() {
    const found = [...document.querySelectorAll("figure.dlviz-player")].filter((figure) => !done.has(figure));
    found.forEach((figure) => enhance(figure, done.add(figure)));
  }
  start();
  window.document$?.subscribe(start);
})();
