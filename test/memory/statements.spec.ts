/** Plain statements become facts, by pattern: whose, what about them, which value, since when; and what a question asks for. */
import { describe, expect, it } from "@effect/vitest";
import { attributeAsked, type Statement, statementsIn } from "#actors/agent/memory/language/statements.ts";
import { drawn } from "../support/drawn.ts";

/** A Wednesday. */
const at = Date.UTC(2025, 5, 18, 15, 30);

/** `subject.attribute=value`; `!` before what holds no longer, `+` behind what may hold beside others, `<` what it was. */
const told = ({ subject, attribute, value, formerly, negated, singleValued }: Statement): string =>
  `${negated ? "!" : ""}${subject}.${attribute ?? "?"}=${value}${singleValued ? "" : "+"}${formerly === undefined ? "" : `<${formerly}`}`;
const read = (text: string) => statementsIn(text, at).map(told).join("; ");

describe("a plain statement is a fact of who says it", () => {
  it.each([
    ["I live in Bern.", "speaker.home=Bern"],
    ["Hey Ada, by the way, I'm based in Oslo these days", "speaker.home=Oslo"],
    ["i moved to berlin", "speaker.home=berlin"],
    ["I work at Acme as a nurse", "speaker.employer=Acme; speaker.job=nurse"],
    ["I'm a software engineer at Google", "speaker.job=software engineer; speaker.employer=Google"],
    ["I was promoted to team lead", "speaker.job=team lead"],
    ["My name's Dana", "speaker.name=Dana"],
    ["My birthday is on the 3rd of May, 1988.", "speaker.birthday=the 3rd of May, 1988"],
    ["I just turned 35", "speaker.age=35"],
    ["My wife is Anna", "speaker.partner=Anna"],
    ["I'm married to Tom", "speaker.relationship=married; speaker.partner=Tom"],
    ["I have two cats called Miso and Tofu", "speaker.pet=cat+; speaker.cat name=Miso+; speaker.cat name=Tofu+"],
    ["My two cats are Miso and Tofu", "speaker.cat name=Miso+; speaker.cat name=Tofu+"],
    ["I collect stamps and old coins", "speaker.hobby=collecting stamps+; speaker.hobby=collecting old coins+"],
    ["I go hiking every weekend", "speaker.hobby=hiking+"],
    ["im allergic to nuts", "speaker.allergy=nuts+"],
    ["I have a dog called Rex", "speaker.pet=dog+; speaker.dog name=Rex+"],
    ["My favourite colour is red", "speaker.favourite colour=red"],
    ["I'm allergic to peanuts and shellfish.", "speaker.allergy=peanuts+; speaker.allergy=shellfish+"],
    ["I don't like onions", "speaker.dislikes=onions+"],
    ["I've gone vegetarian", "speaker.diet=vegetarian"],
    ["I drive a Golf", "speaker.car=Golf"],
    ["I speak French and German", "speaker.language=French+; speaker.language=German+"],
    ["I study physics at ETH", "speaker.studies=physics; speaker.school=ETH"],
    ["My mobile number is 555-0134", "speaker.phone=555-0134"],
    ["You can reach me at dana@example.org", "speaker.email=dana@example.org"],
    ["My gym is FitPoint", "speaker.gym=FitPoint"],
    ["My doctor is Dr. Weber", "speaker.doctor=Dr. Weber"],
    ["I live in Bern and I work at Acme.", "speaker.home=Bern; speaker.employer=Acme"],
  ])("%s", (text, facts) => {
    expect(read(text)).toBe(facts);
  });
});

describe("… or of somebody they name, or of what all share", () => {
  it.each([
    ["Mina lives in Oslo", "Mina.home=Oslo"],
    ["Mina's birthday is 4 July", "Mina.birthday=4 July"],
    ["My sister lives in Oslo", "speaker.sister home=Oslo"],
    [
      "My sister Mina lives in Oslo. She works at Equinor.",
      "Mina.home=Oslo; speaker.sister name=Mina+; Mina.employer=Equinor",
    ],
    ["My son Bo is 7", "Bo.age=7; speaker.son name=Bo+"],
    ["The deadline is Friday", "room.deadline=Friday"],
    ["The wifi password is gull-42", "room.wifi password=gull-42"],
    ["Our project is called Troupe", "room.project=Troupe"],
  ])("%s", (text, facts) => {
    expect(read(text)).toBe(facts);
  });
});

describe("what changes takes the place of what was", () => {
  it.each([
    ["I am not allergic to peanuts, I am allergic to walnuts", "!speaker.allergy=peanuts+; speaker.allergy=walnuts+"],
    ["I'm not allergic to peanuts but to walnuts", "!speaker.allergy=peanuts+; speaker.allergy=walnuts+"],
    ["I'm allergic not to peanuts but to walnuts", "!speaker.allergy=peanuts+; speaker.allergy=walnuts+"],
    ["I'm allergic to walnuts, not peanuts", "!speaker.allergy=peanuts+; speaker.allergy=walnuts+"],
    ["My name is not Dana but Dina", "!speaker.name=Dana; speaker.name=Dina"],
    ["I don't live in Bern but in Basel", "!speaker.home=Bern; speaker.home=Basel"],
    ["I don't like tea but coffee", "speaker.dislikes=tea+; speaker.likes=coffee+"],
    ["I'm not a nurse but I like it", "!speaker.job=nurse"],
    ["I live in Bern, not far from the lake", "speaker.home=Bern"],
    ["I no longer live in Bern", "!speaker.home=Bern"],
    ["I don't live in Bern anymore, I live in Basel now.", "!speaker.home=Bern; speaker.home=Basel"],
    ["I used to live in Rome.", "!speaker.home=Rome"],
    ["We've just moved from Bern to Basel.", "speaker.home=Basel<Bern"],
    ["I'm no longer at Acme, now at Globex", "!speaker.employer=Acme; speaker.employer=Globex"],
    ["I left Acme for Globex.", "speaker.?=Globex<Acme"],
    ["I quit my job at Acme.", "!speaker.employer=<Acme"],
    ["I broke up with Kim.", "!speaker.partner="],
    ["I am no longer allergic to nuts.", "!speaker.allergy=nuts+"],
    ["We renamed the dog to Max", "speaker.dog name=Max"],
    ["Rex is now called Max", "speaker.?=Max<Rex"],
    ["We swapped the Golf for a Tesla", "speaker.?=Tesla<Golf"],
    ["I sold the Golf", "!speaker.?=<Golf"],
    ["I switched from coffee to tea", "speaker.?=tea<coffee"],
    ["It's not Bern any more but Basel", "speaker.?=Basel<Bern"],
    ["It's not Bern, it's Basel.", "speaker.?=Basel<Bern"],
    ["My new number is +41 79 555 01 34.", "speaker.phone=+41 79 555 01 34"],
    ["The old one bounces, use dana@new.example from now on", "speaker.email=dana@new.example"],
    ["The deadline has been moved to 12 June.", "room.deadline=12 June"],
    ["We pushed the launch from 3 May to 12 May", "room.launch=12 May<3 May"],
    ["I've switched gyms to FitPoint", "speaker.gym=FitPoint"],
    ["We renamed the project from Apollo to Orion", "room.project=Orion"],
    ["The budget was raised to 6000 euros", "room.budget=6000 euros"],
    ["I got promoted from engineer to manager", "speaker.job=manager"],
    ["We got a new car: a Volvo", "speaker.car=Volvo"],
    ["Tom and I got engaged", "speaker.relationship=engaged; speaker.partner=Tom"],
    ["We moved house, the new address is 44 Oak Avenue", "speaker.address=44 Oak Avenue"],
    ["My phone number changed, it's 555-0100 now", "!speaker.phone=; speaker.phone=555-0100"],
    [
      "My favourite colour isn't green anymore, it's blue",
      "!speaker.favourite colour=green; speaker.favourite colour=blue",
    ],
    ["I live in Bern. Actually no, it's Basel now.", "speaker.home=Bern; speaker.home=Basel"],
    [
      "My favourite drink used to be tea, now it's coffee",
      "!speaker.favourite drink=tea; speaker.favourite drink=coffee",
    ],
  ])("%s", (text, facts) => {
    expect(read(text)).toBe(facts);
  });

  it.each([
    ["I moved to Basel last month", "Basel", Date.UTC(2025, 4)],
    ["Since March I've been at Globex", "Globex", Date.UTC(2025, 2)],
    ["From next month I'll work at Initech", "Initech", Date.UTC(2025, 6)],
  ])("from when on it holds: %s", (text, value, validFrom) => {
    expect(statementsIn(text, at)).toMatchObject([{ value, validFrom }]);
  });
});

describe("what states nothing", () => {
  it.each([
    "Do you live in Bern?",
    "If I lived in Bern I would be happy",
    "I want to move to Rome",
    "Maybe I'll work at Acme",
    "My back is hurting",
    "My day was good",
    "My dog is sick",
    "It's my birthday today",
    "I moved to a new team",
    "I drive to work",
    "My plan is to move to Rome",
    "My calendar is a desert",
    "I like the laugh",
    "Swears like a docker",
    "We'll split it by three",
    "The sky is blue",
    'He said "I live in Bern"',
    "> I live in Bern",
    "Run `my name is Dana` please",
    "He lives in Paris",
    "",
  ])("%s", (text) => {
    expect(read(text)).toBe("");
  });
});

describe("a question asks for one fact", () => {
  it.each([
    ["Where does Dana live?", "Dana", "home"],
    ["Which city am I living in now?", "speaker", "home"],
    ["What's Dana's mobile number?", "Dana", "phone"],
    ["What is my favorite color?", "speaker", "favourite colour"],
    ["What does Dana drive?", "Dana", "car"],
    ["What's the name of Dana's dog?", "Dana", "dog name"],
    ["What is my dog called?", "speaker", "dog name"],
    ["Who is Dana married to?", "Dana", "partner"],
    ["Is Dana vegetarian?", "Dana", "diet"],
    ["Where does my sister live?", "speaker", "sister home"],
    ["What does Dana do for a living?", "Dana", "job"],
    ["Which gym does Dana go to?", "Dana", "gym"],
    ["How old is Dana?", "Dana", "age"],
    ["When is the deadline?", "room", "deadline"],
    ["Who is my boss?", "speaker", "manager"],
  ])("%s", (question, subject, attribute) => {
    expect(attributeAsked(question, at)).toEqual({ subject, attribute, past: false });
  });

  it.each([
    ["Where did Dana live before?", undefined],
    ["What was Dana's old address?", undefined],
    ["Where did Dana live in May?", Date.UTC(2025, 5) - 1],
  ])("as it was: %s", (question, asOf) => {
    expect(attributeAsked(question, at)).toMatchObject({ subject: "Dana", past: true });
    expect(attributeAsked(question, at)?.asOf).toBe(asOf);
  });

  it.each(["What should I cook?", "What do you think of Rome?", "Hello", ""])("%s asks for none", (question) => {
    expect(attributeAsked(question, at)).toBeUndefined();
  });
});

describe("any text at all", () => {
  it("is read without a throw; nothing that is found is longer than a value may be", () => {
    for (const text of drawn(20_261_123, 1_000)) {
      for (const { value } of statementsIn(text, at)) expect(value.length).toBeLessThanOrEqual(80);
      attributeAsked(text, at);
    }
  });

  it("a thousand statements are twelve", () => {
    const text = Array.from({ length: 1_000 }, (_, index) => `I like food${index}.`).join(" ");
    expect(statementsIn(text, at)).toHaveLength(12);
  });
});
