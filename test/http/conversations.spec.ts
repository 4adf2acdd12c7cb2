/** What an agent knows of the people of its rooms, as its owner sees it: of who agreed, for as long as they do. */
import { describe, expect, it } from "vitest";
import {
  agrees,
  eventsOf,
  eventually,
  fresh,
  newAgent,
  newRoom,
  type Page,
  type Person,
  person,
} from "../support/door.ts";

interface Conversation {
  readonly conversation_summary: string | null;
  readonly relationship_data: { readonly people: ReadonlyArray<Readonly<Record<string, unknown>>> };
}

const peopleOf = async (owner: Person, agent: { readonly id: string }) =>
  (await owner.get<Page<Conversation>>(`/agents/${agent.id}/conversations`)).body.data[0]!.relationship_data.people;

describe("a conversation", () => {
  it("tells the owner of those who agreed: how close they are, what they speak of, whom they name, until they say no", async () => {
    const [olga, sven] = [await person("olga"), await person("sven")];
    const agent = await newAgent(olga, { name: "Ada" });
    await agrees(sven, agent);
    const room = await newRoom(olga, "public", { agents: [agent] });
    expect((await sven.post(`/rooms/${room.id}/join`)).status).toBeLessThan(300);
    const say = async (who: Person, text: string) =>
      expect((await who.post(`/rooms/${room.id}/messages`, { text, client_msg_id: fresh("m") })).status).toBe(201);
    await say(olga, "The harbour, the harbour, the harbour.");
    for (const text of ["My kayak leaks.", "The kayak again!", "My sister Mina has a kayak.", "Many thanks."])
      await say(sven, text);
    await eventually("all that was said", async () =>
      (await eventsOf(olga, "agents", agent.id)).filter(({ type }) => type === "MessageReceived").length === 5
        ? true
        : undefined,
    );
    expect(await peopleOf(olga, agent)).toEqual([
      {
        ...{ user_id: sven.id, tie: expect.closeTo(7, 2), reciprocity: 0, trust: expect.closeTo(Math.sqrt(0.05), 4) },
        ...{ messages_received: 4, messages_sent: 0, topics: ["kayak"], names: [{ relation: "sister", name: "Mina" }] },
      },
    ]);
    await sven.put("/me/consents", { agent_id: agent.id, granted: false });
    expect(await peopleOf(olga, agent)).toEqual([]);
  });
});
