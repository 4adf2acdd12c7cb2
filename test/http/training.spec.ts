/** Trainings over HTTP: what can be taught and how, what becomes of each row, and how a long one is followed and ended. */
import { describe, expect, it } from "vitest";
import {
  agrees,
  eventsOf,
  eventually,
  expectProblem,
  fresh,
  type MemoryBody,
  newAgent,
  type Page,
  type Person,
  person,
} from "../support/door.ts";

interface Operation extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly status: string;
  readonly done: number;
  readonly total: number;
  readonly result: {
    readonly taken: number;
    readonly refused: number;
    readonly refused_rows: ReadonlyArray<{ readonly row: number; readonly reason: string }>;
    readonly next_refused: number | null;
  } | null;
}

const LINES = { "content-type": "application/x-ndjson" };

async function scene() {
  const olga = await person("olga");
  const ada = await newAgent(olga);
  const train = (body: BodyInit, headers: Record<string, string> = {}) =>
    olga.send<Operation>("POST", `/agents/${ada.id}/train`, body, { "content-type": "application/json", ...headers });
  return { olga, ada, train };
}

/** The operation once it is over. */
const ended = (who: Person, id: string): Promise<Operation> =>
  eventually(`the end of ${id}`, async () => {
    const { body } = await who.get<Operation>(`/operations/${id}`);
    return body.status === "running" ? undefined : body;
  });

const taught = async (who: Person, agent: { readonly id: string }): Promise<ReadonlyArray<string | null>> => {
  const memories: Array<string | null> = [];
  for (let cursor = ""; ; ) {
    const { body } = await who.get<Page<MemoryBody>>(`/agents/${agent.id}/memories?limit=200${cursor}`);
    memories.push(...body.data.map(({ content }) => content));
    if (!body.page.has_more) return memories.toReversed();
    cursor = `&cursor=${body.page.next_cursor}`;
  }
};

describe("what is sent to be learned", () => {
  it("as JSON: is answered with an operation, and learned in the order in which it came", async () => {
    const { olga, ada, train } = await scene();
    await agrees(olga, ada);
    const items = [
      { content: "Boil the water first.", memory_type: "skill", importance_score: 0.9 },
      { content: "Olga takes no sugar.", memory_type: "preference", about: [olga.id], context: { at: "2024-01-01" } },
      { content: "Tea comes from Assam." },
    ];
    const begun = await train(JSON.stringify({ items }));
    expect(begun.status, begun.text).toBe(202);
    expect(begun.headers.get("location")).toBe(`/api/operations/${begun.body.id}`);
    expect(begun.body).toMatchObject({ total: 3, error: null });
    expect(await ended(olga, begun.body.id)).toEqual({
      ...{ id: begun.body.id, status: "done", done: 3, total: 3, error: null },
      result: { taken: 3, refused: 0, refused_rows: [], next_refused: null },
    });
    const { body } = await olga.get<Page<MemoryBody>>(`/agents/${ada.id}/memories`);
    expect(body.data.toReversed()).toMatchObject([
      { content: items[0]!.content, memory_type: "procedural", importance_score: 0.9, source: { basis: "trained" } },
      { content: items[1]!.content, memory_type: "social", about: [olga.id], said_at: "2024-01-01T00:00:00.000Z" },
      { content: items[2]!.content, memory_type: "semantic", source: { basis: "trained", origin: "owner" } },
    ]);
    const types = (await eventsOf(olga, "agents", ada.id)).map(({ type }) => type);
    expect(types.slice(-5)).toEqual([
      ...["TrainingStarted", "MemoryFormed", "MemoryFormed", "MemoryFormed", "TrainingEnded"],
    ]);
  });

  it("as ten thousand lines, some of them broken: the good ones are kept, each bad one is named by its line", async () => {
    const { olga, ada, train } = await scene();
    const broken = new Map<number, readonly [line: string, reason: string]>([
      [3, ['{"content":"half', "not-json"]],
      [5, ['{"content":"x","memory_type":"dream"}', "unknown-kind"]],
      [1_000, ['{"content":"  "}', "empty"]],
      [1_001, [JSON.stringify({ content: "x".repeat(16_385) }), "too-long"]],
      [4_444, ['{"memory_type":"fact"}', "no-content"]],
      [5_000, [`{"content":"x","about":["sven"]}`, "consent-required"]],
      [5_001, ['{"content":"x","about":[""]}', "no-person"]],
      [6_000, ['{"content":"x","importance_score":2}', "importance-out-of-range"]],
      [7_000, ['{"content":"\\ud800"}', "not-storable"]],
      [8_000, ["[1,2]", "not-an-item"]],
      [9_999, [JSON.stringify({ content: "x", context: "x".repeat(4_096) }), "context-too-long"]],
      [10_000, ["null", "not-an-item"]],
    ]);
    const blank = 17;
    const lines = Array.from({ length: 10_000 }, (_, index) => {
      const row = index + 1;
      if (row === blank) return "  ";
      return broken.get(row)?.[0] ?? JSON.stringify({ content: `Line ${row}.` });
    });
    const begun = await train(`\ufeff${lines.join("\r\n")}\r\n`, LINES);
    expect(begun.status, begun.text).toBe(202);
    const operation = await eventually(
      "the end",
      async () => {
        const { body } = await olga.get<Operation>(`/operations/${begun.body.id}`);
        return body.status === "running" ? undefined : body;
      },
      120_000,
    );
    expect(operation).toMatchObject({ status: "done", done: 9_999, total: 9_999 });
    expect(operation.result).toEqual({
      taken: 9_999 - broken.size,
      refused: broken.size,
      refused_rows: [...broken].map(([row, [, reason]]) => ({ row, reason })),
      next_refused: null,
    });
    const expected = lines.flatMap((_line, index) =>
      index + 1 === blank || broken.has(index + 1) ? [] : [`Line ${index + 1}.`],
    );
    expect(await taught(olga, ada)).toEqual(expected);
  }, 150_000);

  it("as a document: is cut into passages at its paragraphs, and no word of it is lost", async () => {
    const { olga, ada, train } = await scene();
    const long = Array.from({ length: 300 }, (_, index) => `Word${index} 😀.`).join(" ");
    const paragraphs = ["# The ferry", "It leaves at seven.", "x".repeat(990), long, "y".repeat(2_500), "The end."];
    const begun = await train(paragraphs.join("\n\n"), { "content-type": "text/markdown; charset=utf-8" });
    await ended(olga, begun.body.id);
    const passages = await taught(olga, ada);
    expect(passages[0]).toBe("# The ferry\n\nIt leaves at seven.");
    expect(passages[1]).toBe("x".repeat(990));
    for (const passage of passages) {
      expect(passage?.length).toBeLessThanOrEqual(1_000);
      expect(passage?.isWellFormed()).toBe(true);
    }
    const letters = (text: string) => text.replace(/\s+/g, "");
    expect(letters(passages.join(""))).toBe(letters(paragraphs.join("")));
    const plain = await train("One line.", { "content-type": "text/plain" });
    expect(await ended(olga, plain.body.id)).toMatchObject({ done: 1, result: { taken: 1 } });
  });

  it("as items without a word about their kind, which clients then call plain text: they are items all the same", async () => {
    const { olga, ada } = await scene();
    const begun = await olga.post<Operation>(`/agents/${ada.id}/train`, { items: [{ content: "An item." }] });
    await ended(olga, begun.body.id);
    expect(await taught(olga, ada)).toEqual(["An item."]);
  });

  it("may have 5 MiB, and not a byte more", async () => {
    const { olga, train } = await scene();
    const lines = Array.from({ length: 320 }, (_, index) =>
      JSON.stringify({ content: `${100 + index}${"x".repeat(15_997)}` }),
    ).join("\n");
    const most = 5 * 1024 * 1024;
    const begun = await train(lines.padEnd(most, "\n"), LINES);
    expect(begun.status, begun.text).toBe(202);
    for (const body of [lines.padEnd(most + 1, "\n"), new Blob([lines.padEnd(most + 1, "\n")]).stream()])
      expectProblem(await train(body, LINES), "payload-too-large");
    expect(await ended(olga, begun.body.id)).toMatchObject({ status: "done", result: { taken: 320, refused: 0 } });
  });

  it("is refused by name when there is nothing to learn in it, or nobody to learn it", async () => {
    const { olga, ada, train } = await scene();
    const before = await eventsOf(olga, "agents", ada.id);
    for (const body of ["", "{", "[]", '{"items":{}}', '{"items":[]}', '{"rows":[]}', new Uint8Array([0xff])])
      expectProblem(await train(body), "validation");
    for (const [type, body] of [
      ["application/x-ndjson", " \n\n "],
      ["text/plain", ""],
      ["text/plain", " \n "],
      ["text/markdown", "a\u0000b"],
      ["text/plain", new Uint8Array([0x61, 0xff])],
    ] as const)
      expectProblem(await train(body, { "content-type": type }), "validation");
    const pdf = await train("%PDF-1.7", { "content-type": "application/pdf" });
    expectProblem(pdf, "validation");
    for (const said of ["application/pdf", "application/json", "application/x-ndjson", "text/plain", "text/markdown"])
      expect(pdf.text).toContain(said);
    expectProblem(await train("{}\n".repeat(50_001), LINES), "payload-too-large");
    expect(await eventsOf(olga, "agents", ada.id)).toEqual(before);
    await olga.put(`/agents/${ada.id}`, { memory_enabled: false });
    expectProblem(await train('{"items":[{"content":"x"}]}'), "conflict");
  });

  it("sent twice under one key is learned once; something else under that key is refused", async () => {
    const { olga, ada, train } = await scene();
    const key = { "idempotency-key": fresh("key") };
    const first = await train('{"items":[{"content":"Once."}]}', key);
    const second = await train('{"items":[{"content":"Once."}]}', key);
    expect([second.status, second.body.id]).toEqual([202, first.body.id]);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expectProblem(await train('{"items":[{"content":"Twice."}]}', key), "idempotency-conflict");
    await ended(olga, first.body.id);
    expect(await taught(olga, ada)).toEqual(["Once."]);
  });
});

describe("an operation", () => {
  it("can be cancelled: what was learned stays, nothing more is learned, and a second time changes nothing", async () => {
    const { olga, ada, train } = await scene();
    const lines = Array.from({ length: 5_000 }, (_, index) => JSON.stringify({ content: `Line ${index}.` })).join("\n");
    const begun = await train(lines, LINES);
    const cancelled = await olga.delete<Operation>(`/operations/${begun.body.id}`);
    expect(cancelled).toMatchObject({ status: 200, body: { status: "cancelled", total: 5_000 } });
    const { done, result } = cancelled.body;
    expect(done).toBeLessThan(5_000);
    expect(result).toEqual({ taken: done, refused: 0, refused_rows: [], next_refused: null });
    expect((await olga.delete<Operation>(`/operations/${begun.body.id}`)).body).toEqual(cancelled.body);
    expect((await olga.get<Operation>(`/operations/${begun.body.id}`)).body).toEqual(cancelled.body);
    expect(await taught(olga, ada)).toHaveLength(done);
    expect((await eventsOf(olga, "agents", ada.id)).at(-1)?.type).toBe("TrainingEnded");
  });

  it("names all rows that were refused, however many: the rest behind where the first answer ends", async () => {
    const { olga, train } = await scene();
    const begun = await train("x\n".repeat(1_001), LINES);
    const { result } = await ended(olga, begun.body.id);
    expect(result?.refused_rows).toHaveLength(1_000);
    const rest = await olga.get<Operation>(`/operations/${begun.body.id}?refused_after=${result?.next_refused}`);
    expect(rest.body.result).toEqual({
      ...{ taken: 0, refused: 1_001, refused_rows: [{ row: 1_001, reason: "not-json" }], next_refused: null },
    });
    expectProblem(await olga.get(`/operations/${begun.body.id}?refused_after=x`), "validation");
  });

  it("that is a training is not resumed", async () => {
    const { olga, train } = await scene();
    const begun = await train('{"items":[{"content":"Once."}]}');
    expectProblem(await olga.post(`/operations/${begun.body.id}/resume`), "conflict");
    expectProblem(await (await person("sven")).post(`/operations/${begun.body.id}/resume`), "not-found");
  });

  it("that is done is not cancelled any more", async () => {
    const { olga, train } = await scene();
    const begun = await train('{"items":[{"content":"Once."}]}');
    const done = await ended(olga, begun.body.id);
    expect((await olga.delete<Operation>(`/operations/${begun.body.id}`)).body).toEqual(done);
  });

  it("is nobody's but the owner's", async () => {
    const { olga, ada, train } = await scene();
    const begun = await train('{"items":[{"content":"Mine."}]}');
    const done = await ended(olga, begun.body.id);
    const sven = await person("sven");
    for (const method of ["GET", "DELETE"]) {
      expectProblem(await sven.send(method, `/operations/${begun.body.id}`), "not-found");
      const body = "0".repeat(26);
      for (const id of [`op_${body}_${body}`, `op_${ada.id.slice(4)}_${body}`, ada.id, "op_", "x", "%00"])
        expectProblem(await olga.send(method, `/operations/${id}`), "not-found");
    }
    for (const body of ['{"items":[{"content":"His."}]}', "{", ""])
      expectProblem(await sven.send("POST", `/agents/${ada.id}/train`, body), "not-found");
    expect((await olga.get(`/operations/${begun.body.id}`)).body).toEqual(done);
  });
});
