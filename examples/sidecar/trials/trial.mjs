// Runs the middleware as Express does, without it.

import { notExposed, radar } from "../node/express.mjs";
import { Sidecar, SidecarUnavailable } from "../node/sidecar.mjs";

const pieces = await process.stdin.toArray();
const sidecar = new Sidecar(process.env.SIDECAR, { onError: process.env.ON_ERROR });
const sign_up = notExposed(sidecar, "sign_up");
for (const password of JSON.parse(Buffer.concat(pieces).toString())) {
  const said = await new Promise((resolve) => {
    const response = { status: () => ({ json: (body) => resolve(`refused: ${body.errors.password.join(" ")}`) }) };
    const next = (error) => {
      if (error === undefined) resolve("accepted");
      else if (error instanceof SidecarUnavailable) resolve("error");
      else throw error;
    };
    sign_up({ body: { password, username: "hanako" }, headers: { "accept-language": "ja,en;q=0.5" } }, response, next);
  });
  console.log(said);
}
const response = { locals: {} };
radar(sidecar)({ ip: "203.0.113.7", body: { password: "iloveyou" } }, response, () => {});
console.log(await response.locals.attempt({ account: "hanako", succeeded: false, known: true }));
process.exit(0);
