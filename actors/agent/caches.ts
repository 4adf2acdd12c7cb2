/** An agent's two keys in KV, kept up to date after its read models; owned by AgentActor. Shown, never decided upon. */
import type { AgentCommand } from "#events/agent/commands.ts";
import type { AgentEvent } from "#events/agent/events.ts";
import type { AgentRefusal } from "#events/agent/refusals.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import { agentEntry, cachedMemory, memoriesEntry, WriteThrough } from "#projections/kit/caches.ts";
import { now } from "../kit/clock.ts";
import type { Ledger } from "../kit/ledger.ts";

const RECENT_MEMORIES = 20;
/** Where nothing happens only time takes memories away, and that by the day: no need to look with every heartbeat. */
const LOOK_EVERY_MS = 60_000;

export class AgentCaches {
  readonly #ledger: Ledger<AgentState, AgentCommand, AgentEvent, AgentRefusal>;
  readonly #writer: WriteThrough;
  readonly #live: (memoryIds: ReadonlyArray<string>) => ReadonlySet<string>;
  /** Which memories were offered last; undefined after a wake, so that the first offer holds everything. */
  #offered: string | undefined;
  /** When it was looked last, and at which head. */
  #looked = { head: 0, at: 0 };
  #later: ReturnType<typeof setTimeout> | undefined;

  /** `live` tells which of these memories may still be shown. */
  constructor(
    ledger: Ledger<AgentState, AgentCommand, AgentEvent, AgentRefusal>,
    kv: KVNamespace,
    live: (memoryIds: ReadonlyArray<string>) => ReadonlySet<string>,
  ) {
    this.#ledger = ledger;
    this.#live = live;
    this.#writer = new WriteThrough(kv);
  }

  /** Offers what stands now; what KV will not take yet is written when it will. */
  async refresh(): Promise<void> {
    const { head, state } = this.#ledger;
    if (state.agentId === null || (head === this.#looked.head && now() < this.#looked.at + LOOK_EVERY_MS)) return;
    const formed = this.#ledger.newest("MemoryFormed", RECENT_MEMORIES) as RecordedOf<
      Extract<AgentEvent, { type: "MemoryFormed" }>
    >[];
    const live = this.#live(formed.map(({ open }) => open.memoryId));
    const memories = formed.filter(({ open }) => live.has(open.memoryId));
    const offered = memories.map(({ seq }) => seq).join();
    const remembered =
      offered === this.#offered ? [] : [memoriesEntry(state.agentId, head, memories.map(cachedMemory))];
    this.#comeBack(await this.#writer.offer([agentEntry(state.agentId, head, state), ...remembered], now()));
    this.#offered = offered;
    this.#looked = { head, at: now() };
  }

  #comeBack({ again }: { readonly again: number | null }): void {
    clearTimeout(this.#later);
    if (again === null) return;
    this.#later = setTimeout(async () => this.#comeBack(await this.#writer.flush(now())), Math.max(0, again - now()));
  }
}
