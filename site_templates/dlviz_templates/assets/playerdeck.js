/* One episode of a player: its state or its pictures, its tracks, its moments. What moves the cursor is in player.js. */
(() => {
  "use strict";

  const { html, svg, button, tint, runs, loadScript } = window.dlviz;
  const { number } = window.dlviz.numbers;
  const { decode } = window.dlviz.plotmarks;
  const { spanOf, draw, GRID } = window.dlviz.tracks;
  const SHEETS = 6; // of pictures that are kept decoded
  const TRAIL = 30; // steps of a walk over a grid that stay seen
  const RATES = [30, 15, 60, 50, 25, 24, 20, 12, 10, 8, 6, 5, 4, 3, 2, 1]; // pictures a second that films have
  const COLORS = ["fg", "muted", "axis", "grid", "serious", "tint", ...Array.from({ length: 10 }, (_, i) => `c${i}`)];
  const written = (value) => number(+value.toPrecision(3));

  window.dlviz.playerDeck = (host, place) => {
    const { spec, state, figure } = host;
    const deck = { index: -1, n: 0, moments: [], data: null };

    /* ---- What is chosen ---- */

    const choosing = html("div", { class: "dlviz-which-one" });
    const name = html("p", { class: "dlviz-name" }, html("span", {}));
    const stage = html("div", { class: "dlviz-stage" });
    const sources = html("span", { class: "dlviz-segments", role: "group", "aria-label": "what is shown" });
    const caption = html("output", { class: "dlviz-now", "aria-live": "polite" });
    const note = html("p", { class: "dlviz-note" });
    const facts = html("dl", {});
    const tracks = html("div", { class: "dlviz-tracks" });
    const moments = html("div", { class: "dlviz-moments" });
    const look = html("div", { class: "dlviz-look" }, choosing, name, stage, sources, caption, facts, note);
    deck.node = html("div", { class: "dlviz-deck" }, look, tracks, moments);

    function choose() {
      const here = spec.plays[deck.index];
      const fellows = [...spec.plays.keys()].filter((i) => spec.plays[i].of === here.of);
      const pick = (i) => (host.pause(), host.change(place, i));
      const option = (value, label) => html("option", { value }, label);
      const list = (label, value, options, action) => {
        const node = html("select", { "aria-label": label, title: label, "data-key": label }, ...options);
        node.value = value;
        node.addEventListener("change", () => action(+node.value));
        return node;
      };
      const recording = list("recording", here.of, spec.recordings.map((one, i) => option(i, one)), (of) => {
        const same = [...spec.plays.keys()].filter((i) => spec.plays[i].of === of);
        pick(same.find((i) => spec.plays[i].picks.some((one) => here.picks.includes(one))) ?? same[0]);
      });
      const label = (i) => [spec.plays[i].title, Number.isFinite(spec.plays[i].total) ? `return ${written(spec.plays[i].total)}` : ""].filter(Boolean).join(", ");
      const episode = list("episode", deck.index, fellows.map((i) => option(i, label(i))), pick);
      const examples = ["best", "median", "worst", "most surprising"].flatMap((one) => {
        const at = fellows.find((i) => spec.plays[i].picks.includes(one));
        return at === undefined ? [] : [button(one, () => pick(at), { "aria-pressed": String(at === deck.index), "data-key": one })];
      });
      const used = choosing.contains(document.activeElement) ? document.activeElement.dataset.key : null;
      choosing.replaceChildren(
        ...(spec.recordings.length > 1 ? [recording] : []),
        ...(fellows.length > 1 ? [episode] : []),
        ...(fellows.length > 1 ? [html("span", { class: "dlviz-segments", role: "group", "aria-label": "example" }, ...examples)] : []),
      );
      if (used) choosing.querySelector(`[data-key="${used}"]`)?.focus({ preventScroll: true });
    }

    let lost = ""; // what went wrong

    async function load(index) {
      const one = spec.plays[index];
      lost = "";
      if (one.data) {
        try {
          await loadScript(spec.root + one.data);
        } catch {
          lost = "The steps of this episode could not be loaded.";
        }
      }
      const raw = runs.get(spec.key + one.key);
      if (raw && !raw.decoded) unpack(raw);
      Object.assign(deck, { index, data: raw ?? null, n: raw?.n ?? 0, moments: raw?.moments ?? [] });
      name.firstChild.textContent = [spec.recordings[one.of], one.title].filter(Boolean).join(" · ");
      const told = one.facts.map((value, i) => [spec.facts[i], value]).filter(([, value]) => value);
      facts.replaceChildren(...told.map(([key, value]) => html("div", {}, html("dt", {}, key), html("dd", {}, value))));
      choose();
      showMoments();
      setStage(one);
    }

    function unpack(raw) {
      for (const key of Object.keys(raw.traces)) raw.traces[key] = decode(raw.traces[key]);
      raw.state = raw.state?.map((one) => raw.traces[one] ?? decode(one)); // a column that is a trace too has its name
      raw.pictured = raw.pictured && decode(raw.pictured);
      raw.decoded = true;
    }

    /* ---- Pictures, films, drawings ---- */

    let shown = null; // the source that is seen: { name, node, at(t), run(playing) }

    function setStage(one) {
      shown?.run(false);
      const { data } = deck;
      const found = [
        one.reel && data?.pictured && pictures(one.reel, data.pictured),
        one.film && film(spec.root + one.film),
        spec.scene && data?.state && drawing(spec.scene, data.state),
      ].filter(Boolean);
      const pick = (source) => {
        shown?.run(false);
        shown = source;
        stage.replaceChildren(...(source ? [source.node] : []));
        stage.hidden = !source;
        note.textContent = lost || (source?.note ?? "");
        sources.replaceChildren(...(found.length > 1 ? found : []).map((other) => button(other.name, () => pick(other), { "aria-pressed": String(other === source) })));
        if (source && deck.n) source.at(Math.min(state.t, deck.n - 1));
        if (state.playing) source?.run(true);
      };
      pick(found.find((source) => source.name === shown?.name) ?? found[0] ?? null);
    }

    /** Sheets of pictures: the one that is seen and the next are loaded. */
    function pictures([paths, width, height, columns, each], steps) {
      const node = html("canvas", { width, height, role: "img", "aria-label": "picture of this step", class: Math.max(width, height) <= 100 ? "dlviz-pixels" : null });
      node.style.setProperty("--r", width / height);
      const pen = node.getContext("2d");
      const sheets = new Map();
      let wanted = -1;
      const of = Int32Array.from({ length: deck.n }, (_, t) => t);
      let last = 0;
      for (let t = 0; t < deck.n; t++) {
        while (last + 1 < steps.length && steps[last + 1] <= t) last++;
        of[t] = last;
      }
      function sheet(i) {
        if (!sheets.has(i)) {
          const image = new Image();
          const entry = { ready: false, image };
          image.src = new URL(spec.root + paths[i], document.baseURI);
          image.decode().then(() => ((entry.ready = true), paint()), () => (note.textContent = "Pictures of this episode could not be loaded."));
          sheets.set(i, entry);
          if (sheets.size > SHEETS) sheets.delete(sheets.keys().next().value);
        }
        return sheets.get(i);
      }
      function paint() {
        const { ready, image } = sheet(Math.floor(wanted / each));
        if (!ready) return;
        const inside = wanted % each;
        pen.drawImage(image, (inside % columns) * width, Math.floor(inside / columns) * height, width, height, 0, 0, width, height);
      }
      const at = (t) => {
        if (of[t] !== wanted) {
          wanted = of[t];
          paint();
        }
        const next = Math.floor(wanted / each) + 1;
        if (next < paths.length && wanted % each > each / 2) sheet(next);
      };
      return { name: "pictures", node, at, run() {} };
    }

    /** A film with a picture for each step follows the cursor, and leads it while it plays; another has its own controls. */
    function film(src) {
      const node = html("video", { src, controls: "", preload: "auto", playsinline: "", muted: "", "aria-label": "film of this episode" });
      node.muted = true;
      let rate = 0;
      const source = { name: "film", node, note: "", at, run };
      node.addEventListener("loadedmetadata", () => {
        node.style.setProperty("--r", node.videoWidth / node.videoHeight || 1.5);
        rate = RATES.find((one) => [deck.n, deck.n + 1].some((n) => Math.abs(node.duration * one - n) < 0.45)) ?? 0;
        node.controls = !rate;
        if (!rate && deck.n) source.note = "The film has not one picture for each step: it is not tied to the cursor.";
        if (shown === source) {
          note.textContent = source.note;
          if (deck.n) at(Math.min(state.t, deck.n - 1));
        }
      });
      function at(t) {
        const to = (t + 0.5) / rate;
        // While both play they run at the same speed; only what has drifted apart is brought together.
        if (rate && Math.abs(node.currentTime - to) > (node.paused ? 0.4 : 4 + state.speed / 8) / rate) node.currentTime = to;
      }
      function run(playing) {
        if (!rate) return;
        node.playbackRate = Math.max(0.07, Math.min(16, state.speed / rate));
        if (playing) node.play().catch(() => {});
        else node.pause();
        if (!playing && deck.n) at(Math.min(state.t, deck.n - 1));
      }
      return source;
    }

    function drawing(scene, columns) {
      const node = html("canvas", { role: "img", "aria-label": "state of this step, drawn" });
      const shape = window.dlviz.scenes.ratio(scene);
      node.style.setProperty("--r", shape);
      let step = 0;
      const at = (t) => {
        step = t;
        if (!node.width) return;
        const before = [];
        if (scene.kind === "grid") for (let i = Math.max(0, t - TRAIL); i <= t; i++) before.push(columns[0][i]);
        const action = deck.data.traces.action?.[t] ?? deck.data.traces["action:0"]?.[t];
        window.dlviz.scenes.draw(node, scene, columns.map((one) => one[t]), { action, actions: spec.actions, color: colors(), before });
      };
      new ResizeObserver(() => {
        const { width } = node.getBoundingClientRect();
        const wide = Math.round(width * Math.min(2, devicePixelRatio || 1));
        if (!wide || wide === node.width) return;
        [node.width, node.height] = [wide, Math.round(wide / shape)];
        at(step);
      }).observe(node);
      return { name: "drawn", node, at, run() {}, note: place ? "" : scene.note }; // the same for both
    }

    let painted = null;
    const colors = () => {
      if (painted) return painted;
      const style = getComputedStyle(figure);
      painted = Object.fromEntries(COLORS.map((one) => [one, style.getPropertyValue(`--dlviz-${one}`).trim() || "#888"]));
      painted.tile = painted.grid;
      return painted;
    };
    const scheme = new MutationObserver(() => {
      if (!figure.isConnected) return scheme.disconnect();
      painted = null;
      if (shown && deck.n) shown.at(Math.min(state.t, deck.n - 1));
    });
    scheme.observe(document.body, { attributeFilter: ["data-md-color-scheme"] });

    /* ---- Tracks ---- */

    const rail = html("div", { class: "dlviz-rail", "aria-hidden": "true" });
    const cursor = html("i", { class: "dlviz-cursor-line", "aria-hidden": "true" });
    let lanes = [];
    let [from, to, width] = [0, 1, 0];

    /** Tracks and their scales, which are those of both episodes where two are compared. */
    function rescale() {
      const plays = host.decks.map(({ data }) => data).filter(Boolean);
      const has = ({ traces }, data) => traces.some(([key]) => data?.traces[key]);
      lanes = spec.tracks.filter((track) => plays.some((data) => has(track, data))).map((track) => lane(track, spanOf(track, plays), has(track, deck.data)));
      tracks.replaceChildren(...(deck.n ? [rail] : []), ...lanes.map(({ node }) => node), ...(deck.n ? [cursor] : []));
      tracks.hidden = !lanes.length;
    }

    function lane(track, ends, known) {
      const values = [];
      const many = track.traces.length > 1;
      const swatch = (label, style, output) => html("span", { class: `dlviz-swatched ${style}` }, html("i", {}), `${label} `, output ?? "");
      const output = (key, say) => {
        const text = document.createTextNode("");
        if (deck.data?.traces[key]) values.push([deck.data.traces[key], text, say]);
        return html("output", {}, text);
      };
      const keys =
        track.kind === "choice"
          ? [output(track.traces[0][0], (action) => track.labels[action] ?? ""), ...track.labels.map((label, i) => swatch(label, tint(i)))]
          : track.traces
              .filter(([key]) => deck.data?.traces[key])
              .map(([key, label, color, dash]) => (many ? swatch(label, `${tint(color)} dlviz-${dash}`, output(key, written)) : output(key, written)));
      const picture = svg("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
      const [low, high] = track.kind === "choice" || track.own ? ["", ""] : ends.map(written);
      const limits = high && known ? [html("span", { class: "dlviz-high" }, high), html("span", { class: "dlviz-low" }, low)] : [];
      const node = html(
        "div",
        { class: "dlviz-track", "data-kind": track.kind },
        html("p", { class: "dlviz-track-head" }, html("b", { title: track.says }, track.title), ...(known ? keys : [html("small", {}, "not recorded")])),
        html("div", { class: "dlviz-lane" }, picture, ...limits),
      );
      return { track, ends, node, picture, values, known };
    }

    function drawTracks(a, b) {
      [from, to] = [a, b];
      for (const { track, ends, picture, known } of lanes) {
        picture.setAttribute("viewBox", `${a} 0 ${b - a} ${GRID}`);
        picture.replaceChildren(...(known ? draw(track, deck.data, a, Math.min(b, deck.n), ends) : []));
      }
      const seen = deck.moments.filter(([step]) => step >= a && step < b);
      rail.replaceChildren(...seen.map(([step, kind]) => html("i", { style: `left:${(100 * (step + 0.5 - a)) / (b - a)}%`, "data-kind": kind })));
    }

    const laneAt = ({ clientX }) => {
      const { left, width: wide } = tracks.getBoundingClientRect();
      return from + Math.floor(((clientX - left) / wide) * (to - from));
    };
    let held = false;
    tracks.addEventListener("pointerdown", (event) => {
      if (event.button || !deck.n) return;
      held = true;
      tracks.setPointerCapture(event.pointerId);
      host.pause();
      host.seek(laneAt(event));
      figure.querySelector(".dlviz-seek").focus({ preventScroll: true });
      event.preventDefault();
    });
    tracks.addEventListener("pointermove", (event) => held && host.seek(Math.max(from, Math.min(to - 1, laneAt(event)))));
    for (const one of ["pointerup", "pointercancel"]) tracks.addEventListener(one, () => (held = false));

    const wide = new ResizeObserver(([{ contentRect }]) => {
      width = contentRect.width;
      moveCursor(Math.min(state.t, deck.n - 1));
    });
    wide.observe(tracks);
    const moveCursor = (t) => (cursor.style.transform = `translateX(${((t + 0.5 - from) / (to - from)) * width}px)`);

    function show(asked) {
      if (!deck.n) return;
      const t = Math.min(asked, deck.n - 1);
      moveCursor(t);
      // The text within its node: a new one would have the browser look at the styles of everything around it.
      for (const { values } of lanes) for (const [array, text, say] of values) text.data = say(array[t]);
      shown?.at(t);
      deck.node.classList.toggle("dlviz-over", asked > t);
      tellMoment(t);
    }

    /* ---- Moments ---- */

    let rows = [];
    function showMoments() {
      rows = deck.moments.map(([step, kind, text]) => {
        const go = button("", () => (host.pause(), host.seek(step)), {});
        go.append(html("b", {}, step.toLocaleString("en")), " ", html("i", {}, kind), " ", html("span", {}, text));
        return html("li", { "data-kind": kind }, go);
      });
      moments.replaceChildren(...(rows.length ? [html("h4", {}, "Moments worth a look"), html("ol", {}, ...rows)] : []));
      moments.hidden = !rows.length;
    }

    /** The last moment passed stays in sight for a while. */
    function tellMoment(t) {
      const stay = state.playing ? Math.max(1, state.speed * 1.5) : 0;
      const place = deck.moments.findLastIndex(([step]) => step <= t && step >= t - stay);
      const text = place < 0 ? "" : deck.moments[place][2];
      if (caption.textContent !== text) caption.textContent = text;
      rows.forEach((row, i) => {
        const current = deck.moments[i][0] === t;
        if (current !== row.hasAttribute("aria-current")) row.toggleAttribute("aria-current", current);
      });
    }

    /** What there is at a step, for who cannot see it. */
    function words(t) {
      const step = Math.min(t, deck.n - 1);
      const told = lanes.flatMap(({ track, values }) => (track.own || values.length > 2 ? [] : values.map(([array, , say]) => `${track.title} ${say(array[step])}`)));
      return [`step ${step}`, ...told.slice(0, 5)].join(", ");
    }

    return Object.assign(deck, {
      load,
      rescale,
      draw: drawTracks,
      show,
      words,
      run: (playing) => shown?.run(playing),
      remove() {
        shown?.run(false);
        scheme.disconnect();
        wide.disconnect();
        deck.node.remove();
      },
    });
  };
})();
