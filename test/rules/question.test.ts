import { expect, test } from "vitest";
import { asksFor } from "../../src/rules/question.ts";

const asks = (text: string, argument: string) => asksFor({ text, calls: [] }, { call: 0, argument, sentence: "" });

test.each<[string, string]>([
  ["appointment_id", "Which appointment would you like to cancel?"],
  ["appointment_id", "Could you give me your appointment ID?"],
  ["appointment_id", "What is the ID?"],
  ["appointment_id", "Sure. Do you have an appointment ID?"],
  ["appointment_id", "Please provide the appointment ID."],
  ["appointment_id", "To cancel it, I need your appointment ID."],
  ["appointment_id", "I need the following information:\n- Doctor\n- Appointment ID"],
  ["visit_date", "When should the repair visit take place?"],
  ["applicant_name", "What is your full name?"],
  ["number_of_guests", "How many guests will come?"],
  ["email_address", "What's your email?"],
  ["day", "Do you want to travel on a certain day?"],
  ["city", "Where do you want to go?"],
  ["invoice_id", "It looks like the invoice ID is missing. Could you please provide it?"],
  ["email", "May I please have your email address?"],
  ["appointment_id", "I'd need your appointment ID."],
  ["quantity", "How many would you like?"],
  ["amount", "How much would you like to transfer?"],
  ["duration_minutes", "How long would you like to rent the bike?"],
  ["duration_minutes", "For how many minutes?"],
  ["weight_kg", "What is the weight of the parcel?"],
  ["weight_kg", "How heavy is the parcel?"],
  ["date", "What day would you like?"],
  ["day", "Which date?"],
  ["guests", "How many people will there be?"],
  ["party_size", "How many people will there be?"],
  ["duration_minutes", "What is the duration of the rental?"],
  ["height_cm", "What is your height?"],
  ["height_cm", "How tall are you?"],
  ["run_km", "How far did you run?"],
  ["amount_usd", "How much would you like to transfer?"],
  ["delivery_address", "Where should it be delivered?"],
  ["delivery_date", "When should it be delivered?"],
])("%s is asked for: %s", (argument, text) => {
  expect(asks(text, argument)).toBe(true);
});

test.each<[string, string]>([
  ["appointment_id", "Sure! Would you like me to cancel your doctor's appointment?"],
  ["appointment_id", "I can help with your appointment. Is there anything else?"],
  ["appointment_id", "Is this about your appointment?"],
  ["appointment_id", "What is the order ID?"],
  ["number_of_guests", "What is your order number?"],
  ["appointment_id", "I need a tool for appointments, and I don't have one."],
  ["appointment_id", "Your appointment ID is A7."],
  ["day", "Shall I look for another day?"],
  ["day", "Which train? Have a nice day."],
  ["email", "Would you like me to send the invoice to your email?"],
  ["email", "I have sent the invoice to your email. Please let me know if you want to change that."],
  ["appointment_id", "I cannot reschedule the appointment. Please let me know if you need help with that."],
  ["appointment_id", "I can't do this: I'd need a tool that can cancel appointments."],
  ["duration_minutes", "How many people are coming?"],
  ["quantity", "How much does it weigh?"],
  ["size", "How many shirts would you like?"],
  ["guests", "What is the guest's name?"],
  ["parcel_kg", "Which parcel do you mean?"],
  ["max_minutes", "What is the maximum price?"],
  ["total_kg", "How much does it cost?"],
  ["total_count", "Which train would you like?"],
  ["delivery_address", "When should it be delivered?"],
  ["delivery_id", "Where should it be delivered?"],
  ["reservation_id", "How many seats should I reserve?"],
  ["delivery_date", "Where should it be delivered?"],
  ["invoice_id", "Your invoice is ready. Could you please confirm the amount?"],
])("%s is not asked for: %s", (argument, text) => {
  expect(asks(text, argument)).toBe(false);
});

test("nothing is asked for beside a call", () => {
  expect(
    asksFor({ text: "Which day?", calls: [{ name: "find", arguments: {} }] }, { call: 0, argument: "day", sentence: "" }),
  ).toBe(false);
});
