/** The list of words, harmless sentences that it must leave alone, and OpenAI's moderation on the wire. */
import { describe, expect, it } from "@effect/vitest";
import { Effect, Exit, Fiber } from "effect";
import type { ModerationFailure } from "#actors/agent/turn/failures.ts";
import { judge } from "#actors/agent/turn/filter.ts";
import { Moderator } from "#actors/agent/turn/ports.ts";
import { listedWords, moderatorLayer } from "#src/models/moderator.ts";

const found = (text: string) => listedWords(text).map(({ start, end }) => text.slice(start, end));

describe("a listed word is found where it stands", () => {
  it.each([
    ["You bitch!", "bitch"],
    ["What a load of (bullshit).", "bullshit"],
    ["Oh _shit_, again", "shit"],
    ["sh1t happens", "sh1t"],
    ["such an a$$hole", "a$$hole"],
    ["fuuuuck that", "fuuuuck"],
    ["F*ck that", "F*ck"],
    ["go f u c k yourself", "f u c k"],
    ["go f.u.c.k yourself", "f.u.c.k"],
    ["you w-h-o-r-e", "w-h-o-r-e"],
  ])("%s", (text, word) => {
    expect(found(text)).toEqual([word]);
  });

  it("more than once, and never by its name in a verdict", () => {
    expect(listedWords("fuck, what a twat")).toEqual([
      { start: 0, end: 4, rule: "abusive-language" },
      { start: 13, end: 17, rule: "abusive-language" },
    ]);
  });
});

/** 41 sentences that look like something to a machine and are nothing: names, trades, other languages, code, numbers. */
const harmless = [
  "Scunthorpe United drew with Arsenal; the Sussex and Essex fixtures are on Saturday.",
  "Dick Van Dyke danced on the chimneys in Mary Poppins, and Moby Dick is by Melville.",
  "The class assignment asks you to assess the assets of a passenger association.",
  "A cocktail party at Hancock's: cockatoos, peacocks and a shuttlecock.",
  "The Wankel engine has no pistons; Matsushita and Kinoshita both built one.",
  "Sunni and Shiite scholars met in Mashhad.",
  "Add shiitake mushrooms to the broth; shittim wood is acacia.",
  "A great tit and a blue-footed booby landed on the breast of the hill.",
  "The analyst's manuscript covers Uranus, tetanus and the therapist's analysis.",
  "Flame retardant, spastic diplegia and a prick of the needle are medical terms.",
  "The semen sample and the cervical screening go to the laboratory.",
  "Put the dam and sire in the pedigree; the scat of the fox is in the grass.",
  "Montenegro, Río Negro and the Niger are rivers or lie beside them.",
  "The niggardly budget snagged on a snigger in the gallery.",
  "Rapeseed oil is pressed from Brassica napus, grapes are not.",
  "På slutet: det är slut, sa Kike García till Fu Wei.",
  "Hendes fag er matematik; le train a du retard.",
  "Der Fuchs ist dick, die Suppe verdickt, und Frau Fick steigt auf den Wank.",
  "Сука — это собака женского пола; хорошая погода, сосед рубит сук.",
  "今日は良い天気ですね。メールはまだ届いていません。",
  "ภาษาไทยไม่มีช่องว่างระหว่างคำ",
  "assert(buffer.length === 0); const shift = this.shift || base;",
  "if (!user) return; // then @deprecated and $scope go",
  "Run `git clone git@github.com:troupe/troupe.git` and `npm i effect@4.1.0`.",
  "The file is logo@2x.png, 12.5 kB, sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.",
  "UUID 123e4567-e89b-12d3-a456-426614174000, trace 4bf92f3577b34da6a3ce929d0e0e4736.",
  "Set OPENAI_API_KEY=sk-... or Authorization: Bearer $TOKEN in the environment.",
  "Basic authentication sends `Authorization: Basic <credentials>`; bearer tokens are opaque.",
  "Connect to postgres://localhost:5432/troupe or http://127.0.0.1:8787/health.",
  "See https://www.example.org/a/b?from=2026-01-01T00:00:00Z&to=@me#top for more.",
  "sk-learn is short for scikit-learn; the task-management board is next to the desk-top.",
  "A PEM file begins with BEGIN CERTIFICATE and is base64, e.g. TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsu.",
  "2^53 is 9007199254740992 and 20! is 2432902008176640000.",
  "π is 3.14159265358979323846 and e is 2.71828182845904523536.",
  "The ISBN is 978-3-16-148410-0, the ISSN 2049-3630, the IMEI 490154203237518.",
  "It grew by +12.5 % to 1 234 567 890 in 2024 2025 2026, +100000 in May.",
  "Order 20261122111300, parcel 00340434161094015902, invoice 2026-000123.",
  "12.5% of 640 is 80, and 1/3 is 0.3333333333333333.",
  "Meet at 10:30 on 2026-11-22, room 4.11, row 11 11 11.",
  "I A M is said of systems that know who you are: U S E R S, roles, A B C.",
  "Ask @Ada, @Bo or #general; e.g. at 5 pm CET, i.e. 16:00 UTC.",
];

describe("41 harmless sentences", () => {
  it("are 41", () => {
    expect(new Set(harmless).size).toBe(41);
  });

  it.each(harmless)("%s", (text) => {
    for (const direction of ["in", "out"] as const)
      expect(judge(text, direction, { said: [], words: listedWords })).toEqual({ action: "pass", rules: [], text });
  });
});

// ── on the wire ─────────────────────────────────────────────────────────────────────────────────────────────────────

const categories = { harassment: false, "hate/threatening": false, illicit: null, violence: false };
const result = (flagged: boolean, over: Record<string, boolean> = {}) => ({
  ...{ flagged, categories: { ...categories, ...over }, category_scores: {} },
});
const answer = (flagged: boolean, over: Record<string, boolean> = {}) => ({
  id: "modr-1",
  model: "omni-moderation",
  results: [result(flagged, over)],
});

/** A Moderator over a provider that answers so; what it was asked is kept. */
const provided = (respond: () => Response | Promise<Response>, baseUrl?: string) => {
  const asked: Array<{ readonly url: string; readonly body: unknown; readonly key: string | null }> = [];
  const fetch: typeof globalThis.fetch = async (url, init) => {
    const key = new Headers(init?.headers).get("authorization");
    asked.push({ url: String(url), body: JSON.parse(String(init?.body)), key });
    return respond();
  };
  const checkAll = (...texts: ReadonlyArray<string>) =>
    Effect.provide(
      Moderator.use((moderator) => moderator.check(texts)),
      moderatorLayer({ apiKey: "k", baseUrl, fetch }),
    );
  const check = (text: string) => Effect.map(checkAll(text), ([categories]) => categories);
  return { asked, check, checkAll };
};

describe("OpenAI's moderation", () => {
  it.live("is asked about the text, with the key, by the newest model", () =>
    Effect.gen(function* () {
      const { asked, check } = provided(() => Response.json(answer(false)));
      expect(yield* check("Good morning.")).toEqual([]);
      expect(asked).toEqual([
        {
          url: "https://api.openai.com/v1/moderations",
          body: { model: "omni-moderation-latest", input: ["Good morning."] },
          key: "Bearer k",
        },
      ]);
    }),
  );

  it.live("names what it flags", () =>
    Effect.gen(function* () {
      const { check } = provided(() => Response.json(answer(true, { "hate/threatening": true, violence: true })));
      expect(yield* check("…")).toEqual(["hate/threatening", "violence"]);
      expect(yield* provided(() => Response.json(answer(true))).check("…")).toEqual(["unspecified"]);
    }),
  );

  it.live("is asked about several texts in one request, and answers for each in its place", () =>
    Effect.gen(function* () {
      const results = [result(false), result(true, { violence: true }), result(true)];
      const { asked, checkAll } = provided(() => Response.json({ ...answer(false), results }));
      expect(yield* checkAll("One.", "Two.", "Three.")).toEqual([[], ["violence"], ["unspecified"]]);
      expect(asked.map(({ body }) => body)).toMatchObject([{ input: ["One.", "Two.", "Three."] }]);
      const fewer = yield* Effect.flip(provided(() => Response.json(answer(false))).checkAll("One.", "Two."));
      expect(fewer.reason._tag).toBe("Garbled");
    }),
  );

  it.live.each<readonly [string, () => Response | Promise<Response>, ModerationFailure["reason"]["_tag"]]>([
    ["a fault of theirs", () => Response.json({ error: { message: "no" } }, { status: 500 }), "Broken"],
    ["too many requests", () => Response.json({ error: { message: "no" } }, { status: 429 }), "RateLimited"],
    ["a key that is not accepted", () => Response.json({ error: { message: "no" } }, { status: 401 }), "Unauthorized"],
    ["no answer at all", () => Promise.reject(new TypeError("fetch failed")), "Unreachable"],
    ["a page instead of an answer", () => new Response("<html>"), "Garbled"],
    ["an answer without a result", () => Response.json({ results: [] }), "Garbled"],
    [
      "an answer that is cut",
      () => new Response('{"results": [', { headers: { "content-type": "application/json" } }),
      "Garbled",
    ],
  ])("%s is a failure, never an opinion, and is not asked again", ([, respond, tag]) =>
    Effect.gen(function* () {
      const { asked, check } = provided(respond);
      const failure = yield* Effect.flip(check("…"));
      expect([failure._tag, failure.reason._tag, asked.length]).toEqual(["ModerationFailure", tag, 1]);
    }),
  );

  it.live("lets go of the connection when nobody waits any more", () =>
    Effect.gen(function* () {
      const opened = Promise.withResolvers<AbortSignal>();
      const fetch: typeof globalThis.fetch = (_url, init) =>
        new Promise((_, reject) => {
          init!.signal!.addEventListener("abort", () => reject(new DOMException("gone", "AbortError")));
          opened.resolve(init!.signal!);
        });
      const check = Moderator.use((moderator) => moderator.check(["…"]));
      const fiber = yield* Effect.forkChild(Effect.provide(check, moderatorLayer({ apiKey: "k", fetch })));
      const signal = yield* Effect.promise(() => opened.promise);
      yield* Fiber.interrupt(fiber);
      expect(Exit.hasInterrupts(yield* Fiber.await(fiber))).toBe(true);
      expect(signal.aborted).toBe(true);
    }),
  );

  it.live("is not sought at another address, nor without a key", () =>
    Effect.gen(function* () {
      const elsewhere = provided(() => Response.json(answer(true)), "http://localhost:11434/v1");
      expect(yield* elsewhere.check("…")).toEqual([]);
      expect(elsewhere.asked).toEqual([]);
      const check = Moderator.use((moderator) => moderator.check(["…"]));
      expect(yield* Effect.provide(check, moderatorLayer(undefined))).toEqual([[]]);
    }),
  );
});
