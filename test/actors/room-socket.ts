/** People at their sockets in a room of the Worker under test, and an agent among them; used by the specs of sockets. */
import { expect } from "vitest";
import { fresh, newAgent, newRoom, type Person, person, upgrade } from "../support/door.ts";
import { FrameClient } from "../support/phoenix-frames.ts";
import { scripted } from "./scripted-model.ts";

/** The path the stock client asks for. */
export const path = (roomId: string): string => `/parties/room/${roomId}/websocket?vsn=2.0.0`;

/** A socket of this person in this room, not joined yet. */
export async function connect(who: Person, roomId: string): Promise<FrameClient> {
  const response = await upgrade(`${path(roomId)}&token=${who.token}`);
  expect(response.status).toBe(101);
  const socket = response.webSocket!;
  const client = new FrameClient(socket, `room:${roomId}`);
  socket.accept();
  return client;
}

/** A socket that has its seat. */
export async function seated(who: Person, roomId: string, payload: unknown = {}): Promise<FrameClient> {
  const client = await connect(who, roomId);
  await client.joined(payload);
  return client;
}

export interface Thinking {
  readonly turn_id: string;
  readonly agent_id: string;
  readonly state: string;
}
export interface AgentMessage {
  readonly message_id: string;
  readonly turn_id: string;
  readonly phase: string;
  readonly delta?: string;
  readonly text?: string;
  readonly seq?: number;
  readonly in_reply_to?: string;
  readonly notice?: boolean;
  readonly stopped?: boolean;
}

/** Says something over the socket. */
export const say = (client: FrameClient, text: string, more: object = {}) =>
  client.ask("new_message", { text, client_msg_id: fresh("m"), ...more });
/** The last sign of a turn. */
export const ending = (client: FrameClient, turnId?: unknown) =>
  client.first<Thinking>(
    "agent_thinking",
    ({ state, turn_id }) =>
      ["done", "failed", "stopped"].includes(state) && (turnId === undefined || turn_id === turnId),
  );

/** Two people at their sockets in a public room with one scripted agent. */
export async function scene(agent: object = scripted("Ada")) {
  const [olga, sven] = [await person("olga"), await person("sven")];
  const ada = await newAgent(olga, agent as Readonly<Record<string, unknown>>);
  const room = await newRoom(olga, "public", { agents: [ada] });
  const [hers, his] = [await seated(olga, room.id), await seated(sven, room.id)];
  return { olga, sven, ada, room, hers, his };
}
