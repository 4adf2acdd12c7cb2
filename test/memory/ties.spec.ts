/** What passed between an agent and people: counted of who agreed, faded with time, gone with whoever takes consent back. */
import { describe, expect, it } from "vitest";
import { Ties } from "#actors/agent/memory/recall/ties.ts";
import { agentName, userName } from "#events/kit/ids.ts";
import { ada, bo, dana, eli, type heard, lobby, memoryId, roomId, settings, turnId, words } from "../support/given.ts";
import { Stage } from "../support/scripted.ts";

const DAY = 86_400_000;
const attic = roomId("attic");

/** A stage on which people speak, and the ties of its agent. */
function acquainted() {
  const stage = new Stage({ model: [] });
  const ties = () => new Ties(stage.ledger.tables, stage.ledger, () => agentName(ada));
  const kept = ties();
  let count = 0;
  const says = (over: Partial<ReturnType<typeof heard>["open"]> = {}, names: ReadonlyArray<typeof dana> = []) => {
    count += 1;
    const label = `said-${count}`;
    stage.hear(label, "Well.", {
      ...{ addressed: null, ...over },
      episode: { memoryId: memoryId(label), importance: 0.3, names },
    });
    kept.catchUp();
    return turnId(label);
  };
  return { stage, says, kept, ties };
}

describe("the tie to a person", () => {
  it("grows with what they say, more where they address the agent, and halves in thirty days", () => {
    const { stage, says, kept } = acquainted();
    stage.now = 30 * DAY;
    says();
    says({ addressed: "mention" });
    says({ addressed: "reply" });
    expect(kept.in(lobby, stage.now, 9)).toEqual([{ userId: dana, tie: 5, reciprocity: 0, received: 3, sent: 0 }]);
    expect(kept.in(lobby, stage.now + 30 * DAY, 9)).toMatchObject([{ tie: 2.5 }]);
    expect(kept.in(attic, stage.now, 9)).toEqual([]);
  });

  it("is none for who has not agreed, for other agents, and for what is said while memory is off", () => {
    const { stage, says, kept } = acquainted();
    says({ authorId: userName(eli) });
    says({ authorId: agentName(bo) }, [dana]);
    stage.tell({
      ...{ type: "ReconfigureAgent", settings: { ...settings, memoryEnabled: false } },
      words: words({ systemPrompt: "", description: "" }),
    });
    says();
    expect(kept.in(lobby, stage.now, 9)).toEqual([]);
  });

  it("is forgotten with consent, and stays forgotten when all is counted anew", () => {
    const { stage, says, kept, ties } = acquainted();
    says();
    stage.tell({ type: "NoteConsent", userId: dana, granted: false });
    expect(kept.in(lobby, stage.now, 9)).toEqual([]);
    stage.ledger.tables.run("DELETE FROM meta WHERE key = 'ties'");
    expect(ties().in(lobby, stage.now, 9)).toEqual([]);
  });

  it("is counted once, also by a process that begins anew, and the same from the beginning of the log", () => {
    const { stage, says, kept, ties } = acquainted();
    for (let n = 0; n < 5; n++) says();
    const before = kept.in(lobby, stage.now, 9);
    expect(before).toMatchObject([{ received: 5 }]);
    expect(ties().in(lobby, stage.now, 9)).toEqual(before);
    stage.ledger.tables.run("DELETE FROM meta WHERE key = 'ties'");
    expect(ties().in(lobby, stage.now, 9)).toEqual(before);
  });
});
