/** What an agent's owner makes of it: made, described, changed, switched on and off, deleted; used by AgentActor. */
import type { AgentCommand } from "#events/agent/commands.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import type { Unsealed } from "#events/kit/envelope.ts";
import { type ActorName, type AgentId, userName } from "#events/kit/ids.ts";
import type { AgentDescription, AgentInput } from "../kit/doors.ts";
import type { EmbeddingProgress } from "../kit/memory-doors.ts";
import type { Principal } from "../kit/principal.ts";
import { accepted, type Reply, refused } from "../kit/reply.ts";
import type { Committed } from "../kit/settled-commands.ts";
import { changed, describe, inputWords, personalityOf, settingsOf } from "./description.ts";
import { receiptOf } from "./memory/erasure-events.ts";

export const unknownAgent = { _tag: "AgentUnknown", message: "There is no such agent." };

/** What the door needs of its agent. */
export interface OwnerDoorHost {
  readonly ledger: { readonly state: AgentState; readonly head: number } & Parameters<typeof receiptOf>[1];
  /** Takes a command, fetching keys as needed. */
  readonly take: (command: AgentCommand) => Promise<Reply<Committed>>;
  readonly meta: (id: string, by: ActorName) => CommandMeta;
  readonly isOwner: (by: Principal) => boolean;
  readonly revealed: (seqs: ReadonlyArray<number>) => Promise<ReadonlyArray<Unsealed>>;
  /** How far its memories are embedded; undefined where none ever were to be. */
  readonly embedding: () => EmbeddingProgress | undefined;
}

export class OwnerDoor {
  readonly #host: OwnerDoorHost;

  constructor(host: OwnerDoorHost) {
    this.#host = host;
  }

  async create(
    by: Principal,
    commandId: string,
    agentId: AgentId,
    input: AgentInput,
  ): Promise<Reply<AgentDescription>> {
    const personality = input.personality && personalityOf(input.personality);
    const reply = await this.#host.take({
      type: "CreateAgent",
      meta: this.#meta(commandId, by),
      agentId,
      ownerId: by.userId,
      settings: settingsOf(input),
      tools: input.tools ?? [],
      ...(personality ? { personality } : {}),
      words: inputWords(input),
    });
    return this.#described(reply, by);
  }

  async change(
    by: Principal,
    commandId: string,
    input: Partial<AgentInput>,
    ifVersion?: number,
  ): Promise<Reply<AgentDescription>> {
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    const merged = changed(await this.#description(), input);
    const reply = await this.#host.take({
      type: "ReconfigureAgent",
      meta: this.#meta(commandId, by),
      settings: settingsOf(merged),
      words: inputWords(merged),
      ...(input.personality ? { personality: personalityOf(input.personality) } : {}),
      ...(input.tools ? { tools: input.tools } : {}),
      ...(ifVersion === undefined ? {} : { ifVersion }),
    });
    return this.#described(reply, by);
  }

  async setActive(by: Principal, commandId: string, active: boolean): Promise<Reply<AgentDescription>> {
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    const meta = this.#meta(commandId, by);
    return this.#described(await this.#host.take({ type: "SetActive", meta, active }), by);
  }

  /** Deletes it for good. Answers the id of the receipt. */
  async remove(by: Principal, commandId: string, ifVersion?: number): Promise<Reply<string>> {
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    const meta = this.#meta(commandId, by);
    const version = ifVersion === undefined ? {} : { ifVersion };
    return receiptOf(await this.#host.take({ type: "DeleteAgent", meta, ...version }), this.#host.ledger);
  }

  async describe(by: Principal): Promise<Reply<AgentDescription>> {
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    return accepted(await this.#description(), this.#host.ledger.head);
  }

  async #description(): Promise<AgentDescription> {
    const { ledger, revealed, embedding } = this.#host;
    const found = await revealed([ledger.state.configSeq, ledger.state.personalitySeq].filter((seq) => seq > 0));
    const progress = embedding();
    return { ...describe(ledger.state, ledger.head, found), ...(progress && { embedding: progress }) };
  }

  async #described(reply: Reply<unknown>, by: Principal): Promise<Reply<AgentDescription>> {
    if (reply.outcome === "refused") return reply;
    if (!this.#host.isOwner(by)) return refused(unknownAgent);
    return accepted(await this.#description(), reply.seq, reply.replayed);
  }

  #meta(commandId: string, by: Principal): CommandMeta {
    return this.#host.meta(commandId, userName(by.userId));
  }
}
