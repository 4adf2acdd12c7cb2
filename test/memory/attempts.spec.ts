/** A thousand attempts to reach what two agents of one house know, through what comes to their minds and through the doors of owners and people: each brings what it may, and nothing else. */
import { expect, it } from "vitest";
import type { UserId } from "#events/kit/ids.ts";
import { chance, pick } from "../support/drawn.ts";
import { memoryId, roomId } from "../support/given.ts";
import { Housemate, nameOf, type Place, principal } from "../support/housemates.ts";
import { TestKeys } from "../support/ledger-fixture.ts";

const people = ["ana", "ben", "cem", "dov"] as ReadonlyArray<string> as [UserId, UserId, UserId, UserId];
const [ana, ben, cem, dov] = people;
const [olga, otto] = ["olga", "otto"] as ReadonlyArray<string> as [UserId, UserId];
const den: Place = { id: roomId("den"), kind: "private", people: [ana, ben] };
const attic: Place = { id: roomId("attic"), kind: "private", people: [ana, cem, dov] };
/** Anybody reads along there. */
const hall: Place = { id: roomId("hall"), kind: "public", people: [ana, ben, cem, dov] };
const places = [den, attic, hall];

/** Something that was told to one of the agents, known by a word that stands nowhere else. */
interface Secret {
  readonly word: string;
  readonly text: string;
  readonly agent: "ada" | "bo";
  /** Where it was said; null for what the owner added. */
  readonly place: Place | null;
  /** Whom it is about: who said it, and who is named in it. */
  readonly about: ReadonlyArray<UserId>;
  readonly speaker: UserId | null;
  /** Somebody it is about did not agree. */
  readonly kept: boolean;
}

const wordOf = (number: number): string =>
  `zq${Array.from(String(number).padStart(3, "0"), (digit) => "bdfghklmnp"[Number(digit)]).join("u")}`;

/** Two agents in one house who were told of two hundred things. Dov agreed with nobody, Ben with Ada alone. */
async function told(random: () => number) {
  const keys = new TestKeys();
  const minds = { ada: new Housemate("ada", keys, olga, places), bo: new Housemate("bo", keys, otto, places) };
  const owners = { ada: olga, bo: otto };
  const agreed = { ada: [ana, ben, cem], bo: [ana, cem] };
  for (const agent of ["ada", "bo"] as const)
    for (const userId of people) minds[agent].decides(userId, agreed[agent].includes(userId));
  const secrets: Secret[] = [];
  for (let number = 0; number < 200; number++) {
    const word = wordOf(number);
    const agent = pick(random, ["ada", "bo"] as const);
    if (random() < 0.2) {
      const about = agreed[agent].filter(() => random() < 0.5);
      const text = `The house has a ${word} somewhere.`;
      await minds[agent].learns(owners[agent], { kind: "semantic", content: text, about });
      secrets.push({ word, text, agent, place: null, about, speaker: null, kept: true });
      continue;
    }
    const place = pick(random, places);
    const speaker = pick(random, place.people);
    const named = place.people.filter((userId) => userId !== speaker && random() < 0.2);
    const text = `There is a ${word} here${named.length > 0 ? `, ${named.map(nameOf).join(" and ")} saw` : ""}.`;
    minds[agent].hears(place, speaker, text);
    const about = [speaker, ...named];
    const kept = about.every((userId) => agreed[agent].includes(userId));
    secrets.push({ word, text, agent, place, about, speaker, kept });
  }
  return { minds, owners, secrets };
}

type House = Awaited<ReturnType<typeof told>>;
type Attempt = (house: House, secret: Secret, random: () => number) => Promise<"allowed" | "kept from them">;

/** What these texts give away, by its words. */
const givenAway = ({ secrets }: House, texts: ReadonlyArray<string | null>): ReadonlyArray<Secret> =>
  secrets.filter(({ word }) => texts.some((text) => text?.includes(word)));

const answer = (isAllowed: boolean) => (isAllowed ? "allowed" : "kept from them");

/** True where everybody who is there may hear it, and it was told to this agent. */
function mayBeTold(secret: Secret, agent: string, place: Place, present: ReadonlyArray<UserId>): boolean {
  const { kept, place: home, about } = secret;
  const isOpen = home === null ? about.length === 0 : home.kind === "public";
  const isTheirs = present.every((userId) => about.includes(userId));
  return kept && secret.agent === agent && (isOpen || home?.id === place.id || isTheirs);
}

const other = { ada: "bo", bo: "ada" } as const;
const anyAgent = (random: () => number, { agent }: Secret) => (random() < 0.5 ? agent : other[agent]);

const attempts: Readonly<Record<string, Attempt>> = {
  async "to have it come to mind"(house, secret, random) {
    const agent = anyAgent(random, secret);
    const place = pick(random, places);
    // In a public room somebody is always there about whom nothing is.
    const some = place.people.filter((userId) => userId === dov || random() < 0.6);
    const present = some.length === 0 ? [place.people[0]!] : some;
    const found = await house.minds[agent].recalls(secret.text, place, present);
    const away = givenAway(
      house,
      found.map(({ content }) => content),
    );
    for (const one of away) expect(mayBeTold(one, agent, place, present), `${one.text} in ${place.kind}`).toBe(true);
    const isAllowed = mayBeTold(secret, agent, place, present);
    expect(away.includes(secret)).toBe(isAllowed);
    const seqs = Array.from({ length: house.minds[agent].head }, (_, index) => index + 1);
    const tellable = house.minds[agent].memory.recall().tellable(seqs, place.id);
    expect(found.every(({ seq }) => tellable.includes(seq))).toBe(true);
    return answer(isAllowed);
  },

  async "to find it as an owner"(house, secret, random) {
    const [agent, by] = [anyAgent(random, secret), pick(random, [olga, otto, ana, dov])];
    const { door } = house.minds[agent];
    const search = { text: secret.text, limit: 50, minSimilarity: 0 };
    const reply = await door.search(principal(by), search);
    const isOwner = by === house.owners[agent];
    expect(reply.outcome).toBe(isOwner ? "accepted" : "refused");
    if (reply.outcome !== "accepted") return answer(false);
    const away = givenAway(
      house,
      reply.value.found.map(({ memory }) => memory.content),
    );
    expect(away.every((one) => one.agent === agent && one.kept)).toBe(true);
    expect(away.includes(secret)).toBe(secret.agent === agent && secret.kept);
    return answer(away.includes(secret));
  },

  async "to reach it by its id"(house, secret, random) {
    const id = await idOf(house, secret);
    const [agent, by] = [anyAgent(random, secret), pick(random, [olga, otto, ana, dov])];
    const { door, memory, head } = house.minds[agent];
    const isAllowed = by === house.owners[agent] && agent === secret.agent && id !== undefined;
    const known = id ?? memoryId("nobody's");
    const reply = await door.explain(principal(by), known);
    expect(reply.outcome).toBe(isAllowed ? "accepted" : "refused");
    if (isAllowed) return answer(true);
    const whole = { kind: "semantic", content: "Something else." } as const;
    const replies = [
      await door.change(principal(by), `change/${head}`, known, whole),
      await door.forget(principal(by), `forget/${head}`, known),
      await door.restore(principal(by), `restore/${head}`, known),
      await door.separate(principal(by), `separate/${head}`, known),
    ];
    expect(replies.map(({ outcome }) => outcome)).toEqual(replies.map(() => "refused"));
    expect(memory.register.find(known) === undefined).toBe(id === undefined || agent !== secret.agent);
    return answer(false);
  },

  async "to read or delete it as a person"(house, secret, random) {
    const [agent, by] = [anyAgent(random, secret), pick(random, people)];
    const { door, memory, head } = house.minds[agent];
    const reply = await door.about(principal(by), { limit: 500 });
    if (reply.outcome !== "accepted") throw new Error("a person may always ask");
    const { memories } = reply.value;
    const away = givenAway(
      house,
      memories.map((one) => one.memory.content),
    );
    const isReadable = (one: Secret) =>
      one.kept && one.agent === agent && (one.speaker === by || (one.about.length === 1 && one.about[0] === by));
    expect(away.toSorted()).toEqual(house.secrets.filter(isReadable).toSorted());
    expect(memories.every((one) => one.memory.about.length === 1 && one.memory.about[0] === by)).toBe(true);
    const id = await idOf(house, secret);
    const isTheirs = secret.agent === agent && secret.about.includes(by);
    if (id !== undefined && !isTheirs) {
      expect(await door.forgetAbout(principal(by), `forget/${head}`, id)).toMatchObject({ outcome: "refused" });
      expect(memory.register.find(id) === undefined).toBe(secret.agent !== agent);
    }
    return answer(isReadable(secret));
  },
};

/** The id under which its agent keeps it, as its owner finds it. */
async function idOf({ minds, owners }: House, { agent, word }: Secret) {
  const reply = await minds[agent].door.list(principal(owners[agent]), { state: "live", limit: 500 });
  if (reply.outcome !== "accepted") throw new Error("an owner may list");
  return reply.value.memories.find(({ content }) => content?.includes(word))?.memoryId;
}

it("a thousand attempts to reach what two agents know, at every door, bring what is allowed and nothing else", async () => {
  const random = chance(20_261_122);
  const house = await told(random);
  const outcomes = new Map<string, number>();
  for (let number = 0; number < 1_000; number++) {
    const [what, attempt] = pick(random, Object.entries(attempts));
    const outcome = `${what}: ${await attempt(house, pick(random, house.secrets), random)}`;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  // Neither is everything refused, nor is nothing.
  for (const what of Object.keys(attempts))
    for (const outcome of ["allowed", "kept from them"])
      expect(outcomes.get(`${what}: ${outcome}`)).toBeGreaterThan(10);
  for (const agent of ["ada", "bo"] as const)
    expect(house.minds[agent].memory.register.count("m.state = 'live'", [])).toBe(
      house.secrets.filter((one) => one.agent === agent && one.kept).length,
    );
}, 60_000);
