// A run as stored.
import type { Config } from "../config/config.ts";
import type { CallForm } from "../llm/text/dialect.ts";

export type RunStatus = "running" | "finished" | "interrupted" | "failed";

export interface RunRow {
  readonly id: number;
  readonly name: string;
  readonly preset: string;
  readonly config: Config;
  readonly versions: Readonly<Record<string, string>>;
  /** How its policy writes calls; null until the first start. */
  readonly form: CallForm | null;
  readonly status: RunStatus;
  readonly note: string | null;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly endedAt: string | null;
}
