package main

import (
	"context"
	"errors"
	"time"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedautoscaling "k8s.io/client-go/kubernetes/typed/autoscaling/v2"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/scale"
	"k8s.io/kubernetes/pkg/controller/podautoscaler/metrics"
)

// What the controller asks of a cluster, answered from the case at hand. A method that is not written here is not asked.

var errNoMetric = errors.New("the metric could not be read")

// measured answers every metric query from what the case says.
type measured struct {
	// By metric name; a name that is absent fails.
	perPod map[string]metrics.PodMetricsInfo
	total  map[string]int64
}

// The calculator edits the map that it is given.
func (m *measured) pods(name string) (metrics.PodMetricsInfo, time.Time, error) {
	info, known := m.perPod[name]
	if !known {
		return nil, time.Time{}, errNoMetric
	}
	copied := metrics.PodMetricsInfo{}
	for pod, metric := range info {
		copied[pod] = metric
	}
	return copied, time.Now(), nil
}

func (m *measured) GetResourceMetric(_ context.Context, name core.ResourceName, _ string, _ labels.Selector, _ string) (metrics.PodMetricsInfo, time.Time, error) {
	return m.pods(string(name))
}

func (m *measured) GetRawMetric(name, _ string, _, _ labels.Selector) (metrics.PodMetricsInfo, time.Time, error) {
	return m.pods(name)
}

func (m *measured) GetObjectMetric(name, _ string, _ *autoscaling.CrossVersionObjectReference, _ labels.Selector) (int64, time.Time, error) {
	total, known := m.total[name]
	if !known {
		return 0, time.Time{}, errNoMetric
	}
	return total, time.Now(), nil
}

func (m *measured) GetExternalMetric(name, _ string, _ labels.Selector) ([]int64, time.Time, error) {
	total, known := m.total[name]
	if !known {
		return nil, time.Time{}, errNoMetric
	}
	return []int64{total}, time.Now(), nil
}

// scaled is a workload's scale subresource.
type scaled struct {
	scale.ScaleInterface
	replicas, live int32
}

func (s *scaled) Scales(string) scale.ScaleInterface { return s }

func (s *scaled) Get(context.Context, schema.GroupResource, string, meta.GetOptions) (*autoscalingv1.Scale, error) {
	return &autoscalingv1.Scale{
		Spec:   autoscalingv1.ScaleSpec{Replicas: s.replicas},
		Status: autoscalingv1.ScaleStatus{Replicas: s.live, Selector: "app=workload"},
	}, nil
}

func (s *scaled) Update(_ context.Context, _ schema.GroupResource, scale *autoscalingv1.Scale, _ meta.UpdateOptions) (*autoscalingv1.Scale, error) {
	s.replicas = scale.Spec.Replicas
	return scale, nil
}

// kept holds the one autoscaler and its status.
type kept struct {
	typedautoscaling.HorizontalPodAutoscalerInterface
	status *autoscaling.HorizontalPodAutoscalerStatus
}

func (k *kept) HorizontalPodAutoscalers(string) typedautoscaling.HorizontalPodAutoscalerInterface {
	return k
}

func (k *kept) UpdateStatus(_ context.Context, hpa *autoscaling.HorizontalPodAutoscaler, _ meta.UpdateOptions) (*autoscaling.HorizontalPodAutoscaler, error) {
	k.status = hpa.Status.DeepCopy()
	return hpa, nil
}

// silent takes events and forgets them.
type silent struct{ typedcore.EventInterface }

func (s silent) Events(string) typedcore.EventInterface { return s }

func (s silent) CreateWithEventNamespace(event *core.Event) (*core.Event, error) {
	return event, nil
}

func (s silent) UpdateWithEventNamespace(event *core.Event) (*core.Event, error) {
	return event, nil
}

func (s silent) PatchWithEventNamespace(event *core.Event, _ []byte) (*core.Event, error) {
	return event, nil
}
