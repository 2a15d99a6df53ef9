package main

import (
	"encoding/json"
	"fmt"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/controller/podautoscaler/metrics"
)

// A case as tools/oracles/hpa writes it; spellings are those of case.ts. Times are seconds before the tick.
type testCase struct {
	Metrics                  []metric    `json:"metrics"`
	Request                  json.Number `json:"request"`
	CPUInitializationSeconds int64       `json:"cpuInitializationSeconds"`
	InitialReadinessSeconds  int64       `json:"initialReadinessSeconds"`
	Tolerance                float64     `json:"tolerance"`
	Behavior                 *behavior   `json:"behavior"`
	MinReplicas              int32       `json:"minReplicas"`
	MaxReplicas              int32       `json:"maxReplicas"`
	Replicas                 int32       `json:"replicas"`
	Ticks                    []tick      `json:"ticks"`
}

type metric struct {
	Type   string                 `json:"type"`
	Name   string                 `json:"name"`
	Target map[string]json.Number `json:"target"`
}

type rules struct {
	Tolerance                  json.Number `json:"tolerance"`
	StabilizationWindowSeconds int32       `json:"stabilizationWindowSeconds"`
	SelectPolicy               string      `json:"selectPolicy"`
	Policies                   []struct {
		Type          string `json:"type"`
		Value         int32  `json:"value"`
		PeriodSeconds int32  `json:"periodSeconds"`
	} `json:"policies"`
}

type behavior struct {
	ScaleUp   rules `json:"scaleUp"`
	ScaleDown rules `json:"scaleDown"`
}

type tick struct {
	// Seconds after the tick before.
	After float64 `json:"after"`
	// What somebody else set the workload to meanwhile.
	Set *int32 `json:"set"`
	// The first of them, as many as the workload's replicas, exist; all of them where All is set.
	Pods []pod `json:"pods"`
	All  bool  `json:"all"`
	// Values of the external metrics by their place; null where there is none.
	Totals []*json.Number `json:"totals"`
}

type pod struct {
	Phase   string         `json:"phase"`
	Deleted bool           `json:"deleted"`
	Ready   *bool          `json:"ready"`
	Started *float64       `json:"started"`
	Changed float64        `json:"changed"`
	Sampled float64        `json:"sampled"`
	Window  float64        `json:"window"`
	Values  []*json.Number `json:"values"`
}

func seconds(number float64) time.Duration { return time.Duration(number * float64(time.Second)) }

func quantity(number json.Number) resource.Quantity { return resource.MustParse(number.String()) }

func milli(number json.Number) int64 {
	parsed := quantity(number)
	return parsed.MilliValue()
}

func (t *tick) existing(replicas int32) []pod {
	if t.All || int(replicas) > len(t.Pods) {
		return t.Pods
	}
	return t.Pods[:replicas]
}

// live is what a Deployment's scale reports as its status.
func live(pods []pod) (count int32) {
	for _, pod := range pods {
		if !pod.Deleted && pod.Phase != "Failed" && pod.Phase != "Succeeded" {
			count++
		}
	}
	return count
}

func podObjects(pods []pod, request json.Number) []any {
	now := time.Now()
	objects := make([]any, len(pods))
	for index, pod := range pods {
		object := &core.Pod{
			ObjectMeta: meta.ObjectMeta{Name: podName(index), Namespace: namespace, Labels: map[string]string{"app": "workload"}},
			Spec: core.PodSpec{Containers: []core.Container{{
				Name: "main",
				Resources: core.ResourceRequirements{Requests: core.ResourceList{
					core.ResourceCPU: quantity(request), core.ResourceMemory: quantity(request),
				}},
			}}},
			Status: core.PodStatus{Phase: core.PodPhase(pod.Phase)},
		}
		if pod.Deleted {
			object.DeletionTimestamp = &meta.Time{Time: now}
		}
		if pod.Started != nil {
			object.Status.StartTime = &meta.Time{Time: now.Add(-seconds(*pod.Started))}
		}
		if pod.Ready != nil {
			status := core.ConditionFalse
			if *pod.Ready {
				status = core.ConditionTrue
			}
			object.Status.Conditions = []core.PodCondition{{
				Type: core.PodReady, Status: status, LastTransitionTime: meta.Time{Time: now.Add(-seconds(pod.Changed))},
			}}
		}
		objects[index] = object
	}
	return objects
}

func measure(c *testCase, t *tick, pods []pod) *measured {
	now := time.Now()
	answer := &measured{perPod: map[string]metrics.PodMetricsInfo{}, total: map[string]int64{}}
	for place, metric := range c.Metrics {
		if metric.Type == "external" || metric.Type == "object" {
			if value := t.Totals[place]; value != nil {
				answer.total[metric.Name] = milli(*value)
			}
			continue
		}
		info := metrics.PodMetricsInfo{}
		for index, pod := range pods {
			if value := pod.Values[place]; value != nil {
				info[podName(index)] = metrics.PodMetric{
					Timestamp: now.Add(-seconds(pod.Sampled)), Window: seconds(pod.Window), Value: milli(*value),
				}
			}
		}
		answer.perPod[metric.Name] = info
	}
	return answer
}

func podName(index int) string { return fmt.Sprintf("r-%d", index) }
