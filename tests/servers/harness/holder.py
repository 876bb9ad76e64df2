"""What proves that a client is the holder of a token: DPoP proofs (RFC 9449) and client certificates (RFC 8705)."""

import subprocess


def output(command):
    result = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: exit status {result.returncode}\n{result.stderr[-2000:]}")
    return result.stdout.strip()


def new_key(binaries, path):
    """Makes a key for DPoP proofs in this file. Returns its thumbprint, the `jkt` of tokens that are bound to it."""
    return output([binaries / "journal", "proof", "--new-key", path])


def proof(binaries, key, method, url, token=None):
    """A proof for one request, by the key in this file; without a token, for one to the token endpoint."""
    of_token = [] if token is None else ["--token", token]
    return output([binaries / "journal", "proof", "--key", key, "--method", method, "--url", url, *of_token])


def new_certificate(directory, name):
    """Makes a self-signed certificate for loopback. Returns the paths of its file and of the file with its key."""
    paths = {"certificate": str(directory / f"{name}.pem"), "key": str(directory / f"{name}.key")}
    output(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-out", paths["certificate"], "-keyout", paths["key"]])
    return paths
