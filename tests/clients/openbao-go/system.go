package main

import (
	"encoding/json"
	"strings"

	"github.com/openbao/openbao/api/v2"
)

func verbs(logical *api.Logical) {
	check("Logical.Write", "writes anywhere, and gets nothing back", func() {
		secret := got(logical.Write("kv1/dir/one", map[string]any{"k": "v"}))
		same(secret == nil, true)
	})
	check("Logical.WriteBytes", "writes JSON as it is", func() {
		got(logical.WriteBytes("kv1/dir/two", []byte(`{"deep":{"list":[1,true,null]}}`)))
	})
	check("Logical.Read", "reads, and is nil where nothing is", func() {
		same(got(logical.Read("kv1/dir/one")).Data, map[string]any{"k": "v"})
		same(got(logical.Read("kv1/none")) == nil, true)
	})
	check("Logical.ReadWithData", "reads with a query", func() {
		got(logical.Write("kv2/data/q", map[string]any{"data": map[string]any{"a": "1"}}))
		got(logical.Write("kv2/data/q", map[string]any{"data": map[string]any{"a": "2"}}))
		read := got(logical.ReadWithData("kv2/data/q", map[string][]string{"version": {"1"}}))
		same(read.Data["data"], map[string]any{"a": "1"})
	})
	check("Logical.ReadRaw", "gives the answer of HTTP", func() {
		answer := got(logical.ReadRaw("kv1/dir/one"))
		secret := got(logical.ParseRawResponseAndCloseBody(answer, nil))
		same([]any{answer.StatusCode, secret.Data["k"]}, []any{200, "v"})
	})
	check("Logical.ParseRawResponseAndCloseBody", "is nil where nothing is", func() {
		answer, err := logical.ReadRaw("kv1/none")
		same(got(logical.ParseRawResponseAndCloseBody(answer, err)) == nil, true)
	})
	check("Logical.ReadRawWithData", "gives it with a query", func() {
		answer := got(logical.ReadRawWithData("kv2/data/q", map[string][]string{"version": {"2"}}))
		same(answer.StatusCode, 200)
		done(answer.Body.Close())
	})
	check("Logical.JSONMergePatch", "merges", func() {
		patch := map[string]any{"data": map[string]any{"b": "3"}}
		same(got(logical.JSONMergePatch(ctx, "kv2/data/q", patch)).Data["version"], json.Number("3"))
	})
}

func listing(logical *api.Logical) {
	keys := func(secret *api.Secret, err error) any { return got(secret, err).Data["keys"] }
	check("Logical.List", "lists by GET, and is nil where nothing is", func() {
		same(keys(logical.List("kv1/dir")), []any{"one", "two"})
		same(got(logical.List("kv1/none")) == nil, true)
	})
	check("Logical.ListPage", "lists a page", func() {
		got(logical.Write("kv2/data/r", map[string]any{"data": map[string]any{"a": "1"}}))
		same(keys(logical.ListPage("kv2/metadata", "q", 1)), []any{"r"})
	})
	check("Logical.Scan", "has all below", func() { same(keys(logical.Scan("kv1")), []any{"dir/one", "dir/two"}) })
	check("Logical.ScanPage", "has a page of it", func() {
		same(keys(logical.ScanPage("kv2/metadata", "q", 1)), []any{"r"})
	})
	check("Logical.Delete", "deletes", func() {
		got(logical.Delete("kv1/dir/two"))
		same(keys(logical.List("kv1/dir")), []any{"one"})
	})
	check("Logical.DeleteWithData", "deletes with a query", func() {
		got(logical.DeleteWithData("kv1/dir/one", map[string][]string{"why": {"old"}}))
	})
}

func wrapping(client *api.Client) {
	wrapper := got(client.Clone())
	wrapper.SetToken(client.Token())
	wrapper.SetWrappingLookupFunc(func(_, _ string) string { return "60s" })
	wrap := func() *api.SecretWrapInfo {
		return got(wrapper.Logical().Write("sys/wrapping/wrap", map[string]any{"hello": "w"})).WrapInfo
	}
	check("Logical.Unwrap", "gives what was wrapped, once", func() {
		info := wrap()
		same([]any{info.TTL, info.CreationPath, info.CreationTime.IsZero()}, []any{60, "sys/wrapping/wrap", false})
		same(got(client.Logical().Unwrap(info.Token)).Data, map[string]any{"hello": "w"})
		_, err := client.Logical().Unwrap(info.Token)
		refused(err, "wrapping token is not valid or does not exist")
	})
	check("Logical.Unwrap", "takes the wrapping token as the caller's own", func() {
		info := wrap()
		other := got(client.Clone())
		other.ClearToken()
		same(got(other.Logical().Unwrap(info.Token)).Data, map[string]any{"hello": "w"})
	})
	check("Logical.Write", "looks a wrapping token up, and wraps it anew", func() {
		info := wrap()
		found := got(client.Logical().Write("sys/wrapping/lookup", map[string]any{"token": info.Token})).Data
		same(found["creation_path"], "sys/wrapping/wrap")
		anew := got(client.Logical().Write("sys/wrapping/rewrap", map[string]any{"token": info.Token})).WrapInfo
		same(got(client.Logical().Unwrap(anew.Token)).Data, map[string]any{"hello": "w"})
	})
}

func leases(client *api.Client) {
	sys, token := client.Sys(), client.Auth().Token()
	check("Sys.Lookup", "tells of a lease", func() {
		got(token.Create(&api.TokenCreateRequest{TTL: "1h"}))
		for _, key := range got(client.Logical().List("sys/leases/lookup/auth/token/create")).Data["keys"].([]any) {
			if id := "auth/token/create/" + key.(string); !strings.HasSuffix(id, "/") {
				same(got(sys.Lookup(id)).Data["id"], id)
				return
			}
		}
		panic("no lease was listed")
	})
	check("Sys.Lookup", "does not know one that is not there", func() {
		_, err := sys.Lookup("nope")
		refused(err, "invalid lease")
	})
	check("Sys.Renew", "does not find one that is not there", func() {
		_, err := sys.Renew("nope", 60)
		refused(err, "lease not found")
	})
	check("Sys.Revoke", "is content where nothing is", func() { done(sys.Revoke("nope")) })
	check("Sys.RevokeWithOptions", "ends what stands under a prefix, and waits", func() {
		done(sys.RevokeWithOptions(&api.RevokeOptions{LeaseID: "auth/none", Prefix: true, Sync: true}))
		done(sys.RevokeWithOptions(&api.RevokeOptions{LeaseID: "kv1/x", Prefix: true, Force: true}))
	})
	check("Sys.RevokePrefix", "ends the tokens of a role", func() {
		auth := got(token.CreateWithRole(&api.TokenCreateRequest{}, "ci")).Auth
		done(sys.RevokePrefix("auth/token/create/ci"))
		_, err := token.Lookup(auth.ClientToken)
		refused(err, "bad token")
	})
	check("Sys.RevokeForce", "ends what is left, whatever the engine says", func() { done(sys.RevokeForce("kv1/x")) })
}

func system(client *api.Client) {
	check("Client.Help", "tells of a path", func() {
		same(strings.TrimSpace(got(client.Help("sys/mounts")).Help) != "", true)
	})
	check("Client.WithNamespace", "is the root for root, and nothing for another", func() {
		same(got(client.WithNamespace("root").Sys().ListMounts())["kv1/"].Type, "kv")
		_, err := client.WithNamespace("nope").Sys().ListMounts()
		refused(err, "namespace not found")
	})
	check("Sys.ListPlugins", "has the engines", func() {
		same(got(client.Sys().ListPlugins(&api.ListPluginsInput{})).PluginsByType != nil, true)
	})
	check("Sys.GetPlugin", "tells of one", func() {
		plugin := got(client.Sys().GetPlugin(&api.GetPluginInput{Name: "kv", Type: api.PluginTypeSecrets}))
		same([]any{plugin.Name, plugin.Builtin}, []any{"kv", true})
	})
	check("Logical.Write", "gets random bytes and hashes", func() {
		random := got(client.Logical().Write("sys/tools/random/8", map[string]any{"format": "hex"})).Data
		same(len(random["random_bytes"].(string)), 16)
		hash := got(client.Logical().Write("sys/tools/hash/sha2-256", map[string]any{"input": "YWJj"})).Data
		same(hash["sum"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
	})
}

func runSystem(client *api.Client) {
	verbs(client.Logical())
	listing(client.Logical())
	wrapping(client)
	leases(client)
	system(client)
}
