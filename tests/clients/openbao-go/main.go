// The OpenBao Go client against a server that is empty, and against a second one over TLS. Results go to
// standard output, a line of JSON each.
package main

import (
	"os"
	"runtime/debug"

	"github.com/openbao/openbao/api/v2"
)

const module = "github.com/openbao/openbao/api/v2"

type introduction struct {
	Client    string   `json:"client"`
	Version   string   `json:"version"`
	Inventory []string `json:"inventory"`
}

func inventory() []string {
	names := methodsOf(&api.Sys{}, "Sys.")
	names = append(names, methodsOf(&api.TokenAuth{}, "Token.")...)
	names = append(names, methodsOf(&api.Logical{}, "Logical.")...)
	names = append(names, methodsOf(&api.KVv1{}, "KVv1.")...)
	names = append(names, methodsOf(&api.KVv2{}, "KVv2.")...)
	return append(names, "Client.Help", "Client.NewLifetimeWatcher", "Client.WithNamespace")
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, one := range info.Deps {
		if one.Path == module {
			return one.Version
		}
	}
	return "unknown"
}

func connect(address string) *api.Client {
	config := api.DefaultConfig()
	config.Address = address
	client := got(api.NewClient(config))
	client.ClearToken()
	return client
}

// overTLS shows a certificate that the server does not ask for.
func overTLS() {
	config := api.DefaultConfig()
	config.Address = os.Getenv("CONCLAVE_TLS_ADDR")
	done(config.ConfigureTLS(&api.TLSConfig{
		CACert:     os.Getenv("CONCLAVE_TLS_CA"),
		ClientCert: os.Getenv("CONCLAVE_TLS_CERT"),
		ClientKey:  os.Getenv("CONCLAVE_TLS_KEY"),
	}))
	client := got(api.NewClient(config))
	check("Sys.InitStatus", "is asked over TLS, with a certificate that need not be shown", func() {
		same(got(client.Sys().InitStatus()), false)
	})
	initForHolders(client)
}

func main() {
	say(introduction{Client: module, Version: version(), Inventory: inventory()})
	client := connect(os.Getenv("CONCLAVE_ADDR"))
	runCeremonies(client)
	runStores(client)
	runTokens(client)
	runSystem(client)
	overTLS()
}
