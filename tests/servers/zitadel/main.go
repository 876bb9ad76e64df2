// Command zitadel is the example provider of Zitadel's OpenID library on loopback: zitadel PORT AUDIENCE…
//
// The example has one client for the client credentials grant, whose tokens name that client alone as their
// audience. Here the audiences are those of the command line, and the name of a client decides whether its
// tokens are opaque or JWTs.
package main

import (
	"context"
	"log"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

type provider struct {
	*storage.Storage
	audience []string
}

type client struct {
	op.Client
	id string
}

func (c client) GetID() string { return c.id }

func (c client) AccessTokenType() op.AccessTokenType {
	if strings.HasSuffix(c.id, "-jwt") {
		return op.AccessTokenTypeJWT
	}
	return op.AccessTokenTypeBearer
}

func (p provider) ClientCredentials(ctx context.Context, id, secret string) (op.Client, error) {
	if secret != id+"-secret" {
		return nil, oidc.ErrInvalidClient()
	}
	inner, err := p.Storage.ClientCredentials(ctx, "sid1", "verysecret")
	return client{inner, id}, err
}

func (p provider) ClientCredentialsTokenRequest(_ context.Context, id string, scopes []string) (op.TokenRequest, error) {
	audience := p.audience
	if strings.HasPrefix(id, "stranger") {
		audience = []string{id}
	}
	// The subject is a user of the example, whose claims are in the introspection response.
	return &oidc.JWTTokenRequest{Subject: "id1", Audience: audience, Scopes: scopes}, nil
}

func main() {
	address := "127.0.0.1:" + os.Args[1]
	issuer := "http://" + address + "/"
	storage.RegisterClients(storage.WebClient("journal", "journal-secret"))
	users := storage.NewUserStore(issuer)
	stored := provider{storage.NewStorage(users), os.Args[2:]}
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	log.Fatal(http.ListenAndServe(address, exampleop.SetupServer(issuer, stored, logger, false)))
}
