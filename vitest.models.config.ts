import { defineConfig } from "vitest/config";
import usual from "./vitest.config.ts";

// What `npm run check:models` runs: the tests that need the larger bundled models, one after the other.
// biome-ignore lint/style/noDefaultExport: vitest asks for one
export default defineConfig({
  test: { ...usual.test, include: ["test/model/**/*.models.ts"], maxWorkers: 1 },
});
