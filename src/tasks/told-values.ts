// The values of a calls-first task, as the person who asks knows them: those that the first message says, in which forms, and those
// that it holds back. What an earlier result gives is neither. Pure.
import { own, propertiesOf } from "../rules/json.ts";
import { carries } from "../rules/language/said.ts";
import { spokenValue } from "../rules/language/spoken.ts";
import { sameValue } from "../rules/values.ts";
import type { ExpectedCall, Json, JsonSchema } from "../types.ts";
import type { Plan } from "./draw-task.ts";
import { type Slot, slotsOfAll } from "./slots.ts";

const isTold = (plan: Plan, call: number, argument: string) =>
  !(call === 1 && plan.links.includes(argument)) &&
  !plan.heldBack.some((held) => held.call === call && held.argument === argument);

/** A value that the first message must state. `parameters`: what a tool that takes it says of its arguments. */
export interface ToldValue {
  /** The place of the call with which it is said. */
  readonly call: number;
  readonly name: string;
  readonly value: Json;
  readonly parameters: JsonSchema;
}

/**
 * The values that the first message must state. A value that two tools share under one name is stated once; of one tool that is called
 * twice, each call has its own: "… and send it; …" would leave open whether the second is sent too.
 */
export function toldValues(plan: Plan, calls: readonly ExpectedCall[]): ToldValue[] {
  const parametersOf = (name: string) =>
    plan.needed.find(({ parameters }) => Object.hasOwn(propertiesOf(parameters), name))?.parameters ?? {};
  const held = heldValues(plan, calls);
  return calls.flatMap((call, index) =>
    Object.entries(call.arguments)
      .filter(
        ([name, value]) => isTold(plan, index, name) && !held.some((one) => one.argument === name && sameValue(one.value, value)),
      )
      .filter(([name, value]) => {
        const earlier = calls
          .slice(0, index)
          .findIndex((other) => other.name !== call.name && sameValue(own(other.arguments, name) ?? null, value));
        return earlier < 0 || !isTold(plan, earlier, name);
      })
      .map(([name, value]) => ({ call: index, name, value, parameters: parametersOf(name) })),
  );
}

/** The values that are held back. One that another call takes under the same name is held back there too. */
export function heldValues({ heldBack }: Plan, calls: readonly ExpectedCall[]) {
  return heldBack.flatMap(({ call, argument }) => {
    const value = own(calls[call]?.arguments ?? {}, argument);
    return value === undefined ? [] : [{ argument, value }];
  });
}

/**
 * A value that is held back and yet said by one that is told, however it is put, or by another that is held back: "2 nights" tells that
 * 2 guests come. Null: none.
 */
export function givenAway(plan: Plan, calls: readonly ExpectedCall[]): string | null {
  const texts = toldSlots(plan, calls)
    .flat()
    .flatMap(({ forms }) => forms.slice(0, 1));
  const held = heldValues(plan, calls);
  const besides = (argument: string) => held.flatMap((other) => (other.argument === argument ? [] : [spokenValue(other.value)]));
  const found = held.find(({ argument, value }) => [...texts, ...besides(argument)].some((text) => carries(text, value)));
  return found?.argument ?? null;
}

/**
 * The same as slots. A form that gives away what is held back is used only where there is no other.
 * @param isWanted by argument; absent: all
 * @returns those that are said with each call // [call][slot]
 */
export function toldSlots(
  plan: Plan,
  calls: readonly ExpectedCall[],
  isWanted = (_name: string) => true,
): readonly (readonly Slot[])[] {
  const held = heldValues(plan, calls);
  const told = toldValues(plan, calls).filter(({ name }) => isWanted(name));
  const discreet = (slot: Slot): Slot => {
    const forms = slot.forms.filter((form) => !held.some((one) => carries(form, one.value)));
    return forms.length > 0 ? { ...slot, forms } : slot;
  };
  return calls.map((_, index) =>
    told
      .filter(({ call }) => call === index)
      .flatMap(({ name, value, parameters }) => slotsOfAll({ [name]: value }, parameters).map(discreet)),
  );
}
