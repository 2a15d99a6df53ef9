// etcd as its own module publishes it: its command in a main package of ours, because a build needs one inside this module.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
