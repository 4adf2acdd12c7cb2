/** A turn that waits for company with what it has to record: whoever dies while it waits, the message gets one reply. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { GroupCommit } from "#actors/kit/group-commit.ts";
import { dana, goOn, killAll, lobby, messages, told } from "./tales.ts";

const { siblings } = GroupCommit;
beforeEach(() => {
  GroupCommit.siblings = 1;
});
afterEach(() => {
  GroupCommit.siblings = siblings;
});

it("has one reply wherever everybody dies [T1]", async () => {
  let steps = 1;
  for (let died = 0; died < steps; died++)
    await told(async (house, until) => {
      const before = await until(messages(house));
      const posted = house.people.post(dana, lobby, { text: "@Ada and what is that?" });
      steps = Math.max(steps, died + 2);
      if ((await goOn(house, died)) < died) steps = died; // it was over before: this was the last one
      killAll(house);
      await until(posted);
      await until(house.clock.sleep(120_000, "a pause"));
      const [question, ...replies] = (await until(messages(house))).slice(before.length);
      expect(question).toMatchObject({ author_id: dana.userId });
      expect(replies.map(({ in_reply_to }) => in_reply_to)).toEqual([question!.id]);
    });
  expect(steps).toBeGreaterThan(20);
});
