// What a measurement works with: the engine, template and simulator of a config, opened as a run opens them, without store or
// learner. And the tasks of the catalogue that several measurements play.
import { setMaxListeners } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../setup/step.mjs";

/**
 * @typedef {Pick<import("../../src/run/session.ts").Session, "config" | "engine" | "template" | "embed" | "distractors" | "memory"
 *   | "usage" | "pause" | "signal">} Desk
 */

/** @param {string} file of dist */
export const load = (file) => import(pathToFileURL(join(root, "dist", file)).href);

/**
 * @param {import("../../src/config/config.ts").Config} config
 * @param {import("../../src/run/open-embedder.ts").Nearness | null} nearness how texts are compared; null: they are not
 * @returns {Promise<Desk>}
 */
export async function openDesk(config, nearness = null) {
  const { chooseTemplate } = await load("llm/text/choose-template.js");
  const { findLanguageModel } = await load("models/manifest.js");
  const { callFormOf } = await load("run/form.js");
  const { openEngineOf } = await load("run/open-engine.js");
  const { newUsage } = await load("simulator/usage.js");
  const { anyTools } = await load("tools/distractors.js");
  const engine = await openEngineOf(config);
  const model = findLanguageModel(config.models.policy);
  const { markers, dialect } = await callFormOf(engine, { config, form: null }, model, console.error);
  const { signal } = new AbortController();
  setMaxListeners(0, signal); // every wait of every episode adds a listener
  return {
    config,
    engine,
    template: chooseTemplate(engine, markers, dialect, config.policy.thinking).template,
    embed: nearness?.embed ?? null,
    distractors: nearness?.distractors ?? anyTools,
    memory: null,
    usage: newUsage(),
    pause: () => undefined,
    signal,
  };
}

/**
 * Writes `count` tasks with the config's training tools.
 * @param {Desk} desk
 * @param {{ count: number, level: number, declineShare: number }} wanted
 * @returns {Promise<import("../../src/types.ts").Task[]>}
 */
export async function tasksOf(desk, wanted) {
  const { writeTasks } = await load("run/draw/series.js");
  const { toolsetsOf } = await load("run/toolsets.js");
  const series = { id: "measured", names: [desk.config.seed, "measured"], first: 0, epsilon: 0, ...wanted };
  /** @type {import("../../src/types.ts").Task[]} */
  const tasks = [];
  await writeTasks(
    desk,
    { ...series, toolsets: toolsetsOf(desk.config).train },
    { filled: new Set(), rounds: [], known: [] },
    async (/** @type {number} */ _, /** @type {import("../../src/types.ts").Task} */ task) => void tasks.push(task),
  );
  return tasks;
}
