// Which tool a call names, and whether that tool could carry it out: what every world decides by rule before any model is
// asked (unknown tool, missing or extra argument, wrong type or enum).
import { argumentErrors } from "../tasks/validate.ts";
import type { Refusal, ToolCall, ToolSpec } from "../types.ts";

/** The tool, or what is wrong with the call in words that a model can act on. */
export function calledTool(
  call: ToolCall,
  tools: readonly ToolSpec[],
): { readonly tool: ToolSpec } | { readonly fault: string; readonly refused: Refusal } {
  const tool = tools.find(({ name }) => name === call.name);
  if (!tool) {
    const fault = `unknown tool '${call.name}'; available: ${tools.map(({ name }) => name).join(", ")}`;
    return { fault, refused: "unknown_tool" };
  }
  const problems = argumentErrors(tool, call.arguments);
  return problems.length > 0 ? { fault: problems.join("; "), refused: "wrong_arguments" } : { tool };
}
