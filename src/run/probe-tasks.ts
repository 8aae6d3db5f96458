// The tasks of the probe: tools of the embedded catalogue, a plain first message that says every value, and the one right call.
// Written by hand, so that a probe needs no simulator and every model gets the same ones.
import { embeddedCatalogue } from "../tools/toolset.ts";
import type { JsonObject, ToolCall, ToolSpec } from "../types.ts";

export interface ProbeTask {
  readonly tools: readonly ToolSpec[];
  readonly firstMessage: string;
  readonly call: ToolCall;
}

/** Names of the offered tools, the first message, name and arguments of the right call. */
type Written = readonly [offered: string, says: string, name: string, args: JsonObject];

const written: readonly Written[] = [
  [
    "get_train_platform find_train buy_train_ticket",
    "Find me a train from Lyon to Marseille on 2026-05-14.",
    "find_train",
    { from_station: "Lyon", to_station: "Marseille", day: "2026-05-14" },
  ],
  [
    "find_hotel cancel_room",
    "I need a hotel room in Porto from 2026-07-03, for 4 nights.",
    "find_hotel",
    { city: "Porto", check_in: "2026-07-03", nights: 4 },
  ],
  ["search_flights get_flight_status", "Is the flight FL217 on time?", "get_flight_status", { flight_id: "FL217" }],
  ["watch_rate quote_exchange", "What rate do I get if I sell EUR and buy JPY?", "quote_exchange", { sell: "EUR", buy: "JPY" }],
  [
    "find_card block_card set_card_limit",
    "Please block my card CD5512, it was stolen.",
    "block_card",
    { card_id: "CD5512", reason: "stolen" },
  ],
  [
    "transfer_money sum_spending",
    "Send 250 from the account AC9041 to Maria Lopez.",
    "transfer_money",
    { account_id: "AC9041", recipient: "Maria Lopez", amount: 250 },
  ],
  [
    "find_visible_planets get_moon_phase",
    "Which phase does the moon have on 2026-11-02?",
    "get_moon_phase",
    { moon_date: "2026-11-02" },
  ],
  [
    "find_free_slot cancel_meeting",
    "When is Anna Berg free on 2026-03-12 for 45 minutes?",
    "find_free_slot",
    { colleague: "Anna Berg", date: "2026-03-12", minutes: 45 },
  ],
  [
    "close_ticket open_ticket",
    "Open an urgent ticket with the title Printer broken.",
    "open_ticket",
    { title: "Printer broken", priority: "urgent" },
  ],
  [
    "forward_mail file_mail search_mail",
    "Move the e-mail EM7741 to the trash folder.",
    "file_mail",
    { email_id: "EM7741", target_folder: "trash" },
  ],
  [
    "find_bike report_bike",
    "The bicycle BI381 has a flat tire. Please report it.",
    "report_bike",
    { bike_id: "BI381", defect: "flat tire" },
  ],
  [
    "find_tutor book_lesson cancel_lesson",
    "Find a physics tutor in Ghent.",
    "find_tutor",
    { school_subject: "physics", town: "Ghent" },
  ],
  [
    "find_restaurant get_menu",
    "Show me the desserts on the menu of the restaurant RE120.",
    "get_menu",
    { restaurant_id: "RE120", course: "desserts" },
  ],
  [
    "find_parking extend_parking",
    "Extend my parking booking PK6125 by 3 hours.",
    "extend_parking",
    { parking_code: "PK6125", more_hours: 3 },
  ],
  [
    "stop_charging start_charging report_charger_fault",
    "Charge my car at the charger CH703 up to 80 percent.",
    "start_charging",
    { charger_id: "CH703", target_percent: 80 },
  ],
  [
    "get_invoice_state send_invoice",
    "Send the invoice IN3190 to office@bakery.example.",
    "send_invoice",
    { invoice_id: "IN3190", email: "office@bakery.example" },
  ],
];

/** @throws RangeError if a tool is not in the catalogue, an error in the data. */
export function probeTasks(): readonly ProbeTask[] {
  const known = new Map(embeddedCatalogue().flatMap(({ tools }) => tools.map((tool) => [tool.name, tool] as const)));
  const toolOf = (name: string) => {
    const tool = known.get(name);
    if (tool === undefined) throw new RangeError(`a task of the probe needs the tool ${name}, which the catalogue does not have`);
    return tool;
  };
  return written.map(([offered, firstMessage, name, args]) => ({
    tools: offered.split(" ").map(toolOf),
    firstMessage,
    call: { name, arguments: args },
  }));
}
