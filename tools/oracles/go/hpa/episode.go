package main

import (
	"context"
	"time"

	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/informers"
	"k8s.io/kubernetes/pkg/controller/podautoscaler"
)

const namespace = "default"

var object = &autoscaling.CrossVersionObjectReference{APIVersion: "v1", Kind: "Service", Name: "object"}

// episode drives the whole horizontal controller through a case's ticks and returns the workload's replicas after each of
// them. It runs inside a bubble of testing/synctest, where time stands still until everyone sleeps: what the controller
// reads from time.Now() is the case's own time, exactly.
func episode(c *testCase) []int32 {
	ctx, cancel := context.WithCancel(context.Background())
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{{Group: "apps", Version: "v1"}})
	mapper.Add(schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, meta.RESTScopeNamespace)
	factory := informers.NewSharedInformerFactory(nil, 0)
	pods := factory.Core().V1().Pods().Informer().GetIndexer()
	workload, autoscaler, answers := &scaled{replicas: c.Replicas}, &kept{}, &measured{}
	controller := podautoscaler.NewHorizontalController(ctx, silent{}, workload, autoscaler, mapper, answers,
		factory.Autoscaling().V2().HorizontalPodAutoscalers(), factory.Core().V1().Pods(), time.Hour, 300*time.Second,
		c.Tolerance, time.Duration(c.CPUInitializationSeconds)*time.Second, time.Duration(c.InitialReadinessSeconds)*time.Second)
	// Run, once it is too late to begin, only ends the controller's queue, whose timers would go on for ever.
	cancel()
	controller.Run(ctx, 0)

	hpa := c.autoscaler()
	after := make([]int32, len(c.Ticks))
	for place := range c.Ticks {
		t := &c.Ticks[place]
		time.Sleep(seconds(t.After))
		if t.Set != nil {
			workload.replicas = *t.Set
		}
		existing := t.existing(workload.replicas)
		workload.live = live(existing)
		if err := pods.Replace(podObjects(existing, c.Request), ""); err != nil {
			panic(err)
		}
		*answers = *measure(c, t, existing)
		if autoscaler.status != nil {
			hpa.Status = *autoscaler.status
		}
		// An error says that a metric could not be read; what the controller then does to the replicas is what counts.
		_ = reconcile(controller, context.Background(), hpa, "default/workload")
		after[place] = workload.replicas
	}
	return after
}

func (c *testCase) autoscaler() *autoscaling.HorizontalPodAutoscaler {
	hpa := &autoscaling.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: "workload", Namespace: namespace},
		Spec: autoscaling.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscaling.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "workload"},
			MinReplicas:    &c.MinReplicas,
			MaxReplicas:    c.MaxReplicas,
			Behavior: &autoscaling.HorizontalPodAutoscalerBehavior{
				ScaleUp: c.Behavior.ScaleUp.rules(), ScaleDown: c.Behavior.ScaleDown.rules(),
			},
		},
	}
	for place := range c.Metrics {
		hpa.Spec.Metrics = append(hpa.Spec.Metrics, c.Metrics[place].spec())
	}
	return hpa
}

func (r *rules) rules() *autoscaling.HPAScalingRules {
	tolerance, selected := quantity(r.Tolerance), autoscaling.ScalingPolicySelect(r.SelectPolicy)
	result := &autoscaling.HPAScalingRules{
		StabilizationWindowSeconds: &r.StabilizationWindowSeconds, SelectPolicy: &selected, Tolerance: &tolerance,
	}
	for _, policy := range r.Policies {
		result.Policies = append(result.Policies, autoscaling.HPAScalingPolicy{
			Type: autoscaling.HPAScalingPolicyType(policy.Type), Value: policy.Value, PeriodSeconds: policy.PeriodSeconds,
		})
	}
	return result
}

func (m *metric) spec() autoscaling.MetricSpec {
	milli, kind := m.target()
	target := autoscaling.MetricTarget{Type: kind}
	value := resource.NewMilliQuantity(milli, resource.DecimalSI)
	switch kind {
	case autoscaling.UtilizationMetricType:
		percent := int32(milli / 1000)
		target.AverageUtilization = &percent
	case autoscaling.AverageValueMetricType:
		target.AverageValue = value
	case autoscaling.ValueMetricType:
		target.Value = value
	}
	named := autoscaling.MetricIdentifier{Name: m.Name}
	switch m.Type {
	case "resource":
		return autoscaling.MetricSpec{Type: autoscaling.ResourceMetricSourceType,
			Resource: &autoscaling.ResourceMetricSource{Name: core.ResourceName(m.Name), Target: target}}
	case "pods":
		return autoscaling.MetricSpec{Type: autoscaling.PodsMetricSourceType,
			Pods: &autoscaling.PodsMetricSource{Metric: named, Target: target}}
	case "object":
		return autoscaling.MetricSpec{Type: autoscaling.ObjectMetricSourceType,
			Object: &autoscaling.ObjectMetricSource{DescribedObject: *object, Metric: named, Target: target}}
	default:
		return autoscaling.MetricSpec{Type: autoscaling.ExternalMetricSourceType,
			External: &autoscaling.ExternalMetricSource{Metric: named, Target: target}}
	}
}
