/** What may be asked of the Vault. */
import type { CommandOf } from "../kit/define.ts";
import type { ActorName } from "../kit/ids.ts";

export type VaultCommand = CommandOf<"LendKey", { subject: ActorName; stream: string }>;
