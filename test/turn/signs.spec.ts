/** Signs of life between an agent and its room, on a clock that only moves when told: what goes out, what is left out, and in which pace. */
import { Effect } from "effect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RoomChannels } from "#actors/agent/rooms.ts";
import type { OutgoingMessage, Sign, Toolbox } from "#actors/agent/turn/ports.ts";
import { UNKNOWN_TOOL } from "#actors/agent/turn/tool-words.ts";
import type { ActorEnv, Sighting } from "#actors/kit/doors.ts";
import { accepted } from "#actors/kit/reply.ts";
import * as A from "#events/agent/events.ts";
import { agentName } from "#events/kit/ids.ts";
import { property, wishes } from "../support/arbitrary.ts";
import { ada, callId, lobby, messageId, record, replied, turnId } from "../support/given.ts";

const id = turnId("one");
const replyId = messageId("one/reply");

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const thinking = (state: Extract<Sign, { event: "agent_thinking" }>["state"], turn = id): Sign => ({
  ...{ event: "agent_thinking", turnId: turn, state, label: state },
});
const piece = (delta?: string): Sign => ({
  ...{ event: "agent_message", turnId: id, messageId: replyId, inReplyTo: messageId("one") },
  ...(delta === undefined ? { phase: "start" } : { phase: "delta", delta }),
});
const using = (label: string, status: "running" | "success" | "unknown", input?: string): Sign => ({
  ...{ event: "tool_execution", turnId: id, callId: callId(label), tool: "clock", status },
  ...(input === undefined ? {} : { input }),
});
const reply: OutgoingMessage = {
  ...{
    messageId: replyId,
    turnId: id,
    roomId: lobby,
    inReplyTo: messageId("one"),
    alsoInReplyTo: [],
    hops: 1,
    text: "Well.",
  },
  ...{ notice: false, stopped: false, model: undefined, usage: { tokensIn: 1, tokensOut: 1 }, tells: [], unknown: [] },
  ...{ causation: "c", correlation: "c" },
};

type Frame = { readonly at: number; readonly event: string; readonly payload: Readonly<Record<string, unknown>> };

const ourToolbox = (): Toolbox["Service"] => ({
  ...{ describe: () => [], run: () => Effect.die("nobody runs it") },
  replayOf: (name) => (name === "clock" ? "pure" : undefined),
});

/** Ada's line to the lobby; `frames` is what people there are shown, and when. */
function line(toolbox = ourToolbox) {
  const frames: Frame[] = [];
  const show = (sightings: ReadonlyArray<Sighting>) => {
    for (const { event, payload } of sightings)
      frames.push({ at: Date.now(), event, payload: payload as Frame["payload"] });
  };
  const door = {
    show: async (sightings: ReadonlyArray<Sighting>) => show(sightings),
    postReply: async (_command: string, { turnId: turn }: { turnId: string }, before: ReadonlyArray<Sighting>) => {
      show(before);
      show([
        { event: "agent_message", payload: { turn_id: turn, phase: "end" } },
        { event: "agent_thinking", payload: { turn_id: turn, state: "done" } },
      ]);
      return accepted({ roomSeq: 1 }, 1);
    },
  };
  const channels = new RoomChannels(
    { ROOM: { getByName: () => door } } as unknown as ActorEnv,
    () => ({ agentId: ada, name: "Ada" }),
    toolbox,
  );
  const rooms = channels.service();
  return {
    ...{ channels, rooms, frames },
    show: (...signs: ReadonlyArray<Sign>) => {
      for (const sign of signs) rooms.show(lobby, sign);
    },
    post: () => Effect.runPromise(rooms.post(reply)),
    pass: (ms: number) => vi.advanceTimersByTimeAsync(ms),
    /** How often each kind was shown, with what it said last. */
    states: () =>
      frames.map(({ event, payload }) => payload["status"] ?? payload["state"] ?? payload["phase"] ?? event),
  };
}

/** The most frames of a turn that anybody was shown within a second. */
const densest = (frames: ReadonlyArray<Frame>, turn: string = id): number => {
  const times = frames.filter(({ payload }) => payload["turn_id"] === turn).map(({ at }) => at);
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length));
};

describe("a room where nobody looks", () => {
  it("is shown no beginning, but how what it may have shown ended: who comes back must not wait for it", async () => {
    const { channels, show, pass, states } = line();
    channels.watched(lobby, false);
    show(thinking("thinking"), piece(), piece("Well. "), using("a", "running"));
    const open = { turnId: id, callId: callId("a"), tool: "clock" };
    channels.committed(
      [
        ...record([A.ToolOutcomeUnknown(open)]),
        ...record([A.TurnInterrupted({ turnId: id, by: agentName(ada), why: "stopped" })]),
        ...record([A.TurnStopped({ turnId: id, roomId: lobby, ms: 1 })]),
      ],
      () => lobby,
    );
    await pass(100);
    expect(states()).toEqual(["unknown", "stopped"]);
  });
});

describe("a bundle of signs", () => {
  it("that is crowded has of a turn's thinking the newest, of a call the newest with its input, and prose in one piece", async () => {
    const { show, frames, pass, states } = line();
    show(...Array.from({ length: 12 }, (_, index) => using(`before ${index}`, "success")));
    await pass(100);
    frames.splice(0);
    show(thinking("context"), thinking("thinking"), piece(), piece("One. "), piece("Two. "));
    show(thinking("tools"), using("a", "running", "{}"), using("b", "running", "{}"), using("a", "success"));
    await pass(100);
    expect(states()).toEqual(["start", "delta", "tools", "running", "success"]);
    expect(frames.map(({ payload }) => payload["delta"] ?? "").join("")).toBe("One. Two. ");
    expect(frames.at(-1)?.payload).toMatchObject({ id: callId("a"), status: "success", input: "{}" });
  });

  it("shows every state that a turn goes through, while there is room", async () => {
    const { show, states, pass } = line();
    show(thinking("context"), thinking("thinking"), thinking("tools"), using("a", "running"), using("a", "success"));
    await pass(100);
    expect(states()).toEqual(["context", "thinking", "tools", "running", "success"]);
  });

  it("leaves apart what belongs to different turns", async () => {
    const { show, states, pass } = line();
    show(thinking("thinking"), thinking("queued", turnId("two")));
    await pass(100);
    expect(states()).toEqual(["thinking", "queued"]);
  });

  it("goes out with the reply it led up to, before it", async () => {
    const { show, states, post } = line();
    show(thinking("replying"), piece(), piece("Well."));
    await post();
    expect(states()).toEqual(["replying", "start", "delta", "end", "done"]);
  });
});

describe("the pace of a turn", () => {
  const calls = Array.from({ length: 24 }, (_, index) => `call ${index}`);

  it("is twenty frames a second, with three rounds of eight quick calls; no call's last status is lost", async () => {
    const { show, frames, post, pass } = line();
    for (const round of [0, 1, 2]) {
      show(thinking("thinking"));
      await pass(60);
      show(thinking("tools"));
      for (const call of calls.slice(round * 8, round * 8 + 8)) show(using(call, "running", "{}"));
      await pass(60);
      for (const call of calls.slice(round * 8, round * 8 + 8)) show(using(call, "success"));
    }
    show(thinking("replying"), piece(), piece("One. "));
    await pass(60);
    show(piece("Two."));
    const posted = post();
    await pass(5_000);
    await posted;
    expect(densest(frames)).toBeLessThanOrEqual(20);
    for (const call of calls)
      expect(frames.findLast(({ payload }) => payload["id"] === callId(call))?.payload["status"]).toBe("success");
    expect(frames.map(({ payload }) => payload["delta"] ?? "").join("")).toBe("One. Two.");
    expect(frames.slice(-2).map(({ payload }) => payload["phase"] ?? payload["state"])).toEqual(["end", "done"]);
  });

  it("of one turn holds up no other", async () => {
    const { show, frames, pass } = line();
    show(...calls.map((call) => using(call, "running")), thinking("queued", turnId("two")));
    await pass(100);
    expect(frames.filter(({ payload }) => payload["turn_id"] === turnId("two"))).toHaveLength(1);
    expect(densest(frames)).toBe(20);
    await pass(2_000);
    expect(frames).toHaveLength(25);
  });

  property(
    "holds whatever is shown, and neither a piece of prose nor what became of a call is lost",
    wishes(120),
    (all) => {
      const { show, frames } = line();
      const became = new Map<string, string>();
      let said = "";
      for (const { what, which, how } of all) {
        const call = `call ${which % 30}`;
        const status = how % 2 === 0 ? "running" : "success";
        if (what % 4 === 0) show(thinking(how % 2 === 0 ? "thinking" : "tools"));
        if (what % 4 === 1) show(piece(`${which}. `));
        if (what % 4 === 1) said += `${which}. `;
        if (what % 4 === 2) show(using(call, status));
        if (what % 4 === 2) became.set(callId(call), status);
        if (what % 4 === 3) vi.advanceTimersByTime(how % 200);
      }
      vi.advanceTimersByTime(10_000);
      expect(densest(frames)).toBeLessThanOrEqual(20);
      expect(frames.map(({ payload }) => payload["delta"] ?? "").join("")).toBe(said);
      for (const [call, status] of became)
        expect(frames.findLast(({ payload }) => payload["id"] === call)?.payload["status"]).toBe(status);
    },
  );
});

describe("what was shown of a reply", () => {
  it("is known until the reply is on record, and then forgotten", () => {
    const { channels, rooms, show } = line();
    show(piece(), piece("One. "), piece("Two. "));
    expect(rooms.shown(id)).toBe("One. Two. ");
    const [onRecord] = record([replied("x", { turnId: id })]);
    channels.committed([onRecord!], () => undefined);
    expect(rooms.shown(id)).toBe("");
  });
});

describe("calls that are open when their turn is stopped", () => {
  const of = (name: string) => ({ turnId: id, callId: callId(name), tool: name });
  const closed = [
    ...record([A.ToolOutcomeUnknown(of("clock"))]),
    ...record([A.ToolDenied({ ...of("my secret plan"), why: "turn-over" })]),
    ...record([A.TurnInterrupted({ turnId: id, by: agentName(ada), why: "stopped" })]),
  ];

  it("are shown with the names that tools have: of older programs, the log has what a model made up", async () => {
    const { channels, frames, pass } = line();
    channels.committed(closed, () => lobby);
    await pass(100);
    expect(frames.map(({ payload }) => [payload["tool"], payload["status"]])).toEqual([
      ["clock", "unknown"],
      [UNKNOWN_TOOL, "denied"],
    ]);
  });

  it("are shown without their names where the tools cannot be had: what was committed stands", async () => {
    const { channels, frames, pass } = line(() => {
      throw new Error("the settings make no tools");
    });
    channels.committed(closed, () => lobby);
    await pass(100);
    expect(frames.map(({ payload }) => [payload["tool"], payload["status"]])).toEqual([
      [UNKNOWN_TOOL, "unknown"],
      [UNKNOWN_TOOL, "denied"],
    ]);
  });
});
