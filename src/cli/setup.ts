// `playact setup`: prepares this machine for training: the Python environment, then the models. Steps that are already done are
// skipped; every step can be interrupted and repeated. In a clone `npm run setup` runs it after the build.
import { Command, Option } from "commander";
import { embedderModel, modelsOfPreset } from "../config/needed-models.ts";
import { PlayactError } from "../errors.ts";
import { installBfcl } from "../models/bfcl.ts";
import { installRequirements, makeEnvironment } from "../models/environment.ts";
import { findFiles, getModel } from "../models/fetch.ts";
import { layout, otherPlatform, platformFault } from "../models/installation.ts";
import { filesOf, findModel } from "../models/manifest.ts";
import { packageVersion, versions } from "../run/versions.ts";
import { sqliteVersion } from "../store/sqlite.ts";
import { outputOf } from "./exit.ts";
import { presetHelp } from "./options.ts";
import { toStderr } from "./output.ts";
import { step } from "./step.ts";

interface Options {
  readonly preset: string;
  readonly for: "train" | "test";
}

const testModels = ["smollm2-135m-instruct", embedderModel];

export function setupCommand(): Command {
  return new Command("setup")
    .description("create the Python environment and fetch the models; steps that are already done are skipped")
    .option("--preset <name>", `the models of this preset: ${presetHelp}`, "laptop")
    .addOption(
      new Option("--for <purpose>", "test: what Playact's own tests need (in a clone)")
        .choices(["train", "test"])
        .default("train"),
    )
    .action(async (options: Options) => {
      const start = performance.now();
      const forTests = options.for === "test";
      if (forTests && layout !== "clone")
        throw new PlayactError("usage", "--for test works only in a clone: the package has no tests.");
      const models = forTests ? testModels : modelsOfPreset(options.preset); // a misspelt preset is reported before the first gigabyte
      checkPackages(models);
      await step("Python environment", makeEnvironment);
      await step("Python packages", (say) => installRequirements("requirements.txt", say));
      if (forTests) await step("Python packages for the tests", (say) => installRequirements("requirements-dev.txt", say));
      if (forTests) await step("BFCL's package for the tests", optionalBfcl);
      for (const name of models) await step(`Model ${name}`, (say) => fetchModel(name, say));
      toStderr(`Set-up is complete (${((performance.now() - start) / 1000).toFixed(1)} s).\n`);
    });
}

/** npm leaves optional packages out if their install scripts fail; then the rest of the set-up would be useless. */
function checkPackages(models: readonly string[]): void {
  if (platformFault !== null) throw new PlayactError("environment", `${platformFault}: ${otherPlatform}.`);
  versions();
  sqliteVersion();
  if (models.includes(embedderModel)) packageVersion("onnxruntime-node");
}

/** The tests of the benchmark that need it are skipped without it. */
async function optionalBfcl(say: (text: string) => void): Promise<boolean> {
  try {
    return await installBfcl(say);
  } catch (error) {
    if (!(error instanceof PlayactError)) throw error;
    toStderr(`${outputOf(error)}${error.message} The tests with its checker are skipped.\n`);
    return false;
  }
}

async function fetchModel(name: string, say: (text: string) => void): Promise<boolean> {
  const model = findModel(name);
  if ((await findFiles(model)).state === "right") return false;
  const size = megabytes(filesOf(model).reduce((sum, { bytes }) => sum + bytes, 0));
  say(`fetching ${size} (${model.licence})`);
  await getModel(name, (bytes) => say(`${megabytes(bytes)} of ${size}`));
  return true;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
