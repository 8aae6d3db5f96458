// The model of a benchmark: a file, or a model by its name, wherever set-up has put it (models/, or the hub's cache).
import { existsSync } from "node:fs";
import { resolve } from "node:path";

/**
 * @param {string} [given]
 * @returns {Promise<string>} its path
 */
export async function modelFile(given = "qwen2.5-coder-0.5b-instruct") {
  if (existsSync(given)) return resolve(given);
  const { modelPath } = await import("../../dist/models/model.js"); // late: scripts say themselves that the build is missing
  return modelPath(given);
}
