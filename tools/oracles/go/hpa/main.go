// The horizontal pod autoscaler of Kubernetes as an oracle: reads cases as JSON lines, writes what the real code answers.
// A line `{"calculate": case}` asks the replica calculator, `{"episode": case}` drives the whole controller through time.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/synctest"

	"k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/util/feature"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/features"
)

type question struct {
	Calculate *testCase `json:"calculate"`
	Episode   *testCase `json:"episode"`
}

func main() {
	klog.SetLogger(klog.Logger{})
	// They would wait between errors, by a clock that jumps.
	runtime.ErrorHandlers = nil
	if err := feature.DefaultMutableFeatureGate.SetFromMap(map[string]bool{string(features.HPAScaleToZero): true}); err != nil {
		panic(err)
	}
	// synctest needs a test to run in.
	oracle := testing.InternalTest{Name: "oracle", F: func(t *testing.T) {
		if err := serve(t, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}}
	every := func(_, _ string) (bool, error) { return true, nil }
	testing.Main(every, []testing.InternalTest{oracle}, nil, nil)
}

// serve answers each question in a bubble of its own, where time is the question's.
func serve(t *testing.T, input io.Reader, output io.Writer) error {
	lines := json.NewDecoder(bufio.NewReaderSize(input, 1<<20))
	lines.UseNumber()
	written := bufio.NewWriter(output)
	answers := json.NewEncoder(written)
	for number := 1; ; number++ {
		var asked question
		if err := lines.Decode(&asked); err == io.EOF {
			return written.Flush()
		} else if err != nil {
			return fmt.Errorf("case %d: %w", number, err)
		}
		var result any
		synctest.Test(t, func(*testing.T) {
			if asked.Calculate != nil {
				result = calculate(asked.Calculate)
			} else {
				result = episode(asked.Episode)
			}
		})
		if err := answers.Encode(result); err != nil {
			return fmt.Errorf("case %d: %w", number, err)
		}
	}
}
