/** What an agent remembers, as the specifications of its doors look at it and bring it about; used in this folder. */
import { runInDurableObject } from "cloudflare:test";
import { expect } from "vitest";
import {
  type AgentBody,
  bindings,
  fresh,
  type MemoryBody,
  newAgent,
  type Page,
  type Person,
  person,
} from "../support/door.ts";

interface Results {
  readonly results: ReadonlyArray<{
    readonly memory: MemoryBody;
    readonly similarity: number;
    readonly relevance_score: number;
  }>;
}

/** A page of what an agent remembers, as its owner is told. */
export const memoriesOf = async (owner: Person, agent: { readonly id: string }, query = "") =>
  (await owner.get<Page<MemoryBody>>(`/agents/${agent.id}/memories${query}`)).body.data;
export const contents = (memories: ReadonlyArray<MemoryBody>) => memories.map(({ content }) => content);
/** What a search answers. */
export const found = async (owner: Person, agent: { readonly id: string }, search: object) => {
  const answer = await owner.post<Results>(`/agents/${agent.id}/memories/search`, search);
  expect(answer.status, answer.text).toBe(200);
  return answer.body.results;
};

/** Somebody with an agent. */
export async function scene(): Promise<{ readonly olga: Person; readonly ada: AgentBody }> {
  const olga = await person("olga");
  return { olga, ada: await newAgent(olga) };
}

/** A command of the agent's own, for what no door leads to. */
export const own = (agent: { readonly id: string }, command: object) =>
  runInDurableObject(bindings.AGENT.getByName(agent.id), (actor) => {
    const id = fresh("own");
    const meta = { id, at: Date.now(), by: `agent:${agent.id}`, correlation: id, causation: null };
    return (actor as unknown as { commit(command: object): Promise<unknown> }).commit({ meta, ...command });
  });
/** A newer value takes the place of an older one, which is known to be over since it was told. */
export const supersede = (
  agent: { readonly id: string },
  [old, by]: readonly [MemoryBody, MemoryBody],
  over: { readonly validTo: number; readonly retractedAt: number },
) => own(agent, { type: "SupersedeMemory", memoryId: old.id, by: by.id, ...over });
