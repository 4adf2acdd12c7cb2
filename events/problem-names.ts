/** The contract's name for every refusal, wherever it is made; asked by both doors: src/http/problem.ts and the sockets of rooms. */
const problemNames = {
  AgentUnknown: "not-found",
  AgentIsDeleted: "not-found",
  AgentNotHere: "not-found",
  AgentIsInactive: "agent-inactive",
  PersonUnknown: "not-found",
  RoomUnknown: "not-found",
  RoomIsPrivate: "not-found",
  RoomIsClosed: "not-found",
  NotParticipant: "forbidden",
  NotRoomOwner: "forbidden",
  SubjectErased: "forbidden",
  PersonIsErased: "forbidden",
  Stale: "precondition-failed",
  StreamMoved: "precondition-failed",
  CommandIdReused: "idempotency-conflict",
  MessageTooLong: "payload-too-large",
  EventTooLarge: "payload-too-large",
  NoSuchMessage: "validation",
  MemoryUnknown: "not-found",
  TrainingUnknown: "not-found",
  ConsentRequired: "consent-required",
  AgentNotReached: "internal",
} as const;

const names: Readonly<Record<string, (typeof problemNames)[keyof typeof problemNames] | undefined>> = problemNames;

/** The name for a refusal; one that is not listed is a conflict with what stands. */
export const problemNameOf = ({ _tag }: { readonly _tag: string }) => names[_tag] ?? "conflict";
