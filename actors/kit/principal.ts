/** Who is asking, as the Worker verified it before any actor was called; part of every door. */
import type { UserId } from "#events/kit/ids.ts";

export interface Principal {
  readonly userId: UserId;
  readonly name: string;
  readonly roles: ReadonlyArray<"participant" | "auditor" | "admin">;
}
