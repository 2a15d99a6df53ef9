// Scores of kube-scheduler's NodeResourcesFit, by its own code, for random nodes and requests: a golden file on standard
// output. Equal arguments give equal files.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"log"
	"math/rand"
	"os"
	_ "unsafe" // for go:linkname

	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	_ "k8s.io/kubernetes/pkg/scheduler/framework/plugins/noderesources"
)

// The scorers are not exported; their symbols are there all the same.
//
//go:linkname leastAllocated k8s.io/kubernetes/pkg/scheduler/framework/plugins/noderesources.leastResourceScorer
func leastAllocated(resources []config.ResourceSpec) func(requested, allocated, allocatable []int64) int64

//go:linkname mostAllocated k8s.io/kubernetes/pkg/scheduler/framework/plugins/noderesources.mostResourceScorer
func mostAllocated(resources []config.ResourceSpec) func(requested, allocated, allocatable []int64) int64

// scored is one node with one request on top of what is used there: CPU in thousandths, memory in bytes, GPUs.
type scored struct {
	Allocatable []int64 `json:"allocatable"`
	Used        []int64 `json:"used"`
	Asked       []int64 `json:"asked"`
	Least       int64   `json:"least"`
	Most        int64   `json:"most"`
}

func main() {
	seed := flag.Int64("seed", 1, "of the random cases")
	cases := flag.Int("cases", 1000, "how many")
	flag.Parse()
	random := rand.New(rand.NewSource(*seed))
	out := bufio.NewWriter(os.Stdout)
	for range *cases {
		line, err := json.Marshal(draw(random))
		if err != nil {
			log.Fatal(err)
		}
		out.Write(append(line, '\n'))
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}

// draw makes a case that fits, for kube-scheduler scores no other nodes; one in two asks for GPUs.
func draw(random *rand.Rand) scored {
	specs := []config.ResourceSpec{{Name: "cpu", Weight: 1}, {Name: "memory", Weight: 1}}
	limits := []int64{128_000, 2 << 40}
	if random.Intn(2) == 0 {
		specs = append(specs, config.ResourceSpec{Name: "nvidia.com/gpu", Weight: 1})
		limits = append(limits, 16)
	}
	var s scored
	var requested []int64
	for _, limit := range limits {
		allocatable := 1 + random.Int63n(limit)
		asked := 1 + random.Int63n(allocatable)
		used := random.Int63n(allocatable - asked + 1)
		s.Allocatable = append(s.Allocatable, allocatable)
		s.Asked = append(s.Asked, asked)
		s.Used = append(s.Used, used)
		requested = append(requested, used+asked)
	}
	s.Least = leastAllocated(specs)(requested, s.Used, s.Allocatable)
	s.Most = mostAllocated(specs)(requested, s.Used, s.Allocatable)
	return s
}
