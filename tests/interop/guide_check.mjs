// The receiver of SuperTokens' guide: the key by its id from the key set, the signature, then the claim `source`. Unlike
// the guide's sample it waits for the verification and looks at its error.
import jwt from "jsonwebtoken";
import jwksClient from "jwks-rsa";
import { main } from "./cli.mjs";

/** What the guide's receiver decides about the token in TOKEN: `{ok: true, claims}` or `{ok: false, reason}`. */
await main("TOKEN=<jwt> guide_check.mjs <jwksUri>", 1, async (jwksUri) => {
  const client = jwksClient({ jwksUri });
  const getKey = (header, callback) =>
    client.getSigningKey(header.kid, (error, key) => callback(error, key?.getPublicKey()));
  const verification = new Promise((resolve, reject) => {
    jwt.verify(process.env.TOKEN, getKey, {}, (error, claims) => (error ? reject(error) : resolve(claims)));
  });
  try {
    const claims = await verification;
    return claims.source === "microservice"
      ? { ok: true, claims }
      : { ok: false, reason: `source is ${JSON.stringify(claims.source)}` };
  } catch (error) {
    return { ok: false, reason: error.message };
  }
});
