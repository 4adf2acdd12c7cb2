/** Sockets in rooms, of Troupe and bare; parts/fanout.ts and watched.ts speak and listen through these. */
import { randomUUID } from "node:crypto";
import WebSocket from "ws";
import { signIn } from "./people.ts";
import type { Program } from "./program.ts";

export interface Socket {
  speak(text: string): void;
  close(): void;
}

export interface Room {
  readonly program: Program;
  /** Opens one more socket; it hears every text that is said from now on. */
  join(index: number, heard: (text: string) => void): Promise<Socket>;
}

/** As many people as share the sockets of a room: some have it open in several places. */
const PEOPLE = 20;

const opened = (socket: WebSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });

const socketUrl = (url: string, path: string): string => `${url.replace(/^http/, "ws")}${path}`;

/** What a frame may say, of all that the bench looks at. */
export interface Payload {
  readonly status?: string;
  readonly text?: string;
  readonly turn_id?: string;
  readonly phase?: string;
  readonly state?: string;
  readonly in_reply_to?: string;
}
type Frame = readonly [joinRef: string | null, ref: string | null, topic: string, event: string, payload: Payload];

/** A seat in a room of Troupe. */
export interface Seat {
  push(event: string, payload: unknown): void;
  close(): void;
}

/** Joins over Phoenix Channels, as the page does; `heard` is told of every frame but answers. @throws when a frame is refused. */
export async function takeSeat(
  program: Program,
  token: string,
  roomId: string,
  heard: (event: string, payload: Payload) => void,
): Promise<Seat> {
  const topic = `room:${roomId}`;
  const bearer = `base64url.bearer.phx.${Buffer.from(token).toString("base64url")}`;
  const address = socketUrl(program.url, `/parties/room/${roomId}/websocket?vsn=2.0.0`);
  const socket = new WebSocket(address, ["phoenix", bearer], { perMessageDeflate: false });
  await opened(socket);
  let ref = 0;
  const push = (event: string, payload: unknown) => {
    ref += 1;
    socket.send(JSON.stringify(["1", String(ref), topic, event, payload]));
  };
  await new Promise<void>((resolve, reject) => {
    socket.on("message", (data) => {
      const [, answered, , event, payload] = JSON.parse(String(data)) as Frame;
      if (event !== "phx_reply") heard(event, payload);
      else if (payload.status !== "ok") reject(new Error(`a frame was refused: ${String(data)}`));
      else if (answered === "1") resolve();
    });
    push("phx_join", {});
  });
  return { push, close: () => socket.terminate() };
}

/** Every message is stored and numbered before anybody hears it. */
export async function troupeRoom(program: Program): Promise<Room> {
  const people = await Promise.all(
    Array.from({ length: PEOPLE }, (_, index) => signIn(program.url, index === 0 ? "dana" : `guest${index}`)),
  );
  const { id } = await people[0]!.api<{ readonly id: string }>("POST", "/rooms", { name: "Fan-out", kind: "public" });
  return {
    program,
    async join(index, heard) {
      const { push, close } = await takeSeat(program, people[index % PEOPLE]!.token, id, (event, { text }) => {
        if (event === "message_created") heard(text ?? "");
      });
      return { speak: (text) => push("new_message", { text, client_msg_id: randomUUID() }), close };
    },
  };
}

/** Hibernating sockets that get whatever one of them says. */
export const bareRoom = (program: Program): Room => ({
  program,
  async join(_index, heard) {
    const socket = new WebSocket(socketUrl(program.url, "/room/fan-out"), { perMessageDeflate: false });
    await opened(socket);
    socket.on("message", (data) => heard(String(data)));
    return { speak: (text) => socket.send(text), close: () => socket.terminate() };
  },
});
