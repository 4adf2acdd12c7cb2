/** Stopping an agent, as a room's page knows of it: pressed, taken, refused, failed, and whose doing it was; pure, held by the room's connection. */
import { keyOf, type LiveTurn, type RoomState, type Stop, withoutTurn } from "./room-state.ts";

/** The name under which a turn's stop is kept. */
export const stopKey = ({ turnId, agentId }: LiveTurn): string => turnId || agentId;

const withStop = (state: RoomState, turn: LiveTurn, stop: Stop): RoomState => ({
  ...state,
  stops: new Map(state.stops).set(stopKey(turn), stop),
});

/** True while the page still shows the turn as running. */
export const isRunning = (state: RoomState, { turnId, agentId }: LiveTurn): boolean =>
  turnId === "" ? state.atWork.has(agentId) : state.turns.some((turn) => turn.turnId === turnId);

export const stopAsked = (state: RoomState, turn: LiveTurn): RoomState => withStop(state, turn, { status: "asked" });

/** It was taken; that of somebody else which came first is known from the record only. */
export function stopTaken(state: RoomState, { turnId }: LiveTurn, person: string): RoomState {
  if (turnId === "" || state.stoppers.has(turnId)) return state;
  return { ...state, stoppers: new Map(state.stoppers).set(turnId, person) };
}

/** It did not get through: the button may be pressed again. */
export const stopFailed = (state: RoomState, turn: LiveTurn, reason: string): RoomState =>
  isRunning(state, turn) ? withStop(state, turn, { status: "failed", reason }) : state;

/** The room knows better than this page: nothing runs there any more, and what was said comes as a message. */
export function nothingRan(state: RoomState, { turnId, agentId }: LiveTurn): RoomState {
  if (turnId !== "") return withoutTurn(state, turnId);
  const atWork = new Set(state.atWork);
  atWork.delete(agentId);
  return { ...state, atWork };
}

export const stoppersKnown = (state: RoomState, recorded: Iterable<readonly [string, string]>): RoomState => ({
  ...state,
  stoppers: new Map([...state.stoppers, ...recorded]),
});

/** Who stopped a turn, as the reader `me` would call them; undefined where that is not known. */
export function stopperOf(state: RoomState, turnId: string, me: string): string | undefined {
  const stopper = state.stoppers.get(turnId);
  if (stopper === `user:${me}`) return "you";
  return state.participants.find((one) => keyOf(one) === stopper)?.name;
}
