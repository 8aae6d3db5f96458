// The curve of a run as SVG: the share of right first turns by step and class, from its held-out tasks that choose.
import { stepOf } from "./phases.mjs";

/** @typedef {import("./collect.mjs").Result} Result */

const [width, height, left, top, right, bottom] = [640, 300, 44, 28, 96, 36];
const colours = { call: "#2563eb", decline: "#dc2626", ask: "#059669" };

/** call: plain, chain and parallel tasks. */
export const classOf = (/** @type {string} */ kind) => (kind === "decline" || kind === "ask" ? kind : "call");

/**
 * @param {Result} result
 * @returns {string}
 */
export function curve({ run, tasks }) {
  const chosen = tasks.filter(({ purpose }) => purpose === "selection");
  const phases = [...new Set(chosen.flatMap((task) => Object.keys(task.right)))].sort((a, b) => stepOf(a) - stepOf(b));
  const [first, last] = [Math.min(0, ...phases.map(stepOf)), Math.max(1, ...phases.map(stepOf))];
  const x = (/** @type {string} */ phase) => left + ((stepOf(phase) - first) / (last - first)) * (width - left - right);
  const y = (/** @type {number} */ share) => top + (1 - share) * (height - top - bottom);
  const share = (/** @type {string} */ kind, /** @type {string} */ phase) => {
    const known = chosen.flatMap((task) => (classOf(task.kind) === kind && phase in task.right ? [task.right[phase] ?? 0] : []));
    return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0) / known.length;
  };
  const lines = Object.entries(colours).flatMap(([kind, colour]) => {
    const points = phases.flatMap((phase) => {
      const value = share(kind, phase);
      return value === null ? [] : [{ phase, value }];
    });
    const end = points.at(-1);
    if (end === undefined) return [];
    const path = points.map(({ phase, value }) => `${x(phase).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    return [
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...points.map(
        ({ phase, value }) => `<circle cx="${x(phase).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3" fill="${colour}"/>`,
      ),
      `<text x="${x(end.phase) + 8}" y="${y(end.value) + 4}" fill="${colour}">${kind} ${end.value.toFixed(2)}</text>`,
    ];
  });
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (value) =>
      `<line x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}" stroke="#d4d4d4"/><text x="8" y="${y(value) + 4}">${value}</text>`,
  );
  const ticks = phases.map(
    (phase) => `<text x="${x(phase)}" y="${height - 14}" text-anchor="middle">${phase.replace("step ", "")}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
<text x="${left}" y="16" font-weight="bold">${run}: right first turns on held-out tools, by step</text>
${[...grid, ...ticks, ...lines].join("\n")}
</svg>
`;
}
