package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/openbao/openbao/api/v2"
)

var ctx = context.Background()

func mounts(sys *api.Sys) {
	check("Sys.Mount", "mounts KV, in both versions", func() {
		done(sys.Mount("kv1", &api.MountInput{Type: "kv"}))
		done(sys.Mount("kv2", &api.MountInput{
			Type: "kv", Description: "for apps", Options: map[string]string{"version": "2"},
			Config: api.MountConfigInput{MaxLeaseTTL: "2h", AuditNonHMACRequestKeys: []string{"name"}},
		}))
	})
	check("Sys.Mount", "refuses a path that is taken, and a type that nobody has", func() {
		refused(sys.Mount("kv1", &api.MountInput{Type: "kv"}), "path is already in use at kv1/")
		refused(sys.Mount("zzz", &api.MountInput{Type: "zzz"}), "plugin not found in the catalog: zzz")
	})
	check("Sys.ListMounts", "has them with accessor, options and lifetimes", func() {
		listed := got(sys.ListMounts())
		kv2 := listed["kv2/"]
		same([]any{kv2.Type, kv2.Options, kv2.Description, kv2.Config.MaxLeaseTTL},
			[]any{"kv", map[string]string{"version": "2"}, "for apps", 7200})
		same([]any{len(kv2.UUID), kv2.Accessor[:3], listed["cubbyhole/"].Local}, []any{36, "kv_", true})
	})
	check("Sys.MountInfo", "is one of them", func() {
		same(got(sys.MountInfo("kv2")).Config.AuditNonHMACRequestKeys, []string{"name"})
	})
	check("Sys.MountInfo", "does not find one that is not there", func() {
		_, err := sys.MountInfo("none")
		refused(err, "No secret engine mount at none/")
	})
	check("Sys.TuneMount", "changes lifetimes and visibility", func() {
		done(sys.TuneMount("kv2", api.MountConfigInput{DefaultLeaseTTL: "30m", ListingVisibility: "unauth"}))
	})
	check("Sys.MountConfig", "has lifetimes in seconds", func() {
		config := got(sys.MountConfig("kv2"))
		same([]any{config.DefaultLeaseTTL, config.MaxLeaseTTL, config.ListingVisibility}, []any{1800, 7200, "unauth"})
	})
	check("Sys.Remount", "moves a mount and waits for it", func() {
		done(sys.Mount("here", &api.MountInput{Type: "kv"}))
		done(sys.Remount("here", "there"))
		same(got(sys.ListMounts())["there/"].Type, "kv")
	})
	check("Sys.StartRemount", "gives a number to ask about", func() {
		begun := got(sys.StartRemount("there", "elsewhere"))
		same(len(begun.MigrationID), 36)
		check("Sys.RemountStatus", "tells from where to where", func() {
			info := got(sys.RemountStatus(begun.MigrationID)).MigrationInfo
			same([]string{info.SourceMount, info.TargetMount}, []string{"there/", "elsewhere/"})
		})
	})
	check("Sys.Unmount", "removes one, and one that is not there", func() {
		done(sys.Unmount("elsewhere"))
		done(sys.Unmount("elsewhere"))
	})
}

func authMounts(sys *api.Sys) {
	check("Sys.ListAuth", "has tokens", func() {
		token := got(sys.ListAuth())["token/"]
		same([]string{token.Type, token.Config.TokenType}, []string{"token", "default-service"})
	})
	check("Sys.EnableAuth", "refuses a type that nobody has", func() {
		refused(sys.EnableAuth("zzz", "zzz", ""), "plugin not found in the catalog: zzz")
	})
	check("Sys.EnableAuthWithOptions", "refuses it with options too", func() {
		refused(sys.EnableAuthWithOptions("zzz", &api.EnableAuthOptions{Type: "zzz"}), "plugin not found")
	})
	check("Sys.DisableAuth", "never removes tokens", func() {
		refused(sys.DisableAuth("token"), "token credential backend cannot be disabled")
	})
}

func kv1(kv *api.KVv1) {
	check("KVv1.Put", "writes", func() {
		done(kv.Put(ctx, "a/b", map[string]any{"k": "v", "n": json.Number("9007199254740993")}))
	})
	check("KVv1.Get", "reads what was written, to the last digit", func() {
		same(got(kv.Get(ctx, "a/b")).Data, map[string]any{"k": "v", "n": json.Number("9007199254740993")})
	})
	check("KVv1.List", "has folders with a slash", func() { same(got(kv.List(ctx, "")).Keys, []string{"a/"}) })
	check("KVv1.Scan", "has all below", func() { same(got(kv.Scan(ctx, "")).Keys, []string{"a/b"}) })
	check("KVv1.Delete", "removes it", func() {
		done(kv.Delete(ctx, "a/b"))
		_, err := kv.Get(ctx, "a/b")
		refused(err, "secret not found")
	})
}

func kv2Versions(kv *api.KVv2) {
	check("KVv2.Put", "makes versions", func() {
		made := got(kv.Put(ctx, "app/x", map[string]any{"a": "1"}))
		same([]any{made.VersionMetadata.Version, made.VersionMetadata.CreatedTime.IsZero()}, []any{1, false})
		same(got(kv.Put(ctx, "app/x", map[string]any{"a": "2"}, api.WithCheckAndSet(1))).VersionMetadata.Version, 2)
	})
	check("KVv2.Put", "refuses where another version is the last", func() {
		_, err := kv.Put(ctx, "app/x", map[string]any{"a": "3"}, api.WithCheckAndSet(1))
		refused(err, "check-and-set parameter did not match the current version")
	})
	check("KVv2.Patch", "merges, by PATCH and by reading and writing", func() {
		patch := api.WithMergeMethod(api.KVMergeMethodPatch)
		same(got(kv.Patch(ctx, "app/x", map[string]any{"b": "3"}, patch)).VersionMetadata.Version, 3)
		same(got(kv.Patch(ctx, "app/x", map[string]any{"a": nil})).VersionMetadata.Version, 4)
		written := api.WithMergeMethod(api.KVMergeMethodReadWrite)
		same(got(kv.Patch(ctx, "app/x", map[string]any{"c": "5"}, written)).VersionMetadata.Version, 5)
	})
	check("KVv2.Patch", "does not find what is not there", func() {
		_, err := kv.Patch(ctx, "app/none", map[string]any{"b": "3"})
		refused(err, "secret not found")
	})
	check("KVv2.Get", "is the last version", func() {
		read := got(kv.Get(ctx, "app/x"))
		same(read.Data, map[string]any{"b": "3", "c": "5"})
		same(read.VersionMetadata.DeletionTime.IsZero(), true)
	})
	check("KVv2.GetVersion", "is the version that was asked for", func() {
		same(got(kv.GetVersion(ctx, "app/x", 1)).Data, map[string]any{"a": "1"})
	})
	check("KVv2.GetVersionsAsList", "has them in order", func() {
		versions := got(kv.GetVersionsAsList(ctx, "app/x"))
		same([]int{len(versions), versions[0].Version, versions[4].Version}, []int{5, 1, 5})
	})
	check("KVv2.Rollback", "writes an old version again", func() {
		same(got(kv.Rollback(ctx, "app/x", 1)).VersionMetadata.Version, 6)
		same(got(kv.Get(ctx, "app/x")).Data, map[string]any{"a": "1"})
	})
}

func kv2Removal(kv *api.KVv2) {
	check("KVv2.Delete", "removes the last, and its metadata stay", func() {
		done(kv.Delete(ctx, "app/x"))
		gone := got(kv.Get(ctx, "app/x"))
		same([]any{len(gone.Data), gone.VersionMetadata.DeletionTime.IsZero()}, []any{0, false})
	})
	check("KVv2.Undelete", "brings it back", func() {
		done(kv.Undelete(ctx, "app/x", []int{6}))
		same(got(kv.Get(ctx, "app/x")).Data, map[string]any{"a": "1"})
	})
	check("KVv2.DeleteVersions", "removes some", func() { done(kv.DeleteVersions(ctx, "app/x", []int{2, 3})) })
	check("KVv2.Destroy", "removes some for good", func() {
		done(kv.Destroy(ctx, "app/x", []int{1}))
		same(got(kv.GetVersionsAsList(ctx, "app/x"))[0].Destroyed, true)
	})
}

func kv2Metadata(kv *api.KVv2) {
	check("KVv2.PutMetadata", "takes limits and words of the owner", func() {
		done(kv.PutMetadata(ctx, "app/x", api.KVMetadataPutInput{
			MaxVersions: 8, DeleteVersionAfter: time.Hour, CustomMetadata: map[string]any{"owner": "me"},
		}))
	})
	check("KVv2.GetMetadata", "gives them back", func() {
		read := got(kv.GetMetadata(ctx, "app/x"))
		same([]any{read.MaxVersions, read.DeleteVersionAfter, read.CurrentVersion}, []any{8, time.Hour, 6})
		same(read.CustomMetadata, map[string]any{"owner": "me"})
	})
	check("KVv2.PatchMetadata", "changes one of them", func() {
		required := true
		done(kv.PatchMetadata(ctx, "app/x", api.KVMetadataPatchInput{
			CASRequired: &required, CustomMetadata: map[string]any{"owner": nil, "team": "a"},
		}))
		read := got(kv.GetMetadata(ctx, "app/x"))
		same([]any{read.CASRequired, read.MaxVersions}, []any{true, 8})
		same(read.CustomMetadata, map[string]any{"team": "a"})
	})
	check("KVv2.List", "has folders and keys", func() {
		got(kv.Put(ctx, "top", map[string]any{"a": "1"}))
		same(got(kv.List(ctx, "")).Keys, []string{"app/", "top"})
	})
	check("KVv2.Scan", "has all below", func() { same(len(got(kv.Scan(ctx, "")).Keys), 2) })
	check("KVv2.ListWithDetails", "has the metadata of each", func() {
		same(got(kv.ListWithDetails(ctx, "app")).Metadata["x"].CurrentVersion, 6)
	})
	check("KVv2.ScanWithDetails", "has the metadata of each below", func() {
		same(got(kv.ScanWithDetails(ctx, "")).Metadata["app/x"].CurrentVersion, 6)
	})
	check("KVv2.DeleteMetadata", "leaves nothing", func() {
		done(kv.DeleteMetadata(ctx, "app/x"))
		_, err := kv.Get(ctx, "app/x")
		refused(err, "secret not found")
	})
}

func runStores(client *api.Client) {
	mounts(client.Sys())
	authMounts(client.Sys())
	kv1(client.KVv1("kv1"))
	kv2 := client.KVv2("kv2")
	kv2Versions(kv2)
	kv2Removal(kv2)
	kv2Metadata(kv2)
}
