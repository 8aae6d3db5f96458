// Questions to the simulator with their replies, collected while an episode is played or a draft of a task is written, so that
// they can be stored in the transaction of their episode or task.
import type { Config } from "../config/config.ts";
import type { Exchange } from "../types.ts";
import type { Notes } from "./simulator.ts";

/** Notes that collect what the config stores (store.exchanges), in the order in which the tries ended; `none` collects nothing. */
export function collected(
  wanted: Config["store"]["exchanges"],
): Pick<Notes, "keep"> & { readonly exchanges: readonly Exchange[] } {
  const exchanges: Exchange[] = [];
  if (wanted === "none") return { exchanges };
  const keep = (exchange: Exchange) => {
    if (wanted === "all" || exchange.problem !== null) exchanges.push(exchange);
  };
  return { exchanges, keep };
}
