// An application with the SDK's APIs, as a browser sees it: signing up and in with a password, refreshing and ending
// sessions. Each step reports what it got, so that the caller compares.
import { CollectingResponse, PreParsedRequest, middleware } from "supertokens-node/framework/custom/index.js";
import { main } from "./cli.mjs";
import { EmailPassword, Multitenancy, Session, init } from "./sdk.mjs";

const handle = middleware();

/** Sends one request to the SDK's APIs, below `/auth`. */
async function call(path, { body, headers = {}, cookies = {} } = {}) {
  const request = new PreParsedRequest({
    url: `/auth${path}`,
    method: "post",
    headers: new Headers({ rid: "anti-csrf", ...headers }),
    cookies,
    query: {},
    getJSONBody: async () => body,
    getFormBody: async () => body,
  });
  const response = new CollectingResponse();
  const { handled, error } = await handle(request, response);
  if (error !== undefined) {
    throw error;
  }
  if (!handled) {
    throw new Error(`nothing answers ${path}`);
  }
  const cookie = (name) => response.cookies.find((it) => it.key === name)?.value;
  return {
    status: response.statusCode,
    body: JSON.parse(response.body),
    accessToken: response.headers.get("st-access-token") ?? cookie("sAccessToken"),
    refreshToken: response.headers.get("st-refresh-token") ?? cookie("sRefreshToken"),
    antiCsrf: response.headers.get("anti-csrf") ?? undefined,
  };
}

const fields = (email, password) => ({
  formFields: [
    { id: "email", value: email },
    { id: "password", value: password },
  ],
});

const inHeaders = { "st-auth-mode": "header" };
const bearer = (token) => ({ ...inHeaders, authorization: `Bearer ${token}` });

/** What the SDK says of a session, or which error it throws. */
async function check(accessToken, checkDatabase) {
  try {
    const options = { antiCsrfCheck: false, checkDatabase };
    return await Session.getSessionWithoutRequestResponse(accessToken, undefined, options);
  } catch (error) {
    return { error: error.type ?? error.message };
  }
}

await main("accounts.mjs <connectionURI> <apiDomain> <antiCsrf>", 3, async (connectionURI, apiDomain, antiCsrf) => {
  init(connectionURI, apiDomain, {
    session: { antiCsrf, cookieSameSite: "lax" },
    recipes: [EmailPassword.init(), Multitenancy.init()],
  });
  const result = {};

  // Accounts.
  const account = fields("User@Example.com ", "passw0rd-A");
  const signUp = await call("/signup", { body: account, headers: inHeaders });
  result.signUp = [signUp.status, signUp.body.status, signUp.body.user?.emails];
  const again = await call("/signup", { body: account, headers: inHeaders });
  result.signUpAgain = [again.status, again.body.status];
  const wrong = await call("/signin", { body: fields("user@example.com", "passw0rd-B"), headers: inHeaders });
  result.signInWrong = [wrong.status, wrong.body.status];
  const signIn = await call("/signin", { body: account, headers: inHeaders });
  result.signIn = [signIn.status, signIn.body.status, signIn.body.user?.id === signUp.body.user?.id];
  const userId = signIn.body.user.id;

  // A session's data.
  const session = await check(signIn.accessToken, true);
  result.sameUser = session.getUserId() === userId;
  await session.mergeIntoAccessTokenPayload({ role: "admin" });
  result.regenerated = session.getAccessTokenPayload().role;
  await session.updateSessionDataInDatabase({ theme: "dark" });
  const information = await Session.getSessionInformation(session.getHandle());
  result.information = [
    information.sessionDataInDatabase,
    information.customClaimsInAccessTokenPayload.role,
    information.userId === userId,
    information.tenantId,
  ];

  // Refreshing: the token that came with it stays good until the new one is used.
  const refresh = (token) => call("/session/refresh", { headers: bearer(token) });
  const first = await refresh(signIn.refreshToken);
  const repeated = await refresh(signIn.refreshToken);
  result.refreshed = [first.status, repeated.status, first.refreshToken !== signIn.refreshToken];
  const used = await check(first.accessToken, false);
  const replacement = used.getAllSessionTokensDangerously();
  result.replaced = [
    replacement.accessAndFrontTokenUpdated,
    replacement.accessToken !== first.accessToken,
    used.getAccessTokenPayload().role,
  ];
  const confirmed = await check(replacement.accessToken, true);
  result.confirmed = confirmed.getHandle() === session.getHandle();
  const stolen = await refresh(signIn.refreshToken);
  result.stolen = [stolen.status, stolen.body.message];
  result.afterTheft = [(await check(replacement.accessToken, true)).error, (await refresh(first.refreshToken)).status];

  // Ending sessions.
  const second = await call("/signin", { body: account, headers: inHeaders });
  const third = await call("/signin", { body: account, headers: inHeaders });
  const left = async () => (await Session.getAllSessionHandlesForUser(userId)).length;
  const counts = [await left()];
  const signOut = await call("/signout", { headers: bearer(second.accessToken) });
  result.signOut = [signOut.status, signOut.body.status];
  counts.push(await left());
  result.signedOut = [(await check(second.accessToken, true)).error, (await refresh(second.refreshToken)).status];
  result.stillIn = (await check(third.accessToken, true)).getUserId() === userId;
  result.revoked = (await Session.revokeAllSessionsForUser(userId)).length;
  counts.push(await left());
  result.counts = counts;

  // In cookies, where anti-csrf counts.
  const browser = await call("/signin", { body: account, headers: { "st-auth-mode": "cookie" } });
  const cookies = { sAccessToken: browser.accessToken, sRefreshToken: browser.refreshToken };
  const bare = await call("/session/refresh", { cookies });
  const proper = await call("/session/refresh", { cookies, headers: { "anti-csrf": browser.antiCsrf ?? "" } });
  result.cookies = [browser.antiCsrf !== undefined, bare.status, proper.status];

  // Another tenant has users and sessions of its own.
  const created = await Multitenancy.createOrUpdateTenant("t1", { firstFactors: ["emailpassword"] });
  const tenants = await Multitenancy.listAllTenants();
  result.tenants = [created.createdNew, tenants.tenants.map((tenant) => tenant.tenantId)];
  const elsewhere = await call("/t1/signup", { body: account, headers: inHeaders });
  const there = await check(elsewhere.accessToken, true);
  result.elsewhere = [
    elsewhere.body.status,
    elsewhere.body.user?.id !== userId,
    there.getTenantId(),
    there.getHandle().endsWith("_t1"),
  ];
  return result;
});
