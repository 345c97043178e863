// Express: refuses exposed passwords at sign-up, and tells the radar of log-ins.
//
//   app.post("/sign-up", express.json(), notExposed(sidecar, "sign_up"), signUp);
//   app.post("/log-in", express.json(), radar(sidecar), logIn);
//
// logIn calls res.locals.attempt({ account, succeeded, known }) once it knows how the attempt ended.

export const notExposed = (sidecar, event) => async (request, response, next) => {
  try {
    const { password, username, email } = request.body;
    const lang = request.headers["accept-language"]?.split(",")[0];
    const verdict = await sidecar.verdict(event, String(password), { user_name: username, email, lang });
    if (verdict.accepted) return next();
    response.status(422).json({ errors: { password: verdict.messages } });
  } catch (error) {
    next(error);
  }
};

export const radar = (sidecar) => (request, response, next) => {
  response.locals.attempt = async ({ account, succeeded, known }) =>
    sidecar.attempt({
      source: request.ip,
      account,
      outcome: succeeded ? "succeeded" : "failed",
      account_status: known === undefined ? undefined : known ? "known" : "unknown",
      password: String(request.body.password),
    });
  next();
};
