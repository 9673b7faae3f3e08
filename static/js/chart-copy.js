/* A copy of what is typed or marked, kept in this browser until the server has it. It is sealed (AES-GCM) with a key of this note
   and this person that only their own page is given: on a shared computer it is noise to everybody else, also to whoever
   signs in next. It goes as soon as the server has all of it, when the note is signed, and after a week. Without a secure
   context (plain http in a network) browsers have no sealing; then nothing is kept and the page warns before it is left. */
(() => {
  "use strict";
  const PREFIX = "tonus.chart.", A_WEEK = 7 * 24 * 3600 * 1000;
  const chart = (window.TonusChart = window.TonusChart || {});
  let storage = null;
  try { storage = window.localStorage; } catch { /* closed to us: no copies, then */ }
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
  const forget = (name) => { if (storage) storage.removeItem(PREFIX + name); };

  const sweep = () => {
    for (const key of Object.keys(storage || {})) {
      if (!key.startsWith(PREFIX)) continue;
      let at = 0;
      try { at = JSON.parse(storage.getItem(key)).at; } catch { /* not one of ours any more */ }
      if (!at || Date.now() - at > A_WEEK) storage.removeItem(key);
    }
  };

  /* Null where nothing can be kept. */
  chart.openCopy = async (name, key64) => {
    if (!storage || !window.crypto || !crypto.subtle) return null;
    const key = await crypto.subtle.importKey("raw", bytes(key64), "AES-GCM", false, ["encrypt", "decrypt"]);
    let wanted = null, busy = false, era = 0;

    const work = async () => {
      busy = true;
      while (wanted) {
        const said = wanted, then = era;
        wanted = null;
        const iv = crypto.getRandomValues(new Uint8Array(12));
        const data = new TextEncoder().encode(JSON.stringify(said));
        const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, data);
        if (era !== then) continue;
        try {
          storage.setItem(PREFIX + name, JSON.stringify({ at: Date.now(), iv: text(iv), sealed: text(sealed) }));
        } catch { /* full: the page itself still has it */ }
      }
      busy = false;
    };

    return {
      write(said) { wanted = said; if (!busy) work(); },
      forget() { era += 1; wanted = null; forget(name); },
      async read() {
        const kept = storage.getItem(PREFIX + name);
        if (!kept) return null;
        try {
          const { at, iv, sealed } = JSON.parse(kept);
          const data = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(iv) }, key, bytes(sealed));
          return Object.assign(JSON.parse(new TextDecoder().decode(data)), { at });
        } catch {
          forget(name);
          return null;
        }
      },
    };
  };

  sweep();
  const done = document.querySelector("[data-forget-copies]");
  if (done) done.dataset.forgetCopies.split(" ").forEach(forget);
})();
