/** Lets a person say whether an agent may remember them, and say otherwise later; in the room's question and on the page about oneself. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { call, client } from "../service/client.ts";
import { consentsQuery } from "../service/queries.ts";
import { announce } from "../shell/announcer.tsx";
import { WithdrawDialog } from "./withdraw-dialog.tsx";

interface Asking {
  readonly agent_id: string;
  readonly decision: "asked" | "granted" | "refused";
}

interface ChoiceProps {
  readonly consent: Asking;
  /** What the agent is called here. */
  readonly name: string;
  /** Told of an answer when it is given, before it is taken. */
  readonly onAnswer?: () => void;
}

export function ConsentChoice({ consent, name, onAnswer }: ChoiceProps) {
  const { agent_id } = consent;
  const queries = useQueryClient();
  const decide = useMutation({
    mutationFn: (granted: boolean) => call(client.privacy.decideConsent({ payload: { agent_id, granted } })),
    onSuccess: (decided) => {
      queries.setQueryData(consentsQuery.queryKey, (known) =>
        known?.map((one) => (one.agent_id === agent_id ? decided : one)),
      );
      announce(decided.granted ? `${name} remembers you from now on.` : `${name} keeps nothing about you.`);
      void queries.invalidateQueries({ queryKey: ["me", "memories"] });
    },
  });
  // What was pressed shows at once; an answer that was not taken does not stay.
  const answer = decide.isPending
    ? decide.variables
    : consent.decision === "asked"
      ? undefined
      : consent.decision === "granted";
  const [withdrawing, setWithdrawing] = useState(false);
  const give = (granted: boolean) => {
    onAnswer?.();
    decide.mutate(granted);
  };
  const choose = (granted: boolean) => {
    if (answer === granted) return;
    // What a yes has brought goes at once and for good: that is asked twice.
    if (answer === true) setWithdrawing(true);
    else give(granted);
  };
  return (
    <div className="consent-choice">
      <button
        type="button"
        className="small"
        aria-pressed={answer === true}
        aria-label={`Remember me, ${name}`}
        onClick={() => choose(true)}
      >
        Remember me
      </button>
      <button
        type="button"
        className="small"
        aria-pressed={answer === false}
        aria-label={`No, thanks, ${name}`}
        onClick={() => choose(false)}
      >
        No, thanks
      </button>
      {withdrawing && (
        <WithdrawDialog
          agentId={agent_id}
          name={name}
          onWithdraw={() => give(false)}
          onClose={() => setWithdrawing(false)}
        />
      )}
      {decide.isError && <ProblemNotice error={decide.error} />}
    </div>
  );
}
