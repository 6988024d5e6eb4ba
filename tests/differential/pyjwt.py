"""PyJWT's verdict on each of the tokens of a job that comes in as JSON; see main.rs for what is set and why."""

import json
import sys
from datetime import datetime

import jwt
import jwt.api_jwt

job = json.load(sys.stdin)
keys = jwt.PyJWKSet.from_dict(job["jwks"])


class StandingClock(datetime):
    """PyJWT reads the time with `datetime.now` alone."""

    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(job["now"], tz)


jwt.api_jwt.datetime = StandingClock


def verdict(token):
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        try:
            key = keys[kid]
        except KeyError:
            return {"refused": "kid"}
        payload = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            issuer=job["issuers"],
            leeway=job["leeway"],
            # An audience is not this receiver's rule; PyJWT would refuse every token that has one.
            options={"require": ["exp", "iat", "iss"], "verify_aud": False},
        )
    except jwt.PyJWTError as error:
        return {"refused": type(error).__name__}
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"}
    if payload.get("source") != job["source"]:
        return {"refused": "source"}
    return {
        "accepted": {
            "iss": payload["iss"],
            "sub": payload.get("sub"),
            "iat": int(payload["iat"]),
            "exp": int(payload["exp"]),
            "kid": kid,
        }
    }


json.dump([verdict(token) for token in job["tokens"]], sys.stdout)
