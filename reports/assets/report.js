"use strict";
// Draws the charts of a slosim report with uPlot from the JSON element #data.
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const figures = data.figures;
  const light = ["#0072b2", "#d55e00", "#009e73", "#b3598f", "#b07a00", "#3a9bd6", "#6a51a3", "#333333"];
  const dark = ["#4aa8e0", "#ff8a3d", "#2fc79a", "#e6a3c9", "#f0b93a", "#9bd3f5", "#b8a0e0", "#dddddd"];
  const dashes = [[], [7, 3], [2, 3], [9, 3, 2, 3]];
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  let printing = false;
  let plots = [];
  let built = 0;
  // What is not drawn, by name. A reader's choice holds for all charts of a kind and survives a redraw.
  const hidden = { contenders: new Set(data.hidden), techniques: new Set(), beliefs: new Set() };

  const isDark = () => prefersDark.matches && !printing;
  const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colour = (i) => (isDark() ? dark : light)[i % 8];
  const dash = (i) => dashes[(i + Math.floor(i / 8)) % 4];
  const contenderIndex = (name) => Math.max(0, data.contenders.indexOf(name));
  const percent = (v, digits) => (v == null ? "–" : v.toFixed(digits) + " %");
  const compact = (v) => (v == null ? "–" : String(+v.toPrecision(3)));

  function ink() { return isDark() ? "#a0aab9" : "#4a5362"; }
  function rule() { return isDark() ? "#2b323d" : "#e6eaf0"; }
  const font = "12px system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', Arial, sans-serif";

  function axis(label, extra) {
    return Object.assign({ label: label, labelSize: 20, labelFont: font, font: font, stroke: ink(), labelGap: 2,
      grid: { stroke: rule(), width: 1 }, ticks: { stroke: rule(), width: 1, size: 5 } }, extra);
  }

  // Logarithmic axes: ticks at 1..9 of each decade, labels where there is room, powers of ten first.
  function logSplits(u, i, min, max) {
    const splits = [];
    for (let e = Math.floor(Math.log10(min)); e <= Math.log10(max); e++)
      for (let m = 1; m < 10; m++) {
        const v = m * Math.pow(10, e);
        if (v >= min && v <= max) splits.push(v);
      }
    return splits;
  }
  function logLabels(u, splits) {
    const mantissa = (v) => Math.round(v / Math.pow(10, Math.floor(Math.log10(v) + 1e-9)));
    const text = (v) => String(+v.toPrecision(2));
    const taken = [], labels = splits.map(() => null);
    for (const m of [1, 5, 2, 3, 7])
      splits.forEach((v, i) => {
        if (mantissa(v) !== m) return;
        const x = u.valToPos(v, "x"), half = text(v).length * 3.8 + 5;
        if (taken.some((t) => Math.abs(t.x - x) < t.half + half)) return;
        taken.push({ x: x, half: half });
        labels[i] = text(v);
      });
    return labels;
  }
  const logAxis = (label) => axis(label, { size: 32, splits: logSplits, values: logLabels, filter: (u, s) => s });
  const logScale = (min, max) => ({ time: false, distr: 3, range: [min, max] });

  function line(name, i, value, more) {
    return Object.assign({ label: name, stroke: colour(i), width: data.bounds.includes(name) ? 1.2 : 2, dash: dash(i), spanGaps: false,
      points: { show: false }, value: (u, v) => value(v) }, more);
  }

  function shading(u) {
    const { ctx, bbox } = u;
    const area = (from, to, fill) => {
      const a = Math.max(u.valToPos(from, "x", true), bbox.left);
      const b = Math.min(u.valToPos(to, "x", true), bbox.left + bbox.width);
      if (b <= a) return;
      ctx.fillStyle = fill;
      ctx.fillRect(a, bbox.top, b - a, bbox.height);
    };
    ctx.save();
    area(0, figures.warmup_s, variable("--warm"));
    for (const s of figures.interference || []) area(s.from_s, s.to_s, variable("--shade"));
    ctx.restore();
  }

  // Upright lines with a name above the plot, each name on a row of its own, the
  // leftmost on top: no line crosses the name of another.
  function targets(u) {
    const { ctx, bbox } = u, ratio = devicePixelRatio;
    ctx.save();
    ctx.font = font.replace("12px", 11.5 * ratio + "px");
    ctx.fillStyle = ctx.strokeStyle = ink();
    ctx.setLineDash([4 * ratio, 4 * ratio]);
    ctx.lineWidth = ratio;
    const sorted = (figures.classes || []).slice().sort((a, b) => b.latency_ms - a.latency_ms);
    sorted.forEach((c, i) => {
      const x = u.valToPos(c.latency_ms, "x", true);
      if (!(x >= bbox.left && x <= bbox.left + bbox.width)) return;
      const y = bbox.top - (4 + 15 * i) * ratio;
      ctx.beginPath();
      ctx.moveTo(x, y + 2 * ratio);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const right = x > bbox.left + bbox.width * 0.6;
      ctx.textAlign = right ? "right" : "left";
      let name = c.name + ": " + compact(c.latency_ms) + " ms";
      while (name.length > 12 && ctx.measureText(name).width > bbox.width * 0.58) name = name.slice(0, -2) + "…";
      const wide = ctx.measureText(name).width, at = x + (right ? -4 : 4) * ratio;
      ctx.fillStyle = variable("--paper");
      ctx.fillRect(right ? at - wide : at, y - 11 * ratio, wide, 13 * ratio);
      ctx.fillStyle = ink();
      ctx.fillText(name, at, y);
    });
    ctx.restore();
  }

  // The legend toggles by keyboard too.
  function keyboard(u) {
    u.root.querySelectorAll(".u-legend .u-series").forEach((row, i) => {
      if (i === 0) return;
      const head = row.querySelector("th");
      head.tabIndex = 0;
      head.setAttribute("role", "button");
      head.addEventListener("keydown", (e) => {
        if (e.key !== "Enter" && e.key !== " ") return;
        e.preventDefault();
        u.setSeries(i, { show: !u.series[i].show });
      });
    });
  }

  // toggle shows or hides a name in every chart of the kind.
  function toggle(kind, name, show) {
    if (show) hidden[kind].delete(name); else hidden[kind].add(name);
    for (const p of plots) {
      const i = p.kind === kind ? p.series.findIndex((s, k) => k > 0 && s.label === name) : -1;
      if (i > 0 && p.series[i].show !== show) p.setSeries(i, { show: show });
    }
  }

  const borderOf = (d) => (!d || !d.length ? "solid" : d[0] < 5 ? "dotted" : "dashed");

  function chart(id, kind, options, values) {
    const place = document.getElementById(id);
    if (!place) return;
    place.classList.remove("ready");
    place.textContent = "";
    const height = place.clientHeight;
    options.series.forEach((s, i) => { if (i > 0 && hidden[kind].has(s.label)) s.show = false; });
    const hooks = options.hooks || {};
    const plot = new uPlot(Object.assign({ width: place.clientWidth, height: height,
      padding: [10, 16, 0, 0], legend: { live: true, markers: { width: 2.5, dash: (u, i) => borderOf(u.series[i].dash) } },
      cursor: { drag: { x: true, y: false }, points: { size: 7 } } }, options, {
      hooks: Object.assign({}, hooks, {
        ready: [keyboard],
        setSeries: [(u, i, o) => {
          if (i != null && o.show != null) toggle(kind, u.series[i].label, o.show);
        }],
      }),
    }), values, place);
    place.classList.add("ready");
    plot.kind = kind;
    plots.push(plot);
  }

  // A level line; the heading names it.
  function level(value) {
    return (u) => {
      const { ctx, bbox } = u, ratio = devicePixelRatio, y = u.valToPos(value, "y", true);
      if (!(y >= bbox.top && y <= bbox.top + bbox.height)) return;
      ctx.save();
      ctx.strokeStyle = ink();
      ctx.setLineDash([4 * ratio, 4 * ratio]);
      ctx.lineWidth = ratio;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.restore();
    };
  }

  // Burn rates of the error budget, a chart for each pair of windows.
  function burns() {
    const lines = figures.timeline || [];
    for (const a of figures.alerts || []) {
      const drawn = lines.filter((t) => t.burn && t.burn[a.metric] && t.burn[a.metric].some((v) => v >= 0));
      if (!drawn.length) continue;
      overTime("chart-" + a.metric, "contenders", "burn rate, x", drawn.map((t) => line(t.contender, contenderIndex(t.contender), compact)),
        drawn.map((t) => known(t.burn[a.metric])), (u, min, max) => [0, Math.max(1.3 * a.threshold, max == null ? 0 : 1.08 * max)],
        (u, v) => v.map((x) => String(+x.toFixed(2))), level(a.threshold));
    }
  }

  function overTime(id, kind, label, series, values, range, tick, over) {
    const bins = values[0] ? values[0].length : 0;
    const step = figures.timeline[0].bin_s;
    const xs = Array.from({ length: bins }, (_, i) => (i + 0.5) * step);
    chart(id, kind, {
      scales: { x: { time: false, range: [0, figures.duration_s || bins * step] }, y: { range: range } },
      axes: [axis("virtual time, s", { size: 32 }), axis(label, { size: 52, values: tick })],
      series: [{ label: "time", value: (u, v) => (v == null ? "–" : compact(v) + " s") }].concat(series),
      hooks: { drawClear: [shading], draw: over ? [over] : [] },
      cursor: { drag: { x: true, y: false }, points: { size: 7 }, sync: { key: "time" } },
    }, [xs].concat(values));
  }

  const known = (list) => list.map((v) => (v == null || v < 0 ? null : v));
  const upTo100 = (u, min) => [min == null ? 0 : Math.min(90, Math.max(0, Math.floor(min / 10) * 10)), 100];
  const fromZero = (u, min, max) => [0, max == null || max <= 0 ? 1 : max * 1.08];

  function timeCharts() {
    const lines = figures.timeline || [];
    if (!lines.length) return;
    const contenders = (value) => lines.map((t) => line(t.contender, contenderIndex(t.contender), value));
    const whole = (u, v) => v.map((x) => String(+x.toFixed(2)));
    overTime("chart-attainment", "contenders", "attainment, %", contenders((v) => percent(v, 1)),
      lines.map((t) => t.arrived.map((n, i) => (n ? (100 * t.met[i]) / n : null))), upTo100, whole);
    overTime("chart-density", "contenders", "density, %", contenders((v) => percent(v, 1)),
      lines.map((t) => known(t.density).map((v) => (v == null ? null : 100 * v))), (u, min, max) => [0, Math.max(103, max == null ? 0 : max * 1.03)], whole);
    overTime("chart-queue", "contenders", "waiting", contenders(compact), lines.map((t) => known(t.queue)), fromZero, whole);
    slowdown(lines, whole);
  }

  // The truth is one line. Beliefs that are the same for several contenders are drawn once.
  function slowdown(lines, whole) {
    const series = [line("true", 7, compact, { dash: [] })], values = [known(lines[0].slowdown)];
    const beliefs = new Map();
    for (const t of lines) {
      const key = JSON.stringify(t.believed);
      if (!beliefs.has(key)) beliefs.set(key, []);
      beliefs.get(key).push(t);
    }
    for (const [, group] of beliefs) {
      const name = beliefs.size === 1 ? "believed" : "believed: " + group.map((t) => t.contender).join(", ");
      const i = beliefs.size === 1 ? 1 : contenderIndex(group[0].contender);
      series.push(line(name, i, compact, { dash: dashes[1] }));
      values.push(known(group[0].believed));
    }
    overTime("chart-slowdown", "beliefs", "slow-down, x", series, values,
      (u, min, max) => [Math.min(1, min == null ? 1 : min) - 0.05, Math.max(1.1, max == null ? 1 : max * 1.05)], whole);
  }

  // Share of c that finished within x; null outside of what was seen.
  function shareAt(c, x) {
    const ms = c.ms;
    if (!ms.length || x < ms[0]) return 0;
    let lo = 0, hi = ms.length - 1;
    if (x >= ms[hi]) return c.share[hi];
    while (hi - lo > 1) {
      const mid = (lo + hi) >> 1;
      if (ms[mid] <= x) lo = mid; else hi = mid;
    }
    const part = ms[hi] > ms[lo] ? (x - ms[lo]) / (ms[hi] - ms[lo]) : 0;
    return c.share[lo] + part * (c.share[hi] - c.share[lo]);
  }

  function distributions() {
    const cdfs = figures.cdfs || [];
    const all = cdfs.flatMap((c) => c.ms).filter((v) => v > 0);
    if (!all.length) return;
    const limits = (figures.classes || []).map((c) => c.latency_ms).filter((v) => v > 0);
    const min = Math.min(...all, ...limits) / 1.15, max = Math.max(...all, ...limits) * 1.15;
    const xs = Array.from({ length: 500 }, (_, i) => min * Math.pow(max / min, i / 499));
    chart("chart-cdf", "contenders", {
      padding: [10 + 15 * limits.length, 16, 0, 0],
      scales: { x: logScale(min, max), y: { range: [0, 102] } },
      axes: [logAxis("response time, ms"), axis("finished within, % of arrived", { size: 52 })],
      series: [{ label: "time", value: (u, v) => (v == null ? "–" : compact(v) + " ms") }].concat(
        cdfs.map((c) => line(c.contender, contenderIndex(c.contender), (v) => percent(v, 2)))),
      hooks: { draw: [targets] },
    }, [xs].concat(cdfs.map((c) => xs.map((x) => 100 * shareAt(c, x)))));
  }

  // Points that no other of the same technique beats in both time and accuracy.
  function undominated(points) {
    return points.filter((p) => !points.some((q) => q !== p && q.mean_us <= p.mean_us && q.accuracy >= p.accuracy &&
      (q.mean_us < p.mean_us || q.accuracy > p.accuracy))).sort((a, b) => a.mean_us - b.mean_us);
  }

  function drawFronts(u) {
    const { ctx, bbox } = u, ratio = devicePixelRatio;
    const px = (p) => u.valToPos(p.mean_us, "x", true), py = (a) => u.valToPos(100 * a, "y", true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    figures.fronts.forEach((front, i) => {
      if (!u.series[i + 1].show) return;
      ctx.strokeStyle = ctx.fillStyle = colour(i);
      ctx.lineWidth = 1.6 * ratio;
      ctx.setLineDash(dash(i).map((d) => d * ratio));
      ctx.beginPath();
      undominated(front.points).forEach((p, k) => (k ? ctx.lineTo(px(p), py(p.accuracy)) : ctx.moveTo(px(p), py(p.accuracy))));
      ctx.stroke();
      ctx.setLineDash([]);
      front.points.forEach((p) => drawPoint(u, p, px(p), py));
    });
    ctx.restore();
  }

  function drawPoint(u, p, x, py) {
    const ctx = u.ctx, ratio = devicePixelRatio, y = py(p.accuracy), r = (p.cascade ? 5 : 3.6) * ratio;
    ctx.lineWidth = ratio;
    ctx.beginPath();
    ctx.moveTo(x, py(p.accuracy_lo));
    ctx.lineTo(x, py(p.accuracy_hi));
    ctx.moveTo(u.valToPos(Math.max(p.mean_us_lo, p.mean_us / 10), "x", true), y);
    ctx.lineTo(u.valToPos(p.mean_us_hi, "x", true), y);
    ctx.stroke();
    ctx.beginPath();
    if (!p.cascade) {
      ctx.arc(x, y, r, 0, 2 * Math.PI);
      ctx.fill();
      return;
    }
    const fill = ctx.fillStyle;
    ctx.moveTo(x, y - r); ctx.lineTo(x + r, y); ctx.lineTo(x, y + r); ctx.lineTo(x - r, y); ctx.closePath();
    ctx.fillStyle = variable("--paper");
    ctx.fill();
    ctx.lineWidth = 1.6 * ratio;
    ctx.stroke();
    ctx.fillStyle = fill;
  }

  function fronts() {
    const list = figures.fronts || [];
    const points = list.flatMap((f, i) => f.points.map((p) => ({ p: p, i: i }))).filter((e) => e.p.mean_us > 0);
    if (!points.length) return;
    points.sort((a, b) => a.p.mean_us - b.p.mean_us);
    const min = points[0].p.mean_us / 1.25, max = points[points.length - 1].p.mean_us * 1.25;
    const low = Math.min(...points.map((e) => e.p.accuracy_lo)), high = Math.max(...points.map((e) => e.p.accuracy_hi));
    const margin = Math.max(0.2, 100 * (high - low) * 0.06);
    chart("chart-fronts", "techniques", {
      scales: { x: logScale(min, max), y: { range: [Math.max(0, 100 * low - margin), Math.min(100, 100 * high + margin)] } },
      axes: [logAxis("mean time of a query, µs"), axis("accuracy, %", { size: 52 })],
      series: [{ label: "time", value: (u, v, s, i) => (i == null ? "–" : compact(v) + " µs (" + points[i].p.name + ")") }].concat(
        list.map((f, i) => line(f.technique, i, (v) => percent(v, 2), { paths: () => null }))),
      hooks: { draw: [drawFronts] },
    }, [points.map((e) => e.p.mean_us)].concat(
      list.map((f, i) => points.map((e) => (e.i === i ? 100 * e.p.accuracy : null)))));
  }

  // One diagram a technique: confidence against right answers, a curve a point.
  function reliability() {
    const curves = figures.reliability || [];
    [...new Set(curves.map((r) => r.technique))].forEach((technique, k) => {
      diagram("chart-reliability-" + k, "reliability-" + k, spreadOut(curves.filter((r) => r.technique === technique), 5));
    });
  }

  const spreadOut = (list, n) => (list.length <= n ? list :
    Array.from({ length: n }, (_, i) => list[Math.floor((i * (list.length - 1)) / (n - 1))]));

  function diagram(id, kind, curves) {
    hidden[kind] = hidden[kind] || new Set();
    const bins = curves.flatMap((r) => r.bins);
    const least = Math.min(...bins.map((b) => Math.min(b.confidence, b.right_lo)));
    const low = Math.max(0, Math.floor(least * 20) / 20 - 0.02) * 100;
    const xs = [...new Set([low / 100, 1].concat(bins.map((b) => b.confidence)))].sort((a, b) => a - b);
    const series = curves.map((r, i) => line(r.point, i, (v) => percent(v, 1), { spanGaps: true, points: { show: true, size: 6, fill: colour(i) } }));
    const exact = { label: "exact", stroke: ink(), width: 1, dash: [3, 3], points: { show: false }, value: (u, v) => percent(v, 1) };
    const at = (r) => new Map(r.bins.map((b) => [b.confidence, 100 * b.right]));
    chart(id, kind, {
      scales: { x: { time: false, range: [low, 101] }, y: { range: [low, 101] } },
      axes: [axis("calibrated confidence, %", { size: 32 }), axis("right answers, %", { size: 52 })],
      series: [{ label: "confidence", value: (u, v) => percent(v, 1) }].concat(series, [exact]),
      hooks: { draw: [(u) => curves.forEach((r, i) => { if (u.series[i + 1].show) bars(u, r, colour(i)); })] },
    }, [xs.map((x) => 100 * x)].concat(curves.map((r) => { const known = at(r); return xs.map((x) => (known.has(x) ? known.get(x) : null)); }),
      [xs.map((x) => 100 * x)]));
  }

  function bars(u, curve, stroke) {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.strokeStyle = stroke;
    ctx.setLineDash([]);
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    for (const b of curve.bins) {
      const x = u.valToPos(100 * b.confidence, "x", true);
      ctx.moveTo(x, u.valToPos(100 * b.right_lo, "y", true));
      ctx.lineTo(x, u.valToPos(100 * b.right_hi, "y", true));
    }
    ctx.stroke();
    ctx.restore();
  }

  function build() {
    plots.forEach((p) => p.destroy());
    plots = [];
    timeCharts();
    burns();
    distributions();
    fronts();
    reliability();
    built = document.body.clientWidth;
  }

  build();
  prefersDark.addEventListener("change", build);
  window.addEventListener("beforeprint", () => { printing = true; build(); });
  window.addEventListener("afterprint", () => { printing = false; build(); });
  let waiting = 0;
  new ResizeObserver(() => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { if (document.body.clientWidth !== built) build(); }, 100);
  }).observe(document.body);
})();
