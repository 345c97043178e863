// Asks `breachdex sidecar`.

import http from "node:http";

export class SidecarUnavailable extends Error {}

export class Sidecar {
  #target;
  #onError;
  #timeout;

  /** address is unix:/run/breachdex/sidecar.sock or http://127.0.0.1:8070; onError is accept, reject or raise. */
  constructor(address, { onError = "raise", timeout = 2000 } = {}) {
    if (!["accept", "reject", "raise"].includes(onError)) throw new TypeError("onError is accept, reject or raise");
    const agent = new http.Agent({ keepAlive: true });
    if (address.startsWith("unix:")) {
      this.#target = { agent, socketPath: address.slice(5), host: "localhost" };
    } else {
      const { hostname, port } = new URL(address);
      this.#target = { agent, hostname, port };
    }
    this.#onError = onError;
    this.#timeout = timeout;
  }

  /** May this password be used? Returns accepted, action, reasons and messages. */
  async verdict(event, password, more = {}) {
    const isAccepted = this.#onError === "accept";
    const messages = isAccepted ? [] : ["The password cannot be checked now. Please try again later."];
    const verdict = await this.#ask("/v1/verdict", { event, password, ...more });
    return verdict ?? { accepted: isAccepted, action: this.#onError, reasons: [], messages };
  }

  /** Tells the radar of a log-in attempt. Returns allow, delay, challenge or deny. */
  async attempt(attempt) {
    // Nobody is locked out because the radar does not answer.
    return (await this.#ask("/v1/attempt", attempt, { always: true }))?.radar.advice ?? "allow";
  }

  /** The answer; undefined if there is none and that is to be passed over. */
  async #ask(path, body, { always = false } = {}) {
    let answer;
    try {
      answer = await this.#post(path, JSON.stringify(body));
    } catch (error) {
      answer = { status: 503, text: error.code ?? error.message };
    }
    if (answer.status === 200) return JSON.parse(answer.text);
    // A fault of this program: it is raised whatever onError says.
    if (answer.status < 500) throw new TypeError(`the sidecar refused the request: ${answer.text}`);
    if (this.#onError === "raise" && !always) {
      throw new SidecarUnavailable(`the sidecar does not answer: ${answer.text}`);
    }
  }

  #post(path, body) {
    return new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const signal = AbortSignal.timeout(this.#timeout);
      const request = http.request({ ...this.#target, path, method: "POST", headers, signal }, async (answer) => {
        try {
          const pieces = await answer.toArray();
          resolve({ status: answer.statusCode, text: Buffer.concat(pieces).toString() });
        } catch (error) {
          reject(error);
        }
      });
      request.on("error", reject).end(body);
    });
  }
}
