// One RS256 verification by the JavaScript libraries, with a key that is held: medians of contenders that take turns, and
// their ratios to the bare check of the signature. JWKS_URI=<url> TOKEN=<jwt> FOREIGN_TOKEN=<jwt> verify.mjs
import { createPublicKey, verify } from "node:crypto";
import { createLocalJWKSet, importJWK, jwtVerify } from "jose";
import jwt from "jsonwebtoken";

const TURNS = 51;
const PER_TURN = 200;
const issuer = "https://api.example.com";

const jwks = await (await fetch(process.env.JWKS_URI)).json();
const publicKey = createPublicKey({ key: jwks.keys[0], format: "jwk" });
const importedKey = await importJWK(jwks.keys[0], "RS256");
const keySet = createLocalJWKSet(jwks);

// Each throws for a bad token. What returns a promise is awaited before the next one starts.
const contenders = {
  "crypto.verify, signature alone": (token) => {
    const dot = token.lastIndexOf(".");
    const signature = Buffer.from(token.slice(dot + 1), "base64url");
    if (!verify("RSA-SHA256", Buffer.from(token.slice(0, dot)), publicKey, signature)) throw new Error("bad signature");
  },
  "jsonwebtoken, held KeyObject": (token) => {
    const claims = jwt.verify(token, publicKey, { algorithms: ["RS256"], issuer });
    if (claims.source !== "microservice") throw new Error("not a service");
  },
  "jose, awaited, held key": async (token) => {
    const { payload } = await jwtVerify(token, importedKey, { algorithms: ["RS256"], issuer });
    if (payload.source !== "microservice") throw new Error("not a service");
  },
  "jose, awaited, key of a set": async (token) => {
    const { payload } = await jwtVerify(token, keySet, { algorithms: ["RS256"], issuer });
    if (payload.source !== "microservice") throw new Error("not a service");
  },
};

const accepts = async (check, token) => {
  try {
    await check(token);
    return true;
  } catch {
    return false;
  }
};
const { TOKEN: token, FOREIGN_TOKEN: foreign } = process.env;
for (const [name, check] of Object.entries(contenders)) {
  if (!(await accepts(check, token))) throw new Error(`${name} refuses the token`);
  if (await accepts(check, foreign)) throw new Error(`${name} accepts a foreign token`);
}

const micros = Object.values(contenders).map(() => []);
// The first turns, in which the code is still being compiled, do not count.
for (let turn = -10; turn < TURNS; turn++) {
  for (const [index, check] of Object.values(contenders).entries()) {
    const start = process.hrtime.bigint();
    for (let done = 0; done < PER_TURN; done++) {
      const verified = check(token);
      if (verified) await verified;
    }
    if (turn >= 0) micros[index].push(Number(process.hrtime.bigint() - start) / 1e3 / PER_TURN);
  }
}
const medians = micros.map((turns) => turns.sort((a, b) => a - b)[TURNS >> 1]);
console.log(`one verification of ${token.length} bytes in Node.js ${process.version}, taking turns; medians of ${TURNS}`);
for (const [index, name] of Object.keys(contenders).entries()) {
  const ratio = (medians[index] / medians[0]).toFixed(2);
  console.log(`${name.padEnd(32)} ${medians[index].toFixed(2).padStart(7)} µs  ${ratio.padStart(6)}`);
}
