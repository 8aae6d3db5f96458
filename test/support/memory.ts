// Does memory stay flat? Garbage is collected by hand, and a line is laid through what is left.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export function exposedCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void; // V8's own function
}

/** Of the least-squares line through the values at 0, 1, 2 … */
export function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const over = values.reduce((sum, value, at) => sum + (at - middle) * (value - mean), 0);
  return over / values.reduce((sum, _, at) => sum + (at - middle) ** 2, 0);
}
