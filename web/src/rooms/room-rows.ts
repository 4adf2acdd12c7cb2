/** The timeline as a list of rows: days, messages, what runs, what is on its way; pure, drawn by the timeline. */
import type { Message } from "#actors/room/frames.ts";
import type { LiveTurn, Outgoing, RoomState, ToolCall } from "./room-state.ts";

export type Row =
  | { readonly kind: "day"; readonly id: string; readonly at: string }
  | {
      readonly kind: "message";
      readonly id: string;
      readonly message: Message;
      readonly tools: ReadonlyArray<ToolCall>;
      /** The row before is of the same author, a moment earlier: the name need not stand again. */
      readonly continues: boolean;
    }
  | { readonly kind: "turn"; readonly id: string; readonly turn: LiveTurn; readonly tools: ReadonlyArray<ToolCall> }
  | { readonly kind: "outgoing"; readonly id: string; readonly outgoing: Outgoing; readonly continues: boolean };

const TOGETHER_MS = 5 * 60_000;
const none: ReadonlyArray<ToolCall> = [];

const dayOf = (at: string): string => new Date(at).toDateString();

const follows = (before: Message | undefined, authorId: string, at: string): boolean =>
  before !== undefined &&
  before.author_id === authorId &&
  dayOf(before.created_at) === dayOf(at) &&
  new Date(at).getTime() - new Date(before.created_at).getTime() < TOGETHER_MS;

/** A turn keeps its key from the first thought to the stored reply, so that nothing on the screen starts anew. */
const turnKey = (turnId: string) => `turn ${turnId}`;

export function rowsOf(state: RoomState, me: string): ReadonlyArray<Row> {
  const rows: Row[] = [];
  const turnsShown = new Set<string>();
  let before: Message | undefined;
  for (const message of state.messages) {
    if (before === undefined || dayOf(before.created_at) !== dayOf(message.created_at))
      rows.push({ kind: "day", id: `day ${dayOf(message.created_at)}`, at: message.created_at });
    const turn = message.turn_id;
    const first = turn !== undefined && !turnsShown.has(turn);
    if (first) turnsShown.add(turn);
    const tools = first ? (state.tools.get(turn) ?? none) : none;
    const continues = tools.length === 0 && follows(before, message.author_id, message.created_at);
    rows.push({ kind: "message", id: first ? turnKey(turn) : message.id, message, tools, continues });
    before = message;
  }
  for (const outgoing of state.outgoing)
    rows.push({
      kind: "outgoing",
      id: outgoing.clientId,
      outgoing,
      continues: follows(before, me, outgoing.at),
    });
  for (const turn of state.turns)
    if (!turnsShown.has(turn.turnId))
      rows.push({ kind: "turn", id: turnKey(turn.turnId), turn, tools: state.tools.get(turn.turnId) ?? none });
  for (const agentId of state.atWork)
    rows.push({
      kind: "turn",
      id: `at work ${agentId}`,
      turn: { turnId: "", agentId, state: "thinking", label: "At work…" },
      tools: none,
    });
  return rows;
}
