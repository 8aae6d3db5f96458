// `npm run build`: builds src into dist if something changed.
import { build } from "./setup/build.mjs";
import { script, step } from "./setup/step.mjs";

await script(() => step("Build", build));
