/** What may be asked of the Vault. */
import type { CommandOf } from "../kit/define.ts";
import type { ActorName } from "../kit/ids.ts";

export type VaultCommand =
  | CommandOf<"LendKey", { subject: ActorName; stream: string }>
  /** `fingerprints` of the generations that live, in their order; `kek` is the newest key-encryption key. */
  | CommandOf<"ShredKey", { subject: ActorName; fingerprints: ReadonlyArray<string>; kek: number }>
  | CommandOf<"NoteRecalled", { subject: ActorName; stream: string; number: number }>
  /** Whoever was forgotten came back: what they say from now on may be kept. */
  | CommandOf<"AdmitAgain", { subject: ActorName }>
  | CommandOf<"StartRotation", { kek: number }>
  | CommandOf<"RenewKey", { subject: ActorName }>
  | CommandOf<"NoteRenewed", { subject: ActorName; stream: string; number: number }>
  | CommandOf<"RetireKey", { subject: ActorName; number: number; fingerprint: string }>
  | CommandOf<"CompleteRotation", { kek: number }>;
