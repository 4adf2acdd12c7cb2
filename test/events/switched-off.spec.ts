/** Agents that are switched off in a room: nobody waits for them, and no place is kept for them. As specifications of `decide`. */
import { describe, expect, it } from "@effect/vitest";
import { AgentIsInactive } from "#events/agent/refusals.ts";
import { type AgentId, agentName, userName } from "#events/kit/ids.ts";
import { room } from "#events/room/decide.ts";
import * as E from "#events/room/events.ts";
import type { Addressee, RoomMode } from "#events/room/rhythm.ts";
import { ada, agentId, bo, dana, given, lobby, messageId, words } from "../support/given.ts";

const cleo = agentId("cleo");
const six = Array.from({ length: 6 }, (_, index) => agentId(`agent ${index}`));
const text = words({ text: "Well.", authorName: "Dana" });
const by = userName(dana);

const here = (mode: RoomMode, ...agents: ReadonlyArray<AgentId>) => [
  E.RoomOpened({ roomId: lobby, name: "Lobby", kind: "private", ownerId: dana }),
  E.ParticipantJoined({ userId: dana, by }, by, words({ name: "Dana" })),
  ...agents.map((id) => E.AgentInvited({ agentId: id, name: id, by })),
  E.RoomPolicySet({ mode, by }),
];
const switched = (active: boolean, ...agents: ReadonlyArray<AgentId>) =>
  agents.map((id) => E.AgentSwitched({ agentId: id, active, by: agentName(id) }));

/** Dana says something to nobody by name. */
const message = { messageId: messageId("one"), chars: 5, replyTo: null, callsOff: false };
const say = { type: "PostMessage", ...message, addressed: [], named: false, words: text } as const;
const said = (how: Addressee["how"], ...agents: ReadonlyArray<AgentId>) => {
  const addressed = agents.map((id) => ({ agentId: id, how }));
  return E.MessagePosted({ ...message, by, hops: 0, addressed, brake: null, turn: null }, by, text);
};
const granted = (agent: AgentId) => E.FloorGranted({ messageId: messageId("one"), agentId: agent, place: 1 });

describe("an agent that is switched off", () => {
  it("takes no place of the six in the mode natural", () => {
    given(room, ...here("natural", ...six, ada, bo), ...switched(false, ...six))
      .when(say)
      .then(said("floor", ada, bo));
  });

  it.each(["list", "pooled"] as const)("does not open a round in the mode %s", (mode) => {
    given(room, ...here(mode, ada, bo), ...switched(false, ada))
      .when(say)
      .then(said("invoked", bo), granted(bo));
    given(room, ...here(mode, ada), ...switched(false, ada))
      .when(say)
      .then(said("invoked"));
  });

  it("does not wait in a round that begins, and does in the next once it is switched on again", () => {
    const waiting = (...before: ReturnType<typeof switched>) =>
      given(room, ...here("list", ada, bo, cleo), ...before, said("invoked", ada), granted(ada)).state.rhythm.floor
        ?.waiting;
    expect(waiting(...switched(false, bo))).toEqual([cleo]);
    expect(waiting(...switched(false, bo), ...switched(true, bo))).toEqual([bo, cleo]);
  });

  it("is not called in, so that no word is kept for it", () => {
    const invoke = { type: "InvokeAgent", messageId: messageId("one"), agentId: ada, replyTo: null } as const;
    given(room, ...here("mention", ada), ...switched(false, ada))
      .when(invoke)
      .refused(AgentIsInactive, { passing: true });
    given(room, ...here("mention", ada), ...switched(false, ada), ...switched(true, ada))
      .when(invoke)
      .then(E.AgentInvoked({ messageId: messageId("one"), agentId: ada, by, replyTo: null }));
  });
});
