// `npm run build`: from src to dist, where something changed.
import { build } from "./setup/build.mjs";
import { script, step } from "./setup/step.mjs";

await script(() => step("Build", build));
