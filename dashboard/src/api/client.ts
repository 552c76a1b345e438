/** The one way to the API: typed by its OpenAPI document, with errors as the problem documents that it answers. */

import createFetchClient from "openapi-fetch";
import createClient from "openapi-react-query";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"];

/** Tells the server that a request that changes something was made by this page, and not by another site's form. */
export const OURS = { "X-MediaPoster": "dashboard" } as const;

export const http = createFetchClient<paths>({
  baseUrl: "",
  credentials: "same-origin",
  headers: OURS,
  querySerializer: { array: { style: "form", explode: true } },
});

http.use({
  async onResponse({ response }) {
    if (response.status === 401 && !location.pathname.startsWith("/login")) goToLogin();
    if (!response.ok && !response.headers.get("content-type")?.includes("json")) {
      return Response.json(plainProblem(response), { status: response.status });
    }
    return undefined;
  },
  onError({ error }) {
    return error instanceof DOMException && error.name === "AbortError" ? error : new UnreachableError();
  },
});

/** Typed hooks: `api.useQuery("get", "/api/accounts")`. What they throw is a `Problem`. */
export const api = createClient(http);

/** The server did not answer at all. */
export class UnreachableError extends Error implements Pick<Problem, "code" | "detail" | "fix"> {
  readonly code = "UNREACHABLE";
  readonly detail = "MediaPoster does not answer.";
  readonly fix = "See that `mediaposter up` is running on its machine. This page tries again by itself.";
}

/** Read anything that was thrown as a problem: with what is wrong in a sentence, and what to do. */
export function problemOf(error: unknown): Pick<Problem, "code" | "detail" | "fix" | "errors" | "trace_id"> {
  if (error && typeof error === "object" && "detail" in error && "code" in error) return error as Problem;
  return {
    code: "UNEXPECTED",
    detail: error instanceof Error ? error.message : "Something went wrong on this page.",
    fix: "Load the page again.",
    trace_id: "",
  };
}

function plainProblem(response: Response): Problem {
  return {
    type: "about:blank",
    title: response.statusText,
    status: response.status,
    code: "HTTP_ERROR",
    detail: `The server answered ${response.status} ${response.statusText}`.trim(),
    fix: "Try again; if it stays, look into the server's log.",
    instance: response.url,
    trace_id: response.headers.get("x-trace-id") ?? "",
  };
}

function goToLogin(): void {
  const here = location.pathname + location.search;
  location.replace(here === "/" ? "/login/" : `/login/?next=${encodeURIComponent(here)}`);
}
