/** Sigma rules over the Kubernetes audit log (audit.k8s.io/v1), in its own field names. */
export const KUBERNETES_RULES = `
title: Cluster administrator granted
id: 8c3e9b90-7c2e-4c5d-9c77-2f9d9b3b2c01
logsource: {product: kubernetes, service: audit}
detection:
    binding:
        verb: [create, update, patch]
        resource: [clusterrolebindings, rolebindings]
        requestObject.roleRef.name: [cluster-admin, admin]
    controller:
        username|startswith: 'system:kube-'
    condition: binding and not controller
level: high
tags: [attack.privilege-escalation, attack.t1098.006]
---
title: Wildcard role written
id: 8c3e9b90-7c2e-4c5d-9c77-2f9d9b3b2c02
logsource: {product: kubernetes, service: audit}
detection:
    role:
        verb: [create, update, patch]
        resource: [clusterroles, roles]
        requestObject.rules.verbs: '\\*'
        requestObject.rules.resources: '\\*'
    controller:
        username|startswith: 'system:'
    condition: role and not controller
level: high
tags: [attack.privilege-escalation, attack.t1098.006]
---
title: Privileged pod created
id: 8c3e9b90-7c2e-4c5d-9c77-2f9d9b3b2c03
logsource: {product: kubernetes, service: audit}
detection:
    pod:
        verb: [create, update, patch]
        resource: [pods, deployments, daemonsets, statefulsets, jobs, cronjobs]
    privileged:
        privileged: true
    mount:
        requestObject.spec.volumes.hostPath.path: ['/', '/etc*', '/proc*', '/var/run*', '/root*']
    system:
        username|startswith: ['system:node:', 'system:serviceaccount:kube-system:']
    condition: pod and (privileged or mount) and not system
level: high
tags: [attack.privilege-escalation, attack.t1611]
---
title: Command run in a pod
id: 8c3e9b90-7c2e-4c5d-9c77-2f9d9b3b2c04
name: pod_exec
logsource: {product: kubernetes, service: audit}
detection:
    exec:
        verb: [create, get]
        resource: pods
        subresource: [exec, attach]
    condition: exec
level: medium
tags: [attack.execution, attack.t1609]
---
title: Secrets listed by a service account
id: 8c3e9b90-7c2e-4c5d-9c77-2f9d9b3b2c05
name: secrets_listed
logsource: {product: kubernetes, service: audit}
detection:
    secrets:
        verb: [list, watch]
        resource: secrets
        username|startswith: 'system:serviceaccount:'
    system:
        username|startswith: 'system:serviceaccount:kube-system:'
    condition: secrets and not system
level: medium
tags: [attack.credential-access, attack.t1552.007]
---
title: Somebody else impersonated
id: 8c3e9b90-7c2e-4c5d-9c77-2f9d9b3b2c06
logsource: {product: kubernetes, service: audit}
detection:
    impersonated:
        impersonatedUser.username|exists: true
    condition: impersonated
level: medium
tags: [attack.privilege-escalation, attack.t1134]
---
title: Request to the API server refused
id: 8c3e9b90-7c2e-4c5d-9c77-2f9d9b3b2c07
name: api_refused
logsource: {product: kubernetes, service: audit}
detection:
    refused:
        responseStatus.code: [401, 403]
    condition: refused
level: informational
---
title: Probing of the API server
id: 8c3e9b90-7c2e-4c5d-9c77-2f9d9b3b2c08
description: One identity was refused many different requests in a few minutes.
tags: [attack.discovery, attack.t1613]
correlation:
    type: value_count
    rules: [api_refused]
    group-by: [username]
    timespan: 5m
    condition: {field: requestURI, gte: 15}
level: medium
---
title: Pod entered and secrets read
id: 8c3e9b90-7c2e-4c5d-9c77-2f9d9b3b2c09
description: One address ran a command in a pod and then listed secrets as a service account.
tags: [attack.lateral-movement, attack.t1550.001]
correlation:
    type: temporal_ordered
    rules: [pod_exec, secrets_listed]
    group-by: [source.ip]
    timespan: 30m
    generate: true
level: critical
---
title: Network or access policy removed
id: 8c3e9b90-7c2e-4c5d-9c77-2f9d9b3b2c10
logsource: {product: kubernetes, service: audit}
detection:
    policy:
        verb: [delete, deletecollection]
        resource:
            - networkpolicies
            - authorizationpolicies
            - peerauthentications
            - validatingadmissionpolicies
            - validatingadmissionpolicybindings
            - validatingwebhookconfigurations
    system:
        username: ['system:serviceaccount:kube-system:generic-garbage-collector', 'system:serviceaccount:kube-system:namespace-controller']
    condition: policy and not system
level: high
tags: [attack.defense-evasion, attack.t1562.007]
`;
