/** The page's end of a room's socket: the stock Phoenix client with a heartbeat that does not wake a sleeping room; used by a room's connection. */
import * as Option from "effect/Option";
import { Socket } from "phoenix";
import { constantHeartbeat, frame, parseFrame } from "#actors/room/frames.ts";
import { tokenNow } from "./identity.ts";

interface Outgoing {
  readonly join_ref: string | null;
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
}

const heartbeatRef = (Option.getOrThrow(parseFrame(constantHeartbeat.response)) as ReadonlyArray<unknown>)[1];

/**
 * The client counts its refs up, so each heartbeat would be a new text that only the room itself could answer. Ours is
 * always the same text, answered by the platform; the client gets its own ref back.
 */
function heartbeatCodec() {
  let remembered: string | null = null;
  return {
    encode(message: object, send: (text: string) => void) {
      const { join_ref, ref, topic, event, payload } = message as Outgoing;
      if (topic === "phoenix" && event === "heartbeat") {
        remembered = ref;
        send(constantHeartbeat.request);
      } else send(frame(join_ref, ref, topic, event, payload));
    },
    decode(text: string, deliver: (message: Outgoing) => void) {
      const parsed = Option.getOrUndefined(parseFrame(text));
      if (parsed === undefined) return;
      const [join_ref, ref, topic, event, payload] = parsed;
      deliver({ join_ref, ref: ref === heartbeatRef ? remembered : ref, topic, event, payload });
    },
  };
}

export const roomSocket = (roomId: string): Socket =>
  new Socket(`/parties/room/${encodeURIComponent(roomId)}`, {
    ...heartbeatCodec(),
    // The client takes a function, so that each reconnect sends the newest token; its published types do not know.
    authToken: tokenNow as unknown as string,
  });
