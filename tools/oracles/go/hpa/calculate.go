package main

import (
	"context"
	"time"

	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/kubernetes/pkg/controller/podautoscaler"
)

// proposal is what the replica calculator says of one metric; null replicas where it answers with an error.
type proposal struct {
	Replicas *int32 `json:"replicas"`
	Error    string `json:"error,omitempty"`
}

// calculate asks the real replica calculator about each metric of a case's first tick.
func calculate(c *testCase) []proposal {
	t := &c.Ticks[0]
	pods := t.existing(c.Replicas)
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	for _, object := range podObjects(pods, c.Request) {
		if err := indexer.Add(object); err != nil {
			panic(err)
		}
	}
	calculator := podautoscaler.NewReplicaCalculator(measure(c, t, pods), corelisters.NewPodLister(indexer),
		time.Duration(c.CPUInitializationSeconds)*time.Second, time.Duration(c.InitialReadinessSeconds)*time.Second)
	tolerated := tolerances(c.Tolerance, c.Tolerance)
	if c.Behavior != nil {
		down, up := quantity(c.Behavior.ScaleDown.Tolerance), quantity(c.Behavior.ScaleUp.Tolerance)
		tolerated = tolerances(down.AsApproximateFloat64(), up.AsApproximateFloat64())
	}
	proposals := make([]proposal, len(c.Metrics))
	for place, metric := range c.Metrics {
		replicas, err := propose(calculator, &metric, c.Replicas, live(pods), tolerated)
		if err != nil {
			proposals[place].Error = err.Error()
		} else {
			proposals[place].Replicas = &replicas
		}
	}
	return proposals
}

func propose(calculator *podautoscaler.ReplicaCalculator, m *metric, current, live int32, tolerated podautoscaler.Tolerances) (replicas int32, err error) {
	ctx, selector := context.Background(), labels.Everything()
	target, kind := m.target()
	switch {
	case m.Type == "resource" && kind == autoscaling.UtilizationMetricType:
		replicas, _, _, _, err = calculator.GetResourceReplicas(ctx, current, int32(target/1000), core.ResourceName(m.Name), tolerated, namespace, selector, "")
	case m.Type == "resource":
		replicas, _, _, err = calculator.GetRawResourceReplicas(ctx, current, target, core.ResourceName(m.Name), tolerated, namespace, selector, "")
	case m.Type == "pods":
		replicas, _, _, err = calculator.GetMetricReplicas(current, target, m.Name, tolerated, namespace, selector, selector)
	case m.Type == "object" && kind == autoscaling.ValueMetricType:
		replicas, _, _, err = calculator.GetObjectMetricReplicas(current, target, m.Name, tolerated, namespace, object, selector, selector)
	case m.Type == "object":
		replicas, _, _, err = calculator.GetObjectPerPodMetricReplicas(live, target, m.Name, tolerated, namespace, object, selector)
	case kind == autoscaling.ValueMetricType:
		replicas, _, _, err = calculator.GetExternalMetricReplicas(current, target, m.Name, tolerated, namespace, &meta.LabelSelector{}, selector)
	default:
		replicas, _, _, err = calculator.GetExternalPerPodMetricReplicas(live, target, m.Name, tolerated, namespace, &meta.LabelSelector{})
	}
	return replicas, err
}

// target in thousandths (of a per cent, for utilisation), and what kind it is.
func (m *metric) target() (int64, autoscaling.MetricTargetType) {
	for kind, number := range m.Target {
		switch kind {
		case "averageUtilization":
			return milli(number), autoscaling.UtilizationMetricType
		case "averageValue":
			return milli(number), autoscaling.AverageValueMetricType
		case "value":
			return milli(number), autoscaling.ValueMetricType
		}
	}
	panic("a metric without a target")
}
