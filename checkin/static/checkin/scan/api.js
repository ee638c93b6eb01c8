// Requests to the API. Every answer that is not the API's own means that it cannot be reached.

export class Unreachable extends Error {
  tookTooLong = false;
}

// Returns `{status, headers, body}` of any answer below 500. Throws Unreachable: no network, no answer in time, an
// error of the server, or the page of a captive portal.
export async function request(method, path, { token, body, headers = {}, seconds = 10 } = {}) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), seconds * 1000);
  const options = {
    method,
    signal: abort.signal,
    cache: "no-store",
    credentials: "omit",
    headers: { Accept: "application/json", Authorization: `Bearer ${token}`, ...headers },
  };
  if (body) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  try {
    const response = await fetch(path, options);
    const text = await response.text();
    const answer = { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : {} };
    if (answer.status >= 500 || (answer.status >= 400 && typeof answer.body?.code !== "string")) {
      throw new Unreachable(`status ${answer.status}`);
    }
    return answer;
  } catch (error) {
    const problem = error instanceof Unreachable ? error : new Unreachable(String(error));
    throw Object.assign(problem, { tookTooLong: abort.signal.aborted });
  } finally {
    clearTimeout(timer);
  }
}
