// Better Auth: refuses exposed passwords where they are chosen.
//
//   export const auth = betterAuth({ emailAndPassword: { enabled: true }, plugins: [notExposed(sidecar)] });

import { APIError, createAuthMiddleware } from "better-auth/api";

const EVENTS = { "/sign-up/email": "sign_up", "/change-password": "change", "/reset-password": "reset" };

export const notExposed = (sidecar) => ({
  id: "breachdex",
  hooks: {
    before: [
      {
        matcher: (context) => context.path in EVENTS,
        handler: createAuthMiddleware(async (context) => {
          const password = context.body?.newPassword ?? context.body?.password;
          if (typeof password !== "string") return;
          const lang = context.headers?.get("accept-language")?.split(",")[0];
          const { email, name } = context.body;
          const verdict = await sidecar.verdict(EVENTS[context.path], password, { email, user_name: name, lang });
          if (!verdict.accepted) {
            throw new APIError("BAD_REQUEST", { code: "PASSWORD_REFUSED", message: verdict.messages.join(" ") });
          }
        }),
      },
    ],
  },
});
