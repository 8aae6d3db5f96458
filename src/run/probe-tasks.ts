// The tasks of the probe: a plain first message that says every value, and the one right call. Written by hand, so that a probe
// needs no simulator. The tools are of the catalogue's kind but kept here, so that a change of the catalogue changes no probe.
// They have no optional parameters: small models fill these in whatever the form, and the probe asks for the form. Each task
// offers its own tool and those of the two tasks after it.
import type { JsonObject, JsonSchema, ToolCall, ToolSpec } from "../types.ts";

export interface ProbeTask {
  readonly tools: readonly ToolSpec[];
  readonly firstMessage: string;
  readonly call: ToolCall;
}

interface Written {
  readonly name: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, JsonSchema>>;
  readonly says: string;
  readonly args: JsonObject;
}

const text = (description: string): JsonSchema => ({ type: "string", description });
const whole = (description: string): JsonSchema => ({ type: "integer", description });
const amount = (description: string): JsonSchema => ({ type: "number", description });
const day = (description: string): JsonSchema => ({
  type: "string",
  format: "date",
  description: `${description}, as YYYY-MM-DD`,
});
const texts = (description: string): JsonSchema => ({ type: "array", items: { type: "string" }, description });
const oneOf = (description: string, ...values: readonly string[]): JsonSchema => ({ type: "string", enum: values, description });
const currencies = ["USD", "EUR", "GBP", "JPY", "CHF"];

const written: readonly Written[] = [
  {
    ...{ name: "find_train", description: "Find a train between two stations." },
    parameters: {
      from_station: text("Station of departure"),
      to_station: text("Station of arrival"),
      day: day("Day of the journey"),
    },
    says: "Find me a train from Lyon to Marseille on 2026-05-14.",
    args: { from_station: "Lyon", to_station: "Marseille", day: "2026-05-14" },
  },
  {
    ...{ name: "search_hotel", description: "Find a hotel with a free room in a city." },
    parameters: { city: text("City of the hotel"), check_in: day("Day of arrival"), nights: whole("Number of nights") },
    says: "I need a hotel room in Porto from 2026-07-03, for 4 nights.",
    args: { city: "Porto", check_in: "2026-07-03", nights: 4 },
  },
  {
    ...{ name: "get_flight_status", description: "Check whether a flight is on time." },
    parameters: { flight_id: text("Id of the flight, FL and 3 digits") },
    says: "Is the flight FL217 on time?",
    args: { flight_id: "FL217" },
  },
  {
    ...{ name: "quote_exchange", description: "Get the exchange rate between two currencies." },
    parameters: { sell: oneOf("Currency to sell", ...currencies), buy: oneOf("Currency to buy", ...currencies) },
    says: "What rate do I get if I sell EUR and buy JPY?",
    args: { sell: "EUR", buy: "JPY" },
  },
  {
    ...{ name: "blockCard", description: "Block a payment card." },
    parameters: {
      cardId: text("Id of the card, CD and 4 digits"),
      reason: oneOf("Why it is blocked", "lost", "stolen", "damaged"),
    },
    says: "Please block my card CD5512, it was stolen.",
    args: { cardId: "CD5512", reason: "stolen" },
  },
  {
    ...{ name: "transfer_money", description: "Send money from an account." },
    parameters: {
      account_id: text("Account id (AC and 4 digits)"),
      recipient: text("Name of the person or company that receives it"),
      amount: amount("Amount in USD"),
    },
    says: "Send 250 from the account AC9041 to Maria Lopez.",
    args: { account_id: "AC9041", recipient: "Maria Lopez", amount: 250 },
  },
  {
    ...{ name: "sky.get_moon_phase", description: "Get the phase of the moon on a date." },
    parameters: { moon_date: day("Day") },
    says: "Which phase does the moon have on 2026-11-02?",
    args: { moon_date: "2026-11-02" },
  },
  {
    ...{ name: "find_free_slot", description: "Find a time when a colleague is free." },
    parameters: { colleague: text("First and last name"), date: day("Day to look at"), minutes: whole("Length in minutes") },
    says: "When is Anna Berg free on 2026-03-12 for 45 minutes?",
    args: { colleague: "Anna Berg", date: "2026-03-12", minutes: 45 },
  },
  {
    ...{ name: "open_ticket", description: "Open a support ticket." },
    parameters: { title: text("Short title of the problem"), priority: oneOf("How urgent it is", "low", "normal", "urgent") },
    says: "Open an urgent ticket with the title Printer broken.",
    args: { title: "Printer broken", priority: "urgent" },
  },
  {
    ...{ name: "file_mail", description: "Move an e-mail to a folder." },
    parameters: {
      email_id: text("Id of the email, EM and 4 digits"),
      target_folder: oneOf("Folder", "work", "private", "trash"),
    },
    says: "Move the e-mail EM7741 to the trash folder.",
    args: { email_id: "EM7741", target_folder: "trash" },
  },
  {
    ...{ name: "reportBike", description: "Report a defect on a rented bicycle." },
    parameters: { bikeId: text("Id of the bike"), defect: oneOf("What is broken", "flat tire", "broken brake", "no light") },
    says: "The bicycle BI381 has a flat tire. Please report it.",
    args: { bikeId: "BI381", defect: "flat tire" },
  },
  {
    ...{ name: "tutoring.find_tutor", description: "Find a private tutor for a school subject." },
    parameters: {
      subject: oneOf("Subject that is taught", "mathematics", "physics", "chemistry"),
      town: text("Town of the pupil"),
    },
    says: "Find a physics tutor in Ghent.",
    args: { subject: "physics", town: "Ghent" },
  },
  {
    ...{ name: "get_menu", description: "List dishes on a restaurant's menu." },
    parameters: {
      restaurant_id: text("Id, RE and 3 digits"),
      course: oneOf("Part of the menu", "starters", "mains", "desserts"),
    },
    says: "Show me the desserts on the menu of the restaurant RE120.",
    args: { restaurant_id: "RE120", course: "desserts" },
  },
  {
    ...{ name: "extend_parking", description: "Extend a parking booking by some hours." },
    parameters: { parking_code: text("The parking's code: PK and 4 digits"), more_hours: whole("Additional time in hours") },
    says: "Extend my parking booking PK6125 by 3 hours.",
    args: { parking_code: "PK6125", more_hours: 3 },
  },
  {
    ...{ name: "start_charging", description: "Start charging a car up to a battery level." },
    parameters: { charger_id: text("Id of the charger, CH and 3 digits"), target_percent: whole("Battery level in percent") },
    says: "Charge my car at the charger CH703 up to 80 percent.",
    args: { charger_id: "CH703", target_percent: 80 },
  },
  {
    ...{ name: "create_garden_plan", description: "Plan the beds of a garden for some plants." },
    parameters: { plants: texts("Plants to grow"), area: amount("Area in square meters"), greenhouse: { type: "boolean" } },
    says: "Plan my garden of 12.5 square meters with beans and carrots. I have no greenhouse.",
    args: { plants: ["beans", "carrots"], area: 12.5, greenhouse: false },
  },
];

function toolOf({ name, description, parameters }: Written): ToolSpec {
  return { name, description, parameters: { type: "object", properties: parameters, required: Object.keys(parameters) } };
}

/** The right tool stands first, second or third. */
export const probeTasks: readonly ProbeTask[] = written.map((task, at) => {
  const offered = [0, 1, 2].map((step) => toolOf(written[(at + step) % written.length] ?? task));
  return {
    tools: [...offered.slice(at % 3), ...offered.slice(0, at % 3)],
    firstMessage: task.says,
    call: { name: task.name, arguments: task.args },
  };
});
