/** Sockets in one room, of Troupe and bare; parts/fanout.ts speaks and listens through these. */
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

interface Payload {
  readonly status?: string;
  readonly text?: string;
}
type Frame = readonly [joinRef: string | null, ref: string | null, topic: string, event: string, payload: Payload];

const socketUrl = (url: string, path: string): string => `${url.replace(/^http/, "ws")}${path}`;

/** Joins over Phoenix Channels, as the page does; every message is stored and numbered before anybody hears it. */
export async function troupeRoom(program: Program): Promise<Room> {
  const people = await Promise.all(
    Array.from({ length: PEOPLE }, (_, index) => signIn(program.url, index === 0 ? "dana" : `guest${index}`)),
  );
  const { id } = await people[0]!.api<{ readonly id: string }>("POST", "/rooms", { name: "Fan-out", kind: "public" });
  const topic = `room:${id}`;
  const address = socketUrl(program.url, `/parties/room/${id}/websocket?vsn=2.0.0`);
  return {
    program,
    async join(index, heard) {
      const { token } = people[index % PEOPLE]!;
      const bearer = `base64url.bearer.phx.${Buffer.from(token).toString("base64url")}`;
      const socket = new WebSocket(address, ["phoenix", bearer], { perMessageDeflate: false });
      await opened(socket);
      const push = (ref: string, event: string, payload: unknown) =>
        socket.send(JSON.stringify(["1", ref, topic, event, payload]));
      await new Promise<void>((resolve, reject) => {
        socket.on("message", (data) => {
          const [, ref, , event, payload] = JSON.parse(String(data)) as Frame;
          if (event === "message_created") heard(payload.text ?? "");
          if (event !== "phx_reply") return;
          if (payload.status !== "ok") reject(new Error(`a frame was refused: ${String(data)}`));
          else if (ref === "1") resolve();
        });
        push("1", "phx_join", {});
      });
      let ref = 1;
      return {
        speak: (text) => push(String(++ref), "new_message", { text, client_msg_id: randomUUID() }),
        close: () => socket.terminate(),
      };
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
