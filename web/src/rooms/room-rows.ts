/** The timeline as a list of rows: days, messages, what runs, what is on its way; pure, drawn by the timeline. */
import type { Message } from "#actors/room/frames.ts";
import type { LiveTurn, Outgoing, RoomState, Stop, ToolCall } from "./room-state.ts";
import { stopKey, stopperOf } from "./stopping.ts";

export type Row =
  | { readonly kind: "day"; readonly id: string; readonly at: string }
  | {
      readonly kind: "message";
      readonly id: string;
      readonly message: Message;
      readonly tools: ReadonlyArray<ToolCall>;
      /** The row before is of the same author, a moment earlier: the name need not stand again. */
      readonly continues: boolean;
      /** Who stopped it, as the reader calls them; undefined where that is not known. */
      readonly stoppedBy: string | undefined;
    }
  | {
      readonly kind: "turn";
      readonly id: string;
      readonly turn: LiveTurn;
      readonly tools: ReadonlyArray<ToolCall>;
      readonly stop: Stop | undefined;
    }
  | {
      readonly kind: "silenced";
      readonly id: string;
      readonly agentId: string;
      readonly tools: ReadonlyArray<ToolCall>;
      readonly stoppedBy: string | undefined;
    }
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

/** What was stopped unheard from one event on and before another. */
const silencedRows = (state: RoomState, me: string, after: number, before: number): ReadonlyArray<Row> =>
  state.silenced
    .filter(({ seq }) => after <= seq && seq < before)
    .map(({ turnId, agentId }) => ({
      kind: "silenced",
      id: turnKey(turnId),
      agentId,
      tools: state.tools.get(turnId) ?? none,
      stoppedBy: stopperOf(state, turnId, me),
    }));

function messageRows(state: RoomState, me: string, turnsShown: Set<string>): Row[] {
  const rows: Row[] = [];
  let before: Message | undefined;
  for (const message of state.messages) {
    const unheard = silencedRows(state, me, before?.seq ?? Number.NEGATIVE_INFINITY, message.seq);
    rows.push(...unheard);
    if (before === undefined || dayOf(before.created_at) !== dayOf(message.created_at))
      rows.push({ kind: "day", id: `day ${dayOf(message.created_at)}`, at: message.created_at });
    const turn = message.turn_id;
    const first = turn !== undefined && !turnsShown.has(turn);
    if (first) turnsShown.add(turn);
    const tools = first ? (state.tools.get(turn) ?? none) : none;
    const continues =
      tools.length === 0 && unheard.length === 0 && follows(before, message.author_id, message.created_at);
    const stoppedBy = turn === undefined ? undefined : stopperOf(state, turn, me);
    rows.push({ kind: "message", id: first ? turnKey(turn) : message.id, message, tools, continues, stoppedBy });
    before = message;
  }
  rows.push(...silencedRows(state, me, before?.seq ?? Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY));
  return rows;
}

/** Agents of whose turn nothing was heard yet have a row all the same. */
const unknownTurn = (agentId: string): LiveTurn => ({ turnId: "", agentId, state: "thinking", label: "At work…" });

export function rowsOf(state: RoomState, me: string): ReadonlyArray<Row> {
  const turnsShown = new Set<string>();
  const rows = messageRows(state, me, turnsShown);
  const before = rows.at(-1)?.kind === "message" ? state.messages.at(-1) : undefined;
  for (const outgoing of state.outgoing)
    rows.push({
      kind: "outgoing",
      id: outgoing.clientId,
      outgoing,
      continues: follows(before, me, outgoing.at),
    });
  for (const turn of runningTurns(state))
    if (!turnsShown.has(turn.turnId))
      rows.push({
        kind: "turn",
        id: turn.turnId === "" ? `at work ${turn.agentId}` : turnKey(turn.turnId),
        turn,
        tools: state.tools.get(turn.turnId) ?? none,
        stop: state.stops.get(stopKey(turn)),
      });
  return rows;
}

/** Whatever runs here and could be stopped, as far as this page knows. */
export const runningTurns = (state: RoomState): ReadonlyArray<LiveTurn> => [
  ...state.turns,
  ...[...state.atWork].map(unknownTurn),
];
