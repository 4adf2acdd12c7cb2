/** Where one lands when the program knows no way to sign in: says what to set; shown instead of the whole application. */
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { problemIn } from "../service/problem.ts";

export function SignInHelp() {
  return (
    <main className="page narrow" id="main">
      <title>Sign-in is not configured – Troupe</title>
      <h1>Sign-in is not configured here</h1>
      <p>
        This Troupe does not know who you are and has no way to ask, so it keeps its doors shut. Whoever runs it can
        choose:
      </p>
      <h2>On your own machine</h2>
      <p>
        Start it with <code>npm start</code> and open the address it prints (<code>localhost</code>, not another name).
        You are then a made-up person of the development identity.
      </p>
      <h2>For others</h2>
      <p>Set these for the deployed Worker, from the dashboard of your Clerk application:</p>
      <ul>
        <li>
          <code>CLERK_PUBLISHABLE_KEY</code> and <code>CLERK_SECRET_KEY</code>
        </li>
        <li>
          <code>CLERK_JWT_KEY</code>: the PEM key, so that tokens are checked without asking Clerk
        </li>
        <li>
          <code>CLERK_AUTHORIZED_PARTIES</code>: the addresses that may send tokens
        </li>
      </ul>
    </main>
  );
}

/** What stands in place of the application when it cannot even be said who is there. */
export function EntranceProblem(props: { readonly error: unknown; readonly onRetry: () => void }) {
  if (problemIn(props.error).name === "auth-not-configured") return <SignInHelp />;
  return (
    <main className="page narrow" id="main">
      <title>Troupe</title>
      <h1>Troupe cannot open</h1>
      <ProblemNotice error={props.error} onRetry={props.onRetry} />
    </main>
  );
}
