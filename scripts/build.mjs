// `npm run build`: from src to dist, where something changed.
import { build } from "./setup/build.mjs";
import { step } from "./setup/step.mjs";

await step("Build", build).catch((error) => {
  process.stderr.write(`${error.output ?? ""}\n${error.message}\n`);
  process.exitCode = 1;
});
