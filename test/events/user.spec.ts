/** A person arrives once, as a specification of `decide`. */
import { it } from "@effect/vitest";
import { userName } from "#events/kit/ids.ts";
import { user } from "#events/user/decide.ts";
import { PersonArrived } from "#events/user/events.ts";
import { dana, given, words } from "../support/given.ts";

const name = words({ name: "Dana" });
const arrive = { type: "Arrive", userId: dana, words: name } as const;
const arrived = PersonArrived({ userId: dana }, userName(dana), name);

it("a person's first use of the house is recorded, the name under their own key", () => {
  given(user).when(arrive).then(arrived);
});

it("arriving twice is arriving once", () => {
  given(user, arrived).when(arrive).nothing();
});
