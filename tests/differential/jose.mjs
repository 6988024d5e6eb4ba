// jose's verdict on each of the tokens of a job that comes in as JSON; see main.rs for what is set and why.
import { webcrypto } from "node:crypto";
import { text } from "node:stream/consumers";

// Node.js 18 has it, but not as a global.
globalThis.crypto ??= webcrypto;
// Newer releases of Node.js read base64 themselves, others with `atob`. The table of differences is that of `atob`.
delete Uint8Array.fromBase64;
const { createLocalJWKSet, errors, jwtVerify } = await import("jose");

const { now, leeway, issuers, source, jwks, tokens } = JSON.parse(await text(process.stdin));
const keys = createLocalJWKSet(jwks);
const options = {
  algorithms: ["RS256"],
  typ: "JWT",
  issuer: issuers,
  requiredClaims: ["exp", "iat", "iss"],
  currentDate: new Date(now * 1000),
  clockTolerance: leeway,
  // No age is too great; but only with a limit does jose look whether `iat` lies in the future.
  maxTokenAge: Number.MAX_SAFE_INTEGER,
};

async function verdict(token) {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys, options);
    if (payload.source !== source) {
      return { refused: "source" };
    }
    const { iss, sub = null, iat, exp } = payload;
    return {
      accepted: { iss, sub, iat: Math.floor(iat), exp: Math.floor(exp), kid: protectedHeader.kid },
    };
  } catch (error) {
    return error instanceof errors.JOSEError
      ? { refused: error.code }
      : { failed: `${error.name}: ${error.message}` };
  }
}

const verdicts = [];
for (const token of tokens) {
  verdicts.push(await verdict(token));
}
process.stdout.write(`${JSON.stringify(verdicts)}\n`);
