// The models that a preset (or the tests) need, fetched and verified by the code that training uses too: dist/models.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root, SetupError, step } from "./step.mjs";

const testModels = ["smollm2-135m-instruct", "all-minilm-l6-v2"];
const exitCodes = /** @type {Record<string, number>} */ ({ usage: 2, disk: 5 });

/** @param {{ preset: string } | { tests: true } | { names: readonly string[] }} wanted */
export async function fetchModels(wanted) {
  const { findFiles, getModel } = await load("fetch");
  const { filesOf, findModel } = await load("manifest");
  const { modelsOfPreset } = await load("needed");
  const names = await told(() => {
    if ("names" in wanted) return wanted.names;
    return "tests" in wanted ? testModels : modelsOfPreset(wanted.preset);
  });
  for (const name of names) {
    await step(`Model ${name}`, (say) =>
      told(async () => {
        const model = findModel(name);
        if ((await findFiles(model)).state === "right") return false;
        /** @type {readonly { readonly bytes: number }[]} */
        const files = filesOf(model);
        const size = megabytes(files.reduce((sum, { bytes }) => sum + bytes, 0));
        say(`fetching ${size} (${model.licence})`);
        await getModel(name, (/** @type {number} */ bytes) => say(`${megabytes(bytes)} of ${size}`));
        return true;
      }),
    );
  }
}

/** @param {string} module of dist/models; loaded late, for it is there only after the build */
function load(module) {
  return import(pathToFileURL(join(root, "dist", "models", `${module}.js`)).href);
}

/**
 * Expected failures of the built code, as those of the set-up. (Told by name: the class lives in dist.)
 * @template T
 * @param {() => T | Promise<T>} work
 */
async function told(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "PlayactError" || !("boundary" in error)) throw error;
    throw new SetupError(error.message, { code: exitCodes[String(error.boundary)] ?? 4 });
  }
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}
