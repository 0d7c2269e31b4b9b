/* What is done with a live diagram: blocks open and close, layers are chosen, wires are followed, by pointer and by
 * keys. diagrampanel.js has what stands beside the picture. Wants boxes.js and diagram.js.
 */
(() => {
  "use strict";

  const { DiagramView, boxes } = window.dlviz;
  const { readDiagram, HEADER } = boxes;
  const TWICE = 260; // ms in which a second click may follow
  const STEP = 80; // px that an arrow key moves the view
  const live = new Map();

  class Diagram extends DiagramView {
    /* ---- Blocks ---- */

    /** Open or close a block; its upper edge stays where it is. */
    toggle(i, open = !this.opened.has(i)) {
      if (!this.children[i].length || i === this.root) return;
      const before = this.scene.boxes.get(i);
      this.opened[open ? "add" : "delete"](i);
      this.relay(i, before);
      this.say(`${this.name(i)} ${open ? "opened" : "closed"}`);
    }

    relay(i, before) {
      const focused = this.port.contains(document.activeElement?.closest?.("g[data-i]"));
      this.glide(true);
      this.lay();
      const after = this.scene.boxes.get(i);
      if (before && after) {
        this.view.x += (before.x + before.w / 2 - after.x - after.w / 2) * this.view.k;
        this.view.y += (before.y - after.y) * this.view.k;
      }
      this.follow();
      this.draw();
      if (focused) this.focus(this.stop, false);
    }

    all(open) {
      this.opened = new Set(open ? this.children.flatMap((inside, i) => (inside.length ? [i] : [])) : []);
      const top = this.chosen >= 0 ? this.seen(this.chosen) : -1;
      this.relay(top, this.scene.boxes.get(top));
      if (top < 0) this.home();
    }

    /** Show one block alone; -1 for all. */
    isolate(block) {
      if (block >= 0 && !this.children[block].length) return;
      const from = this.root;
      this.root = block;
      if (block >= 0) this.opened.add(block);
      this.lay();
      this.follow();
      this.glide(true);
      if (this.whole() < 0.6) this.home();
      else this.fit();
      if (block < 0 && from >= 0) this.show(from);
      this.onroot?.();
      this.say(block < 0 ? "All blocks" : `${this.name(block)} alone`);
    }

    ancestors(i) {
      const found = [];
      for (let at = this.data.parent[i]; at >= 0; at = this.data.parent[at]) found.push(at);
      return found;
    }

    /** The box, or the outermost closed block that it is in. */
    seen(i) {
      const way = [i, ...this.ancestors(i)];
      return way.find((at) => this.scene.boxes.has(at)) ?? -1;
    }

    /** Open what is around a box. */
    reveal(i) {
      const around = this.ancestors(i);
      if (this.root >= 0 && this.root !== i && !around.includes(this.root)) {
        this.root = -1;
        this.onroot?.();
      }
      if (around.every((block) => this.opened.has(block)) && this.scene.boxes.has(i)) return;
      around.forEach((block) => this.opened.add(block));
      this.lay();
      this.follow();
    }

    /* ---- Choosing ---- */

    choose(i, { reveal = false, closer = false, address = true } = {}) {
      if (reveal) this.reveal(i);
      this.chosen = i;
      if (i >= 0) this.rove(i);
      this.side = "";
      this.follow();
      this.onchoose?.(i);
      if (i >= 0 && reveal) this.show(i, closer);
      this.refresh();
      if (address)
        history.replaceState(
          history.state,
          "",
          i < 0 ? location.pathname + location.search : `#m=${encodeURIComponent(this.data.id[i])}`,
        );
    }

    /** "#m=layer3.0" chooses a box; whether there is one of that name. */
    find(hash) {
      if (!hash.startsWith("#m=")) return false;
      let id = hash.slice(3);
      try {
        id = decodeURIComponent(id);
      } catch {
        /* as it stands */
      }
      const i = this.data.id.indexOf(id);
      if (i < 0) return false;
      this.choose(i, { reveal: true, address: false });
      this.figure.scrollIntoView({ block: "nearest" });
      return true;
    }

    refresh() {
      this.drawn = null;
      this.draw();
    }

    say(words) {
      this.voice.textContent = words;
    }

    /* ---- Wires ---- */

    within(i, block) {
      for (let at = i; at >= 0; at = this.data.parent[at]) if (at === block) return true;
      return false;
    }

    /** Wires of the chosen box; or all that leads to it, or that follows from it. */
    follow() {
      if (this.chosen < 0) {
        this.lit = this.family >= 0 ? { boxes: this.ofFamily(), lines: new Set() } : null;
        return;
      }
      const own = new Set(this.data.id.flatMap((_, i) => (this.within(i, this.chosen) ? [i] : [])));
      const before = this.side !== "after" && this.reach(own, "end", "start");
      const after = this.side !== "before" && this.reach(own, "start", "end");
      const wires = [...(before?.wires ?? []), ...(after?.wires ?? [])];
      const boxes = new Set([...own, ...(before?.boxes ?? []), ...(after?.boxes ?? [])]);
      for (const i of [...boxes]) this.ancestors(i).forEach((block) => boxes.add(block));
      this.lit = { boxes: this.side ? boxes : null, lines: this.ways(wires) };
    }

    ofFamily() {
      const found = new Set();
      this.data.family.forEach(
        (family, i) => family === this.family && [i, ...this.ancestors(i)].forEach((one) => found.add(one)),
      );
      return found;
    }

    /** Next to `own`, or all the way where a side is asked for. */
    reach(own, near, far) {
      const found = { boxes: new Set(), wires: [] };
      const queue = [...own];
      const by = (this.by ??= {});
      if (!by[near]) {
        by[near] = new Map();
        for (const wire of this.data.wires) by[near].set(wire[near], [...(by[near].get(wire[near]) ?? []), wire]);
      }
      for (const i of queue) {
        for (const wire of by[near].get(i) ?? []) {
          if (own.has(wire[far])) continue;
          found.wires.push(wire);
          if (!found.boxes.has(wire[far])) {
            found.boxes.add(wire[far]);
            if (this.side) queue.push(wire[far]);
          }
        }
      }
      return found;
    }

    /** The lines on the way of these wires. */
    ways(wires) {
      const carries = new Map();
      for (const { start, end } of wires) carries.set(start, (carries.get(start) ?? new Set()).add(end));
      const { groups } = this.data;
      const lit = this.scene.lines.filter(({ block, strand, sources }) => {
        const { children } = groups[block];
        const target = children[strand.end];
        const goes = (end) => (target === undefined ? !this.within(end, block) : this.within(end, target));
        return sources.some((source) => [...(carries.get(source) ?? [])].some(goes));
      });
      return new Set(lit);
    }

    /** Visible boxes next to one, along the wires. */
    next(i, down) {
      const [near, far] = down ? ["start", "end"] : ["end", "start"];
      const found = new Set();
      for (const wire of this.data.wires) {
        if (!this.within(wire[near], i) || this.within(wire[far], i)) continue;
        const other = this.seen(wire[far]);
        if (other >= 0) found.add(other);
      }
      const middle = ({ x, w }) => x + w / 2;
      const here = middle(this.scene.boxes.get(i));
      const off = (one) => Math.abs(middle(this.scene.boxes.get(one)) - here);
      return [...found].sort((a, b) => off(a) - off(b));
    }

    /* ---- Keys ---- */

    rove(i) {
      const { nodes } = this;
      if (nodes.has(this.stop)) nodes.get(this.stop).node.tabIndex = -1;
      this.stop = i;
      if (nodes.has(i)) nodes.get(i).node.tabIndex = 0;
    }

    focus(i, show = true) {
      if (!this.scene.boxes.has(i)) return;
      if (show) this.show(i);
      if (!this.nodes.has(i)) this.show(i, true);
      this.rove(i);
      this.nodes.get(i)?.node.focus({ preventScroll: true });
    }

    /** Closed boxes and open blocks in the order they are read. */
    order() {
      return [...this.scene.boxes.values()].sort((a, b) => a.y - b.y || a.x - b.x).map(({ i }) => i);
    }

    press(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const node = event.target.closest("g[data-i]");
      const act = node && !event.shiftKey ? this.walking(+node.dataset.i)[event.key] : null;
      const pan = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      const others = {
        "+": () => this.zoom(1.3),
        "=": () => this.zoom(1.3),
        "-": () => this.zoom(1 / 1.3),
        0: () => this.fit(),
        Enter: () => this.focus(this.stop),
        Escape: () => this.leave(),
        "/": () => this.search?.focus(),
      };
      const action = act ?? (pan ? () => this.move(pan[0] * STEP, pan[1] * STEP) : others[event.key]);
      if (!action) return;
      event.preventDefault();
      event.stopPropagation(); // the theme has single-key shortcuts of its own
      action();
    }

    walking(i) {
      const order = this.order();
      const at = order.indexOf(i);
      const beside = (step) => {
        const siblings = order.filter((one) => this.data.parent[one] === this.data.parent[i]);
        return siblings[siblings.indexOf(i) + step];
      };
      const go = (one) => one >= 0 && this.focus(one);
      const along = (down) => {
        if (down && this.scene.boxes.get(i).open) return go(order.find((one) => this.data.parent[one] === i));
        return go(this.next(i, down)[0] ?? order[at + (down ? 1 : -1)]);
      };
      return {
        ArrowDown: () => along(true),
        ArrowUp: () => along(false),
        ArrowLeft: () => go(beside(-1)),
        ArrowRight: () => go(beside(1)),
        PageDown: () => go(order[Math.min(at + 10, order.length - 1)]),
        PageUp: () => go(order[Math.max(at - 10, 0)]),
        Home: () => go(order[0]),
        End: () => go(order.at(-1)),
        Backspace: () => go(this.data.parent[i]),
        Enter: () => this.take(i),
        " ": () => this.take(i),
        i: () => this.isolate(i),
      };
    }

    take(i) {
      this.choose(i);
      this.toggle(i);
    }

    leave() {
      if (this.chosen >= 0) this.choose(-1);
      else if (this.root >= 0) this.isolate(-1);
      else this.port.focus();
    }

    /* ---- Pointers ---- */

    hit(event) {
      const box = this.port.getBoundingClientRect();
      const { k } = this.view;
      const [x, y] = [(event.clientX - box.left - this.view.x) / k, (event.clientY - box.top - this.view.y) / k];
      let found = null;
      for (const placed of this.scene.boxes.values()) {
        if (x >= placed.x && x <= placed.x + placed.w && y >= placed.y && y <= placed.y + placed.h) found = placed;
      }
      return (
        found && {
          ...found,
          sign:
            this.children[found.i].length &&
            x > found.x + found.w - 30 &&
            y < found.y + (found.open ? HEADER : found.h),
          head: !found.open || y < found.y + HEADER,
        }
      );
    }

    listen() {
      const { port } = this;
      port.addEventListener("keydown", (event) => this.press(event));
      port.addEventListener("focusin", ({ target }) => target.dataset.i && this.rove(+target.dataset.i));
      port.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
      port.addEventListener("pointerdown", (event) => this.down(event));
      port.addEventListener("pointermove", (event) => this.drag(event));
      port.addEventListener("pointerup", (event) => this.up(event));
      port.addEventListener("pointercancel", (event) => this.pointers.delete(event.pointerId));
      port.addEventListener("dblclick", (event) => this.double(event));
      new ResizeObserver(() => {
        if (this.unseen && port.clientWidth) this.home();
        this.unseen &&= !port.clientWidth;
        this.refresh();
      }).observe(port);
    }

    wheel(event) {
      const full = document.fullscreenElement === this.stage;
      if (!event.ctrlKey && !event.metaKey && !full) return;
      event.preventDefault();
      if (!event.ctrlKey && !event.metaKey) return this.move(-event.deltaX, -event.deltaY);
      const box = this.port.getBoundingClientRect();
      const amount = Math.max(-60, Math.min(60, event.deltaY * (event.deltaMode ? 16 : 1)));
      this.zoom(Math.exp(-amount / 160), event.clientX - box.left, event.clientY - box.top);
    }

    down(event) {
      if (event.button) return;
      this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
      this.moved = this.pointers.size > 1 || 0;
    }

    drag(event) {
      const before = this.pointers.get(event.pointerId);
      if (!before) return;
      const now = [event.clientX, event.clientY];
      const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
      if (this.pointers.size === 1 && this.moved !== true) {
        if (Math.hypot(dx, dy) < 4) return;
        this.moved = true;
        this.port.setPointerCapture(event.pointerId);
        this.port.classList.add("dlviz-held");
      }
      const others = [...this.pointers].filter(([id]) => id !== event.pointerId);
      this.pointers.set(event.pointerId, now);
      if (!others.length) return this.move(dx, dy);
      const [x, y] = others[0][1];
      const box = this.port.getBoundingClientRect();
      const apart = (point) => Math.hypot(point[0] - x, point[1] - y) || 1;
      this.move(dx / 2, dy / 2);
      this.zoom(apart(now) / apart(before), (now[0] + x) / 2 - box.left, (now[1] + y) / 2 - box.top);
    }

    up(event) {
      const held = this.pointers.delete(event.pointerId);
      this.port.classList.remove("dlviz-held");
      if (held && this.moved !== true) this.click(event);
    }

    /** A block waits for a second click before it opens or closes; its sign does not. */
    click(event) {
      const found = this.hit(event);
      clearTimeout(this.waiting);
      if (!found || !found.head) return this.choose(-1);
      if (found.sign) return this.toggle(found.i);
      this.choose(found.i);
      this.nodes.get(found.i)?.node.focus({ preventScroll: true });
      if (this.children[found.i].length) this.waiting = setTimeout(() => this.toggle(found.i), TWICE);
    }

    double(event) {
      const found = this.hit(event);
      clearTimeout(this.waiting);
      event.preventDefault();
      if (!found || found.sign) return;
      if (found.i === this.root) this.isolate(-1);
      else if (this.children[found.i].length) this.isolate(found.i);
      else this.show(found.i, true);
    }
  }

  /* ---- All of a page ---- */

  async function enhance(figure) {
    live.set(figure, null);
    try {
      live.set(figure, new Diagram(figure, await readDiagram(figure.dataset.diagram)));
    } catch (error) {
      live.delete(figure); // the picture that stands there already remains
      console.error(error);
    }
  }

  function start() {
    for (const figure of live.keys()) if (!figure.isConnected) live.delete(figure);
    document.querySelectorAll("figure.dlviz-diagram").forEach((figure) => live.has(figure) || enhance(figure));
  }

  const find = () => [...live.values()].some((diagram) => diagram?.find(location.hash));
  window.addEventListener("hashchange", find);
  document.addEventListener("click", ({ target }) => {
    // An address that stands there already changes nothing, but its layer may be out of sight.
    const link = target.closest?.('a[href*="#m="]');
    if (link && link.href === location.href) find();
  });
  Object.assign(window.dlviz, { diagrams: live, startDiagrams: start });
})();
