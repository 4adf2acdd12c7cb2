/** A feed that may be told only so far: it waits there without being due, and goes on from there when it may. */
import { expect, it } from "vitest";
import { Feeds } from "#actors/kit/feeds.ts";
import type { Recorded } from "#events/kit/envelope.ts";
import { nodeSql } from "../support/sqlite.ts";
import { conversation, post } from "./ledger.ts";

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
  await feeds.pumpAll();
  expect(told).toEqual([1, 2, 3]);
  until = Number.POSITIVE_INFINITY;
  expect(feeds.nextDue()).toBeTypeOf("number");
  await feeds.pump("somebody");
  expect(told).toEqual([1, 2, 3, 4, 5, 6]);
  expect(feeds.nextDue()).toBeUndefined();
});
