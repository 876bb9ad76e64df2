"""The requests to functions that require more of a token than scopes, for the descriptions of servers.

A request has `label`, `method`, `path`, and if there are any `token`, `body`, `key` (a DPoP proof by this key),
`same_proof` (the headers of the request before), `certificate` (of the client) and `log_in` (a token of this client, after
an authorization request with the parameters of the challenge before).
"""

# The type of authorization details of POST /prints, and what the token permits.
PRINT = {"type": "journal_print", "copies": 2, "recipient": "alice"}


def bound_to_keys(bound, key, other_key, unbound):
    """A function that needs a bound token."""
    request = {"method": "GET", "path": "/export", "token": bound}
    return [
        {**request, "label": "bound token with a proof", "key": key},
        {**request, "label": "the same proof again", "same_proof": True},
        {**request, "label": "bound token with a proof of another key", "key": other_key},
        {**request, "label": "bound token as a bearer token"},
        {**request, "label": "token that is not bound", "token": unbound},
        {**request, "label": "token that is not bound, with a proof", "token": unbound, "key": key},
        # A function that needs no bound token does not accept it as a bearer token either.
        {**request, "label": "bound token as a bearer token, GET /entries", "path": "/entries"},
    ]


def logins(tokens, client):
    """A function that needs a recent login of certain classes, with tokens by label. The last challenge leads to a login."""
    request = {"method": "DELETE", "path": "/entries"}
    return [
        *({**request, "label": label, "token": token} for label, token in tokens.items()),
        {**request, "label": "after the login that the challenge demands", "log_in": client},
    ]


def details(granted, without):
    """A function that needs authorization details that are equal to its argument."""
    request = {"method": "POST", "path": "/prints", "token": granted}
    order = {name: value for name, value in PRINT.items() if name != "type"}
    return [
        {**request, "label": "order that the details permit", "body": order},
        {**request, "label": "order for more copies", "body": {**order, "copies": 3}},
        {**request, "label": "order for another recipient", "body": {**order, "recipient": "bob"}},
        {**request, "label": "token without details", "token": without, "body": order},
    ]


def exchanged(tokens):
    """A function that calls the journal for its caller, with an exchanged token. With tokens of callers, by label."""
    return [{"method": "GET", "path": "/orders", "label": label, "token": token} for label, token in tokens.items()]


def bound_to_certificates(bound, certificate, other, unbound):
    """The service of `examples/mtls`."""
    request = {"method": "GET", "path": "/", "token": bound}
    return [
        {**request, "label": "bound token with its certificate", "certificate": certificate},
        {**request, "label": "bound token with another certificate", "certificate": other},
        {**request, "label": "bound token without a certificate"},
        {**request, "label": "token that is not bound, without a certificate", "token": unbound},
    ]
