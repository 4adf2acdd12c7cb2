/** Erases everything about the reader, after they typed that they mean it, and shows the receipt; on the page about oneself. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Dialog } from "../parts/dialog.tsx";
import { Moment } from "../parts/moment.tsx";
import { Skeleton } from "../parts/placeholder.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { idempotencyKey } from "../service/client.ts";
import { personId } from "../service/identity.ts";
import { meQuery } from "../service/queries.ts";
import { announce } from "../shell/announcer.tsx";
import { comeBack, eraseMe, erasureQuery, type Receipt } from "./erasure-service.ts";

const KEY = `troupe.${personId}.erasure`;
const CONFIRMATION = "erase me";

const counted = new Intl.NumberFormat();
const listed = new Intl.ListFormat("en");

interface DialogProps {
  readonly onErased: (receipt: Receipt) => void;
  readonly onClose: () => void;
}

function EraseDialog({ onErased, onClose }: DialogProps) {
  const [typed, setTyped] = useState("");
  const [headers] = useState(idempotencyKey);
  const queries = useQueryClient();
  const erase = useMutation({
    mutationFn: () => eraseMe(headers),
    onSuccess: (receipt) => {
      announce("Your words are erased. The receipt stands on the page.");
      onErased(receipt);
      onClose();
      void queries.invalidateQueries();
    },
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    erase.mutate();
  };
  return (
    <Dialog title="Erase everything about you?" onClose={onClose}>
      <form className="form" onSubmit={send}>
        <p>
          The key to all your words is destroyed: what you said in every room, and what every agent remembers about you.
          Others will see that somebody spoke, and no word of it. What agents answered you goes too; what other people
          said stays. This cannot be undone.
        </p>
        <label>
          <span>
            Type <b>{CONFIRMATION}</b> to confirm
          </span>
          <input value={typed} autoComplete="off" onChange={(event) => setTyped(event.target.value)} />
        </label>
        {erase.isError && <ProblemNotice error={erase.error} />}
        <footer>
          <button type="button" onClick={onClose}>
            Keep everything
          </button>
          <button type="submit" className="primary" disabled={typed !== CONFIRMATION || erase.isPending}>
            {erase.isPending ? "Erasing…" : "Erase for good"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** What a restore or a stray copy could still bring back, in a sentence. */
function Remains({ remains }: { readonly remains: Receipt["what_remains"] }) {
  const { restorable_until, openable_with } = remains;
  return (
    <>
      {restorable_until === null ? (
        "Known when all of it is done."
      ) : (
        <>
          A restore of the whole platform to a moment before could bring the key back until{" "}
          <Moment at={restorable_until} as="exact" />.
        </>
      )}{" "}
      {openable_with !== null &&
        (openable_with.length === 0
          ? "A stray copy of the key could not be opened with any key in use."
          : `A stray copy of the key could be opened with the house’s key ${listed.format(openable_with.map(String))}, until that is turned.`)}
    </>
  );
}

/** How far the agents are that had met the reader, in a sentence. */
function Agents({ agents }: { readonly agents: Receipt["agents"] }) {
  const forgotten = agents.reduce((sum, agent) => sum + (agent.memories_forgotten ?? 0), 0);
  const behind = agents.filter(
    ({ memories_left, vectors_elsewhere }) => memories_left !== 0 || vectors_elsewhere !== 0,
  );
  return (
    <>
      {counted.format(forgotten)} memories, by {counted.format(agents.length - behind.length)} of{" "}
      {counted.format(agents.length)} agents that had met you
      {behind.length > 0 && "; the others could not be reached yet, or their index elsewhere has not confirmed"}.
    </>
  );
}

interface ReceiptProps {
  readonly receipt: Receipt;
  /** Whether the reader is still away by this erasure. */
  readonly stands: boolean;
}

function ReceiptView({ receipt, stands }: ReceiptProps) {
  const confirmed = receipt.streams.filter((stream) => stream.confirmed_at !== null).length;
  return (
    <section className="card receipt" aria-label="Receipt">
      <h3>{receipt.completed_at === null ? "Your words are being erased" : "Your words were erased"}</h3>
      <dl>
        <dt>Receipt</dt>
        <dd>
          <code>{receipt.id}</code>
        </dd>
        <dt>Asked for</dt>
        <dd>
          <Moment at={receipt.requested_at} as="exact" />
        </dd>
        <dt>Unreadable</dt>
        <dd>
          {receipt.unreadable_at === null ? (
            "as soon as the keeper of the keys answers"
          ) : (
            <>
              from <Moment at={receipt.unreadable_at} as="exact" /> on
            </>
          )}
        </dd>
        <dt>Forgotten by</dt>
        <dd>
          {counted.format(confirmed)} of {counted.format(receipt.streams.length)} logs that held your key
          {receipt.completed_at !== null && (
            <>
              , the last <Moment at={receipt.completed_at} as="exact" />
            </>
          )}
        </dd>
        {receipt.agents.length > 0 && (
          <>
            <dt>Forgotten with it</dt>
            <dd>
              <Agents agents={receipt.agents} />
            </dd>
          </>
        )}
        <dt>What remains</dt>
        <dd>
          <Remains remains={receipt.what_remains} /> {receipt.what_remains.words_of_others}
        </dd>
      </dl>
      {receipt.completed_at !== null && <Return stands={stands} />}
    </section>
  );
}

/** Who was erased may come back; until they say so, nothing they say is taken. */
function Return({ stands }: { readonly stands: boolean }) {
  const queries = useQueryClient();
  const back = useMutation({
    mutationFn: comeBack,
    onSuccess: () => {
      announce("Welcome back.");
      void queries.invalidateQueries({ queryKey: meQuery.queryKey });
    },
  });
  if (back.isSuccess)
    return <p>Welcome back: what you say from now on is kept under a new key. Rooms may need some seconds.</p>;
  if (!stands) return null;
  return (
    <>
      <p className="hint">Until you say that you are back, no room takes a word from you.</p>
      <p>
        <button type="button" disabled={back.isPending} onClick={() => back.mutate()}>
          I am back
        </button>
      </p>
      {back.isError && <ProblemNotice error={back.error} />}
    </>
  );
}

/** The receipt of the erasure that stands, or of the last one that this browser knows of. */
function LastReceipt({ id, stands }: { readonly id: string; readonly stands: boolean }) {
  const found = useQuery(erasureQuery(id));
  if (found.isPending) return <Skeleton lines={4} label="Loading the receipt" />;
  if (found.isError) return <ProblemNotice error={found.error} onRetry={() => void found.refetch()} />;
  return <ReceiptView receipt={found.data} stands={stands} />;
}

export function EraseMe() {
  const [asking, setAsking] = useState(false);
  const [keptId, setKeptId] = useState(() => localStorage.getItem(KEY));
  // Another device may have asked for it: the house knows.
  const standing = useQuery(meQuery).data?.erasure_id ?? null;
  const receiptId = standing ?? keptId;
  const queries = useQueryClient();
  const erased = (receipt: Receipt) => {
    queries.setQueryData(erasureQuery(receipt.id).queryKey, receipt);
    localStorage.setItem(KEY, receipt.id);
    setKeptId(receipt.id);
  };
  return (
    <>
      {receiptId !== null && <LastReceipt key={receiptId} id={receiptId} stands={receiptId === standing} />}
      <p>
        Not only what agents remember: everything you ever said here, in every room. You get a receipt that says what
        was erased, when, and what could still bring it back.
      </p>
      <p>
        <button type="button" className="danger" onClick={() => setAsking(true)}>
          Erase everything about me
        </button>
      </p>
      {asking && <EraseDialog onErased={erased} onClose={() => setAsking(false)} />}
    </>
  );
}
