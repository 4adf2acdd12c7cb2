/** What may be asked of the house as a whole. */
import type { CommandOf } from "../kit/define.ts";
import type { SystemEvent } from "./events.ts";

type Stream = SystemEvent["open"];

export type SystemCommand = CommandOf<"RegisterStream", Stream> | CommandOf<"RetireStream", Stream>;
