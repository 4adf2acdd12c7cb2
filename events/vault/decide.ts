/** What happens when a stream asks for a key: the key is issued on first need, and the borrower noted once. */
import { Result } from "effect";
import type { Decider } from "../kit/decider.ts";
import { own } from "../kit/own.ts";
import type { VaultCommand } from "./commands.ts";
import { KeyIssued, KeyLent, type VaultEvent, vaultEvents } from "./events.ts";
import { evolve, initial, type VaultState, VaultState as VaultStateSchema } from "./state.ts";

/** What happens next, often nothing. */
export function decide(
  { subject, stream }: VaultCommand,
  state: VaultState,
): Result.Result<ReadonlyArray<VaultEvent>, never> {
  const key = own(state.keys, subject);
  return Result.succeed([
    ...(key === undefined ? [KeyIssued({ subject, number: 1 })] : []),
    ...(key?.lentTo.includes(stream) ? [] : [KeyLent({ subject, stream })]),
  ]);
}

export const vault: Decider<VaultState, VaultCommand, VaultEvent, never> = {
  kind: "vault",
  foldVersion: 1,
  initial,
  events: vaultEvents,
  state: VaultStateSchema,
  evolve,
  decide,
  isFinal: () => false,
};
