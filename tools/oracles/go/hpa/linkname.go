package main

import (
	"context"
	"unsafe"

	autoscaling "k8s.io/api/autoscaling/v2"
	"k8s.io/kubernetes/pkg/controller/podautoscaler"
)

// One whole evaluation by the real controller. It is not exported; its symbol is there all the same.
//
//go:linkname reconcile k8s.io/kubernetes/pkg/controller/podautoscaler.(*HorizontalController).reconcileAutoscaler
func reconcile(controller *podautoscaler.HorizontalController, ctx context.Context, hpa *autoscaling.HorizontalPodAutoscaler, key string) error

// tolerances makes the calculator's argument, whose two members, down and up, are not exported.
func tolerances(down, up float64) podautoscaler.Tolerances {
	pair := [2]float64{down, up}
	return *(*podautoscaler.Tolerances)(unsafe.Pointer(&pair))
}
