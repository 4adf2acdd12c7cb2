/** Many turns of one agent at a time: what they record within a moment goes to the disk together, and who is alone waits for nobody. */
import { Effect } from "effect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type AgentLog, turnLedger } from "#actors/agent/turn-ledger.ts";
import { GroupCommit } from "#actors/kit/group-commit.ts";
import type { AgentCommand } from "#events/agent/commands.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A ledger of an agent with so many turns at work, and what it commits, each with the breath it was committed in. */
function agentWith(atWork: number) {
  let breath = 0;
  const committed: Array<readonly [type: string, breath: number]> = [];
  const group = new GroupCommit(() => atWork);
  const ledger = turnLedger({
    ledger: {} as AgentLog["ledger"],
    commit: ({ type }) => {
      committed.push([type, breath]);
      return { outcome: "accepted", value: { from: 1, to: 1 }, seq: 1, replayed: false };
    },
    fetchKeys: async () => {},
    notes: () => null,
    gather: () => group.gather(),
  });
  const record = (type: AgentCommand["type"]) =>
    Effect.runFork(Effect.andThen(ledger.moment, ledger.commit({ type } as AgentCommand)));
  const next = async (ms: number) => {
    breath += 1;
    await vi.advanceTimersByTimeAsync(ms);
  };
  return { committed, record, next };
}

describe("what turns record of the world", () => {
  it("is committed in one breath by all who come within a moment, and by the next ones in another", async () => {
    const { committed, record, next } = agentWith(5);
    record("RecordModelReply");
    record("RecordPost");
    expect(committed).toEqual([]);
    await next(0.5);
    record("RecordModelFailure");
    await next(0.5);
    expect(committed).toEqual([
      ["RecordModelReply", 2],
      ["RecordPost", 2],
      ["RecordModelFailure", 2],
    ]);
    record("RecordPost");
    await next(1);
    expect(committed.at(-1)).toEqual(["RecordPost", 3]);
  });

  it("is committed at once where few are at work", () => {
    const { committed, record } = agentWith(4);
    record("RecordModelReply");
    expect(committed).toEqual([["RecordModelReply", 0]]);
  });
});
