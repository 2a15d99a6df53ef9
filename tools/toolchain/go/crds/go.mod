module github.com/machine-native-ops/toolchain/crds

go 1.26.4

// Downloaded, never built: collectCrds (tools/crds) copies CustomResourceDefinitions and Helm charts out of these modules.
require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/cloudnative-pg/plugin-barman-cloud v0.15.0
	github.com/elastic/cloud-on-k8s/v3 v3.5.0
	github.com/kedacore/keda/v2 v2.21.0
	github.com/prometheus-operator/prometheus-operator v0.85.0
	github.com/vmware-tanzu/velero v1.18.3
	istio.io/api v1.31.1
	istio.io/istio v0.0.0-20260827124520-eed52ebb66ad
	sigs.k8s.io/gateway-api v1.6.1
)
