// One figure of a check and the bound that it is held to; twin of native/gpucheck/finding.py, so that both halves of
// `check:gpu` write the same JSON.

/**
 * `ok` null: shown, not judged. `value` null: there is no figure, `note` says why.
 * @typedef {object} Finding
 * @property {string} check
 * @property {string} what
 * @property {number | null} value
 * @property {string} unit
 * @property {string} bound
 * @property {boolean | null} ok
 * @property {string} note
 */

/**
 * A figure that nothing depends on.
 * @param {string} check
 * @param {string} what
 * @param {number | null} value
 * @param {string} unit
 * @param {string} note
 * @returns {Finding}
 */
export const shown = (check, what, value, unit = "", note = "") => ({ check, what, value, unit, bound: "", ok: null, note });

/**
 * A figure with a verdict; `bound` is for people.
 * @param {Finding} finding
 * @param {string} bound
 * @param {boolean} ok
 * @returns {Finding}
 */
export const judged = (finding, bound, ok) => ({ ...finding, bound, ok });

/**
 * The findings as aligned text.
 * @param {readonly Finding[]} findings
 */
export function table(findings) {
  const rows = findings.map((finding) => {
    const { check, what, bound, ok, note } = finding;
    return [ok === null ? "-" : ok ? "ok" : "!!", check, what, figureOf(finding), bound, note];
  });
  const width = (/** @type {number} */ column) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(width(column)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/**
 * The figure with its unit; empty where there is none.
 * @param {Finding} finding
 */
export function figureOf({ value, unit }) {
  if (value === null) return "";
  const digits =
    Math.abs(value) >= 1000 || Number.isInteger(value) ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
  return `${digits} ${unit}`.trim();
}
