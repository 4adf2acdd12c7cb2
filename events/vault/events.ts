/** What can have happened to keys. The keys themselves are never in an event. These schemas are the storage format. */
import { Schema } from "effect";
import { defineEvent, type EventOf } from "../kit/define.ts";
import { ActorName } from "../kit/ids.ts";

export const KeyIssued = defineEvent("KeyIssued", {
  v: 1,
  about: "A person or agent got a key of their own, or the next generation of it.",
  open: { subject: ActorName, number: Schema.Int },
});
export const KeyLent = defineEvent("KeyLent", {
  v: 1,
  about: "A stream asked for a key for the first time: whom to tell when it is destroyed.",
  open: { subject: ActorName, stream: Schema.String },
});
export const KeyShredded = defineEvent("KeyShredded", {
  v: 1,
  about:
    "All generations of a key were destroyed: what was sealed under them is unreadable for ever. Stray copies of them are wrapped under this key-encryption key or an older one.",
  open: {
    subject: ActorName,
    generations: Schema.Array(Schema.Int),
    fingerprints: Schema.Array(Schema.String),
    kek: Schema.Int,
  },
});
export const KeyRecalled = defineEvent("KeyRecalled", {
  v: 1,
  about: "A stream confirmed that it has forgotten a destroyed key, up to this generation, and what it had opened.",
  open: { subject: ActorName, stream: Schema.String, number: Schema.Int },
});
export const KeyRenewed = defineEvent("KeyRenewed", {
  v: 1,
  about: "A stream confirmed that nothing in it needs a generation older than this one.",
  open: { subject: ActorName, stream: Schema.String, number: Schema.Int },
});
export const KeyRetired = defineEvent("KeyRetired", {
  v: 1,
  about: "An old generation of a living key was destroyed, for no stream needs it any more.",
  open: { subject: ActorName, number: Schema.Int, fingerprint: Schema.String },
});
export const RotationStarted = defineEvent("RotationStarted", {
  v: 1,
  about: "A newer key-encryption key was found: every living key gets a new generation under it.",
  open: { kek: Schema.Int },
});
export const RotationCompleted = defineEvent("RotationCompleted", {
  v: 1,
  about: "No key is wrapped under an older key-encryption key any more.",
  open: { kek: Schema.Int },
});

export const vaultEvents = [
  ...[KeyIssued, KeyLent, KeyShredded, KeyRecalled, KeyRenewed, KeyRetired],
  ...[RotationStarted, RotationCompleted],
] as const;
export type VaultEvent = EventOf<(typeof vaultEvents)[number]>;
