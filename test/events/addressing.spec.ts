/** Whom a message speaks to, read from its text: by name, by answer, by question, by company. */
import { describe, expect, it } from "@effect/vitest";
import { addressedAgents, namesSomebody, type RoomKind } from "#events/room/addressing.ts";
import { ada, bo, messageId } from "../support/given.ts";

const agents = [
  { agentId: ada, name: "Ada" },
  { agentId: bo, name: "Bo" },
];
const how = (text: string, kind: RoomKind = "public", author?: string) =>
  Object.fromEntries(
    addressedAgents(
      text,
      { kind, agents },
      author === undefined ? undefined : { messageId: messageId("m"), author },
    ).map((found) => [found.agentId === ada ? "Ada" : "Bo", found.how]),
  );

describe("a mention", () => {
  it.each([
    "@Ada hello",
    "hello @ada",
    "(@ADA)",
    "@Ada's turn",
    "@Ada, @Ada!",
    "well:@Ada",
    "@Ada？",
  ])("is in %j", (text) => {
    expect(how(text)).toEqual({ Ada: "mention" });
  });

  it.each([
    "@Adam hello",
    "mail me at x@ada.example",
    "@Ada_2",
    "@Adaß",
    "Ada hello",
    "@ Ada",
    "＠Adamant",
  ])("is not in %j", (text) => {
    expect(how(text)).toEqual({});
  });

  it("is found behind a longer name that begins like it", () => {
    expect(how("@Adam and @Ada")).toEqual({ Ada: "mention" });
  });

  it("may be of several", () => {
    expect(how("@Bo and @Ada")).toEqual({ Ada: "mention", Bo: "mention" });
  });

  it("works for names of any script and with spaces", () => {
    const named = (name: string, text: string) =>
      addressedAgents(text, { kind: "public", agents: [{ agentId: ada, name }] }).length === 1;
    expect(named("Мария", "эй, @мария!")).toBe(true);
    expect(named("Мария", "@Марияна")).toBe(false);
    expect(named("Dr. Who?", "@dr. who? hello")).toBe(true);
    expect(named("a.b", "@axb")).toBe(false);
  });
});

describe("other ways of speaking to an agent", () => {
  it("is a question that names it", () => {
    expect(how("What do you think, Ada?")).toEqual({ Ada: "question" });
    expect(how("ada，你好吗？")).toEqual({ Ada: "question" });
    expect(how("What about Adam?")).toEqual({});
    expect(how("I like Ada.")).toEqual({});
  });

  it("is an answer to what it said", () => {
    expect(how("Thanks.", "public", `agent:${ada}`)).toEqual({ Ada: "reply" });
    expect(how("Thanks.", "public", "user:dana")).toEqual({});
  });

  it("is every word in a conversation with it alone", () => {
    expect(how("Thanks.", "direct")).toEqual({ Ada: "direct", Bo: "direct" });
    expect(how("Thanks.", "private")).toEqual({});
  });

  it("counts by its strongest way", () => {
    expect(how("@Ada?", "direct", `agent:${ada}`)).toEqual({ Ada: "mention", Bo: "direct" });
    expect(how("Ada?", "public", `agent:${ada}`)).toEqual({ Ada: "reply" });
  });
});

describe("a name with @", () => {
  it.each(["@Eli, what do you think?", "hello @eli", "(@Мария)"])("is in %j", (text) => {
    expect(namesSomebody(text)).toBe(true);
  });
  it.each(["hello", "mail me at x@ada.example", "5 @ 3", "@", "@!"])("is not in %j", (text) => {
    expect(namesSomebody(text)).toBe(false);
  });
});
