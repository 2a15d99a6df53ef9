// The vendor's Kubernetes provider, served from a main package of ours. The module's own main embeds what a generator of
// theirs writes; the two files it reads stand beside this program instead, as published in the module.
package main

import (
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

var version string

func read(name string) []byte {
	program, err := os.Executable()
	if err != nil {
		panic(err)
	}
	content, err := os.ReadFile(filepath.Join(filepath.Dir(program), name))
	if err != nil {
		panic(err)
	}
	return content
}

func main() {
	provider.Serve("kubernetes", version, read("schema.json"), read("terraform-mapping.json"))
}
