// The nouns of Playact as plain readonly data. The schema of external data is in the file that reads it (tools:
// tools/tool-spec.ts, config: config/config.ts, frames: learner/protocol.ts); inside, these types are trusted.

export * from "./types/drift.ts";
export * from "./types/episode.ts";
export * from "./types/json.ts";
export * from "./types/rubric.ts";
export * from "./types/table.ts";
export * from "./types/task.ts";
export * from "./types/tool.ts";
