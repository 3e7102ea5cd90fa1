package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/openbao/openbao/api/v2"
)

func pgpKeys() (keys []string) {
	answer := got(http.Get(os.Getenv("CONCLAVE_HOLDERS") + "/keys"))
	done(json.NewDecoder(answer.Body).Decode(&keys))
	return keys
}

// opened is what the holder of that number reads in a message in base64.
func opened(holder int, message string) string {
	body := got(json.Marshal(map[string]any{"holder": holder, "message": message}))
	answer := got(http.Post(os.Getenv("CONCLAVE_HOLDERS")+"/read", "application/json", bytes.NewReader(body)))
	return string(got(io.ReadAll(answer.Body)))
}

func openedAll(messages []string) (texts []string) {
	for i, message := range messages {
		texts = append(texts, opened(i, message))
	}
	return texts
}

func beforeInit(sys *api.Sys) {
	check("Sys.InitStatus", "is false", func() { same(got(sys.InitStatus()), false) })
	check("Sys.Health", "is asked for 299 in every state, and told what this one is", func() {
		health := got(sys.Health())
		same([]bool{health.Initialized, health.Sealed, health.PerformanceStandby}, []bool{false, true, false})
		same(health.Version, "2.6.2")
	})
	check("Sys.SealStatus", "has no shares yet", func() {
		status := got(sys.SealStatus())
		same([]any{status.Initialized, status.Sealed, status.N, status.T}, []any{false, true, 0, 0})
	})
	check("Sys.Leader", "has no high availability", func() { same(got(sys.Leader()).HAEnabled, false) })
}

func initialise(client *api.Client) []string {
	var answer *api.InitResponse
	check("Sys.Init", "gives three shares and a root token", func() {
		answer = got(client.Sys().Init(&api.InitRequest{SecretShares: 3, SecretThreshold: 2}))
		same([]int{len(answer.Keys), len(answer.KeysB64)}, []int{3, 3})
	})
	check("Sys.Init", "is refused the second time", func() {
		_, err := client.Sys().Init(&api.InitRequest{SecretShares: 3, SecretThreshold: 2})
		refused(err, "already initialized")
	})
	client.SetToken(answer.RootToken)
	return answer.KeysB64
}

// initForHolders is for a server of its own: shares and root token come encrypted.
func initForHolders(client *api.Client) {
	check("Sys.Init", "encrypts shares and root token to their holders", func() {
		keys := pgpKeys()
		answer := got(client.Sys().Init(&api.InitRequest{
			SecretShares: 2, SecretThreshold: 2, PGPKeys: keys, RootTokenPGPKey: keys[0],
		}))
		client.SetToken(opened(0, answer.RootToken))
		for _, share := range openedAll(answer.KeysB64) {
			got(client.Sys().Unseal(share))
		}
		same(got(client.Auth().Token().LookupSelf()).Data["path"], "auth/token/root")
	})
}

func unseal(sys *api.Sys, keys []string) {
	check("Sys.Unseal", "counts the first share", func() {
		status := got(sys.Unseal(keys[0]))
		same([]any{status.Sealed, status.Progress}, []any{true, 1})
	})
	check("Sys.ResetUnsealProcess", "forgets it", func() { same(got(sys.ResetUnsealProcess()).Progress, 0) })
	check("Sys.UnsealWithOptions", "counts it again", func() {
		same(got(sys.UnsealWithOptions(&api.UnsealOpts{Key: keys[0]})).Progress, 1)
	})
	check("Sys.Unseal", "opens with the second", func() {
		status := got(sys.Unseal(keys[1]))
		same([]any{status.Sealed, status.Type, status.ClusterName != ""}, []any{false, "shamir", true})
	})
	check("Sys.HAStatus", "has this node, which is active", func() {
		nodes := got(sys.HAStatus()).Nodes
		same([]any{len(nodes), nodes[0].ActiveNode}, []any{1, true})
	})
}

func rekey(sys *api.Sys, keys []string) []string {
	check("Sys.RekeyStatus", "has nothing under way", func() { same(got(sys.RekeyStatus()).Started, false) })
	check("Sys.RekeyInit", "tells what was asked for", func() {
		begun := got(sys.RekeyInit(&api.RekeyInitRequest{SecretShares: 2, SecretThreshold: 2}))
		same([]any{begun.Started, begun.N, begun.T, begun.Required}, []any{true, 2, 2, 2})
	})
	check("Sys.RekeyCancel", "ends it", func() {
		done(sys.RekeyCancel())
		same(got(sys.RekeyStatus()).Started, false)
	})
	check("Sys.RekeyUpdate", "goes on to the new shares", func() {
		begun := got(sys.RekeyInit(&api.RekeyInitRequest{SecretShares: 4, SecretThreshold: 2}))
		_, err := sys.RekeyUpdate(keys[0], "00000000-0000-0000-0000-000000000000")
		refused(err, "nonce")
		same(got(sys.RekeyUpdate(keys[0], begun.Nonce)).Complete, false)
		last := got(sys.RekeyUpdate(keys[1], begun.Nonce))
		same([]any{last.Complete, len(last.Keys), len(last.KeysB64)}, []any{true, 4, 4})
		keys = last.Keys
	})
	return keys
}

func verifiedRekey(sys *api.Sys, keys []string) []string {
	var made *api.RekeyUpdateResponse
	check("Sys.RekeyInit", "asks for verification", func() {
		begun := got(sys.RekeyInit(&api.RekeyInitRequest{
			SecretShares: 3, SecretThreshold: 2, RequireVerification: true,
		}))
		same(begun.VerificationRequired, true)
		got(sys.RekeyUpdate(keys[0], begun.Nonce))
		made = got(sys.RekeyUpdate(keys[1], begun.Nonce))
		same([]any{made.Complete, made.VerificationRequired, len(made.Keys)}, []any{true, true, 3})
	})
	nonce := made.VerificationNonce
	check("Sys.RekeyVerificationStatus", "has none of two", func() {
		status := got(sys.RekeyVerificationStatus())
		same([]any{status.Started, status.Nonce, status.T, status.Progress}, []any{true, nonce, 2, 0})
	})
	check("Sys.RekeyVerificationUpdate", "counts a new share", func() {
		same(got(sys.RekeyVerificationUpdate(made.Keys[0], nonce)).Complete, false)
	})
	check("Sys.RekeyVerificationCancel", "forgets it, under another nonce", func() {
		done(sys.RekeyVerificationCancel())
		status := got(sys.RekeyVerificationStatus())
		same([]any{status.Progress, status.Nonce != nonce}, []any{0, true})
		nonce = status.Nonce
	})
	check("Sys.RekeyVerificationUpdate", "puts the new shares in force", func() {
		got(sys.RekeyVerificationUpdate(made.Keys[1], nonce))
		same(got(sys.RekeyVerificationUpdate(made.Keys[2], nonce)).Complete, true)
	})
	return made.Keys
}

func rekeyToHolders(sys *api.Sys, keys []string) []string {
	var made *api.RekeyUpdateResponse
	check("Sys.RekeyInit", "takes PGP keys, and gives messages that only their holders read", func() {
		begun := got(sys.RekeyInit(&api.RekeyInitRequest{
			SecretShares: 2, SecretThreshold: 2, PGPKeys: pgpKeys(), Backup: true,
		}))
		same([]any{len(begun.PGPFingerprints), begun.Backup}, []any{2, true})
		got(sys.RekeyUpdate(keys[0], begun.Nonce))
		made = got(sys.RekeyUpdate(keys[1], begun.Nonce))
		keys = openedAll(made.KeysB64)
	})
	check("Sys.RekeyRetrieveBackup", "has each message by fingerprint", func() {
		backup := got(sys.RekeyRetrieveBackup())
		for _, fingerprint := range made.PGPFingerprints {
			same(len(backup.KeysB64[fingerprint]), 1)
		}
		same(backup.Nonce != "", true)
	})
	check("Sys.RekeyDeleteBackup", "removes it", func() {
		done(sys.RekeyDeleteBackup())
		_, err := sys.RekeyRetrieveBackup()
		refused(err, "")
	})
	return keys
}

// rotateRoot is a rekey by its newer name, with verification and without.
func rotateRoot(sys *api.Sys, keys []string) []string {
	check("Sys.RotateRootStatus", "has nothing under way", func() {
		same(got(sys.RotateRootStatus()).Started, false)
	})
	check("Sys.RotateRootInit", "tells what was asked for", func() {
		begun := got(sys.RotateRootInit(&api.RotateInitRequest{SecretShares: 1, SecretThreshold: 1}))
		same([]any{begun.Started, begun.N, begun.T}, []any{true, 1, 1})
	})
	check("Sys.RotateRootCancel", "ends it", func() { done(sys.RotateRootCancel()) })
	check("Sys.RotateRootUpdate", "goes on to messages for the holders, with a backup", func() {
		begun := got(sys.RotateRootInit(&api.RotateInitRequest{
			SecretShares: 2, SecretThreshold: 2, PGPKeys: pgpKeys(), Backup: true,
		}))
		same(got(sys.RotateRootUpdate(keys[0], begun.Nonce)).Complete, false)
		made := got(sys.RotateRootUpdate(keys[1], begun.Nonce))
		same(made.Complete, true)
		keys = openedAll(made.KeysB64)
	})
	check("Sys.RotateRootRetrieveBackup", "has them", func() {
		same(len(got(sys.RotateRootRetrieveBackup()).KeysB64), 2)
	})
	check("Sys.RotateRootDeleteBackup", "removes them", func() { done(sys.RotateRootDeleteBackup()) })

	var made *api.RotateUpdateResponse
	check("Sys.RotateRootInit", "asks for verification", func() {
		begun := got(sys.RotateRootInit(&api.RotateInitRequest{
			SecretShares: 2, SecretThreshold: 2, RequireVerification: true,
		}))
		got(sys.RotateRootUpdate(keys[0], begun.Nonce))
		made = got(sys.RotateRootUpdate(keys[1], begun.Nonce))
		same(made.VerificationRequired, true)
	})
	nonce := made.VerificationNonce
	check("Sys.RotateRootVerificationStatus", "has none of two", func() {
		status := got(sys.RotateRootVerificationStatus())
		same([]any{status.Started, status.T, status.Progress}, []any{true, 2, 0})
	})
	check("Sys.RotateRootVerificationCancel", "begins again under another nonce", func() {
		done(sys.RotateRootVerificationCancel())
		nonce = got(sys.RotateRootVerificationStatus()).Nonce
	})
	check("Sys.RotateRootVerificationUpdate", "puts the new shares in force", func() {
		got(sys.RotateRootVerificationUpdate(made.Keys[0], nonce))
		same(got(sys.RotateRootVerificationUpdate(made.Keys[1], nonce)).Complete, true)
	})
	return made.Keys
}

func generateRoot(client *api.Client, keys []string) {
	sys := client.Sys()
	var otp string
	check("Sys.GenerateRootStatus", "has nothing under way", func() {
		status := got(sys.GenerateRootStatus())
		same(status.Started, false)
		otp = strings.Repeat("x", status.OTPLength)
	})
	check("Sys.GenerateRootInit", "makes a password where none is given", func() {
		begun := got(sys.GenerateRootInit("", ""))
		same([]any{begun.Started, len(begun.OTP)}, []any{true, len(otp)})
	})
	check("Sys.GenerateRootCancel", "ends it", func() { done(sys.GenerateRootCancel()) })
	check("Sys.GenerateRootUpdate", "makes a token that only the password reads", func() {
		last := got(sys.GenerateRootInit(otp, ""))
		for _, key := range keys {
			last = got(sys.GenerateRootUpdate(key, last.Nonce))
		}
		same(last.Complete, true)
		masked := got(base64.RawStdEncoding.DecodeString(last.EncodedToken))
		for i := range masked {
			masked[i] ^= otp[i]
		}
		other := got(client.Clone())
		other.SetToken(string(masked))
		same(got(other.Auth().Token().LookupSelf()).Data["policies"], []any{"root"})
	})
	check("Sys.GenerateRootInit", "takes the PGP key of a holder", func() {
		last := got(sys.GenerateRootInit("", pgpKeys()[1]))
		for _, key := range keys {
			last = got(sys.GenerateRootUpdate(key, last.Nonce))
		}
		same([]any{last.Complete, len(opened(1, last.EncodedToken)) > 20}, []any{true, true})
	})
}

func keyringAndSeal(sys *api.Sys, keys []string) {
	var term int
	check("Sys.KeyStatus", "has a term and when it began", func() {
		status := got(sys.KeyStatus())
		same(status.InstallTime.IsZero(), false)
		term = status.Term
	})
	check("Sys.Rotate", "begins the next term", func() { done(sys.Rotate()) })
	check("Sys.RotateKeyring", "begins one more", func() {
		done(sys.RotateKeyring())
		same(got(sys.KeyStatus()).Term, term+2)
	})
	check("Sys.RotateRoot", "is refused where the root key belongs to the holders of shares", func() {
		refused(sys.RotateRoot(), "rekey")
	})
	check("Sys.StepDown", "is taken by a node that is alone", func() { done(sys.StepDown()) })
	check("Sys.Seal", "closes", func() {
		done(sys.Seal())
		same(got(sys.SealStatus()).Sealed, true)
	})
	check("Sys.ListMounts", "says that the server is sealed", func() {
		_, err := sys.ListMounts()
		refused(err, "sealed")
	})
	check("Sys.Unseal", "opens with the shares of the last rekey", func() {
		got(sys.Unseal(keys[0]))
		same(got(sys.Unseal(keys[1])).Sealed, false)
	})
}

// runCeremonies leaves an empty server open, and the client with its root token.
func runCeremonies(client *api.Client) {
	sys := client.Sys()
	beforeInit(sys)
	keys := initialise(client)
	unseal(sys, keys)
	keys = rekey(sys, keys)
	keys = verifiedRekey(sys, keys)
	keys = rekeyToHolders(sys, keys)
	keys = rotateRoot(sys, keys)
	generateRoot(client, keys)
	// No seconds of waiting for a server that is sealed, and that stays so.
	client.SetMaxRetries(0)
	keyringAndSeal(sys, keys)
}
