/** Every request about memories that the page makes: an agent's, its trainings, and what is remembered about the reader; used by the pages of this folder. */
import { infiniteQueryOptions, queryOptions, useQueryClient } from "@tanstack/react-query";
import type { UserId } from "#events/kit/ids.ts";
import type { MemoryOfMe, MemoryView, OperationView } from "#src/http/api.ts";
import { call, client, idempotencyKey } from "../service/client.ts";
import { problemIn } from "../service/problem.ts";

export type Memory = MemoryView;
export type Operation = OperationView;
export type { MemoryOfMe };

/** What of an agent's memory is looked at; empty words and zero choose nothing. */
export interface MemoryChoice {
  readonly query: string;
  readonly kind: Memory["memory_type"] | "";
  readonly importance: number;
  readonly state: Memory["state"];
  readonly about: string;
  /** A day, as a date field has it. */
  readonly asOf: string;
}

export const everything: MemoryChoice = { query: "", kind: "", importance: 0, state: "live", about: "", asOf: "" };

/** True when nothing narrows what is looked at. */
export const isEverything = (choice: MemoryChoice): boolean =>
  Object.entries(everything).every(([name, value]) => choice[name as keyof MemoryChoice] === value);

export interface MemoryDraft {
  readonly memory_type: Memory["memory_type"];
  readonly content: string;
  readonly importance_score: number;
  readonly about: ReadonlyArray<UserId>;
  /** Left out, it is read from the words. */
  readonly sensitive?: boolean;
}

const PAGE = 50;
const FOUND_AT_MOST = 50;
const PROGRESS_MS = 700;
const COUNTED_AT_ONCE = 200;

/** What was believed when that day was over, where the reader is. */
const endOf = (day: string): string => new Date(`${day}T23:59:59.999`).toISOString();

const filters = ({ about, importance, asOf }: MemoryChoice) => ({
  ...(about === "" ? {} : { about: about as UserId }),
  ...(importance === 0 ? {} : { min_importance: importance }),
  ...(asOf === "" ? {} : { as_of: endOf(asOf) }),
});

const ofAgent = (agentId: string) => ["agents", agentId, "memories"] as const;

/** An agent's memories, newest first. */
export const memoriesOf = (agentId: string, choice: MemoryChoice) =>
  infiniteQueryOptions({
    queryKey: [...ofAgent(agentId), "list", choice],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => {
      const { kind, state } = choice;
      const query = {
        ...filters(choice),
        ...(kind === "" ? {} : { memory_type: kind }),
        ...(pageParam === "" ? {} : { cursor: pageParam }),
        state,
        limit: PAGE,
      };
      return call(client.memories.listMemories({ params: { id: agentId }, query }), { signal });
    },
    getNextPageParam: ({ page }) => page.next_cursor ?? undefined,
  });

/** What fits the words, best first, with both scores; `degraded` when something that ranks did not answer. */
export const foundMemories = (agentId: string, choice: MemoryChoice) =>
  queryOptions({
    queryKey: [...ofAgent(agentId), "search", choice],
    queryFn: ({ signal }) => {
      const { query, kind } = choice;
      const payload = {
        ...filters(choice),
        ...(kind === "" ? {} : { memory_types: [kind] }),
        query,
        limit: FOUND_AT_MOST,
      };
      return call(client.memories.searchMemories({ params: { id: agentId }, payload }), { signal });
    },
  });

/** One memory, what it was made of, and the ETag that says which version this is. */
export const memoryQuery = (id: string) =>
  queryOptions({
    queryKey: ["memories", id],
    queryFn: async ({ signal }) => {
      const asked = client.memories.getMemory({ params: { id }, responseMode: "decoded-and-response" });
      const [{ events, memories, ...memory }, response] = await call(asked, { signal });
      return { memory, events, memories, etag: response.headers.etag };
    },
    // A form is filled from this: it must not change under the hands of the one who types.
    refetchOnWindowFocus: false,
    staleTime: 0,
  });

/** An event that a memory was made of. */
export type Evidence = Awaited<ReturnType<NonNullable<ReturnType<typeof memoryQuery>["queryFn"]>>>["events"][number];

export const addMemory = (agentId: string, payload: MemoryDraft, headers: Record<string, string>) =>
  call(client.memories.addMemory({ params: { id: agentId }, payload }), { headers });

/** Only what is named changes. Fails as `precondition-failed` when `etag` is not the newest version. */
export const changeMemory = (id: string, payload: Partial<MemoryDraft>, etag: string | undefined) =>
  call(client.memories.updateMemory({ params: { id }, payload }), {
    headers: { ...idempotencyKey(), ...(etag === undefined ? {} : { "if-match": etag }) },
  });

export const forgetMemory = (id: string) => call(client.memories.deleteMemory({ params: { id } }));
export const restoreMemory = (id: string) => call(client.memories.restoreMemory({ params: { id } }));
/** Takes one that was merged out of the other again. */
export const separateMemory = (id: string) => call(client.memories.separateMemory({ params: { id } }));

/** Told of every change of an agent's memories: what was read of them is read again. */
export function useMemoryChange(agentId: string): () => void {
  const queries = useQueryClient();
  return () => {
    void queries.invalidateQueries({ queryKey: ofAgent(agentId) });
    void queries.invalidateQueries({ queryKey: ["memories"] });
  };
}

// ── training ────────────────────────────────────────────────────────────────────────────────────────────────────────
export type TrainingFormat = "text" | "items" | "lines";

export const MAX_TRAINING_BYTES = 5 * 1024 * 1024;

const contentTypes: { readonly [F in TrainingFormat]: string } = {
  ...{ text: "text/plain", items: "application/json", lines: "application/x-ndjson" },
};

/** A bare list of items is what the API calls its items. */
const itemsOf = (text: string): string => (/^\s*\[/.test(text) ? `{"items":${text}}` : text);

export const train = (
  agentId: string,
  format: TrainingFormat,
  text: string,
  headers: Record<string, string>,
): Promise<Operation> => {
  const payload = format === "items" ? itemsOf(text) : text;
  return call(client.memories.train({ params: { id: agentId }, payload }), {
    headers,
    contentType: contentTypes[format],
  });
};

/** Asked again and again while it runs. */
export const operationQuery = (id: string) =>
  queryOptions({
    queryKey: ["operations", id],
    queryFn: ({ signal }) => call(client.memories.getOperation({ params: { id }, query: {} }), { signal }),
    refetchInterval: ({ state }) => (state.data?.status === "running" ? PROGRESS_MS : false),
  });

export const cancelOperation = (id: string) => call(client.memories.cancelOperation({ params: { id } }));
export const resumeOperation = (id: string) => call(client.memories.resumeOperation({ params: { id } }));

/** The rows that a training did not take, a thousand at a time. */
export const refusedRows = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["operations", id, "refused"],
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) =>
      call(client.memories.getOperation({ params: { id }, query: { refused_after: pageParam } }), { signal }),
    getNextPageParam: ({ result }) => result?.next_refused ?? undefined,
  });

// ── about the reader ────────────────────────────────────────────────────────────────────────────────────────────────
interface MemoriesOfMe {
  readonly data: ReadonlyArray<MemoryOfMe>;
  readonly page: { readonly next_cursor: string | null };
}

export const memoriesOfMe = infiniteQueryOptions({
  queryKey: ["me", "memories"],
  initialPageParam: "",
  queryFn: ({ pageParam, signal }) =>
    call(
      client.privacy.listMemoriesOfMe({ query: { limit: PAGE, ...(pageParam === "" ? {} : { cursor: pageParam }) } }),
      {
        signal,
      },
    ),
  getNextPageParam: ({ page }) => page.next_cursor ?? undefined,
});

/** How many memories an agent has of the reader: what goes when they take their leave back. */
export const countOfMe = (agentId: string) =>
  queryOptions({
    queryKey: [...memoriesOfMe.queryKey, "count", agentId],
    queryFn: async ({ signal }) => {
      let count = 0;
      for (let cursor: string | null = ""; cursor !== null; ) {
        const query: { limit: number; cursor?: string } = {
          limit: COUNTED_AT_ONCE,
          ...(cursor === "" ? {} : { cursor }),
        };
        const { data, page }: MemoriesOfMe = await call(client.privacy.listMemoriesOfMe({ query }), { signal });
        count += data.filter(({ agent }) => agent.id === agentId).length;
        cursor = page.next_cursor;
      }
      return count;
    },
    staleTime: 0,
  });

export const forgetOfMe = (id: string) => call(client.privacy.deleteMemoryOfMe({ params: { id } }));

/** True for what is not there: any more, or for this reader. */
export const isGone = (error: unknown): boolean => problemIn(error).name === "not-found";
