// Draws the curves of the timeline from the figures in the page. The tables say the same without this file.
(() => {
  const source = document.getElementById("timeline-figures");
  if (!source || !window.Chart) return;
  const figures = JSON.parse(source.textContent);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const DAY = 86400000;
  const AXIS = 132;
  let charts = [];

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const dayOf = (x) =>
    new Date(x * DAY).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

  // Shaded stretches of the scale behind a curve, and a dotted line for each session.
  const behind = {
    id: "behind",
    beforeDatasetsDraw(chart, _args, options) {
      const { ctx, chartArea: area, scales } = chart;
      const tones = { noise: "--t-line", important: "--t-good-soft", worse: "--t-stop-soft" };
      ctx.save();
      ctx.beginPath();
      ctx.rect(area.left, area.top, area.width, area.height);
      ctx.clip();
      for (const band of options.bands || []) {
        const top = scales.y.getPixelForValue(band.high);
        const bottom = scales.y.getPixelForValue(band.low);
        ctx.globalAlpha = band.kind === "noise" ? 0.45 : 0.8;
        ctx.fillStyle = colour(tones[band.kind]);
        ctx.fillRect(area.left, Math.min(top, bottom), area.width, Math.abs(bottom - top));
      }
      ctx.globalAlpha = 1;
      ctx.strokeStyle = colour("--t-quiet");
      ctx.setLineDash([1, 4]);
      for (const session of options.sessions || []) {
        const x = Math.round(scales.x.getPixelForValue(session.x)) + 0.5;
        ctx.beginPath();
        ctx.moveTo(x, area.top);
        ctx.lineTo(x, area.bottom);
        ctx.stroke();
      }
      if (options.target !== null && options.target !== undefined) {
        const y = scales.y.getPixelForValue(options.target);
        ctx.strokeStyle = colour("--t-accent");
        ctx.lineWidth = 2;
        ctx.setLineDash([7, 5]);
        ctx.beginPath();
        ctx.moveTo(area.left, y);
        ctx.lineTo(area.right, y);
        ctx.stroke();
      }
      ctx.restore();
    },
  };

  // The exact interval of a week's rate, as a line through its point.
  const whiskers = {
    id: "whiskers",
    afterDatasetsDraw(chart, _args, options) {
      const { ctx, scales } = chart;
      ctx.save();
      ctx.strokeStyle = colour("--t-accent");
      ctx.lineWidth = 1.5;
      for (const [day, low, high] of options.intervals || []) {
        const x = scales.x.getPixelForValue(day);
        ctx.beginPath();
        ctx.moveTo(x, scales.y.getPixelForValue(low));
        ctx.lineTo(x, scales.y.getPixelForValue(high));
        ctx.stroke();
      }
      ctx.restore();
    },
  };

    const days = () => ({
    type: "linear",
    min: figures.first,
    max: figures.last,
    grid: { display: false },
    ticks: { callback: dayOf, stepSize: 7 * Math.ceil((figures.last - figures.first) / (window.innerWidth < 600 ? 21 : 49)), includeBounds: false, color: colour("--t-quiet") },
    border: { color: colour("--t-line-strong") },
  });

  const common = () => ({
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    events: still ? [] : undefined,
  });

  const points = (pairs) => pairs.map(([x, y]) => ({ x, y }));

  function drawCurve(canvas, curve) {
    const accent = colour("--t-accent");
    const quiet = colour("--t-quiet");
    const sets = [
      { label: curve.name, data: points(curve.points), borderColor: accent, backgroundColor: accent, borderWidth: 2.5, pointRadius: 4, tension: 0 },
    ];
    if (curve.before) {
      sets.push(
        { label: "At the session, before", data: points(curve.before), showLine: false, pointStyle: "triangle", borderColor: quiet, backgroundColor: quiet, pointRadius: 4 },
        { label: "At the session, after", data: points(curve.after), showLine: false, pointStyle: "circle", borderColor: quiet, backgroundColor: colour("--t-paper"), pointRadius: 3 },
      );
    }
    return new window.Chart(canvas, {
      type: "line",
      data: { datasets: sets },
      plugins: [behind, whiskers],
      options: {
        ...common(),
        scales: {
          x: days(),
          y: {
            min: curve.low,
            max: curve.high,
            ticks: { color: quiet, maxTicksLimit: 7 },
            grid: { color: colour("--t-line") },
            border: { display: false },
            afterFit: (axis) => { axis.width = 40; },
          },
        },
        plugins: {
          behind: { bands: curve.bands, sessions: figures.sessions, target: curve.target },
          whiskers: { intervals: curve.intervals },
          legend: { display: sets.length > 1, position: "bottom", labels: { color: quiet, usePointStyle: true, boxHeight: 6 } },
          tooltip: { callbacks: { title: (items) => dayOf(items[0].parsed.x) } },
        },
      },
    });
  }

  function drawLanes(canvas) {
    const names = figures.lanes.map((lane) => lane.name);
    const tone = { medicine: "--t-line-strong", spasm: "--t-stop", home: "--t-good", exercise: "--t-good" };
    const ink = (lane) => colour(tone[lane.kind] || "--t-accent");
    const shape = { gentle: "circle", neuromuscular: "rectRot", deep_tissue: "rect", exercise: "triangle", home: "triangle", spasm: "crossRot" };
    const sets = figures.lanes.map((lane) => ({
      label: lane.name,
      showLine: Boolean(lane.spans),
      borderWidth: lane.spans ? 10 : 2,
      borderColor: ink(lane),
      backgroundColor: ink(lane),
      pointStyle: shape[lane.kind] || "circle",
      pointRadius: lane.spans ? 0 : 6,
      data: lane.spans
        ? lane.spans.flatMap(([from, to]) => [{ x: from, y: lane.name }, { x: to, y: lane.name }])
        : lane.days.map((x) => ({ x, y: lane.name })),
    }));
    canvas.parentElement.style.height = `${Math.max(90, 34 * names.length + 40)}px`;
    return new window.Chart(canvas, {
      type: "line",
      data: { datasets: sets },
      options: {
        ...common(),
        scales: {
          x: days(),
          y: {
            type: "category",
            labels: names,
            offset: true,
            ticks: { color: colour("--t-ink") },
            grid: { color: colour("--t-line") },
            border: { display: false },
            afterFit: (axis) => { axis.width = AXIS; },
          },
        },
        plugins: { legend: { display: false }, tooltip: { callbacks: { title: (items) => dayOf(items[0].parsed.x), label: (item) => item.dataset.label } } },
      },
    });
  }

  function draw() {
    charts.forEach((chart) => chart.destroy());
    window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    const byKey = Object.fromEntries(figures.curves.map((curve) => [curve.key, curve]));
    charts = [...document.querySelectorAll("[data-curve]")].map((canvas) => drawCurve(canvas, byKey[canvas.dataset.curve]));
    const lanes = document.querySelector("[data-lanes]");
    if (lanes && figures.lanes.length) charts.push(drawLanes(lanes));
  }

  draw();
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
})();
