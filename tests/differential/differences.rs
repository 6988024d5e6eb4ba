//! The known differences, and why ours is the right side of each.
//!
//! What we accept and a peer refuses comes first. It is little, and never what both refuse.

/// A kind of token on which not all agree.
pub(crate) struct Difference {
    /// What is changed in the tokens.
    pub(crate) about: &'static str,
    pub(crate) accepted_by: &'static [Party],
    /// What our guard says: codes of `Reason`, or of the test's own where no request would come to a guard.
    pub(crate) ours: &'static [&'static str],
    pub(crate) reason: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    Ours,
    Jose,
    PyJwt,
}

use Party::{Jose, Ours, PyJwt};

impl Party {
    pub(crate) const ALL: [Self; 3] = [Ours, Jose, PyJwt];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Ours => "ours",
            Jose => "jose",
            PyJwt => "PyJWT",
        }
    }
}

/// A peer accepts, or both do, and we refuse.
const fn refused(
    about: &'static str,
    accepted_by: &'static [Party],
    ours: &'static [&'static str],
    reason: &'static str,
) -> Difference {
    Difference {
        about,
        accepted_by,
        ours,
        reason,
    }
}

/// We accept, and a peer refuses.
const fn accepted(
    about: &'static str,
    accepted_by: &'static [Party],
    reason: &'static str,
) -> Difference {
    Difference {
        about,
        accepted_by,
        ours: &["accepted"],
        reason,
    }
}

const BOTH: &[Party] = &[Jose, PyJwt];
const NO_DATE: &[&str] = &[
    "expiry_missing",
    "issued_at_missing",
    "not_before_malformed",
];
const NO_CREDENTIALS: &[&str] = &["malformed_authorization_header", "no_header_value"];

pub(crate) const TABLE: &[Difference] = &[
    // What we accept and one of the others refuses.
    accepted(
        "5,000 digits",
        &[Ours, Jose],
        "Python turns no more than 4,300 digits into a number. The claim means nothing to us, and is not read",
    ),
    accepted(
        "fraction of a second",
        &[Ours, PyJwt],
        "`nbf` or `iat` within the last second of the leeway: PyJWT and we drop the fraction, jose compares \
         it. The clock has whole seconds, so this is less than its own error",
    ),
    // Kinds of tokens: only we know that one key set signs several.
    refused(
        "session",
        BOTH,
        &["wrong_kind_session"],
        "a user's session that claims to be a service's. Any session may carry any claim; others have no \
         notion of kinds",
    ),
    refused(
        "session mark",
        BOTH,
        &["wrong_kind_session"],
        "a member that only sessions have, whatever its value. Others have no notion of kinds",
    ),
    refused(
        "stt",
        BOTH,
        &[
            "wrong_kind_oauth2_access",
            "wrong_kind_id",
            "wrong_kind_other",
        ],
        "SuperTokens' mark of OAuth2 and ID tokens. Others have no notion of kinds",
    ),
    // The header.
    refused(
        "typ",
        &[PyJwt],
        &["type_not_accepted"],
        "PyJWT does not look at `typ`. Explicit types keep tokens apart (RFC 8725 §3.11), and every core \
         writes `JWT`",
    ),
    refused(
        "spelling of typ",
        BOTH,
        &["type_not_accepted"],
        "jose compares media types, without regard to case and to `application/` (RFC 7515 §4.1.9); every \
         core writes `JWT`",
    ),
    refused(
        "escape in the header",
        BOTH,
        &[
            "algorithm_not_accepted",
            "type_not_accepted",
            "key_id_not_accepted",
        ],
        "the same string written with escapes. No core writes it so, and comparing what stands there needs \
         no second reading",
    ),
    refused(
        "cty",
        BOTH,
        &["header_not_accepted"],
        "`cty` says that the payload is something else, such as a token within the token (RFC 7519 §5.2)",
    ),
    refused(
        "key in the header",
        BOTH,
        &["header_not_accepted"],
        "a token that brings its own key or tells where it is. Others ignore that; to us it is an attack \
         (RFC 8725 §3.10)",
    ),
    refused(
        "crit",
        BOTH,
        &["header_not_accepted"],
        "`crit` with `b64: true`: the others know RFC 7797, and that it changes nothing then. We know no \
         extension, so every `crit` is refused (RFC 7515 §4.1.11)",
    ),
    refused(
        "crit",
        &[PyJwt],
        &["header_not_accepted"],
        "`crit` with a `b64` that is no boolean: PyJWT takes all but `false` for `true`",
    ),
    refused(
        "b64",
        BOTH,
        &["header_not_accepted"],
        "`b64`, but not `false`, and without `crit`: it says nothing, and the others ignore it. A JWT has no \
         use for it (RFC 7797 §7)",
    ),
    refused(
        "b64",
        &[Jose],
        &["header_not_accepted"],
        "`b64: false` without `crit`, against RFC 7797 §6: jose ignores it, PyJWT refuses as we do",
    ),
    // JSON.
    refused(
        "duplicate member",
        BOTH,
        &["malformed_token"],
        "a member that occurs twice: the others take the last, and some other library the first. Both RFC \
         7515 §4 and RFC 7519 §4 allow to refuse it",
    ),
    refused(
        "duplicate member",
        &[PyJwt],
        &["malformed_token"],
        "a second `typ`, not `JWT`: jose takes the last and refuses it, PyJWT does not look at `typ`",
    ),
    refused(
        "byte order mark",
        BOTH,
        &["malformed_token"],
        "JSON text begins with no byte order mark; parsers may ignore one (RFC 8259 §8.1), we do not",
    ),
    refused(
        "not UTF-8 but UTF-16 or UTF-32",
        &[PyJwt],
        &["malformed_token"],
        "Python guesses the encoding. A JWT is UTF-8 (RFC 7515 §5.2, RFC 7519 §7.2)",
    ),
    refused(
        "encoded surrogate",
        &[PyJwt],
        &["malformed_token"],
        "Python lets surrogates pass in UTF-8, which has none (RFC 3629 §3)",
    ),
    refused(
        "number that only Python reads",
        &[PyJwt],
        &["malformed_token"],
        "Python reads `NaN` and `Infinity`, which are not JSON (RFC 8259 §6)",
    ),
    refused(
        "lone surrogate",
        BOTH,
        &["claim_malformed"],
        "an escaped surrogate without its partner in a claim that we read: it is no text in Rust, and in \
         others not the same everywhere (RFC 8259 §8.2)",
    ),
    // Base64url.
    refused(
        "padding",
        BOTH,
        &["malformed_token"],
        "base64url of a JWS has no padding (RFC 7515 §2); with it, one token would have several spellings",
    ),
    refused(
        "trailing bits",
        &[Jose],
        &["malformed_token"],
        "bits that no byte needs must be zero (RFC 4648 §3.5), else one token has several spellings. `atob` \
         ignores them",
    ),
    refused(
        "white space",
        &[Jose],
        NO_CREDENTIALS,
        "base64url has no white space (RFC 7515 §2), and a bearer token neither (RFC 6750 §2.1). `atob` \
         ignores it",
    ),
    refused(
        "white space around",
        &[Jose],
        NO_CREDENTIALS,
        "a bearer token ends with its header field, whose white space the HTTP server takes away. `atob` \
         ignores it",
    ),
    refused(
        "longer than 8 KiB",
        BOTH,
        &["token_too_long"],
        "others have no limit. Ours is what common servers allow for all headers together",
    ),
    // Claims.
    refused(
        "sub",
        &[Jose],
        &["claim_malformed"],
        "`sub` is a string (RFC 7519 §4.1.2). jose does not look at its type",
    ),
    refused(
        "jti",
        &[Jose],
        &["claim_malformed"],
        "PyJWT and we want a string (RFC 7519 §4.1.7), since tokens are revoked by it; jose does not look at it",
    ),
    refused(
        "aud, scope, scp",
        BOTH,
        &["claim_malformed"],
        "claims with a meaning to guards, of a wrong type. The others were not asked about them",
    ),
    refused(
        "exp not after iat",
        BOTH,
        &["expiry_not_after_issue"],
        "a token that was never valid but for the leeway. Neither peer compares the two",
    ),
    refused(
        "date that is no number",
        &[PyJwt],
        NO_DATE,
        "a date is a number (RFC 7519 §2). Python's `int` also reads strings, in any script, and booleans",
    ),
    refused(
        "date out of range",
        BOTH,
        NO_DATE,
        "dates before 1970, or beyond the numbers that JSON's readers agree on (2^53 - 1, RFC 8259 §6)",
    ),
    refused(
        "date out of range",
        &[Jose],
        NO_DATE,
        "numbers that are infinite once read: PyJWT cannot make an integer of them, jose compares them",
    ),
    refused(
        "date out of range",
        &[PyJwt],
        NO_DATE,
        "an `iat` of -1e300: jose's greatest age is 2^53 - 1 s, PyJWT has none",
    ),
    refused(
        "5,000 digits",
        &[Jose],
        &["expiry_missing"],
        "an `exp` of 5,000 digits is infinite to jose; PyJWT refuses it as we do",
    ),
    refused(
        "fraction of a second",
        &[Jose],
        &["expired"],
        "`exp` within the last second of the leeway: PyJWT and we drop the fraction, and let the token end \
         earlier",
    ),
];
