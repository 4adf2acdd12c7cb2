/** What may be asked of a person's actor. */
import type { CommandOf } from "../kit/define.ts";
import type { Words } from "../kit/envelope.ts";
import type { AgentId, ErasureId, RoomId, UserId } from "../kit/ids.ts";

export type UserCommand =
  | CommandOf<"Arrive", { userId: UserId; words: Words }>
  /** An agent asks; asking again changes nothing. */
  | CommandOf<"RequestConsent", { agentId: AgentId; roomId: RoomId }>
  | CommandOf<"DecideConsent", { agentId: AgentId; granted: boolean }>
  | CommandOf<"RequestErasure", { userId: UserId }>
  | CommandOf<"CompleteErasure", { erasureId: ErasureId } & Erasing>
  | CommandOf<"ComeBack", { userId: UserId; words: Words }>;

/** What the Vault tells when the last stream has confirmed, and what each agent that had met the person has forgotten. */
export interface Erasing {
  readonly shreddedAt: number;
  readonly generations: ReadonlyArray<number>;
  readonly fingerprints: ReadonlyArray<string>;
  readonly kek: number;
  readonly streams: ReadonlyArray<{ readonly stream: string; readonly confirmedAt: number }>;
  readonly agents: ReadonlyArray<{ readonly agentId: AgentId; readonly forgotten: number }>;
}
