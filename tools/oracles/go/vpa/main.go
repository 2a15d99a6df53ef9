// Writes what the Vertical Pod Autoscaler's own code answers to random streams of samples, as JSON lines on standard
// output: the oracle of test/unit/performance-optimizer/vpa-golden.test.ts. Every run writes the same.
//
//	go run . | gzip -9n > ../../../../test/golden/vpa/cases.jsonl.gz
package main

import (
	"bufio"
	"encoding/json"
	"math"
	"math/rand"
	"os"
	"time"

	"k8s.io/autoscaler/vertical-pod-autoscaler/pkg/recommender/logic"
	"k8s.io/autoscaler/vertical-pod-autoscaler/pkg/recommender/model"
	"k8s.io/autoscaler/vertical-pod-autoscaler/pkg/recommender/util"
)

const (
	histogramCases = 160
	containerCases = 160
	seed           = 20261123
)

var percentiles = []float64{0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1}

// One step of a stream: [operation, value, weight, seconds since start]. Operations: 0 add, 1 subtract.
type step [4]float64

type checkpoint struct {
	Buckets     map[int]uint32 `json:"buckets"`
	TotalWeight float64        `json:"totalWeight"`
	Reference   int64          `json:"reference"`
}

type histogramCase struct {
	Kind     string  `json:"kind"`
	Resource string  `json:"resource"`
	HalfLife float64 `json:"halfLife"`
	Start    int64   `json:"start"`
	Steps    []step  `json:"steps"`
	// Merged into the first when its own stream has ended.
	Merged []step `json:"merged"`
	// After each quarter of the steps, after the merge, and after saving and loading.
	Percentiles [][]float64 `json:"percentiles"`
	Checkpoint  checkpoint  `json:"checkpoint"`
}

// [resource (0 CPU millicores, 1 memory bytes, 2 out of memory at so many bytes), value, seconds since start, taken]
type sample [4]float64

type bounds struct {
	Target model.Resources `json:"target"`
	Lower  model.Resources `json:"lower"`
	Upper  model.Resources `json:"upper"`
}

type containerCase struct {
	Kind    string   `json:"kind"`
	Start   int64    `json:"start"`
	Request int64    `json:"request"`
	Samples []sample `json:"samples"`
	// After each quarter of the samples.
	Recommendations []bounds `json:"recommendations"`
}

func main() {
	random := rand.New(rand.NewSource(seed))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	for range histogramCases {
		must(encoder.Encode(runHistogram(random)))
	}
	for range containerCases {
		must(encoder.Encode(runContainer(random)))
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Six significant digits, so that the text of the number is the number.
func short(value float64) float64 {
	if value == 0 {
		return 0
	}
	scale := math.Pow(10, 5-math.Floor(math.Log10(math.Abs(value))))
	return math.Round(value*scale) / scale
}

func startTime(random *rand.Rand) time.Time {
	return time.Unix(1_700_000_000+random.Int63n(50_000_000), 0).UTC()
}

// Values of one stream: log-normal with a level and a width of its own, now and then zero or far out of range.
func values(random *rand.Rand, memory bool) func() float64 {
	level, width := math.Exp(random.NormFloat64()*2-1), random.Float64()*1.5
	if memory {
		level = math.Exp(18 + random.NormFloat64()*2)
	}
	return func() float64 {
		switch random.Intn(60) {
		case 0:
			return 0
		case 1:
			return short(level * 1e5)
		}
		return short(level * math.Exp(random.NormFloat64()*width))
	}
}

func stream(random *rand.Rand, next func() float64, length int, span float64) []step {
	steps := make([]step, 0, length)
	at := 0.0
	for range length {
		at += math.Floor(random.ExpFloat64() * span / float64(length))
		if len(steps) > 0 && random.Intn(12) == 0 {
			old := steps[random.Intn(len(steps))]
			steps = append(steps, step{1, old[1], old[2], old[3]})
			continue
		}
		steps = append(steps, step{0, next(), short(0.05 + random.Float64()), at})
	}
	return steps
}

func apply(histogram util.Histogram, steps []step, start time.Time) {
	for _, s := range steps {
		at := start.Add(time.Duration(s[3]) * time.Second)
		if s[0] == 0 {
			histogram.AddSample(s[1], s[2], at)
		} else {
			histogram.SubtractSample(s[1], s[2], at)
		}
	}
}

func read(histogram util.Histogram) []float64 {
	result := make([]float64, 0, len(percentiles))
	for _, p := range percentiles {
		result = append(result, histogram.Percentile(p))
	}
	return result
}

func runHistogram(random *rand.Rand) histogramCase {
	config := model.GetAggregationsConfig()
	options, resource := config.CPUHistogramOptions, "cpu"
	if random.Intn(2) == 1 {
		options, resource = config.MemoryHistogramOptions, "memory"
	}
	halfLife := []time.Duration{24 * time.Hour, time.Hour, 7 * time.Hour, 90 * time.Minute}[random.Intn(4)]
	start := startTime(random)
	length := 4 * (1 + random.Intn(40))
	span := halfLife.Seconds() * []float64{0.5, 3, 30, 250}[random.Intn(4)]
	next := values(random, resource == "memory")
	result := histogramCase{
		Kind: "histogram", Resource: resource, HalfLife: halfLife.Seconds(), Start: start.Unix(),
		Steps:  stream(random, next, length, span),
		Merged: stream(random, next, 1+random.Intn(20), span),
	}
	histogram := util.NewDecayingHistogram(options, halfLife)
	for quarter := range 4 {
		apply(histogram, result.Steps[quarter*length/4:(quarter+1)*length/4], start)
		result.Percentiles = append(result.Percentiles, read(histogram))
	}
	other := util.NewDecayingHistogram(options, halfLife)
	apply(other, result.Merged, start)
	histogram.Merge(other)
	result.Percentiles = append(result.Percentiles, read(histogram))
	saved, err := histogram.SaveToChekpoint()
	must(err)
	result.Checkpoint = checkpoint{saved.BucketWeights, saved.TotalWeight, saved.ReferenceTimestamp.Unix()}
	loaded := util.NewDecayingHistogram(options, halfLife)
	must(loaded.LoadFromCheckpoint(saved))
	result.Percentiles = append(result.Percentiles, read(loaded))
	return result
}

// The defaults of pkg/recommender/config.
var recommender = logic.CreatePodResourceRecommender(logic.RecommendationConfig{
	SafetyMarginFraction: 0.15,
	PodMinCPUMillicores:  25, PodMinMemoryMb: 250,
	TargetCPUPercentile: 0.9, LowerBoundCPUPercentile: 0.5, UpperBoundCPUPercentile: 0.95,
	ConfidenceIntervalCPU:  24 * time.Hour,
	TargetMemoryPercentile: 0.9, LowerBoundMemoryPercentile: 0.5, UpperBoundMemoryPercentile: 0.95,
	ConfidenceIntervalMemory: 24 * time.Hour,
})

func runContainer(random *rand.Rand) containerCase {
	start := startTime(random)
	request := int64(math.Exp(18 + random.NormFloat64()))
	state := model.NewAggregateContainerState()
	container := model.NewContainerState(model.Resources{model.ResourceMemory: model.ResourceAmount(request)}, state)
	length := 4 * (2 + random.Intn(60))
	gap := []float64{60, 300, 3600, 20_000}[random.Intn(4)]
	cpu, memory := values(random, false), values(random, true)
	result := containerCase{Kind: "container", Start: start.Unix(), Request: request}
	at := 0.0
	for index := range length {
		if random.Intn(15) == 0 {
			at -= math.Floor(random.Float64() * 3 * gap)
		} else {
			at += 1 + math.Floor(random.ExpFloat64()*gap)
		}
		at = math.Max(at, 0)
		moment := start.Add(time.Duration(at) * time.Second)
		one := sample{0, 0, at, 0}
		taken := false
		switch random.Intn(20) {
		case 0:
			one[0], one[1] = 2, float64(request)
			taken = container.RecordOOM(moment, model.ResourceAmount(request)) == nil
		case 1, 2, 3, 4, 5, 6, 7, 8:
			one[0], one[1] = 1, math.Floor(memory())
			taken = container.AddSample(&model.ContainerUsageSample{
				MeasureStart: moment, Usage: model.ResourceAmount(one[1]), Resource: model.ResourceMemory})
		default:
			one[1] = math.Floor(cpu() * 1000)
			taken = container.AddSample(&model.ContainerUsageSample{
				MeasureStart: moment, Usage: model.ResourceAmount(one[1]), Resource: model.ResourceCPU})
		}
		if taken {
			one[3] = 1
		}
		result.Samples = append(result.Samples, one)
		if (index+1)%(length/4) == 0 {
			all := recommender.GetRecommendedPodResources(model.ContainerNameToAggregateStateMap{"one": state})["one"]
			result.Recommendations = append(result.Recommendations, bounds{all.Target, all.LowerBound, all.UpperBound})
		}
	}
	return result
}
