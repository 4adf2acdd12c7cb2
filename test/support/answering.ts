/** Ada's owner at the door of her memory, the answers she gives with memories in mind, and the notes of her room; for the specifications of forgetting. */
import { Effect } from "effect";
import { expect } from "vitest";
import { MemoryDoor } from "#actors/agent/memory/door.ts";
import type { Reply } from "#actors/kit/reply.ts";
import type { Unsealed } from "#events/kit/envelope.ts";
import { type MemoryId, type UserId, userName } from "#events/kit/ids.ts";
import {
  ada,
  asked,
  assembled,
  dana,
  drafted,
  executed,
  heard,
  lobby,
  memoryId,
  replied,
  turnId,
  words,
} from "./given.ts";
import { metaFor } from "./ledger-fixture.ts";
import type { Remembering } from "./remembering.ts";

/** Whose Ada is. */
export const owner = { userId: dana, name: "Dana", roles: [] };

/** What Ada's owner may ask of her memory. */
export const doorOf = ({ ledger, memory, now }: Remembering) =>
  new MemoryDoor({
    ...{ ledger, memory, agentId: () => ada, now: () => now, isOwner: () => true },
    commit: (command) => ledger.commit(command),
    meta: (id, by) => metaFor(id, by),
    fetchKeys: async () => {},
    revealed: async (seqs) => ledger.reveal(seqs) as ReadonlyArray<Unsealed>,
  });

/** It was done. */
export const accepted = (reply: Reply<unknown>) => expect(reply).toMatchObject({ outcome: "accepted" });

/** Dana asks something, a model asks a tool, and Ada has an answer that is not in the room yet. */
export function drafts(
  agent: Remembering,
  label: string,
  memorySeqs: ReadonlyArray<number> = [],
  {
    text = "It is noon.",
    asks = "What time is it?",
    tells = () => [dana],
  }: { readonly text?: string; readonly asks?: string; readonly tells?: () => ReadonlyArray<UserId> } = {},
) {
  const turn = { turnId: turnId(label), attempt: 1 };
  const reply = { ...drafted(label).open, ...turn };
  const { open: said } = heard(label);
  const wanted = [{ callId: executed(label, label).open.callId, tool: "clock", argsHash: "00" }];
  const tell = (command: Parameters<Remembering["tell"]>[0], id: string) => agent.tell(command, `${turn.turnId}/${id}`);
  const ask = (round: number) => tell({ type: "AskModel", ...asked(label, { round }).open, ...turn }, `ask/${round}`);
  tell({ type: "ReceiveMessage", ...said, words: words({ text: asks, authorName: "Dana" }) }, "receive");
  tell({ type: "RecordContext", ...assembled(label).open, memorySeqs, ...turn }, "assemble");
  agent.tell({ type: "GrantTools", tools: [{ name: "clock", mode: "allow" }] }, `${label}/grant`);
  ask(1);
  const first = replied(label, { finish: "tools", calls: wanted }).open;
  tell({ type: "RecordModelReply", ...first, ...turn, words: words({ text: "", arguments: {} }) }, "reply/1");
  const call = { ...turn, callId: wanted[0]!.callId };
  tell({ type: "RequestTools", ...turn, calls: [{ callId: call.callId, replay: "pure" }] }, "request");
  const outcome = { kind: "executed", bytes: 2, words: words({ result: "12" }) } as const;
  tell({ type: "SettleTool", ...call, ms: 1, outcome }, "settle");
  ask(2);
  const last = replied(label, { round: 2 }).open;
  tell({ type: "RecordModelReply", ...last, ...turn, words: words({ text }) }, "reply/2");
  tell({ type: "DraftReply", ...reply, tells: tells(), words: words({ text }) }, "draft");
  tell({ type: "ConsiderMemories", ...turn, memories: [] }, "remember");
  return { ...turn, messageId: reply.replyId };
}

/** Ada's answer is in the room, and an episode. Answers its id. */
export function answers(agent: Remembering, label: string, memorySeqs: ReadonlyArray<number> = []): MemoryId {
  const post = drafts(agent, label, memorySeqs);
  const episode = { memoryId: memoryId(`reply/${label}`), importance: 0.5, names: [] };
  agent.tell({ type: "RecordPost", ...post, roomSeq: 90, episode }, `${post.turnId}/post`);
  return episode.memoryId;
}

/** Ada answers Dana with this in her conversation, as her turn would. Answers the memory's id, where it became one. */
export async function retells(
  agent: Remembering,
  label: string,
  text: string,
  {
    given = [],
    shown = [],
    asks,
  }: { readonly given?: ReadonlyArray<number>; readonly shown?: ReadonlyArray<number>; readonly asks?: string },
  /** What happens while the model writes. */
  meanwhile: () => void = () => {},
): Promise<MemoryId | undefined> {
  const answerNow = () => {
    const { triggerSeq } = agent.ledger.state.turns[turnId(label)]!;
    const [asked, ...seen] = agent.ledger.reveal([triggerSeq, ...shown]) as ReadonlyArray<Unsealed>;
    return { text, roomId: lobby, asked: asked!, given, shown: seen };
  };
  const told = () => Effect.runSync(agent.memory.former().tells(userName(dana), [dana], answerNow()));
  const tells = () => [...new Set([dana, ...told()])];
  const post = drafts(agent, label, given, { text, tells, ...(asks && { asks }) });
  meanwhile();
  const answer = answerNow();
  const kept = await Effect.runPromise(agent.memory.former().episode(userName(dana), answer));
  const episode = kept && { ...kept, memoryId: memoryId(`reply/${label}`) };
  agent.tell({ type: "RecordPost", ...post, roomSeq: 90, ...(episode && { episode }) }, `${post.turnId}/post`);
  return episode?.memoryId;
}

/** Notes of all that was said so far. */
export const notes = (agent: Remembering, text = "They spoke of boats.", about: ReadonlyArray<UserId> = [dana]) =>
  agent.tell({
    ...{ type: "SummarizeRoom", roomId: lobby, fromSeq: 1, toSeq: agent.ledger.head, messages: 1, by: "rules" },
    ...{ microUsd: 0, about, after: agent.ledger.state.rooms[lobby]!.summary?.seq ?? null },
    words: words({ text }),
  });

/** Why notes went, in order. */
export const notesGone = (agent: Remembering) => agent.of("SummariesForgotten").map(({ open }) => open.why);
