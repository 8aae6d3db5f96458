import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { carriedShare, carries, writtenOut } from "../../../src/rules/language/said.ts";
import type { Json } from "../../../src/types.ts";

/** One test per row: the text states the value, or it does not. */
function rows(verb: "carries" | "does not carry", cases: readonly (readonly [string, Json])[]): void {
  test.each(cases)(`%j ${verb} %j`, (text, value) => {
    expect(carries(text, value)).toBe(verb === "carries");
  });
}

describe("words", () => {
  rows("carries", [
    ["From Oslo to Bergen, please.", "bergen"],
    ["Is it Oslo? I think so.", "Oslo"],
    ["I live in Oslo. It is cold.", "Oslo"],
    ["Oslo's weather", "Oslo"],
    ["a window seat", "window_seat"],
    ["Your appointment has been canceled.", "cancelled"],
    ["a gluten-free pizza", "gluten_free"],
    ["The train is on-time.", "on time"],
    ["Luigi’s on Main St. 5", "Luigi's"],
    ["Luigi's on Main St. 5", "Main St. 5"],
    ["the Oslo–Bergen train", "Bergen"],
    ["from Oslo – Bergen", "Oslo - Bergen"],
    ["It takes 3–5 business days.", "3-5 business days"],
    ["It takes 3-5 business days.", "3 – 5 business days"],
    ["the year 2024–2025", "2024-2025"],
    ["order 1234 – 2 items", "1234"],
    ["Your total is $1,234.50.", "1234.50"],
    ["Your total is $1,234.50.", "$1234.50"],
    ["1234 of them", "1,234"],
    ["It costs $50.", "$50.00"],
    ["**Oslo** and `QU5173`", "QU5173"],
    ["write to anna.lind@example.com.", "anna.lind@example.com"],
    ["the code is 02134", "02134"],
    ["order 1917043659912705297", "1917043659912705297"],
    ["red and blue", ["red", "blue"]],
    ["from Oslo, 2 seats", { from: "Oslo", seats: 2 }],
    ["Booking ID:BK1234", "BK1234"],
    ["Oslo/Bergen", "Bergen"],
    ["l'Hôtel Astra est ouvert", "Hôtel Astra"],
    ["Ankara'da kar var", "Ankara"],
  ]);
  rows("does not carry", [
    ["From Oslo", "Os"],
    ["From Oslo", "Bergen"],
    ["check-in is done", "in"],
    ["only red", ["red", "blue"]],
    ["the code is 2134", "02134"],
    ["version 3.1", "3.10"],
    ["order 1917043659912705297", "1917043659912705296"],
    ["12,345 of them", "345"],
    ["It costs $50.", "50.00"],
    ["It takes 3–5 business days.", "5 business days"],
    ["room 5", "-5"],
    ["I can't, and I'll say so", "t"],
    ["at 08:25", "25"],
    ["", "Oslo"],
  ]);
});

describe("one letter or sign from an enum", () => {
  rows("carries", [
    ["in size M, please", "M"],
    ["the blood group is O+.", "O+"],
    ['rows where the price is "<" 5', "<"],
    ["multiply: 3 * 4", "*"],
    ['with ";" between them', ";"],
    ["prices in €", "€"],
    ["it has ⭐⭐⭐", "⭐⭐⭐"],
  ]);
  rows("does not carry", [
    ["I'm here for Luigi's", "M"],
    ["I'm here for Luigi's", "S"],
    ["a table for two", "A"],
    ["the blood group is O-", "O+"],
    ["the blood group is O+", "O"],
    ["the price is <= 5", "<"],
    ["nothing of the kind", ">="],
    ["Oslo, Bergen; and Turku.", ","],
    ["Oslo, Bergen; and Turku.", ";"],
    ["it has ⭐⭐⭐", "⭐⭐"],
    ["prices in $", "€"],
  ]);
});

describe("numbers", () => {
  rows("carries", [
    ["for two people", 2],
    ["for 2 people", 2],
    ["a parcel of 5kg", 5],
    ["heat it to 25°C", 25],
    ["2.5km, please", 2.5],
    ["a flat of 120m²", 120],
    ["a 3-night stay", 3],
    ["5–10 people", 10],
    ["Total:$12.50", 12.5],
    ["It costs $1,200 today", 1200],
    ["Your total is $1,234.50.", 1234.5],
    ["The rent is $2,000.00 a month.", 2000],
    ["Es kostet 1.234,50 €", 1234.5],
    ["Ça coûte 1 234,50 €", 1234.5],
    ["CHF 1’234.50", 1234.5],
    ["₹12,34,567", 1234567],
    ["12,50 euros", 12.5],
    ["about 12.35", 12.34567],
    ["a discount of 12.5%", 12.5],
    ["a discount of 7 percent", 0.07],
    ["seats 12,13,14", 13],
    ["rated 4.5/5", 4.5],
    ["2.5 million people", 2_500_000],
    ["two hundred grams", 200],
    ["a walk of 30mins", 30],
    ["it is USD1,234.50", 1234.5],
  ]);
  rows("does not carry", [
    ["for twenty people", 2],
    ["2.5 million people", 2.5],
    ["two hundred grams", 2],
    ["112 people", 12],
    ["It costs 2.5 euros", 2],
    ["It costs 12 euros", 2],
    ["It costs $1,234.55.", 1234.5],
    ["It costs 1,234 euros", 234],
    ["It costs 1 234 euros", 234],
    ["in 12026", 2026],
    ["at 10:30", 10],
    ["room A-12", 12],
    ["train NT418", 418],
    ["between 5-10 people", 5],
    ["on the 5th", 5],
    ["the 15kg bag", 5],
    ["row 5abcd", 5],
    ["10² metres", 102],
    ["about 3", 2.999],
  ]);

  test.each(["-12.50", "−12.50", "-$12.50", "$-12.50", "-US$12.50", "–12.50 €", "minus 12.50", "(-12.50)"])(
    "below zero look like %s, and nothing above it does",
    (text) => {
      expect([carries(`It is ${text} now`, -12.5), carries(`It is ${text} now`, 12.5)]).toEqual([true, false]);
    },
  );

  test.each(["- 12.50", "+12.50", "(12.50)", "A–12.50", "5–12.50", "not-so 12.50"])("stay positive in %s", (text) => {
    expect([carries(text, 12.5), carries(text, -12.5)]).toEqual([true, false]);
  });

  const locales = [
    "en-US",
    "en-IN",
    "de-DE",
    "de-AT",
    "fr-FR",
    "sv-SE",
    "pl-PL",
    "pt-BR",
    "es-ES",
    "hi-IN",
    "th-TH",
    "ja-JP",
    "ar-EG",
  ];
  const amount = fc.integer({ min: -100_000_000, max: 100_000_000 }).map((cents) => cents / 100);

  test("are found as Intl writes them for each of these countries, and no other amount is", () => {
    for (const locale of locales)
      for (const style of [{ minimumFractionDigits: 2 }, { style: "currency", currency: "EUR" }] as const) {
        const format = new Intl.NumberFormat(locale, style);
        fc.assert(
          fc.property(amount, amount, (one, other) => {
            const text = `It costs ${format.format(one)} today`;
            expect([text, carries(text, one)]).toEqual([text, true]);
            expect([text, other, carries(text, other)]).toEqual([text, other, one === other]);
          }),
          { numRuns: 40 },
        );
      }
  });
});

describe("dates and times", () => {
  rows("carries", [
    ["on 2027-03-02.", "2027-03-02"],
    ["on March 2nd, 2027", "2027-03-02"],
    ["on 2 March. Or later.", "2027-03-02"],
    ["the 2nd of March", "2027-03-02"],
    ["Mar. 2, 2027", "2027-03-02"],
    ["am 2. März 2027", "2027-03-02"],
    ["el 2 de marzo de 2027", "2027-03-02"],
    ["02.03.2027", "2027-03-02"],
    ["13/05/2026 or 05/14/2026", "2026-05-13"],
    ["13/05/2026 or 05/14/2026", "2026-05-14"],
    ["2026年3月5日出发", "2026-03-05"],
    ["2026년 3월 5일 출발", "2026-03-05"],
    ["5 मार्च 2026 को", "2026-03-05"],
    ["วันที่ 5 มีนาคม 2026", "2026-03-05"],
    ["at 10:30.", "10:30"],
    ["at 6 PM", "18:00"],
    ["at 6:00 pm", "18:00:00Z"],
    ["at 6 p.m. sharp", "18:00:00"],
    ["at 18:00", "18:00:00Z"],
    ["at 18:00", "6:00 PM"],
    ["at noon", "12:00"],
    ["下午6点30分", "18:30"],
    ["오후 6시에", "18:00"],
    ["open 08:00-10:00", "10:00"],
    ["open 08:00-10:00", "08:00-10:00"],
    ["open 8 AM to 10 AM", "08:00-10:00"],
    ["open 9:00 AM – 5:00 PM", "9:00 AM - 5:00 PM"],
    ["at 20:00+02:00", "18:00:00Z"],
    ["at 18:00", "18:00:00+02:00"],
    ["It leaves on March 5, 2026 at 18:00 UTC.", "2026-03-05T18:00:00Z"],
    ["At 6 PM on 5 March", "2026-03-05T18:00:00Z"],
    ["Departure: 2026-03-05 18:00.", "2026-03-05T18:00:00Z"],
    ["2026-03-05T18:00:00.000Z", "2026-03-05T18:00:00+00:00"],
    ["on 05-Mar-2026", "2026-03-05"],
    ["at 6.30pm", "18:30"],
    ["um 18 Uhr", "18:00"],
    ["um 18.30 Uhr", "18:30"],
    ["a las 6:30 p. m.", "18:30"],
    ["a las 18:00h", "18:00"],
    ["晚上8点", "20:00"],
  ]);
  rows("does not carry", [
    ["on March 20", "2027-03-02"],
    ["on May 2", "2027-03-02"],
    ["on March 2, 2026", "2027-03-02"],
    ["on 03/02/2027", "2027-03-02"], // the second of March, or the third of February
    ["2025年3月5日", "2026-03-05"],
    ["at 6:00", "18:00"],
    ["at 10:30 PM", "10:30"],
    ["at 6 AM", "18:00"],
    ["a las 6:30 p. m.", "06:30"],
    ["at 118:00", "18:00"],
    ["at 18:00", "18:00:30"],
    ["6時間かかります", "06:00"],
    ["at 18:00+02:00", "18:00:00Z"],
    ["on March 5, 2026", "2026-03-05T18:00:00Z"],
    ["at 18:00", "2026-03-05T18:00:00Z"],
    ["on March 6, 2026 at 18:00 UTC", "2026-03-05T18:00:00Z"],
  ]);

  test.each<[string, string, string]>([
    ["open 9am-5pm", "09:00", "17:00"],
    ["open 9:00 AM-5:00 PM", "09:00", "17:00"],
    ["at 2–4 PM", "14:00", "16:00"],
    ["from 09:00 to 10 PM", "09:00", "22:00"],
    ["at 2-4 PM", "14:00", "16:00"],
    ["on March 5, from 2 to 4 p.m.", "14:00", "16:00"],
    ["between 2 and 4 PM", "14:00", "16:00"],
    ["at 2:00 – 4:00 PM", "14:00", "16:00"],
    ["at 10–2 PM", "10:00", "14:00"],
    ["at 10–2 AM", "22:00", "02:00"],
    ["March 5–8, 2026", "2026-03-05", "2026-03-08"],
    ["March 5-8, 2026", "2026-03-05", "2026-03-08"],
    ["from March 5 to 8", "2026-03-05", "2026-03-08"],
    ["the 5th–8th of March", "2026-03-05", "2026-03-08"],
    ["5-8 March 2026", "2026-03-05", "2026-03-08"],
    ["March 30–April 2, 2026", "2026-03-30", "2026-04-02"],
    ["March 5 – 4 PM", "2026-03-05", "16:00"],
  ])("of a range are both ends, each with what only the other says: %s", (text, start, end) => {
    expect(carriedShare(text, { start, end })).toBe(1);
  });

  test.each<[string, string]>([
    ["a table for 2 to 4 PM", "14:00"],
    ["room 2 - 4 PM", "14:00"],
    ["at 2–4 PM", "02:00"],
    ["2–4 people", "14:00"],
    ["March 5 – 4 PM", "2026-03-04"],
    ["March 5–8, 2027", "2026-03-05"],
    ["open 8 AM to 11 AM", "08:00-10:00"],
  ])("are no more than a range says: %j does not carry %j", (text, value) => {
    expect(carries(text, value)).toBe(false);
  });

  test("are found as Intl writes them, and those of another minute are not", () => {
    const minute = fc.integer({ min: 0, max: 50 * 365 * 24 * 60 }).map((minutes) => minutes * 60_000);
    for (const locale of ["en-US", "en-GB", "de-DE", "fr-FR", "es-ES", "ja-JP", "hi-IN", "ru-RU"])
      for (const dateStyle of ["long", "full"] as const) {
        const format = new Intl.DateTimeFormat(locale, { dateStyle, timeStyle: "short", timeZone: "UTC", hourCycle: "h23" });
        fc.assert(
          fc.property(minute, minute, (one, other) => {
            const [text, value] = [format.format(one), new Date(one).toISOString()];
            expect([text, value, carries(text, value)]).toEqual([text, value, true]);
            expect([text, other, carries(text, new Date(other).toISOString())]).toEqual([text, other, one === other]);
          }),
          { numRuns: 40 },
        );
      }
  });
});

describe("scripts without blanks, with combining marks or with their own digits", () => {
  rows("carries", [
    ["您的航班从北京首都机场出发。", "北京首都机场"],
    ["搭乘MU5101次航班，在T3航站楼", "MU5101"],
    ["气温是25度。", 25],
    ["尺码：大", "大"],
    ["東京駅から出発します。", "東京駅"],
    ["価格は１,２３４円です", 1234],
    ["서울에서 부산까지", "서울"],
    ["가격은 25,000원입니다", 25000],
    ["เที่ยวบินจากกรุงเทพไปเชียงใหม่", "กรุงเทพ"],
    ["ราคา๒๕๐บาท", 250],
    ["आपकी उड़ान दिल्ली से है।", "दिल्ली"],
    ["तापमान २५ डिग्री", 25],
    ["السعر ١٬٢٣٤٫٥٠", 1234.5],
    ["Cafe\u0301 Rouge", "Café Rouge"],
    ["Café Rouge", "Cafe\u0301 Rouge"],
    ["soft\u00adly in Os\u200blo", "Oslo"],
  ]);
  rows("does not carry", [
    ["您的航班从上海出发。", "北京首都机场"],
    ["大家好", "大"],
    ["ボストンまで", "トン"],
    ["남서울 호텔", "서울"],
    ["เที่ยวบินจากกรุงเทพไปเชียงใหม่", "ภูเก็ต"],
    ["आपकी उड़ान दिल्ली से है।", "दिल"],
    ["कमल", "कमाल"],
    ["Malmo", "Malmö"],
  ]);

  // names that ICU's dictionary splits wrongly at one end
  test.each([
    ["您选择了X和其他", ["李明", "三体"]],
    ["您的航班从X出发", ["北京首都机场", "上海虹桥站", "外滩"]],
    ["予約はX様のお名前です", ["山田太郎", "鳥貴族", "田中"]],
    ["อยู่ที่Xครับ", ["สยามพารากอน", "มานี", "วิภา"]],
  ])("finds names in %s, and only those", (sentence, names) => {
    for (const name of names)
      for (const other of names)
        expect([name, other, carries(sentence.replace("X", name), other)]).toEqual([name, other, name === other]);
  });
});

describe("a value that cannot be searched for", () => {
  rows("carries", [
    ["whatever is said", true],
    ["whatever is said", null],
    ["whatever is said", []],
    ["whatever is said", ""],
  ]);

  test("is left out of the share, which counts single values", () => {
    expect(carriedShare("NT418 at 08:25", { train_id: "NT418", departs: "08:25", free: true })).toBe(1);
    expect(carriedShare("NT418", [{ train_id: "NT418", departs: "08:25" }, { price: 184 }])).toBeCloseTo(1 / 3);
    expect(carriedShare("nothing", { train_id: "NT418", free: true, note: "", platform: null })).toBe(0);
    expect(carriedShare("anything", { ok: true })).toBe(1);
    expect(carriedShare("The jacket is in stock, for $40.", { in_stock: "yes", price: 40 })).toBe(1);
    expect(carriedShare("The jacket is in stock, no problem.", { in_stock: "no", price: 40 })).toBe(0);
    expect(carriedShare("anything", [])).toBe(1);
  });

  test.each<[string, Json]>([
    ["It is already done, so there is no fee.", { status: "already done", fee: 0 }],
    ["There are no warnings.", { warning: "none" }],
    ["It was cancelled free of charge.", { cancellation_fee: 0 }],
    ["No flights were found.", { count: 0, flights: [] }],
    ["I found no trains on that day.", { total_results: 0 }],
    ["There are no rooms that week.", { total: 0 }],
    ["I couldn't find any open orders.", { number_of_items: 0 }],
    ["There isn't any charge.", { fee: 0 }],
    ["It costs nothing.", { price: 0 }],
    ["Sorry, there are none left.", { seats_left: 0 }],
    ["None of the seats are free.", { seats_left: 0 }],
    ["Nothing is left to pay.", { left_to_pay: 0 }],
    ["The train has no delay.", { train: { delay_minutes: 0 } }],
    ["No open signatures.", { lists: [{ open_signatures: 0 }] }],
  ])("is told as a lack of what it counts: %s", (words, result) => {
    expect(carriedShare(words, result)).toBe(1);
  });

  test.each<[string, Json]>([
    ["Your booking is cancelled, no problem.", { fee: 0 }],
    ["The fee is 20, no exceptions.", { fee: 0 }],
    ["No, the fee is 20.", { fee: 0 }],
    ["I found 3 flights, no problem.", { count: 0 }],
    ["All is well, no problem.", { pm2_5: 0 }],
    ["There is no rush; your total is 20.", { total: 0 }],
    ["Return it no later than 5 PM, the late fee is 20.", { late_fee: 0 }],
    ["The total is 20, no fee is due.", { total: 0 }],
    ["No problem with the fee of 20.", { fee: 0 }],
    ["It is not free of charge.", { fee: 0 }],
    ["Yes, there are free seats.", { seats_left: 0 }],
    ["Are there no seats left?", { seats_left: 0 }],
    ["There is no need to worry.", { left_to_pay: 0 }],
    ["It is done.", { fee: 0 }],
    ["There is no fee.", { fee: 5 }],
  ])("is not told by a lack of something else: %s", (words, result) => {
    expect(carriedShare(words, result)).toBe(0);
    expect(carries(words, 0)).toBe(false);
  });

  test.each([
    ...["I've added the meeting with Ann.", "I've made the booking.", "The order has been sent.", "All set!", "Done."],
    ...["The alarm has been set for 7 AM.", "I've set the alarm.", "Your table is booked for 7 PM.", "The email was sent."],
    ...["Your card has been frozen.", "I've paid the invoice.", "Your visit is already cancelled.", "It's booked."],
  ])("is told as done where it is no more than that: %s", (words) => {
    expect(carriedShare(words, { status: "Success" })).toBe(1);
  });

  test.each([
    ...["Which day is it?", "I need the date.", "I have a question.", "I've not added it.", "Let me do that."],
    ...["Shall I proceed?", "There has been an error.", "It could not be completed.", "I failed to add it."],
    ...["The office is closed on Sunday.", "Your address is needed.", "It will be done tomorrow.", "It is an important request."],
    ...["This can be completed online.", "Once it is booked, I will tell you.", "Is it booked?", "I have limited access."],
  ])("is not told as done by what was not: %s", (words) => {
    expect(carriedShare(words, { status: "success" })).toBe(0);
  });

  test("is more than done where the result says more", () => {
    expect(carriedShare("I've added it.", { status: "pending" })).toBe(0);
    expect(carriedShare("I've added it.", { status: "success", id: "M7" })).toBe(0);
  });
});

test("a value written out contains its date and time in words, where it is found again", () => {
  for (const value of ["2026-03-05T18:00:00Z", "2026-03-05", "18:00"]) {
    const [as, ...words] = writtenOut(value).split(" ");
    expect([as, carries(words.join(" "), value)]).toEqual([value, true]);
  }
});
