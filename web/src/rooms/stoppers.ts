/** Who stopped which turn of an agent, from its own record, which only its owner may read; asked by a room's connection. */
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { call, client } from "../service/client.ts";
import { agentsQuery, queryClient } from "../service/queries.ts";

const PAGE = 200;

const decodeStop = Schema.decodeUnknownOption(Schema.Struct({ turnId: Schema.String, by: Schema.String }));

/** Pairs of a turn's id and who stopped it (`user:<id>`); none for an agent of somebody else. */
export async function recordedStoppers(id: string): Promise<ReadonlyArray<readonly [string, string]>> {
  const mine = await queryClient.ensureQueryData(agentsQuery);
  if (!mine.some((agent) => agent.id === id)) return [];
  const found: Array<readonly [string, string]> = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: Awaited<ReturnType<typeof interruptions>> = await interruptions(id, after);
    for (const event of page.data)
      Option.map(decodeStop(event.open), ({ turnId, by }) => found.push([turnId, by] as const));
    after = page.page.has_more ? page.data.at(-1)?.seq : undefined;
  }
  return found;
}

const interruptions = (id: string, after: number) =>
  call(client.agents.listAgentEvents({ params: { id }, query: { after, limit: PAGE, type: "TurnInterrupted" } }));
