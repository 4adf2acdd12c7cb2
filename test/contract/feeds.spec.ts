/** Feeds that wait: for what they may be told of, without being due, and for their next try, however often somebody looks. */
import { afterEach, expect, it, vi } from "vitest";
import { Feeds } from "#actors/kit/feeds.ts";
import type { Recorded } from "#events/kit/envelope.ts";
import { nodeSql } from "../support/sqlite.ts";
import { conversation, post } from "./ledger.ts";

afterEach(() => void vi.useRealTimers());

it("a consumer is told up to where it may be, and of the rest when it may, each event once", async () => {
  const ledger = conversation(nodeSql()); // five events
  const feeds = new Feeds(ledger.tables, ledger as ConstructorParameters<typeof Feeds>[1]);
  const told: number[] = [];
  let until = 3;
  feeds.add({
    name: "somebody",
    until: () => until,
    deliver: async (events: ReadonlyArray<Recorded>, { to }) => {
      told.push(...events.map(({ seq }) => seq));
      return to;
    },
  });
  await feeds.pump("somebody");
  expect({ told, position: feeds.position("somebody"), due: feeds.nextDue() }).toEqual({
    told: [1, 2, 3],
    position: 3,
    due: undefined,
  });
  ledger.commit(post("four"));
  await feeds.pumpDue();
  expect(told).toEqual([1, 2, 3]);
  until = Number.POSITIVE_INFINITY;
  expect(feeds.nextDue()).toBeTypeOf("number");
  await feeds.pump("somebody");
  expect(told).toEqual([1, 2, 3, 4, 5, 6]);
  expect(feeds.nextDue()).toBeUndefined();
});

it("a consumer that could not be told is not told again before its time, so that looking makes it wait no longer", async () => {
  vi.useFakeTimers();
  const ledger = conversation(nodeSql());
  const feeds = new Feeds(ledger.tables, ledger as ConstructorParameters<typeof Feeds>[1]);
  let tries = 0;
  feeds.add({
    name: "away",
    deliver: async () => {
      tries += 1;
      throw new Error("nobody answers");
    },
  });
  feeds.add({ name: "there", deliver: async (_events, { to }) => to });
  for (let look = 0; look < 5; look++) await feeds.pumpDue(["away"]);
  expect({ tries, there: feeds.position("there") }).toEqual({ tries: 1, there: 0 });
  vi.advanceTimersByTime(1_000);
  await feeds.pumpDue();
  expect({ tries, there: feeds.position("there") }).toEqual({ tries: 2, there: ledger.head });
});
