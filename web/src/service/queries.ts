/** The lists and things that pages read, each with the key it is cached under; used with react-query. */
import { QueryClient, queryOptions } from "@tanstack/react-query";
import type { ConsentView } from "#src/http/api.ts";
import { call, client } from "./client.ts";
import { ProblemError } from "./problem.ts";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // Only silence is worth asking again: an answer, also a refusal, will be the same.
      retry: (count, error) => count < 2 && error instanceof ProblemError && error.problem.name === "unreachable",
    },
  },
});

const LIMIT = 200;

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => call(client.me.getMe(), { signal }),
  staleTime: 60_000,
});

export const roomsQuery = queryOptions({
  queryKey: ["rooms"],
  queryFn: async ({ signal }) => (await call(client.rooms.listRooms({ query: { limit: LIMIT } }), { signal })).data,
  refetchInterval: 20_000,
});

export const agentsQuery = queryOptions({
  queryKey: ["agents"],
  queryFn: async ({ signal }) => (await call(client.agents.listAgents({ query: { limit: LIMIT } }), { signal })).data,
});

interface Consents {
  readonly data: ReadonlyArray<ConsentView>;
  readonly page: { readonly next_cursor: string | null };
}

/** What one answered the agents that would like to remember one, and what they still ask. */
export const consentsQuery = queryOptions({
  queryKey: ["me", "consents"],
  queryFn: async ({ signal }) => {
    const consents: ConsentView[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query: { limit: number; cursor?: string } = { limit: LIMIT, ...(cursor === "" ? {} : { cursor }) };
      const { data, page }: Consents = await call(client.privacy.listConsents({ query }), { signal });
      consents.push(...data);
      cursor = page.next_cursor;
    }
    return consents;
  },
});

export const toolsQuery = queryOptions({
  queryKey: ["tools"],
  queryFn: async ({ signal }) => (await call(client.tools.listTools({ query: { limit: LIMIT } }), { signal })).data,
  staleTime: 300_000,
});

/** An agent, its tools, and the ETag that says which version this is. */
export const agentQuery = (id: string) =>
  queryOptions({
    queryKey: ["agents", id],
    queryFn: async ({ signal }) => {
      const params = { id };
      const [[agent, response], tools] = await Promise.all([
        call(client.agents.getAgent({ params, responseMode: "decoded-and-response" }), { signal }),
        call(client.agents.getAgentTools({ params }), { signal }),
      ]);
      return { agent, tools: tools.tools, etag: response.headers.etag };
    },
    // A form is filled from this: it must not change under the hands of the one who types.
    refetchOnWindowFocus: false,
    staleTime: 0,
  });
