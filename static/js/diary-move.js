/* A visit in hand: dragged, stretched by its lower edge, or moved by keys; and an empty stretch that is booked by
   dragging over it. The server decides: this file only shows where it would go, and asks. */
(function () {
  "use strict";
  const diary = document.querySelector("[data-diary]"), says = document.getElementById("diary-says");
  if (!diary || !says) return;
  const ROW = 300, QUARTER = 3, LONGEST = 96;           // seconds of a row; rows of a quarter of an hour and of eight hours
  const PRESS = 350, SLOP = 6, EDGE = 44;               // milliseconds of a long press; pixels
  let hand = null, pending = null, swallow = false;

  const grid = () => diary.querySelector(".dg[data-zone]");
  const columns = () => [...grid().querySelectorAll("[data-column]")];
  const track = (column) => column.querySelector(".dg-track");
  const rows = () => Number(grid().dataset.rows);
  const clock = (seconds) => new Intl.DateTimeFormat("en-GB", { timeZone: grid().dataset.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(seconds * 1000));
  const wire = (seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 16)}Z`;
  const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
  const name_of = (link) => link.querySelector("strong").textContent;
  const say = (words) => { says.textContent = words; };

  /* -- What is in hand, and where it would go -- */
  const starts = () => hand.link && hand.row === hand.from.row && hand.column === hand.from.column ? Number(hand.link.dataset.at) : Number(hand.column.dataset.begins) + (hand.row - 1) * ROW;
  const minutes = () => hand.link && hand.n === hand.from.n ? Number(hand.link.dataset.minutes) : hand.n * 5;
  const is_moved = () => ["column", "row", "n"].some((part) => hand[part] !== hand.from[part]);
  const words = () => `${clock(starts())} to ${clock(starts() + minutes() * 60)}, ${hand.column.dataset.column}`;
  const number = (el, letter) => Number((el.className.match(new RegExp(`(?:^| )${letter}(\\d+)`)) || [])[1]);

  const take = (kind, by, { link = null, column, row, n, grab = 0 }) => {
    hand = { kind, by, link, column, row, n, grab, from: { column, row, n }, ghost: document.createElement("div") };
    diary.toggleAttribute("data-busy", true);
    hand.card = link && link.closest(".dg-card");
    if (hand.card) hand.card.classList.add("is-lifted");
    hand.ghost.setAttribute("aria-hidden", "true");
    show();
  };
  const take_card = (kind, by, link, grab = 0) => {
    const card = link.closest(".dg-card");
    take(kind, by, { link, column: card.closest("[data-column]"), row: number(card, "r"), n: Math.ceil(Number(link.dataset.minutes) / 5), grab });
  };
  const show = () => {
    if (hand.ghost.parentElement !== track(hand.column)) track(hand.column).append(hand.ghost);
    hand.ghost.className = `dg-ghost r${hand.row} n${clamp(hand.n, 1, rows() - hand.row + 1)}`;
    const name = hand.link ? `${name_of(hand.link)} · ` : "", other = hand.column === hand.from.column ? "" : ` · ${hand.column.dataset.column}`;
    hand.ghost.textContent = `${name}${clock(starts())}–${clock(starts() + minutes() * 60)}${other}`;
  };
  const lay_down = () => {
    if (!hand) return;
    hand.ghost.remove();
    if (hand.card) hand.card.classList.remove("is-lifted");
    diary.toggleAttribute("data-busy", false);
    hand = null;
  };

  /* -- Asking -- */
  const drop = () => {
    if (!is_moved()) { say("Left where it was."); lay_down(); return; }
    const { link, column } = hand, sent = hand;
    const values = { pick: `${column.dataset.who || link.dataset.with}@${wire(starts())}`, version: link.dataset.version, minutes: minutes() };
    if (column.dataset.room) values.room = column.dataset.room;
    sent.ghost.classList.add("is-sent");
    diary.toggleAttribute("data-busy", false);
    hand = null;
    link.focus({ preventScroll: true });
    const put_back = (event) => {
      if (event.detail.requestConfig.path !== link.dataset.drop) return;
      document.removeEventListener("htmx:afterRequest", put_back);
      if (event.detail.xhr.status === 200) return;        // the diary is drawn anew, and this ghost with it
      sent.ghost.remove();
      sent.card.classList.remove("is-lifted");
    };
    document.addEventListener("htmx:afterRequest", put_back);
    htmx.ajax("POST", link.dataset.drop, { target: "#diary-notice", swap: "innerHTML", values });
  };
  const book = () => {
    const { who, room } = hand.column.dataset, at = wire(starts());
    const where = who ? `&at=${who}@${at}&practitioner=${who}` : `&room=${room}&when=${at}`;
    const url = `${grid().dataset.book}${where}&minutes=${hand.n * 5}`;
    lay_down();
    location.assign(url);
  };

  /* -- By pointer -- */
  const follow = () => {
    const { x, y } = hand, box = (el) => el.getBoundingClientRect();
    if (hand.kind === "move") {
      const under = columns().find((one) => box(one).left <= x && x < box(one).right && !("nowhere" in one.dataset));
      if (under) hand.column = under;
    }
    const area = box(track(hand.column)), height = area.height / rows(), at = (y - area.top) / height;
    const snap = hand.fine ? 1 : QUARTER;
    if (hand.kind === "move") {
      const row = Math.round((at - hand.grab / height) / snap) * snap + 1;
      hand.row = clamp(row, 1, Math.max(1, rows() - hand.n + 1));
    } else if (hand.kind === "stretch") {
      hand.n = clamp(Math.round(at) - hand.row + 1, 1, Math.min(LONGEST, rows() - hand.row + 1));
    } else {
      const first = Math.floor(Math.min(at, hand.origin) / snap) * snap, last = Math.ceil(Math.max(at, hand.origin) / snap) * snap;
      hand.row = clamp(first + 1, 1, rows());
      hand.n = clamp(last - first, snap, Math.min(LONGEST, rows() - hand.row + 1));
    }
    show();
  };
  const scroll = () => {
    if (!hand || hand.by !== "pointer") return;
    const view = grid().getBoundingClientRect(), pull = (at, low, high) => at < low + EDGE ? at - low - EDGE : at > high - EDGE ? at - high + EDGE : 0;
    const head = columns()[0].querySelector(".dg-head").offsetHeight, axis = grid().querySelector(".dg-axis").offsetWidth;
    const down = pull(hand.y, Math.max(view.top, 0) + head, Math.min(view.bottom, innerHeight)), right = hand.kind === "move" ? pull(hand.x, view.left + axis, view.right) : 0;
    if (down || right) {
      const whole = grid().scrollHeight <= grid().clientHeight, pace = clamp(down / 4, -14, 14);
      if (whole) scrollBy(0, pace); else grid().scrollTop += pace;
      grid().scrollLeft += clamp(right / 4, -14, 14);
      follow();
    }
    requestAnimationFrame(scroll);
  };
  const lift = () => {
    const { kind, link, column, x, y, id } = pending;
    clearTimeout(pending.timer);
    pending = null;
    if (kind === "book") {
      const area = track(column).getBoundingClientRect(), at = (y - area.top) / (area.height / rows());
      take(kind, "pointer", { column, row: clamp(Math.floor(at / QUARTER) * QUARTER + 1, 1, rows()), n: QUARTER });
      hand.origin = at;
    } else take_card(kind, "pointer", link, y - link.closest(".dg-card").getBoundingClientRect().top);
    Object.assign(hand, { x, y });
    try { diary.setPointerCapture(id); } catch { /* the pointer has left already */ }
    requestAnimationFrame(scroll);
  };
  diary.addEventListener("pointerdown", (event) => {
    if (hand && hand.by === "keys") lay_down();
    if (event.button !== 0 || !event.isPrimary || hand || event.target.closest(".dg-arrive, .dg-head")) return;
    const card = event.target.closest(".dg-card"), link = card && card.querySelector(".dg-open[data-drop]"), column = event.target.closest("[data-column]");
    if (!column || (card && !link) || (!card && ("nowhere" in column.dataset || !grid().dataset.book))) return;
    const grip = event.target.closest(".dg-grip"), mouse = event.pointerType === "mouse";
    pending = { kind: grip ? "stretch" : card ? "move" : "book", link, column, x: event.clientX, y: event.clientY, id: event.pointerId, at_once: mouse || grip };
    if (!pending.at_once) pending.timer = setTimeout(() => { if (pending) { lift(); if (navigator.vibrate) navigator.vibrate(12); } }, PRESS);
  });
  const let_go = () => { if (pending) clearTimeout(pending.timer); pending = null; };
  document.addEventListener("pointermove", (event) => {
    if (pending && event.pointerId === pending.id && Math.hypot(event.clientX - pending.x, event.clientY - pending.y) > SLOP) {
      if (pending.at_once) lift(); else let_go();        // a finger that moves at once wants to scroll
    }
    if (!hand || hand.by !== "pointer") return;
    Object.assign(hand, { x: event.clientX, y: event.clientY, fine: event.shiftKey });
    follow();
  });
  document.addEventListener("pointerup", () => {
    let_go();
    if (!hand || hand.by !== "pointer") return;
    swallow = true;                                      // the click that follows is not one
    setTimeout(() => { swallow = false; }, 50);
    if (hand.kind === "book") book(); else drop();
  });
  document.addEventListener("pointercancel", () => { let_go(); if (hand && hand.by === "pointer") lay_down(); });
  diary.addEventListener("click", (event) => { if (swallow) { event.preventDefault(); event.stopPropagation(); swallow = false; } }, true);
  diary.addEventListener("dragstart", (event) => event.preventDefault());
  diary.addEventListener("contextmenu", (event) => { if (hand || (pending && !pending.at_once)) event.preventDefault(); });
  diary.addEventListener("touchmove", (event) => { if (hand) event.preventDefault(); }, { passive: false });
  addEventListener("blur", () => { let_go(); if (hand && hand.by === "pointer") lay_down(); });

  /* -- By keys: m takes up, arrows and + - move and stretch, Enter drops, Escape leaves -- */
  const beside = (way) => {
    const all = columns().filter((one) => !("nowhere" in one.dataset) || one === hand.column);
    return all[all.indexOf(hand.column) + way] || hand.column;
  };
  const steer = (event) => {
    const step = event.shiftKey ? 1 : QUARTER, last = Math.max(1, rows() - hand.n + 1);
    switch (event.key) {
      case "ArrowUp": hand.row = clamp(hand.row - step, 1, last); break;
      case "ArrowDown": hand.row = clamp(hand.row + step, 1, last); break;
      case "ArrowLeft": hand.column = beside(-1); break;
      case "ArrowRight": hand.column = beside(1); break;
      case "+": case "=": hand.n = clamp(hand.n + 1, 1, Math.min(LONGEST, rows() - hand.row + 1)); break;
      case "-": case "_": hand.n = clamp(hand.n - 1, 1, LONGEST); break;
      default: return false;
    }
    show();
    hand.ghost.scrollIntoView({ block: "nearest", inline: "nearest" });
    say(words());
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const mine = () => { event.preventDefault(); event.stopImmediatePropagation(); };
    if (hand && event.key === "Escape") { mine(); lay_down(); say("Left where it was."); return; }
    if (hand && hand.by === "keys") {
      if (event.key === "Enter") { mine(); drop(); } else if (event.key === "Tab") lay_down(); else if (steer(event) || event.key !== "Shift") mine();
      return;
    }
    const link = event.key === "m" && !hand && document.activeElement && document.activeElement.closest("[data-diary] .dg-open");
    if (!link) return;
    mine();
    if (!link.dataset.drop) { say("This visit can no longer be moved."); return; }
    take_card("move", "keys", link);
    say(`${name_of(link)} in hand, ${words()}. Arrows move, plus and minus change the length, Enter drops, Escape leaves.`);
  }, true);
})();
