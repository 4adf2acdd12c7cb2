/** Who gets in: tokens good and forged, the development identity and its bounds, and what an unconfigured house answers. */
import { describe, expect, it } from "vitest";
import type { ActorEnv } from "#actors/kit/doors.ts";
import type { Variables } from "#src/env.ts";
import { answer } from "#src/http/entry.ts";
import { bearer, bindings, expectProblem, fresh, ORIGIN, person, request } from "../support/door.ts";
import { goodClaims, house, nobody, publicKeyAsSecret, stranger, tokenOf } from "./tokens.ts";

const me = (token: string | undefined) =>
  request("/api/me", token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });

describe("a token", () => {
  it("signed by the house, in time and for this party, is whoever it names", async () => {
    const id = fresh("erin");
    const claims = { ...goodClaims(id), name: "Erin", metadata: { roles: ["auditor", "emperor"] } };
    const answered = await me(await tokenOf(claims));
    expect(answered.status).toBe(200);
    expect(answered.body).toMatchObject({ id, name: "Erin", roles: ["participant", "auditor"] });
  });

  it("takes its role from the organisation, too", async () => {
    for (const claims of [{ org_role: "org:admin" }, { o: { rol: "admin" } }]) {
      const { body } = await me(await tokenOf({ ...goodClaims(fresh("erin")), ...claims }));
      expect(body).toMatchObject({ roles: ["participant", "admin"] });
    }
  });

  const now = () => Math.floor(Date.now() / 1000);
  const forged: ReadonlyArray<readonly [string, () => Promise<string>]> = [
    ["without a signature, alg none", () => tokenOf(goodClaims("eve"), nobody, { alg: "none", typ: "JWT" })],
    ["without a signature, alg RS256", () => tokenOf(goodClaims("eve"), nobody)],
    [
      "HS256 with the public key as secret",
      () => tokenOf(goodClaims("eve"), publicKeyAsSecret, { alg: "HS256", typ: "JWT" }),
    ],
    ["HS256 under the name of RS256", () => tokenOf(goodClaims("eve"), publicKeyAsSecret)],
    ["of another key", async () => tokenOf(goodClaims("eve"), await stranger())],
    ["for another party", () => tokenOf({ ...goodClaims("eve"), azp: "https://elsewhere.example" })],
    ["for no party", () => tokenOf({ ...goodClaims("eve"), azp: undefined })],
    ["that expired", () => tokenOf({ ...goodClaims("eve"), exp: now() - 60 })],
    ["that never expires", () => tokenOf({ ...goodClaims("eve"), exp: undefined })],
    ["that is not good yet", () => tokenOf({ ...goodClaims("eve"), nbf: now() + 600 })],
    ["that names nobody", () => tokenOf({ ...goodClaims("eve"), sub: undefined })],
    ["that names no possible person", () => tokenOf(goodClaims("agent:x/../y"))],
    [
      "with changed claims",
      async () => {
        const [head, , signature] = (await tokenOf(goodClaims("eve"))).split(".");
        return `${head}.${(await tokenOf(goodClaims("dana"))).split(".")[1]}.${signature}`;
      },
    ],
    ["with a cut signature", async () => (await tokenOf(goodClaims("eve"), house)).slice(0, -8)],
    ["that is no token", async () => "a.b.c"],
    ["of sixty kilobytes", async () => "a".repeat(60_000)],
  ];

  it.each(forged)("%s gets nobody in", async (_what, make) => {
    const refused = await me(await make());
    expectProblem(refused, "unauthenticated");
    expect(refused.headers.get("www-authenticate")).toBe("Bearer");
  });

  it("is asked for in its own scheme", async () => {
    const { token } = await person("erin");
    for (const authorization of ["", token, `Basic ${token}`, `Bearer`, `Bearer ${token} ${token}`, `Bearer  ${token}`])
      expectProblem(await request("/api/me", { headers: { authorization } }), "unauthenticated");
    expect((await request("/api/me", { headers: { authorization: `bearer ${token}` } })).status).toBe(200);
  });

  it("is not taken from the address or a cookie", async () => {
    const { token } = await person("erin");
    expectProblem(await request(`/api/me?token=${token}`), "unauthenticated");
    expectProblem(await request("/api/me", { headers: { cookie: `__session=${token}` } }), "unauthenticated");
  });
});

describe("order of checks: token before everything", () => {
  it.each([
    ["an unknown path", "GET", "/api/nothing", undefined],
    ["a wrong method", "PATCH", "/api/agents", undefined],
    ["broken JSON", "POST", "/api/agents", "{"],
    ["a body of a megabyte", "POST", "/api/agents", "x".repeat(1_000_000)],
    ["a door that exists", "GET", "/api/agents", undefined],
  ])("%s without a token is 401", async (_what, method, path, body) => {
    expectProblem(await request(path, { method, ...(body === undefined ? {} : { body }) }), "unauthenticated");
  });

  it("then path, then method", async () => {
    const erin = await person("erin");
    for (const path of ["/nothing", "/agents/a/b/c", "/agents/", "", "/", "/tools/executions/x"])
      for (const method of ["GET", "POST"]) expectProblem(await erin.send(method, path), "not-found");
    const wrong = await erin.send("PATCH", "/agents", "{broken");
    expectProblem(wrong, "method-not-allowed");
    expect(wrong.headers.get("allow")?.split(/, */).toSorted()).toEqual(["GET", "POST"]);
    const deeper = await erin.send("POST", "/tools/executions", "{broken");
    expectProblem(deeper, "method-not-allowed");
    expect(deeper.headers.get("allow")).toBe("GET");
  });
});

describe("the development identity", () => {
  const ask = (body: BodyInit | null, method = "POST") => request("/dev/token", { method, body });

  it("gives a token good for twelve hours, with the roles asked for and no others", async () => {
    const { body } = await ask(JSON.stringify({ user: "dana", roles: ["admin"] }));
    const claims = JSON.parse(atob((body["token"] as string).split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/")));
    expect(claims.exp - claims.iat).toBe(12 * 3600);
    expect((await me(body["token"] as string)).body).toMatchObject({
      id: "dana",
      name: "Dana",
      roles: ["participant", "admin"],
      house: { identity: "development" },
    });
  });

  it.each([
    ["nothing", ""],
    ["broken JSON", "{"],
    ["no user", "{}"],
    ["an empty user", '{"user":""}'],
    ["a user that cannot be one", '{"user":"../x"}'],
    ["an unknown role", '{"user":"dana","roles":["emperor"]}'],
    ["a list", "[]"],
  ])("%s is not valid", async (_what, body) => expectProblem(await ask(body), "validation"));

  it("takes POST alone, at this path alone", async () => {
    const refused = await ask(null, "GET");
    expectProblem(refused, "method-not-allowed");
    expect(refused.headers.get("allow")).toBe("POST");
    expectProblem(await request("/dev/other"), "not-found");
  });

  const { DEV_IDENTITY_PUBLIC_KEY, DEV_IDENTITY_PRIVATE_KEY, KEY_ENCRYPTION_KEYS } = bindings;
  const keys = { DEV_IDENTITY_PUBLIC_KEY, DEV_IDENTITY_PRIVATE_KEY };
  const house = { KEY_ENCRYPTION_KEYS, ...keys, APP_ENV: "development" };
  const clerk = { CLERK_JWT_KEY: DEV_IDENTITY_PUBLIC_KEY, CLERK_AUTHORIZED_PARTIES: "https://troupe.example" };

  async function at(variables: Variables, path: string, init: RequestInit = {}, origin = ORIGIN) {
    const env = { ...variables, DB: bindings.DB } as ActorEnv & Variables;
    const response = await answer(new Request(`${origin}${path}`, init), env, () => {});
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text.startsWith("{") ? JSON.parse(text) : null,
      text,
    };
  }
  const wanted = { method: "POST", body: JSON.stringify({ user: "dana", roles: ["admin"] }) };

  it.each([
    ["in production", { ...house, APP_ENV: "production" }, ORIGIN],
    ["when nothing says development", { KEY_ENCRYPTION_KEYS, ...keys }, ORIGIN],
    ["when a word merely resembles it", { ...house, APP_ENV: "Development" }, ORIGIN],
    ["when Clerk is configured", { ...house, ...clerk }, ORIGIN],
    ["from another host", house, "http://troupe.example"],
    ["from the local network", house, "http://192.168.1.20:8787"],
    ["from a host that begins like loopback", house, "http://127.0.0.1.evil.example"],
  ] as const)("does not exist %s", async (_when, variables, origin) => {
    expectProblem(await at(variables, "/dev/token", wanted, origin), "not-found");
  });

  it.each([
    "https://evil.example",
    "http://localhost.evil.example",
    "null",
  ])("does not exist for pages of other origins, such as %s: they could be rebound to this machine", async (origin) => {
    expectProblem(await at(house, "/dev/token", { ...wanted, headers: { origin } }), "not-found");
  });

  it("exists for the page of this machine", async () => {
    for (const origin of [ORIGIN, "http://127.0.0.1:8787", "http://[::1]"])
      expect((await at(house, "/dev/token", { ...wanted, headers: { origin } })).status).toBe(200);
  });

  it.each(["http://localhost:8787", "http://127.0.0.1", "http://[::1]:1"])("exists at %s", async (origin) => {
    expect((await at(house, "/dev/token", wanted, origin)).status).toBe(200);
  });

  it("its tokens are worth nothing where Clerk is configured, even with the same key", async () => {
    const { token } = (await at(house, "/dev/token", wanted)).body as { token: string };
    const authorization = `Bearer ${token}`;
    expect((await at(house, "/api/tools", { headers: { authorization } })).status).toBe(200);
    expectProblem(await at({ ...house, ...clerk }, "/api/tools", { headers: { authorization } }), "unauthenticated");
  });

  describe("a house without an identity provider", () => {
    const bare = { KEY_ENCRYPTION_KEYS };
    it("says so at every door of the API, token or not, and lets nobody in", async () => {
      const authorization = `Bearer ${await tokenOf(goodClaims("dana"))}`;
      for (const path of ["/api/agents", "/api/me", "/api/nothing"])
        for (const headers of [{}, { authorization }])
          expectProblem(await at({ ...bare, ...keys }, path, { headers }), "auth-not-configured");
      const socket = { headers: { upgrade: "websocket" } };
      const path = "/parties/room/rm_00000000000000000000000000/websocket?vsn=2.0.0";
      expectProblem(await at(bare, path, socket), "auth-not-configured");
    });

    it("is healthy all the same, and shows its document", async () => {
      expect(await at(bare, "/health")).toMatchObject({
        status: 200,
        body: { status: "ok", version: expect.any(String) },
      });
      expect((await at(bare, "/api/openapi.json")).status).toBe(200);
    });
  });

  it.each([
    ["KEY_ENCRYPTION_KEYS", { ...house, KEY_ENCRYPTION_KEYS: "1:short" }],
    ["KEY_ENCRYPTION_KEYS", { ...keys, APP_ENV: "development" }],
    ["CLERK_AUTHORIZED_PARTIES", { ...house, ...clerk, CLERK_AUTHORIZED_PARTIES: " , " }],
    ["CLERK_AUTHORIZED_PARTIES", { ...house, CLERK_SECRET_KEY: "sk_test_x" }],
    ["CLERK_JWT_KEY", { ...house, ...clerk, CLERK_JWT_KEY: "a secret that is no key" }],
    ["ANTHROPIC_BASE_URL", { ...house, ANTHROPIC_BASE_URL: "ftp://models.example" }],
    ["OPENAI_BASE_URL", { ...house, OPENAI_BASE_URL: "no address" }],
    ["DEMO_WORD_PAUSE_MS", { ...house, DEMO_WORD_PAUSE_MS: "soon" }],
    ["RETENTION_DAYS", { ...house, RETENTION_DAYS: "for ever" }],
    ["RETENTION_DAYS", { ...house, RETENTION_DAYS: "0" }],
  ])("a wrong %s is named, and its value is not shown", async (name, variables) => {
    const refused = await at(variables, "/api/me");
    expectProblem(refused, "not-configured");
    expect(refused.body.detail).toContain(name);
    for (const value of ["short", "a secret", "sk_test_x", "models.example"]) expect(refused.text).not.toContain(value);
  });
});

it("a token's holder stays the same person whatever the roles", async () => {
  const id = fresh("erin");
  const plain = bearer(id, await tokenOf(goodClaims(id)));
  const admin = bearer(id, await tokenOf({ ...goodClaims(id), metadata: { roles: ["admin"] } }));
  const made = await plain.post("/agents", {
    name: "Mine",
    llm_provider: "anthropic",
    model_name: "m",
    system_prompt: "x",
  });
  expect((await admin.get(`/agents/${made.body["id"]}`)).status).toBe(200);
});
