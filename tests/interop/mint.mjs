// A service in Node mints its token, as in SuperTokens' guide.
import { main } from "./cli.mjs";
import { JWT, init } from "./sdk.mjs";

await main(
  "mint.mjs <connectionURI> <apiDomain> [payload as JSON] [validity in seconds] [use the static key: true or false]",
  2,
  async (connectionURI, apiDomain, payload = "{}", validity = "", useStaticSigningKey = "") => {
    init(connectionURI, apiDomain);
    return JWT.createJWT(
      { ...JSON.parse(payload), source: "microservice" },
      validity === "" ? undefined : Number(validity),
      useStaticSigningKey === "" ? undefined : useStaticSigningKey === "true",
    );
  },
);
