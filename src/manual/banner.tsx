import { useCallback, useEffect, useState } from "react";

type Entry = { allowed: boolean; reason: string; closed_by_signal: boolean };
export type ConsentState = {
  revision: number;
  asks: { reason: string } | null;
  honoured: ("dnt" | "gpc")[];
  categories: Record<string, Entry & { always: boolean }>;
  services: Record<string, Entry & { category: string }>;
};
type Problem = { code?: string; detail?: string }; // without them: there was no answer
export type Choice = { all?: true; grant?: string[]; grant_services?: string[]; refuse_services?: string[] };

const API = "/privacy/api";

async function call(path: string, body?: object): Promise<ConsentState> {
  const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`${API}/${path}`, body && post);
  if (!answer.ok) throw (await answer.json()) as Problem;
  return answer.json();
}

// Every component hears of a change: of this hook's, and of the footer's.
const tell = (state: ConsentState) => document.dispatchEvent(new CustomEvent("consent:change", { detail: state }));

export function useConsent() {
  const [state, setState] = useState<ConsentState | null>(null); // unknown: nothing is allowed
  const [problem, setProblem] = useState<Problem | null>(null);

  useEffect(() => {
    const hear = (event: Event) => setState((event as CustomEvent<ConsentState>).detail);
    document.addEventListener("consent:change", hear);
    call("state").then(setState, setProblem);
    return () => document.removeEventListener("consent:change", hear);
  }, []);

  const choose = useCallback(async (choice: Choice, confirm = false): Promise<void> => {
    const body = { ...choice, revision: state?.revision, language: document.documentElement.lang || undefined, confirm };
    try {
      tell(await call("choice", body));
      setProblem(null);
    } catch (thrown) {
      const problem = thrown as Problem;
      if (problem.code === "confirmation-needed" && !confirm) {
        if (window.confirm("You opted out before. Opt in again?")) return choose(choice, true);
        return;
      }
      setProblem(problem);
      // Something may have been stored all the same, and the policy may have changed: see what holds now.
      call("state").then(tell, () => {});
    }
  }, [state]);

  const withdraw = useCallback(() => call("withdraw", {}).then(tell, setProblem), []);

  return { state, problem, choose, withdraw };
}

export function ConsentBanner() {
  const { state, problem, choose } = useConsent();
  if (!state?.asks) return null;
  const asked = Object.entries(state.categories).filter(([, category]) => !category.always).map(([name]) => name);
  return (
    <section aria-label="Cookies: your choice">
      <p>
        Example Ltd asks for your consent to store data in your browser, for: {asked.join(", ")}.{" "}
        <a href="/privacy/">Purposes, recipients, and single switches</a>
      </p>
      {problem && <p role="alert">{problem.detail ?? "Please try again soon."}</p>}
      <button onClick={() => choose({ all: true })}>Accept all</button>
      <button onClick={() => choose({ grant: [] })}>Reject all</button>
    </section>
  );
}
