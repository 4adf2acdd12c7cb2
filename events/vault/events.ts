/** What can have happened to keys. The keys themselves are never in an event. These schemas are the storage format. */
import { Schema } from "effect";
import { defineEvent, type EventOf } from "../kit/define.ts";
import { ActorName } from "../kit/ids.ts";

export const KeyIssued = defineEvent("KeyIssued", {
  v: 1,
  about: "A person or agent got a key of their own.",
  open: { subject: ActorName, number: Schema.Int },
});
export const KeyLent = defineEvent("KeyLent", {
  v: 1,
  about: "A stream asked for a key for the first time: whom to tell when it is destroyed.",
  open: { subject: ActorName, stream: Schema.String },
});

export const vaultEvents = [KeyIssued, KeyLent] as const;
export type VaultEvent = EventOf<(typeof vaultEvents)[number]>;
