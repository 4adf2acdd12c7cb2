/** The course of a simulated house from a seed, a storm, then calm, then the reckoning, and stories told by hand; used by sim.spec.ts and scripts/sim.ts. */
import { checkAnswers } from "./answers.ts";
import { Chance } from "./chance.ts";
import type { Mutant } from "./mutants.ts";
import { type Plan, planOf } from "./plan.ts";
import * as reckoning from "./reckoning.ts";
import { BACK_IN_MID_REPLY } from "./watchers.ts";
import { calm, weatherOf } from "./weather.ts";
import { type Options, type Violation, World } from "./world.ts";

export interface Report {
  readonly seed: number;
  readonly steps: number;
  readonly events: number;
  readonly deaths: number;
  /** How often what happened, by the events' type, and by type and reason, kind or purpose, where there is one. */
  readonly happened: ReadonlyMap<string, number>;
  /** Over every step and every event: the same seed, the same trace. */
  readonly trace: string;
  readonly violation: Violation | undefined;
}

/**
 * In calm weather everything must come to rest within so many steps, and so much time of the house's own: agents look a
 * room through when it has been quiet for half an hour, and once more should that have failed, which is an hour and a
 * little. An object whose clock is behind is rung for nothing until it has caught up with a timer, every few milliseconds.
 */
const STEPS_TO_REST = 40_000;
const MS_TO_REST = 75 * 60_000;

/** A house in which nothing happens for so long is at rest: what comes then comes once a day. */
const MS_OF_REST = 10 * 60_000;

/** Faults for so many steps: whatever happens, nothing that was promised may be broken meanwhile. */
async function storm(world: World, steps: number): Promise<void> {
  const weather = weatherOf(world.chance);
  world.people.begin();
  // Most storms break over a house that stands: in bad weather it may never be set up.
  if (world.chance.maybe(0.8)) while (!world.people.settled && (await world.step()));
  world.weather = weather;
  for (let step = 0; step < steps && (await world.step()); step++) world.fate();
}

/** No more faults: whatever is under way must come to its end, and everybody to rest. */
async function rest(world: World): Promise<void> {
  world.weather = calm;
  world.platform.punctual();
  const until = world.clock.now + MS_TO_REST;
  const most = world.steps + STEPS_TO_REST;
  while (world.steps <= most && (await world.step(until)));
  if (world.violation === undefined && world.clock.next - world.clock.now < MS_OF_REST) {
    const spent = world.steps > most ? `${STEPS_TO_REST} steps` : `${MS_TO_REST} ms`;
    world.tell("liveness", `the house does not come to rest within ${spent}`);
  }
}

/** Nothing is lost, nothing is owed, everything can be told again. */
async function reckon(world: World, calmSince: number): Promise<void> {
  const { chronicle, invariants, people, platform, chance, readModels, tell } = world;
  const objects = [...platform.objects.values()];
  people.checkQuiet();
  reckoning.checkTurns(invariants, tell);
  reckoning.checkPatience(invariants, calmSince, tell);
  reckoning.checkDeliveries(chronicle, tell);
  checkAnswers(chronicle, tell);
  reckoning.checkAgreement(chronicle, tell);
  reckoning.checkKeys(objects, tell);
  reckoning.checkForgotten(objects, chronicle, tell);
  reckoning.checkDays(objects, invariants);
  reckoning.checkLogs(objects, (head) => chance.between(0, head), tell);
  if (world.violation === undefined) await reckoning.checkReadModels(objects, readModels, tell);
}

/** After a storm: rest, a word with everybody, a look at what was said, and the reckoning. */
async function aftermath(world: World): Promise<void> {
  const calmSince = world.clock.now;
  await rest(world);
  for (const presence of reckoning.presences(world.chronicle)) world.people.greet(presence);
  await rest(world);
  for (const presence of reckoning.presences(world.chronicle)) world.people.readAgain(presence);
  await rest(world);
  if (world.violation === undefined) await reckon(world, calmSince);
}

async function play(world: World, seed: number, course: () => Promise<void>): Promise<Report> {
  try {
    await world.clock.reign(world.chance, world.told, course);
  } finally {
    world.close();
  }
  const { steps, events, deaths, happened, trace, violation } = world;
  return { seed, steps, events, deaths, happened, trace, violation };
}

/** Plays a seed to its end, or to the first broken promise. */
export function simulate(seed: number, options: Options = {}): Promise<Report> {
  const chance = new Chance(seed);
  const world = new World(chance, planOf(chance), options);
  return play(world, seed, async () => {
    await storm(world, chance.between(100, 900));
    await aftermath(world);
  });
}

/** As above, with a bug planted for as long as it lasts. */
export async function simulateMutant(mutant: Mutant, seed: number): Promise<Report> {
  const { bent, pull } = mutant.plant();
  try {
    return await simulate(seed, { bent });
  } finally {
    pull();
  }
}

/** A story told by hand, in fair weather unless it says otherwise; `until` lets things happen until a deed is done. */
export function story(
  plan: Plan,
  tale: (world: World, until: (deed: Promise<unknown>) => Promise<void>) => Promise<void>,
  options: Options = {},
): Promise<Report> {
  const world = new World(new Chance(0), plan, options);
  const until = async (deed: Promise<unknown>) => {
    let done = false;
    void deed.then(() => {
      done = true;
    });
    while (!done && (await world.step()));
  };
  return play(world, 0, async () => {
    await tale(world, until);
    await aftermath(world);
  });
}

/** What some seeds came to. */
export interface Played {
  /** Broken promises, each as the line with which it can be played again. */
  readonly broken: ReadonlyArray<string>;
  /** All that has happened, as in a report. */
  readonly happened: ReadonlySet<string>;
}

/** Plays all seeds from the first to the last. */
export async function played(first: number, last: number): Promise<Played> {
  const broken: string[] = [];
  const happened = new Set<string>();
  for (let seed = first; seed <= last; seed++) {
    const report = await simulate(seed);
    for (const type of report.happened.keys()) happened.add(type);
    const { violation } = report;
    if (violation !== undefined) broken.push(`npm run sim -- --seed ${seed} --runs 1: ${violation.what}`);
  }
  return { broken, happened };
}

/** The promises that these seeds break, as above. */
export const broken = async (first: number, last: number): Promise<ReadonlyArray<string>> =>
  (await played(first, last)).broken;

/** All that can happen in a turn, and behind it: a promise about what never happens would be kept by keeping still. */
export const lived: ReadonlyArray<string> = [
  ...["MessageReceived", "TurnStarted", "TurnDeclined", "TurnResumed", "TurnDelayed", "TurnContinued"],
  ...["TurnInterrupted", "ContextAssembled", "ModelAsked", "ModelFailed", "ModelReplied", "ModelGaveUp"],
  ...["ToolRequested", "ToolDenied", "ToolExecuted", "ToolFailed", "ToolOutcomeUnknown"],
  ...["ReplyDrafted", "ReplyWithheld", "ReplyPosted", "TurnCompleted", "TurnStopped", "TurnFailed"],
  ...["coalesced", "called-off"].map((why) => `TurnDeclined ${why}`),
  ...["stopped", "called-off"].map((why) => `TurnInterrupted ${why}`),
  ...["busy", "broken", "cut", "money", "ours", "refused"].map((kind) => `ModelFailed ${kind}`),
  ...["TurnBudget", "AgentBudget", "RoomBudget", "AskerBudget"].map((reason) => `ModelGaveUp ${reason}`),
  ...["Asked", "Replied", "Failed"].map((how) => `Model${how}Behind memories`),
  ...["ErasureCompleted", "PersonReturned"],
  ...["ModelAskedBehind summary", "RoomSummarized", "MemoriesDrawn", BACK_IN_MID_REPLY],
];
