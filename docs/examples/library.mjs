// The pure parts of the method as a library: no model, no store, no run.
//   node docs/examples/library.mjs      (in a clone after npm run build, or where playact is installed)
import { advantages, formatToolCall, isDead, nextLevel, parseToolCalls } from "playact";

// Text of a model -> tool calls. What is not well-formed is an error to show to the model; nothing is repaired.
const turn = 'Let me look.\n<tool_call>\n{"name": "forecast", "arguments": {"city": "Oslo"}}\n</tool_call>';
const { calls, errors, rest } = parseToolCalls(turn, "hermes");
console.log(JSON.stringify(calls)); // prints [{"name":"forecast","arguments":{"city":"Oslo"}}]
console.log(rest, errors.length); // prints Let me look. 0
console.log(formatToolCall(calls[0], "llama-3.1")); // prints {"name": "forecast", "parameters": {"city": "Oslo"}}

// Rewards of a group -> advantages, one for each turn (TGRPO). An aborted episode stays out of the statistics.
const group = [
  { reward: 1, turnRewards: [1, 1], aborted: false },
  { reward: -1, turnRewards: [-1], aborted: false },
  { reward: 0, turnRewards: [0], aborted: true },
];
const found = advantages(group, { mode: "uniform", normalizeStd: true });
console.log(JSON.stringify(found.map((turns) => turns.map((value) => Number(value.toFixed(2)))))); // prints [[0.71,0.71],[-0.71],[0]]
console.log(isDead(found)); // prints false

// Mean reward of a step -> level of the next one.
const curriculum = { step: 3, floor: 1, cap: 100, raiseAt: 0.5, lowerAt: 0, every: 1 };
console.log(nextLevel(10, 0.62, curriculum), nextLevel(10, 0.2, curriculum), nextLevel(10, -0.4, curriculum)); // prints 13 10 7
