/** The first scene: a room and two agents, made through the public API as anybody could; used by start. Doing it again changes nothing. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const agents = [
  {
    key: "seed-ada",
    name: "Ada",
    description: "Research: looks things up, does the sums, remembers what you tell her.",
    system_prompt:
      "You are a careful researcher. You answer what was asked, show how you got there, and say when you do not know.",
    capabilities: ["calculator", "time_date"],
    personality: {
      traits: { conscientiousness: 0.9, openness: 0.8 },
      communicationStyle: { formality: "professional", verbosity: "moderate", humor: "subtle", empathy: "moderate" },
    },
  },
  {
    key: "seed-bo",
    name: "Bo",
    description: "Planning: turns a wish into steps, asks what is missing.",
    system_prompt:
      "You are a practical planner. You turn what people want into short, ordered steps and ask for what you need to know.",
    capabilities: ["calculator", "time_date"],
    personality: {
      traits: { extraversion: 0.8, agreeableness: 0.8 },
      communicationStyle: { formality: "casual", verbosity: "concise", humor: "subtle", empathy: "high" },
    },
  },
] as const;

/** Makes the room Welcome with Ada and Bo, owned by Dana. Only with the development identity: elsewhere people make their own. */
export async function seed(url: string, state: string): Promise<void> {
  const done = join(state, "troupe-seeded");
  if (existsSync(done)) return;
  const signedIn = await fetch(`${url}/dev/token`, {
    method: "POST",
    body: JSON.stringify({ user: "dana", roles: ["admin"] }),
  });
  const { token } = (await signedIn.json()) as { token?: string };
  if (token === undefined) return;
  /** Undefined when somebody has changed or deleted since what an earlier start had made: that is theirs to decide. */
  const post = async (path: string, key: string, body: unknown): Promise<{ readonly id: string } | undefined> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key };
    const response = await fetch(`${url}/api${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    const answer = (await response.json()) as { readonly id: string };
    if ([404, 409, 422].includes(response.status)) return undefined;
    if (!response.ok) throw new Error(`the first scene could not be set: ${JSON.stringify(answer)}`);
    return answer;
  };
  const room = await post("/rooms", "seed-welcome", { name: "Welcome", kind: "public" });
  if (room === undefined) return;
  for (const { key, ...agent } of agents) {
    const made = await post("/agents", key, { llm_provider: "anthropic", model_name: "claude-sonnet-5-5", ...agent });
    if (made) await post(`/rooms/${room.id}/participants`, `${key}-joins`, { agent_id: made.id });
  }
  writeFileSync(done, "");
}
