/** What happens to keys: issued on first need, lent, turned, and destroyed; each borrower is noted, and told. */
import { Result } from "effect";
import type { Decider } from "../kit/decider.ts";
import { own } from "../kit/own.ts";
import type { VaultCommand } from "./commands.ts";
import {
  KeyIssued,
  KeyLent,
  KeyRecalled,
  KeyRenewed,
  KeyRetired,
  KeyShredded,
  RotationCompleted,
  RotationStarted,
  type VaultEvent,
  vaultEvents,
} from "./events.ts";
import {
  evolve,
  initial,
  type SubjectKeys,
  unknownSubject,
  type VaultState,
  VaultState as VaultStateSchema,
} from "./state.ts";

type KeyCommand = Exclude<VaultCommand, { readonly type: "StartRotation" | "CompleteRotation" }>;

/** What happens next, often nothing. */
export const decide = (command: VaultCommand, state: VaultState): Result.Result<ReadonlyArray<VaultEvent>, never> =>
  Result.succeed(next(command, state));

function next(command: VaultCommand, state: VaultState): ReadonlyArray<VaultEvent> {
  if (command.type === "StartRotation")
    return command.kek > (state.rotatingTo ?? 0) ? [RotationStarted({ kek: command.kek })] : [];
  if (command.type === "CompleteRotation")
    return state.rotatingTo === command.kek ? [RotationCompleted({ kek: command.kek })] : [];
  return ofKey(command, own(state.keys, command.subject) ?? unknownSubject);
}

function ofKey(command: KeyCommand, key: SubjectKeys): ReadonlyArray<VaultEvent> {
  const { subject } = command;
  switch (command.type) {
    case "LendKey": {
      if (key.shredded) return [];
      const { stream } = command;
      return [
        ...(key.number === 0 ? [KeyIssued({ subject, number: 1 })] : []),
        ...(key.lentTo.includes(stream) ? [] : [KeyLent({ subject, stream })]),
      ];
    }
    case "ShredKey": {
      const { fingerprints, kek } = command;
      return key.shredded ? [] : [KeyShredded({ subject, generations: key.living, fingerprints, kek })];
    }
    case "NoteRecalled": {
      const { stream, number } = command;
      const due = key.recalling.some((recall) => recall.stream === stream && recall.number === number);
      return due ? [KeyRecalled({ subject, stream, number })] : [];
    }
    case "AdmitAgain":
      return key.shredded ? [KeyIssued({ subject, number: key.number + 1 })] : [];
    case "RenewKey":
      return key.living.length > 0 && key.renewing.length === 0 ? [KeyIssued({ subject, number: key.number + 1 })] : [];
    case "NoteRenewed": {
      const { stream, number } = command;
      const due = number === key.number && key.renewing.includes(stream);
      return due ? [KeyRenewed({ subject, stream, number })] : [];
    }
    case "RetireKey": {
      const { number, fingerprint } = command;
      // The newest one seals, and an older one is needed until every stream has said that it is not.
      const due = key.renewing.length === 0 && number < key.number && key.living.includes(number);
      return due ? [KeyRetired({ subject, number, fingerprint })] : [];
    }
  }
}

export const vault: Decider<VaultState, VaultCommand, VaultEvent, never> = {
  kind: "vault",
  foldVersion: 2,
  initial,
  events: vaultEvents,
  state: VaultStateSchema,
  evolve,
  decide,
  isFinal: () => false,
};
