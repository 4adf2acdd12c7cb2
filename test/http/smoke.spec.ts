import { env, exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { chatFrames } from "../support/fake-provider.ts";
it("smokes", async () => {
  const real = globalThis.fetch;
  let seen: unknown;
  globalThis.fetch = (async (url: string, init: RequestInit) => { seen = [String(url), JSON.parse(String(init.body))]; return new Response(chatFrames({ says: ["Hello ", "there."], ends: "end" }).join(""), { headers: { "content-type": "text/event-stream" } }); }) as typeof fetch;
  const r = await exports.default.fetch("http://localhost/dev/token", { method: "POST", body: JSON.stringify({ user: "dana" }) });
  const { token } = (await r.json()) as { token: string };
  const h = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const t0 = Date.now();
  for (const p of ["anthropic", "openai"]) {
    const a = await exports.default.fetch("http://localhost/api/agents", { method: "POST", headers: h, body: JSON.stringify({ name: "Ada", llm_provider: p, model_name: "gpt-4", system_prompt: "x", capabilities: ["calculator"] }) });
    const agent = (await a.json()) as { id: string };
    console.log(a.status, JSON.stringify(agent), Date.now() - t0);
    const c = await exports.default.fetch(`http://localhost/api/agents/${agent.id}/chat`, { method: "POST", headers: h, body: JSON.stringify({ message: "What is 17 * 23?" }) });
    console.log(c.status, await c.text(), Date.now() - t0);
  }
  console.log(JSON.stringify(seen));
  globalThis.fetch = real;
  expect(env).toBeDefined();
});
