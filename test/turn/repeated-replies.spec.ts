/** A reply that an agent posts again, because it did not hear that it was said: the room says it once, and answers the same. */
import { describe, expect, it } from "vitest";
import type { ReplyInput } from "#actors/kit/doors.ts";
import { replyCommand } from "#actors/room/speech.ts";
import { agentName, userName } from "#events/kit/ids.ts";
import type { RoomCommand } from "#events/room/commands.ts";
import { room } from "#events/room/decide.ts";
import { ada, callId, dana, lobby, messageId, turnId, words } from "../support/given.ts";
import { accepted, metaFor, open } from "../support/ledger-fixture.ts";
import { nodeSql } from "../support/sqlite.ts";

/** A room with Ada in it, and what she answers there. */
function lobbyWithAda() {
  const ledger = open(room, nodeSql());
  const begin = {
    roomId: lobby,
    name: "Lobby",
    kind: "public",
    ownerId: dana,
    words: words({ name: "Dana" }),
  } as const;
  const by = userName(dana);
  const commands: ReadonlyArray<RoomCommand> = [
    { type: "OpenRoom", meta: metaFor("open", by), ...begin },
    { type: "InviteAgent", meta: metaFor("invite", by), agentId: ada, agentName: "Ada" },
  ];
  for (const command of commands) accepted(ledger.commit(command));
  const said: ReplyInput = {
    ...{ agentId: ada, agentName: "Ada", messageId: messageId("re"), turnId: turnId("one") },
    ...{ inReplyTo: messageId("one"), alsoInReplyTo: [], text: "It is noon.", hops: 1, notice: false, stopped: false },
    ...{ model: "demo", tokensIn: 0, tokensOut: 0, tells: [], causation: "test", correlation: "test" },
  };
  const post = (over: Partial<ReplyInput> = {}) =>
    ledger.commit(replyCommand(metaFor("reply", agentName(ada)), ledger, { ...said, ...over }));
  return { ledger, post };
}

describe("a reply that is posted again", () => {
  it.each<[string, Partial<ReplyInput>]>([
    ["other usage", { tokensIn: null, tokensOut: null }],
    ["other messages that it answers as well", { alsoInReplyTo: [messageId("two")] }],
    ["calls of which nobody knows what came", { unknown: [{ callId: callId("a"), tool: "stamp" }] }],
  ])("with %s is answered as before: the house looked that up, and may find it otherwise", (_what, over) => {
    const { ledger, post } = lobbyWithAda();
    const first = accepted(post());
    expect(accepted(post(over))).toEqual(first);
    expect(ledger.head).toBe(first.to);
  });

  it("with other words is another reply, and refused", () => {
    const { post } = lobbyWithAda();
    accepted(post());
    expect(post({ text: "It is one." })).toMatchObject({ refusal: { _tag: "CommandIdReused" } });
  });
});
