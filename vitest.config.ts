import { defineConfig } from "vitest/config";

// biome-ignore lint/style/noDefaultExport: vitest asks for one
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    // the only limits: they end a test that hangs, and say nothing of how long one may take on a loaded machine
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    maxWorkers: 2,
  },
});
