/** What a room's sockets are told of an agent's turn, and what a page makes of it: how a turn ended, and of which reply. */
import type { Connection } from "partyserver";
import { describe, expect, it } from "vitest";
import { Audience, type Seat } from "#actors/room/audience.ts";
import type { ServerFrames } from "#actors/room/frames.ts";
import { agentMessage, agentThinking, initial, type RoomState } from "../../web/src/rooms/room-state.ts";

const ada = { name: "Ada", active: true };
const about = (turn: string) => ({ turn_id: turn, agent_id: "ada" });
const thinking = (turn: string, state: ServerFrames["agent_thinking"]["state"]) => ({
  event: "agent_thinking" as const,
  payload: { ...about(turn), state, label: "" },
});
const piece = (turn: string, phase: "start" | "delta", delta?: string) => ({
  event: "agent_message" as const,
  payload: {
    ...{ ...about(turn), message_id: `${turn}/reply`, in_reply_to: "one", ai_generated: true, phase },
    ...(delta === undefined ? {} : { delta }),
  },
});

/** A room with Ada in it, and one person who looks at the page. */
function theatre() {
  const audience = new Audience("room:lobby", []);
  const frames: [event: string, payload: unknown][] = [];
  const socket = {
    send: (text: string) => {
      const [, , , event, payload] = JSON.parse(text) as [null, null, string, string, unknown];
      frames.push([event, payload]);
    },
  } as unknown as Connection<Seat>;
  const seat: Seat = { userId: "olga", name: "Olga", roles: [], joinRef: "1", presenceRef: "p" };
  const show = (...sightings: ReadonlyArray<ReturnType<typeof thinking> | ReturnType<typeof piece>>) =>
    audience.show(sightings, () => ada);
  audience.join(socket, seat, { ada });
  return {
    ...{ audience, frames, show },
    /** The pieces of replies that somebody who comes now is shown. */
    caughtUp: () => {
      frames.splice(0);
      audience.catchUp(socket, seat);
      return frames.map(([, payload]) => (payload as ServerFrames["agent_message"]).delta ?? "").join("");
    },
    page: () =>
      frames.reduce((state: RoomState, [event, payload]) => {
        if (event === "agent_thinking") return agentThinking(state, payload as ServerFrames["agent_thinking"]);
        if (event !== "agent_message") return state;
        return agentMessage(state, "lobby", payload as ServerFrames["agent_message"]);
      }, initial),
  };
}

describe("a turn that ends without its message", () => {
  it("leaves a line on the page where it was stopped, also when it had begun to speak", () => {
    const { show, frames, page } = theatre();
    show(thinking("t1", "replying"), piece("t1", "start"), thinking("t1", "stopped"));
    expect(page()).toMatchObject({ turns: [], silenced: [{ turnId: "t1", agentId: "ada" }] });
    expect(frames.filter(([event]) => event === "agent_message").at(-1)?.[1]).toMatchObject({ phase: "error" });
  });

  it("leaves nothing on the page where it failed", () => {
    const { show, page } = theatre();
    show(thinking("t1", "replying"), piece("t1", "start"), thinking("t1", "failed"));
    expect(page()).toMatchObject({ turns: [], silenced: [] });
  });
});

describe("a message that is stored", () => {
  it("ends the reply of its own turn, and not the one that the agent gives meanwhile", () => {
    const { audience, show, caughtUp } = theatre();
    show(thinking("t2", "replying"), piece("t2", "start"), piece("t2", "delta", "Well."));
    audience.replied("ada", "t1");
    expect(caughtUp()).toBe("Well.");
    audience.replied("ada", "t2");
    expect(caughtUp()).toBe("");
  });
});
