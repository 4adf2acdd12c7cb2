/** What may be asked of a person's actor. */
import type { CommandOf } from "../kit/define.ts";
import type { Words } from "../kit/envelope.ts";
import type { UserId } from "../kit/ids.ts";

export type UserCommand = CommandOf<"Arrive", { userId: UserId; words: Words }>;
