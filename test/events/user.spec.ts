/** A person arrives, is erased, and may come back, as a specification of `decide`. */
import { describe, it } from "@effect/vitest";
import { childId, type ErasureId, userName } from "#events/kit/ids.ts";
import { user } from "#events/user/decide.ts";
import {
  ConsentDecided,
  ConsentRequested,
  ErasureCompleted,
  ErasureRequested,
  PersonArrived,
  PersonReturned,
} from "#events/user/events.ts";
import { ErasureUnderWay, PersonIsErased } from "#events/user/refusals.ts";
import { agentId, dana, given, lobby, words } from "../support/given.ts";

const name = words({ name: "Dana" });
const arrive = { type: "Arrive", userId: dana, words: name } as const;
const arrived = PersonArrived({ userId: dana }, userName(dana), name);

it("a person's first use of the house is recorded, the name under their own key", () => {
  given(user).when(arrive).then(arrived);
});

it("arriving twice is arriving once", () => {
  given(user, arrived).when(arrive).nothing();
});

describe("being erased", () => {
  const erase = { type: "RequestErasure", userId: dana } as const;
  const idOf = (time: number) => childId<ErasureId>("erasure", dana, String(time));
  const requested = (time = 1) => ErasureRequested({ userId: dana, erasureId: idOf(time) });
  const receipt = (time = 1) => ({
    ...{ erasureId: idOf(time), shreddedAt: 5, generations: [time], fingerprints: ["a1"], kek: 1 },
    streams: [{ stream: "user:user_dana", confirmedAt: 7 }],
    agents: [{ agentId: agentId("ada"), forgotten: 3 }],
  });
  const complete = (time = 1) => ({ type: "CompleteErasure", ...receipt(time) }) as const;
  const completed = (time = 1) => ErasureCompleted(receipt(time));
  const comeBack = { type: "ComeBack", userId: dana, words: name } as const;
  const returned = PersonReturned({ userId: dana }, userName(dana), name);

  it("is asked for once, also by somebody of whom nothing else is known", () => {
    given(user, arrived).when(erase).then(requested());
    given(user).when(erase).then(requested());
    given(user, arrived, requested()).when(erase).nothing();
    given(user, arrived, requested(), completed()).when(erase).nothing();
  });

  it("takes back every leave to remember that the person gave, so that it has to be given anew", () => {
    const [trusted, refused, waiting] = [agentId("ada"), agentId("bo"), agentId("cy")];
    given(
      user,
      arrived,
      ConsentDecided({ agentId: trusted, granted: true }),
      ConsentDecided({ agentId: refused, granted: false }),
      ConsentRequested({ agentId: waiting, roomId: lobby }),
    )
      .when(erase)
      .then(requested(), ConsentDecided({ agentId: trusted, granted: false }));
  });

  it("lets nobody begin to remember the person before they are back; to say no again is always free", () => {
    const decide = (granted: boolean) => ({ type: "DecideConsent", agentId: agentId("ada"), granted }) as const;
    const decided = (granted: boolean) => ConsentDecided({ agentId: agentId("ada"), granted });
    given(user, arrived, requested()).when(decide(true)).refused(ErasureUnderWay);
    given(user, arrived, requested()).when(decide(false)).then(decided(false));
    given(user, arrived, requested(), completed()).when(decide(true)).refused(PersonIsErased);
    given(user, arrived, requested(), completed()).when(decide(false)).then(decided(false));
    given(user, arrived, requested(), completed(), returned).when(decide(true)).then(decided(true));
  });

  it("is completed once, by its own receipt", () => {
    given(user, arrived, requested()).when(complete()).then(completed());
    given(user, arrived, requested(), completed()).when(complete()).nothing();
    given(user, arrived, requested()).when(complete(2)).nothing();
    given(user, arrived).when(complete()).nothing();
  });

  it("is not undone by using the house, only by coming back, and not before it is completed", () => {
    given(user, arrived, requested(), completed()).when(arrive).nothing();
    given(user, arrived, requested()).when(comeBack).refused(ErasureUnderWay);
    given(user, arrived, requested(), completed()).when(comeBack).then(returned);
    given(user, arrived).when(comeBack).nothing();
  });

  it("can happen again to who has come back, with a receipt of its own", () => {
    const past = [arrived, requested(), completed(), returned];
    given(user, ...past)
      .when(comeBack)
      .nothing();
    given(user, ...past)
      .when(erase)
      .then(requested(2));
    given(user, ...past, requested(2))
      .when(complete(1))
      .nothing();
    given(user, ...past, requested(2))
      .when(complete(2))
      .then(completed(2));
  });
});
