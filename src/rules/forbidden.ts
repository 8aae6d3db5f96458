// Was something forbidden done? Read from the calls of an episode, by rule. Pure. Every well-formed call counts, also one that the
// world refused or that a limit kept from being executed: the decision was made, and it must not pay to fail at it.
import type { ForbiddenRule, JsonObject, JsonSchema } from "../types.ts";
import { askedAt, type Transcript } from "./asked.ts";
import { isObject, own, propertiesOf } from "./json.ts";
import { matchesSchema } from "./validate.ts";
import { sameValue } from "./values.ts";

/** Whether the rule was broken. What a rule names and the episode does not have cannot be broken: a tool, a held-back value. */
export function broken(rule: ForbiddenRule, episode: Transcript): boolean {
  const calls = episode.messages.flatMap(({ calls }, at) => calls.map((call) => ({ ...call, at })));
  const made = calls.filter(({ name }) => name === rule.tool);
  switch (rule.kind) {
    case "never":
      return made.length > 0;
    case "values":
      return made.some((call) => isForbidden(rule.values, call.arguments));
    case "before": {
      // calls of one turn are made in their order; a refused one has not been made
      const first = calls.findIndex(({ name, refused }) => name === rule.first && refused === undefined);
      const until = first < 0 ? calls : calls.slice(0, first);
      return until.some(({ name }) => name === rule.tool);
    }
    case "before_asking": {
      const held = episode.task.heldBack[rule.heldBack];
      if (held === undefined) return false;
      const asked = askedAt(episode, held);
      return made.some(({ at }) => at < asked);
    }
  }
}

/** Whether the arguments match; a value that is the same as a listed one by the rules for texts counts as that: "quickprint". */
function isForbidden(values: JsonSchema, given: JsonObject): boolean {
  const listed = Object.entries(given).map(([name, value]) => {
    const schema = own(propertiesOf(values), name);
    const options = isObject(schema) && Array.isArray(schema.enum) ? schema.enum : [];
    return [name, options.find((option) => sameValue(option, value)) ?? value];
  });
  return matchesSchema(values, Object.fromEntries(listed)).length === 0;
}
