// A service of the load test: express, its one handler as it is or behind the receiver of SuperTokens' guide. It prints
// its URL once it serves. JWKS_URI=<url> service.mjs plain|guarded
import express from "express";
import jwt from "jsonwebtoken";
import jwksClient from "jwks-rsa";

const client = jwksClient({ jwksUri: process.env.JWKS_URI });
const getKey = (header, callback) =>
  client.getSigningKey(header.kid, (error, key) => callback(error, key?.getPublicKey()));

const guard = (request, response, next) => {
  const token = request.headers.authorization?.split("Bearer ")[1];
  jwt.verify(token ?? "", getKey, {}, (error, claims) => {
    if (error || claims.source !== "microservice") response.status(401).send("unauthorised");
    else next();
  });
};
const handler = (request, response) => {
  response.send("ok");
};

const app = express();
const [, , kind] = process.argv;
if (kind === "guarded") app.get("/", guard, handler);
else if (kind === "plain") app.get("/", handler);
else throw new Error(`no service ${JSON.stringify(kind)}; there are "plain" and "guarded"`);
const server = app.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
