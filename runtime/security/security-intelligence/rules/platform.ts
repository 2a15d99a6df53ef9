/** Sigma rules over OCSF API Activity (6003) of the engines, and over their findings (2004). */
export const PLATFORM_RULES = `
title: Key disabled or scheduled for destruction
id: 9d4faca1-8d3f-4d6e-8d88-30aeac4c3d01
name: key_taken_away
taxonomy: ecs
logsource: {product: ocsf, category: api_activity}
detection:
    key:
        event.action|contains: [destr, disable]
        resources.type: key
    taken_back:
        event.action|startswith: cancel
    condition: key and not taken_back
level: low
tags: [attack.impact, attack.t1485]
---
title: Several keys taken away
id: 9d4faca1-8d3f-4d6e-8d88-30aeac4c3d02
description: One actor disabled or scheduled the destruction of several keys.
tags: [attack.impact, attack.t1485]
correlation:
    type: value_count
    rules: [key_taken_away]
    group-by: [user.id]
    timespan: 10m
    condition: {field: resources.uid, gte: 3}
    generate: true
level: high
---
title: Use of a key refused
id: 9d4faca1-8d3f-4d6e-8d88-30aeac4c3d03
name: key_refused
taxonomy: ecs
logsource: {product: ocsf, category: api_activity}
detection:
    key:
        resources.type: key
        status_id: 2
    condition: key
level: informational
---
title: Misuse of a key
id: 9d4faca1-8d3f-4d6e-8d88-30aeac4c3d04
description: One actor was refused the use of a key again and again.
tags: [attack.credential-access, attack.t1552.004]
correlation:
    type: event_count
    rules: [key_refused]
    group-by: [user.id, resources.uid]
    timespan: 5m
    condition: {gte: 10}
level: medium
---
title: Uses of a key refused, counted
id: 9d4faca1-8d3f-4d6e-8d88-30aeac4c3d07
name: key_refusals
description: What tells of several refusals at once; without a count it is one, and key_refused counts it.
taxonomy: ecs
logsource: {product: ocsf, category: api_activity}
detection:
    key:
        resources.type: key
        status_id: 2
        count|gte: 1
    condition: key
level: informational
---
title: Misuse of a key, many times over
id: 9d4faca1-8d3f-4d6e-8d88-30aeac4c3d08
description: One actor was refused the use of a key again and again, more often than single events tell.
tags: [attack.credential-access, attack.t1552.004]
correlation:
    type: value_sum
    rules: [key_refusals]
    group-by: [user.id, resources.uid]
    timespan: 5m
    condition: {field: count, gte: 10}
level: medium
---
title: Misuse of a key under many names
id: 9d4faca1-8d3f-4d6e-8d88-30aeac4c3d09
description: The use of one key was refused again and again, whoever asked, also without a name.
tags: [attack.credential-access, attack.t1552.004]
correlation:
    type: value_sum
    rules: [key_refusals]
    group-by: [resources.uid]
    timespan: 5m
    condition: {field: count, gte: 50}
level: medium
---
title: Search for keys
id: 9d4faca1-8d3f-4d6e-8d88-30aeac4c3d10
name: key_not_found
taxonomy: ecs
logsource: {product: ocsf, category: api_activity}
detection:
    key:
        resources.type: key
        status_detail: MNO_KEY_NOT_FOUND
        count|gte: 1
    condition: key
level: informational
---
title: Keys searched for
id: 9d4faca1-8d3f-4d6e-8d88-30aeac4c3d11
description: Keys that do not exist were asked for again and again.
tags: [attack.discovery]
correlation:
    type: value_sum
    rules: [key_not_found]
    group-by: [metadata.product.name]
    timespan: 5m
    condition: {field: count, gte: 50}
level: medium
---
title: Access policy changed
id: 9d4faca1-8d3f-4d6e-8d88-30aeac4c3d05
name: policy_changed
taxonomy: ecs
logsource: {product: ocsf, category: api_activity}
detection:
    policy:
        event.action|contains: policy
        activity_id: [1, 3, 4]
    kubernetes:
        metadata.product.name: kubernetes
    condition: policy and not kubernetes
level: low
tags: [attack.defense-evasion, attack.t1562.007]
---
title: Access policy tampered with
id: 9d4faca1-8d3f-4d6e-8d88-30aeac4c3d06
description: One actor changed access policies several times in a few minutes.
tags: [attack.defense-evasion, attack.t1562.007]
correlation:
    type: event_count
    rules: [policy_changed]
    group-by: [user.id]
    timespan: 10m
    condition: {gte: 5}
    generate: true
level: high
`;
