/** Handlers for what a person decides about themselves: who may remember them, and what. */
import { Effect } from "effect";
import { HttpApiBuilder } from "effect/http-api";
import type { AgentIntroduction, ConsentView as Consent } from "#actors/kit/doors.ts";
import type { ErasureReceipt as Receipt } from "#actors/kit/key-doors.ts";
import type { AgentId } from "#events/kit/ids.ts";
import { agentsRemembering } from "#projections/queries.ts";
import { Api } from "../api.ts";
import { Asker, type Asking, ask, commandId, perform, SETTLE_MS } from "../asker.ts";
import type { ConsentView, ErasureReceipt, MemoryOfMe } from "../privacy-api.ts";
import { problem } from "../problem.ts";
import { memoryView } from "./memories.ts";
import { badCursor } from "./pages.ts";
import { agentId, memoryId } from "./paths.ts";
import { confirmationsView, iso, isoOrNull, namesReceipt, remainsView } from "./receipts.ts";

const view = ({ agentId: agent_id, decision, at, roomId }: Consent, agent: AgentIntroduction | null): ConsentView => ({
  agent_id,
  agent_name: agent?.name ?? null,
  decision,
  granted: decision === "granted",
  days: agent?.retentionDays ?? null,
  room_id: roomId,
  at: iso(at),
});

/** What the caller answered each agent, in the order in which they asked; a page goes on behind the agent that its cursor names. */
const list = Effect.fnUntraced(function* ({ limit = 50, cursor }: { limit?: number; cursor?: string }) {
  const { env, principal } = yield* Asker;
  const all = yield* perform(() => env.USER.getByName(principal.userId).consents(principal));
  const last = cursor === undefined ? -1 : all.findIndex((consent) => consent.agentId === cursor);
  if (cursor !== undefined && last < 0) return yield* badCursor();
  const consents = all.slice(last + 1, last + 1 + limit);
  const agents = yield* perform(() =>
    Promise.all(consents.map((consent) => env.AGENT.getByName(consent.agentId).introduce())),
  );
  const next = last + 1 + limit < all.length ? consents.at(-1)!.agentId : null;
  return {
    data: consents.map((consent, index) => view(consent, agents[index]!)),
    page: { next_cursor: next, has_more: next !== null },
  };
});

const decide = Effect.fnUntraced(function* (id: string, granted: boolean) {
  const asking = yield* Asker;
  const known = yield* agentId(id);
  const { env, principal } = asking;
  const consent = yield* ask(() =>
    env.USER.getByName(principal.userId).decideConsent(principal, commandId(asking), known, granted),
  );
  return view(consent, yield* perform(() => env.AGENT.getByName(known).introduce()));
});

/** The agents that the caller has ever answered, in an order that stays: a list of what they remember goes through it. */
const agentsMet = async ({ env, principal }: Asking): Promise<ReadonlyArray<AgentId>> => {
  const consents = await env.USER.getByName(principal.userId).consents(principal);
  return consents.map((consent) => consent.agentId).toSorted();
};

const PLACE = /^(agt_[0-9a-hjkmnp-tv-z]{26})\.(\d{1,15})$/;

/** What any agent remembers about the caller, agent by agent, the newest of each first. */
const memories = Effect.fnUntraced(function* ({ limit = 50, cursor }: { limit?: number; cursor?: string }) {
  const [, from, before] = cursor === undefined ? [] : (PLACE.exec(cursor) ?? []);
  if (cursor !== undefined && from === undefined) return yield* badCursor();
  return yield* perform(async (asking) => {
    const data: MemoryOfMe[] = [];
    let next: string | null = null;
    for (const agent of (await agentsMet(asking)).filter((id) => from === undefined || id >= from)) {
      const place = agent === from && Number(before) > 0 ? { before: Number(before) } : {};
      // A page that is full is not over before the next agent was asked whether it remembers anything.
      const wanted = { limit: Math.max(1, limit - data.length), ...place };
      const reply = await asking.env.AGENT.getByName(agent).memoriesOf(asking.principal, wanted);
      if (reply.outcome === "refused" || reply.value.memories.length === 0) continue;
      if (data.length === limit) {
        next = `${agent}.0`;
        break;
      }
      const { agentName: name } = reply.value;
      data.push(
        ...reply.value.memories.map(({ memory, others }) => ({
          ...{ agent: { id: agent, name }, memory: memoryView(memory), others },
        })),
      );
      if (reply.value.next !== null) {
        next = `${agent}.${reply.value.next}`;
        break;
      }
    }
    return { data, page: { next_cursor: next, has_more: next !== null } };
  });
});

/** A person may have forgotten what is about them, whoever owns the agent. */
const forget = Effect.fnUntraced(function* (id: string) {
  const wanted = yield* memoryId(id);
  const asking = yield* Asker;
  const agents = yield* perform(async (current) => {
    const known = await agentsRemembering(current.env.DB, wanted);
    return known.length > 0 ? known : agentsMet(current);
  });
  for (const agent of agents) {
    const door = asking.env.AGENT.getByName(agent);
    const reply = yield* perform(({ principal }) => door.forgetMemoryOf(principal, commandId(asking), wanted));
    if (reply.outcome === "refused") continue;
    namesReceipt(asking, agent as AgentId, reply.value);
    yield* perform(() => door.settle(SETTLE_MS));
    return;
  }
  return yield* problem("not-found", { detail: "Nothing of that name is remembered about you." });
});

/** Their words are under their own keys, and no key of the person's opens them. */
const WORDS_OF_OTHERS =
  "What other people said in their rooms stays readable there, also where it quotes or speaks of the person, and so does what agents put in words of their own.";

const receiptView = (receipt: Receipt): ErasureReceipt => ({
  id: receipt.id,
  subject: receipt.subject,
  requested_at: iso(receipt.requestedAt),
  unreadable_at: isoOrNull(receipt.unreadableAt),
  completed_at: isoOrNull(receipt.completedAt),
  streams: confirmationsView(receipt.streams),
  agents: receipt.agents.map(({ agentId: agent_id, forgotten, left, elsewhere, indexesLeft }) => ({
    ...{ agent_id, memories_forgotten: forgotten, memories_left: left, vectors_elsewhere: elsewhere },
    indexes_left: indexesLeft,
  })),
  generations: receipt.generations,
  fingerprints: receipt.fingerprints,
  what_remains: remainsView(receipt.whatRemains, WORDS_OF_OTHERS),
});

/** Destroys the caller's key, everywhere. The receipt says how far that is, and what remains. */
const erase = Effect.fnUntraced(function* () {
  const asking = yield* Asker;
  const { env, principal } = asking;
  const receipt = yield* ask(() => env.USER.getByName(principal.userId).erase(principal, commandId(asking)));
  asking.headers.set("Location", `/api/me/erasures/${receipt.id}`);
  return receiptView(receipt);
});

const erasure = Effect.fnUntraced(function* (id: string) {
  return receiptView(yield* ask(({ env, principal }) => env.USER.getByName(principal.userId).erasure(principal, id)));
});

/** Who was erased uses the house again; from now on what they say is kept, under a new key. */
const comeBack = Effect.fnUntraced(function* () {
  const asking = yield* Asker;
  const { env, principal } = asking;
  yield* ask(() => env.USER.getByName(principal.userId).comeBack(principal, commandId(asking)));
});

export const PrivacyRoutes = HttpApiBuilder.group(
  Api,
  "privacy",
  Effect.fnUntraced(function* (handlers) {
    return handlers.handleAll({
      listConsents: ({ query }) => list(query),
      decideConsent: ({ payload }) => decide(payload.agent_id, payload.granted),
      listMemoriesOfMe: ({ query }) => memories(query),
      deleteMemoryOfMe: ({ params }) => forget(params.id),
      eraseMe: () => erase(),
      getErasure: ({ params }) => erasure(params.id),
      comeBack: () => comeBack(),
    });
  }),
);
