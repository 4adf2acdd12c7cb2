/** Opens a person's socket in a room of the Worker under test; used by the specs of sockets. */
import { expect } from "vitest";
import { type Person, upgrade } from "../support/door.ts";
import { FrameClient } from "../support/phoenix-frames.ts";

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
