// The SDK, set up as SuperTokens' guide does.
import SuperTokens from "supertokens-node";
import JWT from "supertokens-node/recipe/jwt/index.js";
import Session from "supertokens-node/recipe/session/index.js";

export { JWT, Session, SuperTokens };

/** The core's key, if it asks for one, is read from CORE_API_KEY: a command line is visible to every process. */
export function init(connectionURI, apiDomain) {
  SuperTokens.init({
    framework: "custom",
    supertokens: { connectionURI, apiKey: process.env.CORE_API_KEY },
    appInfo: {
      appName: "interop",
      apiDomain,
      // The SDK asks for it; nothing here serves a website.
      websiteDomain: apiDomain,
      apiBasePath: "/auth",
    },
    telemetry: false,
    recipeList: [Session.init(), JWT.init()],
  });
}
