/** What can have happened to the house as a whole. These schemas are the storage format. */
import { Schema } from "effect";
import { defineEvent, type EventOf } from "../kit/define.ts";

const stream = { kind: Schema.Literals(["agent", "room", "user"]), name: Schema.String };

export const StreamRegistered = defineEvent("StreamRegistered", {
  v: 1,
  about: "A stream began; Durable Objects cannot be listed, so the catalogue is ours.",
  open: stream,
});
export const StreamRetired = defineEvent("StreamRetired", {
  v: 1,
  about: "A stream came to its end.",
  open: stream,
});

export const systemEvents = [StreamRegistered, StreamRetired] as const;
export type SystemEvent = EventOf<(typeof systemEvents)[number]>;
