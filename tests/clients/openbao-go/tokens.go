package main

import (
	"time"

	"github.com/openbao/openbao/api/v2"
)

const reader = `path "kv2/data/app/*" { capabilities = ["read"] }`

func policies(sys *api.Sys) {
	check("Sys.PutPolicy", "takes a policy", func() { done(sys.PutPolicy("reader", reader)) })
	check("Sys.PutPolicy", "refuses what is no policy", func() {
		refused(sys.PutPolicy("bad", `path "x" { capabilities = ["fly"] }`), "invalid capability")
	})
	check("Sys.GetPolicy", "gives it back, and nothing where nothing is", func() {
		same(got(sys.GetPolicy("reader")), reader)
		same(got(sys.GetPolicy("nobody")), "")
	})
	check("Sys.ListPolicies", "has it beside default and root", func() {
		same(got(sys.ListPolicies()), []string{"default", "reader", "root"})
	})
	check("Sys.DeletePolicy", "removes one, but never root", func() {
		done(sys.PutPolicy("short", reader))
		done(sys.DeletePolicy("short"))
		refused(sys.DeletePolicy("root"), `cannot delete "root" policy`)
	})
}

func createTokens(token *api.TokenAuth) *api.SecretAuth {
	made := &api.SecretAuth{}
	check("Token.Create", "makes a token with what was asked for", func() {
		made = got(token.Create(&api.TokenCreateRequest{
			Policies: []string{"reader"}, TTL: "1h", Metadata: map[string]string{"team": "a"}, DisplayName: "web 1",
		})).Auth
		same(made.Policies, []string{"default", "reader"})
		same([]any{made.LeaseDuration, made.Renewable, made.Orphan}, []any{3600, true, false})
	})
	check("Token.Create", "makes a batch token", func() {
		batch := got(token.Create(&api.TokenCreateRequest{Type: "batch", Policies: []string{"reader"}, TTL: "1h"})).Auth
		same([]any{batch.Accessor, batch.Renewable}, []any{"", false})
	})
	check("Token.CreateOrphan", "makes one without a parent", func() {
		same(got(token.CreateOrphan(&api.TokenCreateRequest{Policies: []string{"reader"}})).Auth.Orphan, true)
	})
	return made
}

func lookUpTokens(token *api.TokenAuth, made *api.SecretAuth) {
	check("Token.Lookup", "has all that is known of it", func() {
		secret := got(token.Lookup(made.ClientToken))
		same([]any{got(secret.TokenID()), got(secret.TokenAccessor())}, []any{made.ClientToken, made.Accessor})
		same([]any{got(secret.TokenPolicies()), got(secret.TokenIsRenewable())}, []any{[]string{"default", "reader"}, true})
		same([]any{got(secret.TokenMetadata()), secret.Data["display_name"]},
			[]any{map[string]string{"team": "a"}, "token-web-1"})
		same(got(secret.TokenTTL()) > 59*time.Minute, true)
	})
	check("Token.Lookup", "does not know a token of nobody", func() {
		_, err := token.Lookup("hvs.nobody")
		refused(err, "bad token")
	})
	check("Token.LookupAccessor", "hides the token", func() {
		same(got(token.LookupAccessor(made.Accessor)).Data["id"], "")
	})
	check("Token.LookupSelf", "is the root token, which never ends", func() {
		data := got(token.LookupSelf()).Data
		same([]any{data["policies"], data["expire_time"]}, []any{[]any{"root"}, nil})
	})
}

func renewTokens(client *api.Client, made *api.SecretAuth) {
	token := client.Auth().Token()
	check("Token.Renew", "makes it shorter where less is asked for", func() {
		same(got(token.Renew(made.ClientToken, 600)).Auth.LeaseDuration, 600)
	})
	check("Token.RenewAccessor", "does not tell the token", func() {
		auth := got(token.RenewAccessor(made.Accessor, 1200)).Auth
		same([]any{auth.ClientToken, auth.LeaseDuration}, []any{"", 1200})
	})
	check("Token.RenewTokenAsSelf", "renews the token by itself", func() {
		same(got(token.RenewTokenAsSelf(made.ClientToken, 900)).Auth.LeaseDuration, 900)
	})
	check("Token.RenewSelf", "is refused for a token that never ends", func() {
		_, err := token.RenewSelf(60)
		refused(err, "lease is not renewable")
	})
	check("Token.RenewSelf", "renews the caller", func() {
		same(got(as(client, made).Auth().Token().RenewSelf(1000)).Auth.LeaseDuration, 1000)
	})
	check("Client.NewLifetimeWatcher", "keeps a token alive", func() {
		short := got(token.Create(&api.TokenCreateRequest{TTL: "2s", Policies: []string{"default"}}))
		watcher := got(as(client, short.Auth).NewLifetimeWatcher(&api.LifetimeWatcherInput{Secret: short}))
		go watcher.Start()
		defer watcher.Stop()
		select {
		case renewal := <-watcher.RenewCh():
			same(renewal.Secret.Auth.LeaseDuration, 2)
		case err := <-watcher.DoneCh():
			panic(err)
		}
	})
}

// as is a second client, with the token of that answer.
func as(client *api.Client, auth *api.SecretAuth) *api.Client {
	other := got(client.Clone())
	other.SetToken(auth.ClientToken)
	return other
}

func capabilities(client *api.Client, made *api.SecretAuth) {
	other := as(client, made)
	check("Sys.CapabilitiesSelf", "tells what the caller may", func() {
		same(got(other.Sys().CapabilitiesSelf("kv2/data/app/x")), []string{"read"})
		same(got(client.Sys().CapabilitiesSelf("kv2/data/app/x")), []string{"root"})
	})
	check("Sys.Capabilities", "tells it of another token", func() {
		same(got(client.Sys().Capabilities(made.ClientToken, "kv2/data/other")), []string{"deny"})
	})
	check("Sys.ListMounts", "is refused to a token that may not", func() {
		_, err := other.Sys().ListMounts()
		refused(err, "permission denied")
	})
}

func revokeTokens(client *api.Client) {
	token := client.Auth().Token()
	family := func() (parent, child *api.SecretAuth) {
		parent = got(token.Create(&api.TokenCreateRequest{TTL: "1h"})).Auth
		ask := &api.TokenCreateRequest{TTL: "1h", Policies: []string{"default"}}
		return parent, got(as(client, parent).Auth().Token().Create(ask)).Auth
	}
	alive := func(auth *api.SecretAuth) bool {
		_, err := token.Lookup(auth.ClientToken)
		return err == nil
	}
	check("Token.RevokeTree", "ends a token and its children", func() {
		parent, child := family()
		done(token.RevokeTree(parent.ClientToken))
		same([]bool{alive(parent), alive(child)}, []bool{false, false})
	})
	check("Token.RevokeOrphan", "leaves the children", func() {
		parent, child := family()
		done(token.RevokeOrphan(parent.ClientToken))
		same([]bool{alive(parent), alive(child)}, []bool{false, true})
	})
	check("Token.RevokeAccessor", "ends it", func() {
		_, one := family()
		done(token.RevokeAccessor(one.Accessor))
		same(alive(one), false)
	})
	check("Token.RevokeSelf", "ends the caller", func() {
		_, one := family()
		done(as(client, one).Auth().Token().RevokeSelf(""))
		same(alive(one), false)
	})
}

func roles(client *api.Client) {
	check("Token.CreateWithRole", "makes a token of the role", func() {
		role := map[string]any{"allowed_policies": "reader", "orphan": true, "token_period": "30m"}
		got(client.Logical().Write("auth/token/roles/ci", role))
		auth := got(client.Auth().Token().CreateWithRole(&api.TokenCreateRequest{}, "ci")).Auth
		same([]any{auth.Orphan, auth.LeaseDuration, auth.Policies}, []any{true, 1800, []string{"default", "reader"}})
	})
}

func runTokens(client *api.Client) {
	policies(client.Sys())
	made := createTokens(client.Auth().Token())
	lookUpTokens(client.Auth().Token(), made)
	renewTokens(client, made)
	capabilities(client, made)
	revokeTokens(client)
	roles(client)
}
