/** The promises of house.md II.3 that hold for every stream and every history, tried on random ones through a real ledger. */
import { describe, expect, it } from "@effect/vitest";
import { Schema } from "effect";
import type { Ledger } from "#actors/kit/ledger.ts";
import type { SqlPort } from "#actors/kit/sql.ts";
import { fold, type Refusal } from "#events/kit/decider.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import type { Pending } from "#events/kit/envelope.ts";
import { anyEvents, both, property, upTo, type Wish, wish, wishes } from "../support/arbitrary.ts";
import { START } from "../support/given.ts";
import { everythingIn, open, replyOf, TestKeys } from "../support/ledger-fixture.ts";
import { nodeSql } from "../support/sqlite.ts";
import { type AnyStream, asker, SECRET, streams } from "./histories.ts";

type Command = { readonly type: string; readonly meta: CommandMeta };
type AnyLedger = Ledger<unknown, Command, Pending, Refusal>;

interface Life {
  readonly sql: SqlPort;
  readonly keys: TestKeys;
  readonly ledger: AnyLedger;
  readonly ask: (wish: Wish, index: number) => Command;
  readonly reopened: () => AnyLedger;
}

function begin({ decider, ask }: AnyStream): Life {
  const [sql, keys] = [nodeSql(), new TestKeys()];
  const ledger = open(decider, sql, keys);
  return {
    ...{ sql, keys, ledger },
    ask: (each, index) => {
      const meta = { id: `cmd-${index}`, at: START + index, by: asker(each), correlation: "c", causation: null };
      return { ...ask(each, ledger.state, index), meta };
    },
    reopened: () => open(decider, sql, keys),
  };
}

/** Lives through a history, one command per wish. */
function live(stream: AnyStream, history: ReadonlyArray<Wish>): Life {
  const life = begin(stream);
  history.forEach((each, index) => void life.ledger.commit(life.ask(each, index)));
  return life;
}

describe.each(streams)("a stream of kind %s", (_kind, stream) => {
  const { decider } = stream;

  property("[L2] gives one command id one outcome, and only passing refusals are forgotten", wishes(60), (history) => {
    const { ledger, ask } = begin(stream);
    const outcomes = history.map((each, index) => {
      const command = ask(each, index);
      const first = replyOf(ledger.commit(command));
      const before = { head: ledger.head, state: ledger.state };
      const second = replyOf(ledger.commit({ ...command, meta: { ...command.meta, at: START + 9_999 } }));
      const grew = ledger.head !== before.head || ledger.state !== before.state;
      const kept = ledger.tables.rows("SELECT 1 FROM commands WHERE id = ?", command.meta.id).length === 1;
      const passing = first.outcome === "refused" && first.refusal.passing === true;
      const wanted = first.outcome === "accepted" ? { ...first, replayed: true } : first;
      return [
        { second, grew, kept },
        { second: wanted, grew: false, kept: !passing },
      ] as const;
    });
    expect(outcomes.map(([actual]) => actual)).toEqual(outcomes.map(([, wanted]) => wanted));
  });

  property(
    "[L2] answers the same after a restart, whatever happened since",
    both(wishes(40), wish),
    ([history, last]) => {
      const { ledger, ask, reopened } = begin(stream);
      const command = ask(last, 1_000);
      const first = replyOf(ledger.commit(command));
      history.forEach((each, index) => void ledger.commit(ask(each, index)));
      const again = replyOf(reopened().commit(command));
      if (first.outcome === "accepted") expect(again).toEqual({ ...first, replayed: true });
      else if (first.refusal.passing !== true) expect(again).toEqual(first);
    },
  );

  property(
    "[L7] a state is the fold of its log, from the beginning or from any snapshot",
    both(wishes(60), upTo(99)),
    ([history, share]) => {
      const { ledger, sql, reopened } = live(stream, history);
      expect(reopened().state).toEqual(ledger.state);
      const seq = Math.round((ledger.head * share) / 99);
      const snapshot = JSON.stringify(ledger.stateAt(seq));
      sql.run("INSERT INTO snapshots (fold, seq, state) VALUES (?, ?, ?)", decider.foldVersion, seq, snapshot);
      expect(reopened().state).toEqual(ledger.state);
      sql.run("UPDATE snapshots SET fold = fold - 1, state = 'of an older fold'");
      expect(reopened().state).toEqual(ledger.state);
      sql.run("DELETE FROM snapshots");
      expect(reopened().state).toEqual(ledger.state);
    },
  );

  property(
    "[S1] [L3] keeps no word in clear: not in events, commands, snapshots or what refusals say",
    wishes(60),
    (history) => {
      const { ledger, sql, ask } = begin(stream);
      const told = history.map((each, index) => JSON.stringify(ledger.commit(ask(each, index))));
      const snapshot = JSON.stringify(ledger.state);
      const events = JSON.stringify(ledger.read(0, 1_000).map(({ sealed: _sealed, ...event }) => event));
      for (const place of [everythingIn(sql), snapshot, events, ...told]) expect(place).not.toContain(SECRET);
    },
  );

  property("writes only events that its own schemas read back as they were", wishes(60), (history) => {
    for (const { type, open: written } of live(stream, history).ledger.read(0, 1_000)) {
      const schema = decider.events.find((definition) => definition.type === type)!.open;
      expect(Schema.decodeUnknownSync(schema)(written, { onExcessProperty: "error" })).toEqual(written);
    }
  });

  property(
    "folds any events in any order into a state that a snapshot can hold",
    anyEvents(decider.events),
    (events) => {
      const state = fold(decider, events, decider.initial);
      const codec = Schema.fromJsonString(decider.state);
      expect(Schema.decodeUnknownSync(codec)(JSON.stringify(state))).toEqual(state);
    },
  );

  it("is tried on histories in which every one of its events happens", () => {
    const happened = new Set<string>();
    let chance = 1;
    const next = (below: number) => {
      chance = (chance * 48_271) % 2_147_483_647;
      return chance % below;
    };
    for (let run = 0; run < 120; run++) {
      const history = Array.from({ length: 60 }, () => ({ what: next(100), which: next(10_000), how: next(10_000) }));
      for (const { type } of live(stream, history).ledger.read(0, 1_000)) happened.add(type);
    }
    expect([...happened].sort()).toEqual(decider.events.map(({ type }) => type).sort());
  });
});
