// The tasks of the probe: a plain first message that says every value, and the one right call. Written by hand, so that a probe
// needs no simulator. The tools are of the catalogue's kind but kept here, so that a change of the catalogue changes no probe.
// Each task offers its own tool and those of the two tasks after it.
import type { JsonObject, JsonSchema, ToolCall, ToolSpec } from "../types.ts";

export interface ProbeTask {
  readonly tools: readonly ToolSpec[];
  readonly firstMessage: string;
  readonly call: ToolCall;
}

interface Written {
  readonly name: string;
  readonly description: string;
  readonly required: Readonly<Record<string, JsonSchema>>;
  readonly optional?: Readonly<Record<string, JsonSchema>>;
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
    required: {
      from_station: text("Station of departure"),
      to_station: text("Station of arrival"),
      day: day("Day of the journey"),
    },
    optional: { max_changes: whole("Greatest number of changes. Default is 2"), via: texts("Stations to travel through") },
    says: "Find me a train from Lyon to Marseille on 2026-05-14.",
    args: { from_station: "Lyon", to_station: "Marseille", day: "2026-05-14" },
  },
  {
    ...{ name: "search_hotel", description: "Find a hotel with a free room in a city." },
    required: { city: text("City of the hotel"), check_in: day("Day of arrival"), nights: whole("Number of nights") },
    optional: { least_stars: whole("Least number of stars (default 3)"), center_km: amount("Greatest distance from the center") },
    says: "I need a hotel room in Porto from 2026-07-03, for 4 nights.",
    args: { city: "Porto", check_in: "2026-07-03", nights: 4 },
  },
  {
    ...{ name: "get_flight_status", description: "Check whether a flight is on time." },
    required: { flight_id: text("Id of the flight, FL and 3 digits") },
    optional: { flight_day: day("Day of departure, today if it is left out") },
    says: "Is the flight FL217 on time?",
    args: { flight_id: "FL217" },
  },
  {
    ...{ name: "quote_exchange", description: "Get the exchange rate between two currencies." },
    required: { sell: oneOf("Currency to sell", ...currencies), buy: oneOf("Currency to buy", ...currencies) },
    optional: { planned_amount: amount("Amount to exchange, in the sold currency") },
    says: "What rate do I get if I sell EUR and buy JPY?",
    args: { sell: "EUR", buy: "JPY" },
  },
  {
    ...{ name: "blockCard", description: "Block a payment card." },
    required: {
      cardId: text("Id of the card, CD and 4 digits"),
      reason: oneOf("Why it is blocked", "lost", "stolen", "damaged"),
    },
    says: "Please block my card CD5512, it was stolen.",
    args: { cardId: "CD5512", reason: "stolen" },
  },
  {
    ...{ name: "transfer_money", description: "Send money from an account." },
    required: {
      account_id: text("Account id (AC and 4 digits)"),
      recipient: text("Name of the person or company that receives it"),
      amount: amount("Amount in USD"),
    },
    optional: { payment_note: text("Text that the recipient reads") },
    says: "Send 250 from the account AC9041 to Maria Lopez.",
    args: { account_id: "AC9041", recipient: "Maria Lopez", amount: 250 },
  },
  {
    ...{ name: "sky.get_moon_phase", description: "Get the phase of the moon on a date." },
    required: { moon_date: day("Day") },
    optional: { longitude: amount("Longitude of the observer in degrees; defaults to 0") },
    says: "Which phase does the moon have on 2026-11-02?",
    args: { moon_date: "2026-11-02" },
  },
  {
    ...{ name: "find_free_slot", description: "Find a time when a colleague is free." },
    required: { colleague: text("First and last name"), date: day("Day to look at"), minutes: whole("Length in minutes") },
    optional: { not_before_hour: whole("Earliest full hour (default 9)") },
    says: "When is Anna Berg free on 2026-03-12 for 45 minutes?",
    args: { colleague: "Anna Berg", date: "2026-03-12", minutes: 45 },
  },
  {
    ...{ name: "open_ticket", description: "Open a support ticket." },
    required: { title: text("Short title of the problem"), priority: oneOf("How urgent it is", "low", "normal", "urgent") },
    optional: { labels: texts("Labels to find it by") },
    says: "Open an urgent ticket with the title Printer broken.",
    args: { title: "Printer broken", priority: "urgent" },
  },
  {
    ...{ name: "file_mail", description: "Move an e-mail to a folder." },
    required: { email_id: text("Id of the email, EM and 4 digits"), target_folder: oneOf("Folder", "work", "private", "trash") },
    says: "Move the e-mail EM7741 to the trash folder.",
    args: { email_id: "EM7741", target_folder: "trash" },
  },
  {
    ...{ name: "reportBike", description: "Report a defect on a rented bicycle." },
    required: { bikeId: text("Id of the bike"), defect: oneOf("What is broken", "flat tire", "broken brake", "no light") },
    says: "The bicycle BI381 has a flat tire. Please report it.",
    args: { bikeId: "BI381", defect: "flat tire" },
  },
  {
    ...{ name: "tutoring.find_tutor", description: "Find a private tutor for a school subject." },
    required: {
      subject: oneOf("Subject that is taught", "mathematics", "physics", "chemistry"),
      town: text("Town of the pupil"),
    },
    optional: { price_limit: amount("Highest price in USD per lesson"), online: { type: "boolean", description: "Online only" } },
    says: "Find a physics tutor in Ghent.",
    args: { subject: "physics", town: "Ghent" },
  },
  {
    ...{ name: "get_menu", description: "List dishes on a restaurant's menu." },
    required: { restaurant_id: text("Id, RE and 3 digits"), course: oneOf("Part of the menu", "starters", "mains", "desserts") },
    optional: { without: texts("Ingredients that the dishes must not contain") },
    says: "Show me the desserts on the menu of the restaurant RE120.",
    args: { restaurant_id: "RE120", course: "desserts" },
  },
  {
    ...{ name: "extend_parking", description: "Extend a parking booking by some hours." },
    required: { parking_code: text("The parking's code: PK and 4 digits"), more_hours: whole("Additional time in hours") },
    optional: { remind_minutes: whole("Minutes before the end at which to send a reminder; defaults to 15") },
    says: "Extend my parking booking PK6125 by 3 hours.",
    args: { parking_code: "PK6125", more_hours: 3 },
  },
  {
    ...{ name: "start_charging", description: "Start charging a car up to a battery level." },
    required: { charger_id: text("Id of the charger, CH and 3 digits"), target_percent: whole("Battery level in percent") },
    optional: { cost_limit: amount("Highest cost in USD") },
    says: "Charge my car at the charger CH703 up to 80 percent.",
    args: { charger_id: "CH703", target_percent: 80 },
  },
  {
    ...{ name: "create_garden_plan", description: "Plan the beds of a garden for some plants." },
    required: { plants: texts("Plants to grow"), area: amount("Area in square meters"), greenhouse: { type: "boolean" } },
    says: "Plan my garden of 12.5 square meters with beans and carrots. I have no greenhouse.",
    args: { plants: ["beans", "carrots"], area: 12.5, greenhouse: false },
  },
];

function toolOf({ name, description, required, optional }: Written): ToolSpec {
  const properties = { ...required, ...optional };
  return { name, description, parameters: { type: "object", properties, required: Object.keys(required) } };
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
