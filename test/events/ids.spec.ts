/** Ids: their shape, the time in them, and that derived ones are the same every time and no two are the same. */
import { describe, expect, it } from "@effect/vitest";
import { Schema } from "effect";
import {
  ActorName,
  AgentId,
  agentName,
  CallId,
  childId,
  eventId,
  idOf,
  type Kind,
  MemoryId,
  MessageId,
  makeId,
  prefixes,
  RoomId,
  TurnId,
  timeOf,
  UserId,
  userName,
} from "#events/kit/ids.ts";
import { dana, START } from "../support/given.ts";

const schemas = { agent: AgentId, room: RoomId, message: MessageId, turn: TurnId, call: CallId, memory: MemoryId };
const random = (byte: number) => new Uint8Array(10).fill(byte);

describe("an id", () => {
  it.each(Object.entries(schemas))("of kind %s has its prefix and no other", (kind, schema) => {
    const is = Schema.is(schema);
    for (const other of Object.keys(prefixes) as Kind[]) {
      expect(is(makeId(other, START, random(200)))).toBe(other === kind);
      expect(is(childId(other, "parent", "label"))).toBe(other === kind);
    }
  });

  it("is refused with anything in front, behind or missing", () => {
    const id = makeId("room", START, random(0));
    for (const broken of [` ${id}`, `${id}\n`, id.slice(0, -1), `${id}0`, id.toUpperCase(), id.replace(/.$/, "u"), ""])
      expect(Schema.is(RoomId)(broken)).toBe(false);
  });

  it("sorts by the time it was made, and tells it", () => {
    const times = [0, 1, 31, 32, START, START + 1, 2 ** 48 - 1];
    const ids = times.map((at) => makeId("event", at, random(255)));
    expect(ids.toSorted()).toEqual(ids);
    expect(ids.map(timeOf)).toEqual(times);
  });

  it("keeps all eighty bits of chance", () => {
    const one = (index: number, byte: number) => makeId("call", START, random(0).with(index, byte));
    const ids = Array.from({ length: 10 }, (_, index) => [one(index, 1), one(index, 128)]).flat();
    expect(new Set(ids).size).toBe(20);
  });

  it("of an event rises with time, and is another in every place", () => {
    expect(eventId(START, "room:a", 1) < eventId(START + 1, "room:a", 2)).toBe(true);
    expect(timeOf(eventId(START, "room:a", 1))).toBe(START);
    const places = [
      eventId(START, "room:a", 1),
      eventId(START, "room:a", 2),
      eventId(START, "room:b", 1),
      eventId(START, "room:", 11),
    ];
    expect(new Set(places).size).toBe(4);
  });
});

describe("a derived id", () => {
  it("is always the same for the same two", () => {
    expect(childId("message", "trn_1", "reply")).toBe(childId("message", "trn_1", "reply"));
  });

  it("[T1] stays the same for ever: ids that are in logs must be derived again after any change of code", () => {
    expect(childId("message", "trn_1", "reply")).toBe("msg_zjedv1xe46wqpsv81b6bgpnkyr");
    expect(childId("turn", "msg_é😀", "agt_1")).toBe("trn_3n0s3qdcw255jzn79k90cvhd8y");
  });

  it("is another for another parent, label or kind", () => {
    const labels = ["", "a", "b", "/", "a/b", "0", "1", "é", "😀"];
    const ids = labels.flatMap((parent) =>
      labels.map((label) => [`${parent}/${label}`, childId("call", parent, label)]),
    );
    expect(new Set(ids.map(([, id]) => id)).size).toBe(new Set(ids.map(([text]) => text)).size);
  });

  it("does not collide among the short, alike texts that the house makes", () => {
    const ids = new Set<string>();
    for (let turn = 0; turn < 200; turn++)
      for (let label = 0; label < 100; label++) ids.add(childId("call", `trn_${turn}`, `${label >> 3}/${label & 7}`));
    expect(ids.size).toBe(20_000);
  });
});

describe("names of actors", () => {
  it("hold the id behind the kind, whatever is in it", () => {
    expect(idOf(userName("a:b" as UserId))).toBe("a:b");
    expect(idOf(agentName(childId("agent", "x", "y")))).toBe(childId("agent", "x", "y"));
    expect(Schema.is(ActorName)(userName(dana))).toBe(true);
    expect(Schema.is(ActorName)("robot:r2")).toBe(false);
  });

  it("are of people as identity providers write them, and nothing that means something in a path or a header", () => {
    const is = Schema.is(UserId);
    for (const good of ["user_2abc", "auth0.5f7c", "a@b.example", "x", "A".repeat(128)]) expect(is(good)).toBe(true);
    for (const bad of ["", ".a", "-a", "_a", "a/b", "a b", "a:b", "a\n", "é", "A".repeat(129)])
      expect(is(bad)).toBe(false);
  });
});
