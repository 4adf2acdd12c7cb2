/** What may be asked of a person's actor. */
import type { CommandOf } from "../kit/define.ts";
import type { Words } from "../kit/envelope.ts";
import type { AgentId, RoomId, UserId } from "../kit/ids.ts";

export type UserCommand =
  | CommandOf<"Arrive", { userId: UserId; words: Words }>
  /** An agent asks; asking again changes nothing. */
  | CommandOf<"RequestConsent", { agentId: AgentId; roomId: RoomId }>
  | CommandOf<"DecideConsent", { agentId: AgentId; granted: boolean }>;
