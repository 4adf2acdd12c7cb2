/** How much a message is worth remembering, by its form alone. */
import { describe, expect, it } from "@effect/vitest";
import { messageFormOf } from "#actors/agent/memory/forming/importance.ts";
import { importanceOf } from "#events/agent/memory.ts";

const nothing = {
  ...{ firstPerson: false, stems: 0, number: false, timeWord: false },
  ...{ quotation: false, place: false, question: false },
};

describe("importance", () => {
  it("is the logistic of form", () => {
    expect(importanceOf(nothing)).toBeCloseTo(1 / (1 + Math.exp(4.4)), 12);
    const all = { ...nothing, firstPerson: true, stems: 9, number: true, timeWord: true, quotation: true, place: true };
    // −9.2 + 8 · 0.6 + 1 + ln 10 + 0.5 + 1 + 1 + 0.5
    expect(importanceOf(all)).toBeCloseTo(1 / (1 + Math.exp(0.4 - Math.log(10))), 12);
    expect(importanceOf({ ...all, question: true })).toBeLessThan(importanceOf(all));
  });

  it.each([
    ["I moved to Bern last Friday with 2 cats", { firstPerson: true, number: true, timeWord: true, place: true }],
    ['Mina said "never again"', { quotation: true }],
    ["Who is coming?", { question: true }],
    ["See you in May", { firstPerson: false, timeWord: true }],
    ["ok", { stems: 0 }],
  ])("reads the form of %s", (text, form) => {
    expect(messageFormOf(text)).toMatchObject(form);
  });

  it("a text of plans and names weighs more than a nod", () => {
    const weight = (text: string) => importanceOf(messageFormOf(text));
    expect(weight("I moved to Bern last Friday and work at Acme now")).toBeGreaterThan(weight("sounds good to me"));
  });
});
