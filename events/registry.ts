/** Every event of every stream, by type; read by the museum, the generated catalogue and the tests. */
import { agentEvents } from "./agent/events.ts";
import type { EventDefinition } from "./kit/define.ts";
import { roomEvents } from "./room/events.ts";
import { systemEvents } from "./system/events.ts";
import { userEvents } from "./user/events.ts";
import { vaultEvents } from "./vault/events.ts";

/** Event definitions by the kind of stream they are written to. */
export const registry: Readonly<Record<string, ReadonlyArray<EventDefinition>>> = {
  agent: agentEvents,
  room: roomEvents,
  user: userEvents,
  system: systemEvents,
  vault: vaultEvents,
};
