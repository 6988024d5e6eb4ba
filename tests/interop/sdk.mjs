// The SDK, set up as SuperTokens' guide does.
import SuperTokens from "supertokens-node";
import EmailPassword from "supertokens-node/recipe/emailpassword/index.js";
import JWT from "supertokens-node/recipe/jwt/index.js";
import Multitenancy from "supertokens-node/recipe/multitenancy/index.js";
import Session from "supertokens-node/recipe/session/index.js";

export { EmailPassword, JWT, Multitenancy, Session, SuperTokens };

/**
 * The core's key, if it asks for one, is read from CORE_API_KEY: a command line is visible to every process. `recipes`
 * come besides sessions, whose settings are `session`, and JWTs.
 */
export function init(connectionURI, apiDomain, { session, recipes = [] } = {}) {
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
    recipeList: [Session.init(session), JWT.init(), ...recipes],
  });
}
