// A user's session, made by the SDK, whose payload says `source: "microservice"`. The SDK allows that, and the guide's
// receiver takes such a token for a service's.
import { main } from "./cli.mjs";
import { Session, SuperTokens, init } from "./sdk.mjs";

await main("sessions.mjs <connectionURI> <apiDomain>", 2, async (connectionURI, apiDomain) => {
  init(connectionURI, apiDomain);
  const created = await Session.createNewSessionWithoutRequestResponse(
    "public",
    SuperTokens.convertToRecipeUserId("interop-user"),
    { source: "microservice" },
  );
  const { accessToken } = created.getAllSessionTokensDangerously();
  // Once from the token alone, once with the core asked: both ways an application may check a session.
  const options = { antiCsrfCheck: false };
  const found = await Session.getSessionWithoutRequestResponse(accessToken, undefined, options);
  const confirmed = await Session.getSessionWithoutRequestResponse(accessToken, undefined, {
    ...options,
    checkDatabase: true,
  });
  return {
    status: "OK",
    accessToken,
    userId: found.getUserId(),
    source: found.getAccessTokenPayload().source,
    sameInDatabase: confirmed.getHandle() === found.getHandle(),
  };
});
