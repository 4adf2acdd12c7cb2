/** What the API says of itself: its OpenAPI document, its health, its methods, and that every answer is the one it promises. */
import { describe, expect, it } from "vitest";
import { expectProblem, newAgent, newRoom, type Page, person, request } from "../support/door.ts";

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: unknown }>> }>
  >;
  readonly parameters?: ReadonlyArray<{
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: unknown;
  }>;
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

const documentOf = async () => (await request<Document>("/api/openapi.json")).body;

/** The doors of this release, by the contract and the specification. */
const promised: Readonly<Record<string, ReadonlyArray<string>>> = {
  "/api/agents": ["get", "post"],
  "/api/agents/{id}": ["get", "put", "delete"],
  "/api/agents/{id}/activate": ["post"],
  "/api/agents/{id}/chat": ["post"],
  "/api/agents/{id}/conversations": ["get"],
  "/api/agents/{id}/erasures": ["get"],
  "/api/agents/{id}/erasures/{erasureId}": ["get"],
  "/api/agents/{id}/events": ["get"],
  "/api/agents/{id}/tools": ["get", "put"],
  "/api/tools": ["get"],
  "/api/tools/executions": ["get"],
  "/api/rooms": ["get", "post"],
  "/api/rooms/{id}": ["get"],
  "/api/rooms/{id}/policy": ["put"],
  "/api/rooms/{id}/join": ["post"],
  "/api/rooms/{id}/leave": ["post"],
  "/api/rooms/{id}/participants": ["post"],
  "/api/rooms/{id}/participants/{participantId}": ["delete"],
  "/api/rooms/{id}/messages": ["get", "post"],
  "/api/rooms/{id}/events": ["get"],
  "/api/agents/{id}/memories": ["get", "post"],
  "/api/agents/{id}/memories/search": ["post"],
  "/api/agents/{id}/train": ["post"],
  "/api/memories/{id}": ["get", "put", "delete"],
  "/api/memories/{id}/restore": ["post"],
  "/api/memories/{id}/separate": ["post"],
  "/api/operations/{id}": ["get", "delete"],
  "/api/me": ["get"],
  "/api/me/consents": ["get", "put"],
  "/api/me/memories": ["get"],
  "/api/me/erase": ["post"],
  "/api/me/erasures/{id}": ["get"],
  "/api/me/come-back": ["post"],
  "/api/me/memories/{id}": ["delete"],
};

describe("/api/openapi.json", () => {
  it("is there for everybody, in version 3.1", async () => {
    const answer = await request<Document>("/api/openapi.json");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toContain("application/json");
    expect(answer.body).toMatchObject({
      openapi: expect.stringMatching(/^3\.1\./),
      info: { title: "Troupe", version: expect.any(String) },
    });
  });

  it("names every door with every method", async () => {
    const { paths } = await documentOf();
    for (const [path, methods] of Object.entries(promised))
      expect(Object.keys(paths[path] ?? {}), path).toEqual(expect.arrayContaining([...methods]));
  });

  it("each operation has a name of its own, declares its parameters, and can refuse only with problems", async () => {
    const { paths } = await documentOf();
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, ...operation })),
    );
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { path, parameters = [], responses } of operations) {
      const declared = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name);
      expect(declared.toSorted()).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!).toSorted());
      expect(Object.keys(responses).some((status) => status.startsWith("2"))).toBe(true);
      for (const [status, { content = {} }] of Object.entries(responses))
        if (Number(status) >= 400)
          expect(Object.keys(content), `${path} ${status}`).toEqual(["application/problem+json"]);
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(["400", "401", "404"]));
    }
  });

  it("points to nothing that it does not hold", async () => {
    const text = (await request("/api/openapi.json")).text;
    const { components } = JSON.parse(text) as Document;
    for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g))
      expect(components.schemas).toHaveProperty([decodeURIComponent(name!)]);
    expect(text).not.toMatch(/"\$ref":"(?!#\/components\/schemas\/)/);
  });

  it("is the same for the same program", async () => {
    expect((await request("/api/openapi.json")).text).toBe((await request("/api/openapi.json")).text);
  });
});

describe("every path", () => {
  it("takes its own methods and tells them to whoever tries another", async () => {
    const { paths } = await documentOf();
    const olga = await person("olga");
    const agent = await newAgent(olga);
    const room = await newRoom(olga);
    for (const [path, methods] of Object.entries(paths)) {
      const real = path
        .slice("/api".length)
        .replace("{id}", path.includes("/agents/") ? agent.id : room.id)
        .replace("{participantId}", "nobody");
      const allowed = Object.keys(methods).map((method) => method.toUpperCase());
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].filter(
        (candidate) => !allowed.includes(candidate),
      )) {
        const refused = await olga.send(method, real);
        expectProblem(refused, "method-not-allowed");
        expect(refused.headers.get("allow")?.split(", ").toSorted()).toEqual(allowed.toSorted());
      }
    }
  });

  it("answers a list in the one shape of lists", async () => {
    const olga = await person("olga");
    const [agent, room] = [await newAgent(olga), await newRoom(olga)];
    for (const path of [
      "/agents",
      "/rooms",
      "/tools",
      "/tools/executions",
      `/agents/${agent.id}/events`,
      `/agents/${agent.id}/conversations`,
      `/agents/${agent.id}/memories`,
      `/agents/${agent.id}/erasures`,
      "/me/memories",
      `/rooms/${room.id}/messages`,
      `/rooms/${room.id}/events`,
    ]) {
      const { body } = await olga.get<Page<unknown>>(path);
      expect(Object.keys(body).toSorted()).toEqual(["data", "page"]);
      expect(body.page.has_more).toBe(body.page.next_cursor !== null);
      const short = (await olga.get<Page<unknown>>(`${path}?limit=1`)).body;
      expect(short.data).toEqual(path.endsWith("/messages") ? [] : body.data.slice(0, 1));
    }
  });

  it("problem documents name the path that was asked, and each its own trace", async () => {
    const olga = await person("olga");
    const refused = await Promise.all([olga.get("/nothing?x=1"), olga.get("/nothing?x=1")]);
    expect(refused.map(({ body }) => body["instance"])).toEqual(["/api/nothing", "/api/nothing"]);
    expect(refused[0]!.body["trace_id"]).not.toBe(refused[1]!.body["trace_id"]);
  });
});

describe("/health", () => {
  it("says that it is well, and no more", async () => {
    const { status, body } = await request("/health");
    expect(status).toBe(200);
    expect(body).toEqual({ status: "ok", version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });
});

it("what is not of the API, the sockets or the page does not exist", async () => {
  for (const path of [
    "/parties/agent/x",
    "/parties/vault/0",
    "/parties/room",
    "/parties/room/x/y/z",
    "/dev/nothing",
    "/v1/nothing",
  ])
    expectProblem(await request(path), "not-found");
});

it("every other path is the page's, and a program is not told otherwise", async () => {
  for (const path of ["/api/../secrets", "/dev", "/v2/nothing"]) {
    const answer = await request(path);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  }
});
